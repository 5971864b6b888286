//! Passes over dense vectors of scalars.
//!
//! Every pass is cut into pieces that stay in the first-level cache, in parallel where there are threads, and runs on
//! the packed backend.

use core::ops::Range;

use ark_ff::{AdditiveGroup, Zero};
use zktorch_field::{Backend, Fr, Kernel, LANES, Packed, dispatch, par};

use crate::Functional;
use crate::tiers::EqTiers;

/// Entries per piece of parallel work.
const PIECE: usize = 1 << 13;
/// log2 of the lower tier of an eq table: 256 entries stay in the first-level cache.
const LOW_BITS: usize = 8;

/// Eight entries starting at `start`, zeros past the end.
#[inline(always)]
pub(crate) fn load<B: Backend>(v: &[Fr], start: usize) -> B::Fr {
    match v.get(start..).and_then(|rest| rest.first_chunk::<LANES>()) {
        Some(eight) => B::Fr::load_slice(eight),
        None => {
            let mut eight = [Fr::ZERO; LANES];
            let rest = v.get(start..).unwrap_or_default();
            eight.iter_mut().zip(rest).for_each(|(slot, x)| *slot = *x);
            B::Fr::load_slice(&eight)
        }
    }
}

/// Stores up to eight entries.
#[inline(always)]
pub(crate) fn store<B: Backend>(value: B::Fr, out: &mut [Fr]) {
    match out.first_chunk_mut::<LANES>() {
        Some(eight) => value.store_slice(eight),
        None => out.iter_mut().zip(value.to_array()).for_each(|(slot, x)| *slot = x),
    }
}

/// The sum of the vectors, lane by lane.
#[inline(always)]
pub(crate) fn total<B: Backend>(vectors: &[B::Fr]) -> B::Fr {
    let mut sum = B::Fr::zero();
    for v in vectors {
        sum = sum.add(*v);
    }
    sum
}

/// `a += c b`, entry by entry, up to the shorter length.
pub(crate) fn add_scaled(a: &mut [Fr], b: &[Fr], c: Fr) {
    struct AddScaled<'a>(&'a mut [Fr], &'a [Fr], Fr);
    impl Kernel for AddScaled<'_> {
        type Output = ();
        #[inline(always)]
        fn run<B: Backend>(self, _: B) {
            let c = B::Fr::splat(self.2);
            for (out, b) in self.0.chunks_mut(LANES).zip(self.1.chunks(LANES)) {
                let sum = load::<B>(out, 0).add(load::<B>(b, 0).mul(c));
                store::<B>(sum, out);
            }
        }
    }
    let len = a.len().min(b.len());
    par::for_each_chunk_mut(&mut a[..len], PIECE, |i, a| {
        let b = &b[i * PIECE..len.min((i + 1) * PIECE)];
        dispatch(AddScaled(a, b, c));
    });
}

/// `sum_i a_i b_i` up to the shorter length.
pub(crate) fn inner_product(a: &[Fr], b: &[Fr]) -> Fr {
    struct InnerProduct<'a>(&'a [Fr], &'a [Fr]);
    impl Kernel for InnerProduct<'_> {
        type Output = Fr;
        #[inline(always)]
        fn run<B: Backend>(self, _: B) -> Fr {
            let mut acc = B::Fr::acc_zero();
            for (a, b) in self.0.chunks(LANES).zip(self.1.chunks(LANES)) {
                B::Fr::acc_mul_add(&mut acc, load::<B>(a, 0), load::<B>(b, 0));
            }
            B::Fr::acc_reduce(acc).sum_lanes()
        }
    }
    let len = a.len().min(b.len());
    sum(len, |range| dispatch(InnerProduct(&a[range.clone()], &b[range])))
}

