//! The development SRS: powers of a tau that everybody knows.

use ark_ec::PrimeGroup;
use ark_ec::scalar_mul::ScalarMul;
use ark_ff::{One, PrimeField};
use sha2::{Digest, Sha512};
use zktorch_field::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};

/// The published tau: SHA-512 of this sentence, as a little-endian integer modulo r.
const TAU_SENTENCE: &[u8] = b"zktorch development SRS: this tau is public, proofs under it prove nothing";

pub(super) fn tau() -> Fr {
    Fr::from_le_bytes_mod_order(&Sha512::digest(TAU_SENTENCE))
}

fn powers(count: usize) -> Vec<Fr> {
    let tau = tau();
    core::iter::successors(Some(Fr::one()), |p| Some(*p * tau)).take(count).collect()
}

pub(super) fn powers_g1(count: usize) -> Vec<G1Affine> {
    G1Projective::generator().batch_mul(&powers(count))
}

pub(super) fn powers_g2(count: usize) -> Vec<G2Affine> {
    G2Projective::generator().batch_mul(&powers(count))
}
