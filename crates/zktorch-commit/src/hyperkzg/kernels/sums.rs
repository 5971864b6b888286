//! Sums of products with the powers of a challenge, their reduction delayed.

use ark_ff::AdditiveGroup;
use zktorch_field::{Backend, Fr, Kernel, LANES, Packed, dispatch, par};

use super::CHUNK;

/// `sum_m powers[m] f[8m + j]` for `j < 8`, lane by lane. `f` has eight times as many entries.
pub(super) fn blocks(f: &[Fr], powers: &[Fr]) -> [Fr; LANES] {
    let size = CHUNK / LANES;
    let sum = par::map_reduce(
        powers.len(),
        size,
        |range| {
            let f = &f[LANES * range.start..LANES * range.end];
            dispatch(Blocks { f, powers: &powers[range] })
        },
        |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        },
    );
    sum.unwrap_or([Fr::ZERO; LANES])
}

pub(super) struct Blocks<'a> {
    pub(super) f: &'a [Fr],
    pub(super) powers: &'a [Fr],
}

impl Kernel for Blocks<'_> {
    type Output = [Fr; LANES];

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> [Fr; LANES] {
        let mut sum = B::Fr::acc_zero();
        let (blocks, _) = self.f.as_chunks::<LANES>();
        for (block, power) in blocks.iter().zip(self.powers) {
            B::Fr::acc_mul_add(&mut sum, B::Fr::load_slice(block), B::Fr::splat(*power));
        }
        B::Fr::acc_reduce(sum).to_array()
    }
}

/// `sum_i f[i] powers[i]`, both of the same length.
pub(super) fn inner_product(f: &[Fr], powers: &[Fr]) -> Fr {
    let sum = par::map_reduce(
        f.len(),
        CHUNK,
        |range| dispatch(InnerProduct { f: &f[range.clone()], powers: &powers[range] }),
        |a, b| a + b,
    );
    sum.unwrap_or(Fr::ZERO)
}

pub(super) struct InnerProduct<'a> {
    pub(super) f: &'a [Fr],
    pub(super) powers: &'a [Fr],
}

impl Kernel for InnerProduct<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Fr {
        let mut sum = B::Fr::acc_zero();
        let (fs, f_rest) = self.f.as_chunks::<LANES>();
        let (powers, power_rest) = self.powers.as_chunks::<LANES>();
        for (f, power) in fs.iter().zip(powers) {
            B::Fr::acc_mul_add(&mut sum, B::Fr::load_slice(f), B::Fr::load_slice(power));
        }
        let mut total = B::Fr::acc_reduce(sum).sum_lanes();
        for (f, power) in f_rest.iter().zip(power_rest) {
            total += *f * power;
        }
        total
    }
}
