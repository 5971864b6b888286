//! The denominators of an inverse column, inverted together.

use zktorch_field::{Backend, BackendKind, Fr, Ints, Kernel, LANES, Packed, dispatch_on};

use super::BucketKey;
use crate::CommitError;

/// 1 / (alpha - tag - beta v - beta^2 f(v)) for every key.
pub(super) fn inverses(
    kind: BackendKind,
    alpha: Fr,
    beta: Fr,
    tag: impl Fn(u32) -> Fr,
    f: impl Fn(BucketKey) -> i32,
    keys: &[BucketKey],
) -> Result<Vec<Fr>, CommitError> {
    // alpha - tag changes rarely: keys are ordered by tag.
    let mut shifted = Vec::with_capacity(keys.len());
    for run in keys.chunk_by(|a, b| a.tag == b.tag) {
        shifted.resize(shifted.len() + run.len(), alpha - tag(run[0].tag));
    }
    let outputs: Vec<i32> = keys.iter().map(|&key| f(key)).collect();
    dispatch_on(kind, Invert { shifted, beta, keys, outputs: &outputs })
        .map_err(|index| CommitError::Pole { tag: keys[index].tag, value: keys[index].value })
}

/// `shifted - beta v - beta^2 f`, inverted; the index of a zero, if there is one.
struct Invert<'a> {
    shifted: Vec<Fr>,
    beta: Fr,
    keys: &'a [BucketKey],
    outputs: &'a [i32],
}

impl Kernel for Invert<'_> {
    type Output = Result<Vec<Fr>, usize>;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Self::Output {
        let Self { mut shifted, beta, keys, outputs } = self;
        let len = keys.len();
        // Lanes past the end hold 1 = 1 - beta 0 - beta^2 0.
        shifted.resize(len.next_multiple_of(LANES), Fr::from(1u64));
        let (blocks, _) = shifted.as_chunks_mut::<LANES>();
        let (minus_beta, minus_beta2) = (B::Fr::splat(-beta), B::Fr::splat(-beta * beta));
        let mut denominators = Vec::with_capacity(blocks.len());
        let mut prefix = Vec::with_capacity(blocks.len());
        let mut product = B::Fr::one();
        for (b, (keys, outputs)) in keys.chunks(LANES).zip(outputs.chunks(LANES)).enumerate() {
            let (mut v, mut f) = ([0; LANES], [0; LANES]);
            for l in 0..keys.len() {
                v[l] = keys[l].value;
                f[l] = outputs[l];
            }
            let mut terms = B::Fr::small_zero();
            B::Fr::small_mul_add(&mut terms, minus_beta, B::Ints::load_i32(&v));
            B::Fr::small_mul_add(&mut terms, minus_beta2, B::Ints::load_i32(&f));
            let denominator = B::Fr::load_slice(&blocks[b]).add(B::Fr::small_reduce(terms));
            let poles = B::Fr::is_zero(denominator);
            if poles != 0 {
                return Err(b * LANES + poles.trailing_zeros() as usize);
            }
            denominators.push(denominator);
            prefix.push(product);
            product = product.mul(denominator);
        }
        let mut inverse = product.inverse();
        for (b, block) in blocks.iter_mut().enumerate().rev() {
            let (lanes, next) = B::Fr::mul2(inverse, prefix[b], inverse, denominators[b]);
            lanes.store_slice(block);
            inverse = next;
        }
        shifted.truncate(len);
        Ok(shifted)
    }
}
