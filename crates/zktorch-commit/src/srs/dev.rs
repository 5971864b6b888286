//! The development SRS: powers of a tau that everybody knows.

use ark_ec::scalar_mul::ScalarMul;
use ark_ec::{AffineRepr, PrimeGroup};
use ark_ff::{Field, PrimeField};
use sha2::{Digest, Sha512};
use zktorch_field::{Fr, G1Affine, G2Affine, G2Projective, RawAffine, par};

use super::fixed_base::FixedBase;

/// The published tau: SHA-512 of this sentence, as a little-endian integer modulo r.
const TAU_SENTENCE: &[u8] = b"zktorch development SRS: this tau is public, proofs under it prove nothing";

pub(super) fn tau() -> Fr {
    Fr::from_le_bytes_mod_order(&Sha512::digest(TAU_SENTENCE))
}

/// `tau^0, .., tau^{count-1}`.
fn powers(count: usize) -> Vec<Fr> {
    const CHUNK: usize = 1 << 12;
    let tau = tau();
    let mut powers = vec![Fr::from(0u64); count];
    par::for_each_chunk_mut(&mut powers, CHUNK, |i, chunk| {
        let mut power = tau.pow([(i * CHUNK) as u64]);
        chunk.iter_mut().for_each(|slot| {
            *slot = power;
            power *= tau;
        });
    });
    powers
}

pub(super) fn powers_g1(count: usize) -> Vec<RawAffine> {
    FixedBase::new(&G1Affine::generator(), count).mul(&powers(count))
}

pub(super) fn powers_g2(count: usize) -> Vec<G2Affine> {
    G2Projective::generator().batch_mul(&powers(count))
}
