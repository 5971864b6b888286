//! The prover's passes over its vectors: packed and parallel for long vectors, plain loops for short ones.
//!
//! All of them read and write ordinary slices of canonical scalars, because that is what an MSM takes; the conversion to
//! lanes is a transposition in registers. Together they cost a few per cent of the MSMs.

mod divide;
mod plain;
mod sums;
#[cfg(test)]
mod tests;

use ark_ff::{AdditiveGroup, Field};
use zktorch_field::{Backend, Fr, Kernel, LANES, Packed, dispatch, par};

/// Below this length the plain loops are used. Packed passes need at least eight segments of eight entries.
const PACKED_FROM: usize = 1 << 9;
/// Entries a task works on.
const CHUNK: usize = 1 << 14;

/// The radix that has packed passes.
const PACKED: usize = 8;

/// One fold: `out[m] = sum_{j<d} weights[j] f[d m + j]` for d weights.
pub(crate) fn fold(f: &[Fr], weights: &[Fr]) -> Vec<Fr> {
    let Some(weights) = weights.first_chunk::<PACKED>().filter(|_| f.len() >= PACKED_FROM) else {
        return plain::fold(f, weights);
    };
    let mut out = vec![Fr::ZERO; f.len() / 8];
    par::for_each_chunk_mut(&mut out, CHUNK / 8, |i, out| {
        let f = &f[i * CHUNK..][..8 * out.len()];
        dispatch(Fold { f, weights, out });
    });
    out
}

/// Folds 64 entries to 8 at a time.
struct Fold<'a> {
    f: &'a [Fr],
    weights: &'a [Fr; 8],
    out: &'a mut [Fr],
}

impl Kernel for Fold<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let mut weights = [B::Fr::zero(); 8];
        for (packed, weight) in weights.iter_mut().zip(self.weights) {
            *packed = B::Fr::splat(*weight);
        }
        let (outs, _) = self.out.as_chunks_mut::<LANES>();
        for (out, f) in outs.iter_mut().zip(self.f.chunks_exact(8 * LANES)) {
            // Lane m takes entry 8m + j.
            let mut indices = [0, 8, 16, 24, 32, 40, 48, 56];
            let mut sum = B::Fr::acc_zero();
            for weight in &weights {
                B::Fr::acc_mul_add(&mut sum, B::Fr::gather(f, &indices), *weight);
                for index in &mut indices {
                    *index += 1;
                }
            }
            B::Fr::acc_reduce(sum).store_slice(out);
        }
    }
}

/// `s^0, .., s^{count-1}`.
pub(crate) fn powers(s: &Fr, count: usize) -> Vec<Fr> {
    let mut powers = vec![Fr::ZERO; count];
    par::for_each_chunk_mut(&mut powers, CHUNK, |i, powers| {
        let first = s.pow([(i * CHUNK) as u64]);
        dispatch(Powers { first, s: *s, powers });
    });
    powers
}

struct Powers<'a> {
    first: Fr,
    s: Fr,
    powers: &'a mut [Fr],
}

impl Kernel for Powers<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let mut lanes = [self.first; LANES];
        for lane in 1..LANES {
            lanes[lane] = lanes[lane - 1] * self.s;
        }
        let mut power = B::Fr::from_array(lanes);
        let step = B::Fr::splat(self.s.pow([LANES as u64]));
        let (blocks, rest) = self.powers.as_chunks_mut::<LANES>();
        for block in blocks {
            power.store_slice(block);
            power = power.mul(step);
        }
        rest.copy_from_slice(&power.to_array()[..rest.len()]);
    }
}

/// `f mod (X^d - s)`: the coefficients `g_j(s) = sum_m f[d m + j] s^m`. `powers` are those of s, at least `len / d`.
pub(crate) fn residue(f: &[Fr], powers: &[Fr], radix: usize) -> Vec<Fr> {
    if f.len() < PACKED_FROM || radix != PACKED {
        return plain::residue(f, powers, radix);
    }
    sums::blocks(f, &powers[..f.len() / 8]).to_vec()
}

/// `f(s)`; `powers` are those of s, at least `len / 8`.
pub(crate) fn evaluate(f: &[Fr], powers: &[Fr]) -> Fr {
    if f.len() < PACKED_FROM {
        return plain::evaluate(f, powers);
    }
    // f(s) = sum_h s^{h len/8} f_h(s) over eight pieces.
    let length = f.len() / 8;
    let step = powers[length - 1] * powers[1];
    let pieces = f.chunks_exact(length).map(|piece| sums::inner_product(piece, &powers[..length]));
    pieces.rev().fold(Fr::ZERO, |acc, piece| acc * step + piece)
}

/// `acc[i] += c f[i]`.
pub(crate) fn add_scaled(acc: &mut [Fr], f: &[Fr], c: &Fr) {
    par::for_each_chunk_mut(acc, CHUNK, |i, acc| {
        let f = f.get(i * CHUNK..).unwrap_or_default();
        let length = acc.len().min(f.len());
        dispatch(AddScaled { acc: &mut acc[..length], f: &f[..length], c: *c });
    });
}

struct AddScaled<'a> {
    acc: &'a mut [Fr],
    f: &'a [Fr],
    c: Fr,
}

impl Kernel for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let c = B::Fr::splat(self.c);
        let (accs, acc_rest) = self.acc.as_chunks_mut::<LANES>();
        let (fs, f_rest) = self.f.as_chunks::<LANES>();
        for (acc, f) in accs.iter_mut().zip(fs) {
            B::Fr::load_slice(acc).add(B::Fr::load_slice(f).mul(c)).store_slice(acc);
        }
        for (acc, f) in acc_rest.iter_mut().zip(f_rest) {
            *acc += self.c * f;
        }
    }
}

/// Divides `f`, whose length is a power of two and at least 16, by `Z = (X^d - s)(X - s)` in place: the quotient is
/// what is returned, d + 1 coefficients shorter; the remainder is lost. `powers` are those of s, at least `len / d`.
pub(crate) fn divide<'a>(f: &'a mut [Fr], powers: &[Fr], radix: usize) -> &'a [Fr] {
    if f.len() < PACKED_FROM || radix != PACKED {
        plain::divide(f, powers, radix);
    } else {
        divide::by_x8(f, powers);
        divide::by_x(f, powers);
    }
    &f[radix + 1..]
}
