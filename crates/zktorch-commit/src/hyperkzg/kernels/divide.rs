//! Synthetic division by `X^8 - s` and by `X - s`.
//!
//! Dividing by `X^d - s` is the recurrence `t_i = f_i + s t_{i+d}`, from the top; `t_d, t_{d+1}, ..` are the quotient. A recurrence is
//! a chain of dependent multiplications, so the vector is cut into segments whose *carries* (t just above a segment) are
//! found first: a carry is the carry above times a power of s, plus a sum over the segment above. Then all segments run
//! at the same time: in the lanes of a vector, in several chains of a thread, in several threads.

use ark_ff::AdditiveGroup;
use zktorch_field::{Backend, Fr, Kernel, LANES, Packed, dispatch, par};

use super::{CHUNK, sums};

/// Chains of dependent multiplications that one kernel runs side by side.
const CHAINS: usize = 4;

/// `t_i = f_i + s t_{i+8}` in place. The length is a power of two and at least `8 CHAINS`.
pub(super) fn by_x8(f: &mut [Fr], powers: &[Fr]) {
    let segment = (f.len() / CHAINS).min(CHUNK / CHAINS);
    let blocks = segment / LANES;
    let residues = par::map(f.len() / segment, |g| {
        let f = &f[g * segment..(g + 1) * segment];
        dispatch(sums::Blocks { f, powers: &powers[..blocks] })
    });
    let step = powers[blocks - 1] * powers[1];
    let mut carries = vec![[Fr::ZERO; LANES]; residues.len()];
    for g in (1..residues.len()).rev() {
        for lane in 0..LANES {
            carries[g - 1][lane] = residues[g][lane] + step * carries[g][lane];
        }
    }
    par::for_each_chunk_mut(f, CHAINS * segment, |i, f| {
        dispatch(ByX8 { f, carries: &carries[CHAINS * i..][..CHAINS], s: powers[1] });
    });
}

/// `CHAINS` segments, one above the other, lane by lane.
struct ByX8<'a> {
    f: &'a mut [Fr],
    carries: &'a [[Fr; LANES]],
    s: Fr,
}

impl Kernel for ByX8<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let s = B::Fr::splat(self.s);
        let mut t = [B::Fr::zero(); CHAINS];
        for (t, carry) in t.iter_mut().zip(self.carries) {
            *t = B::Fr::load_slice(carry);
        }
        let (blocks, _) = self.f.as_chunks_mut::<LANES>();
        let segment = blocks.len() / CHAINS;
        for m in (0..segment).rev() {
            for (chain, t) in t.iter_mut().enumerate() {
                let block = &mut blocks[chain * segment + m];
                *t = t.mul(s).add(B::Fr::load_slice(block));
                t.store_slice(block);
            }
        }
    }
}

/// `t_i = f_i + s t_{i+1}` in place. The length is a power of two and at least `8 LANES CHAINS`.
pub(super) fn by_x(f: &mut [Fr], powers: &[Fr]) {
    // Each lane of each chain has a segment of its own.
    let lanes = CHAINS * LANES;
    let segment = (f.len() / lanes).min(CHUNK / lanes);
    let values = par::map(f.len() / segment, |g| {
        let f = &f[g * segment..(g + 1) * segment];
        dispatch(sums::InnerProduct { f, powers: &powers[..segment] })
    });
    let step = powers[segment - 1] * powers[1];
    let mut carries = vec![Fr::ZERO; values.len()];
    for g in (1..values.len()).rev() {
        carries[g - 1] = values[g] + step * carries[g];
    }
    par::for_each_chunk_mut(f, lanes * segment, |i, f| {
        dispatch(ByX { f, carries: &carries[lanes * i..][..lanes], s: powers[1] });
    });
}

/// `CHAINS` groups of eight segments, one above the other, a segment in each lane.
struct ByX<'a> {
    f: &'a mut [Fr],
    carries: &'a [Fr],
    s: Fr,
}

impl Kernel for ByX<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let s = B::Fr::splat(self.s);
        let segment = self.f.len() / (CHAINS * LANES);
        let mut t = [B::Fr::zero(); CHAINS];
        for (t, carries) in t.iter_mut().zip(self.carries.as_chunks::<LANES>().0) {
            *t = B::Fr::load_slice(carries);
        }
        for m in (0..segment).rev() {
            for (chain, t) in t.iter_mut().enumerate() {
                let mut indices = [0u32; LANES];
                for (lane, index) in indices.iter_mut().enumerate() {
                    *index = ((chain * LANES + lane) * segment + m) as u32;
                }
                *t = t.mul(s).add(B::Fr::gather(self.f, &indices));
                for (index, x) in indices.iter().zip(t.to_array()) {
                    self.f[*index as usize] = x;
                }
            }
        }
    }
}