/// `<v_0 + gamma v_1, u_0 + gamma u_1>`; shorter vectors continue with zeros.
pub(crate) fn inner_product_on_line(v: [&[Fr]; 2], u: [&[Fr]; 2], gamma: Fr) -> Fr {
    struct OnLine<'a>([&'a [Fr]; 2], [&'a [Fr]; 2], Fr, Range<usize>);
    impl Kernel for OnLine<'_> {
        type Output = Fr;
        #[inline(always)]
        fn run<B: Backend>(self, _: B) -> Fr {
            let Self(v, u, gamma, range) = self;
            let mut acc = B::Fr::acc_zero();
            let packed = B::Fr::splat(gamma);
            let polarise = gamma == Fr::from(1u64);
            for i in range.step_by(LANES) {
                let (v0, v1) = (load::<B>(v[0], i), load::<B>(v[1], i));
                let (u0, u1) = (load::<B>(u[0], i), load::<B>(u[1], i));
                if polarise {
                    // Polarisation, the case that folds need: no product but one.
                    B::Fr::acc_mul_add(&mut acc, v0.add_lazy(v1), u0.add_lazy(u1));
                } else {
                    let (v1, u1) = B::Fr::mul2(v1, packed, u1, packed);
                    B::Fr::acc_mul_add(&mut acc, v0.add_lazy(v1), u0.add_lazy(u1));
                }
            }
            B::Fr::acc_reduce(acc).sum_lanes()
        }
    }
    let longest = |pair: [&[Fr]; 2]| pair[0].len().max(pair[1].len());
    sum(longest(v).min(longest(u)), |range| dispatch(OnLine(v, u, gamma, range)))
}

/// All `2^m` coefficients of a functional.
pub(crate) fn dense(functional: &Functional) -> Vec<Fr> {
    struct Dense<'a>(&'a [EqTiers], &'a mut [Fr], usize);
    impl Kernel for Dense<'_> {
        type Output = ();
        #[inline(always)]
        fn run<B: Backend>(self, _: B) {
            let Self(terms, out, high) = self;
            let mut rows = Vec::with_capacity(terms.len());
            // A point that begins with bits is zero on most rows.
            for tiers in terms.iter().filter(|tiers| !tiers.high[high].is_zero()) {
                rows.push((tiers.low.as_slice(), B::Fr::splat(tiers.high[high])));
            }
            for (i, out) in out.chunks_mut(LANES).enumerate() {
                let mut acc = B::Fr::acc_zero();
                for (low, scale) in &rows {
                    B::Fr::acc_mul_add(&mut acc, load::<B>(low, i * LANES), *scale);
                }
                store::<B>(B::Fr::acc_reduce(acc), out);
            }
        }
    }
    let terms = EqTiers::sums(functional.terms(), LOW_BITS);
    let mut out = vec![Fr::ZERO; 1 << functional.num_vars()];
    let low = 1 << LOW_BITS.min(functional.num_vars());
    par::for_each_chunk_mut(&mut out, low, |high, out| dispatch(Dense(&terms, out, high)));
    out
}

/// `v~(point)`; v may be shorter than `2^m` and continues with zeros.
pub(crate) fn evaluate(v: &[Fr], point: &[Fr]) -> Fr {
    product_with(v, &EqTiers::new(point, LOW_BITS))
}

/// `sum_t c_t v~(point_t)`; v may be shorter than `2^m` and continues with zeros.
pub(crate) fn evaluate_terms(v: &[Fr], terms: &[(Fr, Vec<Fr>)]) -> Fr {
    EqTiers::sums(terms, LOW_BITS).iter().map(|tiers| product_with(v, tiers)).sum()
}

fn product_with(v: &[Fr], tiers: &EqTiers) -> Fr {
    let rows: Vec<&[Fr]> = v.chunks(tiers.low_len()).collect();
    let row = |high: usize| match &tiers.high[high] {
        scale if scale.is_zero() => Fr::ZERO,
        scale => *scale * inner_product(rows[high], &tiers.low),
    };
    par::map(rows.len(), row).into_iter().sum()
}

/// Sums `f` over a partition of `0..len`.
fn sum(len: usize, f: impl Fn(Range<usize>) -> Fr + Sync + Send) -> Fr {
    par::map_reduce(len, PIECE, f, |a, b| a + b).unwrap_or(Fr::ZERO)
}

#[cfg(test)]
mod tests;
