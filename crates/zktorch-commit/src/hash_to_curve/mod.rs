//! The hiding generator `H`, hashed to the curve so that nobody knows its discrete logarithm.
//!
//! `H` must not be a known combination of the powers of tau: whoever knew `H = q(tau) [1]_1` could open a commitment to
//! any vector. It is therefore the output of the random-oracle hash of RFC 9380 (suite
//! `BN254G1_XMD:SHA-256_SVDW_RO_`): `expand_message_xmd` with SHA-256, two field elements of 48 bytes each, the
//! Shallue-van de Woestijne map of section 6.6.1 with `Z = 1`, and the sum of both points (the cofactor of G1 is 1).

use std::sync::OnceLock;

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};
use sha2::{Digest, Sha256};
use zktorch_field::{Fq, G1Affine};

/// The domain separation tag under which `H` is derived.
pub const HIDING_DOMAIN: &str = "ZKTORCH-V01-CS01-with-BN254G1_XMD:SHA-256_SVDW_RO_";

/// The message that is hashed to `H`.
const HIDING_MESSAGE: &[u8] = b"hiding generator";

/// The hiding generator `H` of every SRS.
pub fn hiding_generator() -> G1Affine {
    static H: OnceLock<G1Affine> = OnceLock::new();
    *H.get_or_init(|| hash_to_g1(HIDING_MESSAGE, HIDING_DOMAIN.as_bytes()))
}

/// `hash_to_curve` of RFC 9380 for BN254 G1. `domain` has 1 to 255 bytes.
pub(crate) fn hash_to_g1(message: &[u8], domain: &[u8]) -> G1Affine {
    let uniform = expand_message_xmd(message, domain);
    let (first, second) = uniform.split_at(48);
    let u0 = Fq::from_be_bytes_mod_order(first);
    let u1 = Fq::from_be_bytes_mod_order(second);
    (map_to_curve(u0).into_group() + map_to_curve(u1)).into_affine()
}

/// `expand_message_xmd` (RFC 9380, section 5.3.1) with SHA-256 and an output of 96 bytes.
fn expand_message_xmd(message: &[u8], domain: &[u8]) -> [u8; 96] {
    debug_assert!(!domain.is_empty() && domain.len() <= 255);
    let length = [domain.len() as u8];
    // msg_prime = Z_pad || msg || I2OSP(96, 2) || I2OSP(0, 1) || DST || I2OSP(len(DST), 1)
    let b0 = Sha256::new()
        .chain_update([0u8; 64])
        .chain_update(message)
        .chain_update([0u8, 96, 0])
        .chain_update(domain)
        .chain_update(length)
        .finalize();
    let mut out = [0u8; 96];
    let mut previous = [0u8; 32];
    for (i, block) in out.chunks_exact_mut(32).enumerate() {
        for (p, b) in previous.iter_mut().zip(b0.iter()) {
            *p ^= b;
        }
        let bi = Sha256::new()
            .chain_update(previous)
            .chain_update([i as u8 + 1])
            .chain_update(domain)
            .chain_update(length)
            .finalize();
        block.copy_from_slice(&bi);
        previous.copy_from_slice(&bi);
    }
    out
}

/// The Shallue-van de Woestijne map for `y^2 = g(x) = x^3 + 3` with `Z = 1` (RFC 9380, section 6.6.1).
fn map_to_curve(u: Fq) -> G1Affine {
    let g = |x: Fq| x.square() * x + Fq::from(3u64);
    let z = Fq::one();
    let c1 = g(z);
    let three_z_squared = Fq::from(3u64) * z.square();
    // c2 = -Z/2, c3 = sqrt(-g(Z) 3 Z^2) with sgn0(c3) = 0, c4 = -4 g(Z) / (3 Z^2).
    let c2 = -z * invert(Fq::from(2u64));
    let c3 = sqrt_or_zero(-c1 * three_z_squared);
    let c3 = if is_odd(&c3) { -c3 } else { c3 };
    let c4 = -Fq::from(4u64) * c1 * invert(three_z_squared);

    let tv1 = u.square() * c1;
    let tv2 = Fq::one() + tv1;
    let tv1 = Fq::one() - tv1;
    let tv3 = invert(tv1 * tv2);
    let tv4 = u * tv1 * tv3 * c3;
    let candidates = [c2 - tv4, c2 + tv4, (tv2.square() * tv3).square() * c4 + z];
    // One of the three is always the abscissa of a point; the first such one is taken.
    let on_curve = candidates.into_iter().find_map(|x| g(x).sqrt().map(|y| (x, y)));
    debug_assert!(on_curve.is_some());
    let (x, y) = on_curve.unwrap_or((z, Fq::zero()));
    let y = if is_odd(&u) == is_odd(&y) { y } else { -y };
    G1Affine::new_unchecked(x, y)
}

/// `inv0`: the inverse, or zero for zero.
fn invert(x: Fq) -> Fq {
    x.inverse().unwrap_or(Fq::zero())
}

/// The square root of an element known to be a square.
fn sqrt_or_zero(x: Fq) -> Fq {
    let root = x.sqrt();
    debug_assert!(root.is_some());
    root.unwrap_or(Fq::zero())
}

/// `sgn0` of RFC 9380 for a prime field: the parity of the canonical representative.
fn is_odd(x: &Fq) -> bool {
    x.into_bigint().is_odd()
}

#[cfg(test)]
mod tests;
