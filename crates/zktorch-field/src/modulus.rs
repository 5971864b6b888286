//! Prime fields as limbs, and every constant of the two backends computed from the modulus.
//!
//! Nothing here is typed in by hand but the name of the arkworks type: the constants are `const fn`s of
//! `MODULUS`, and the tests compare them with arkworks' big-integer arithmetic.

use ark_ff::{BigInt, PrimeField};

use crate::{backend::Backend, packed::Packed};

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// A prime field this crate has packed arithmetic for: [`Fr`](crate::Fr) or [`Fq`](crate::Fq) of BN254.
///
/// `limbs` and `from_limbs` expose the representation at rest: the canonical Montgomery form of arkworks,
/// `a * 2^256 mod p` as four 64-bit limbs, least significant first.
pub trait Element: PrimeField<BigInt = BigInt<4>> + sealed::Sealed {
    /// The eight-lane vector of this field in backend `B`.
    type Packed<B: Backend>: Packed<Elem = Self, Ints = B::Ints>;
    /// The modulus p, least significant limb first.
    const P: [u64; 4];

    /// The four limbs of `self * 2^256 mod p`.
    fn limbs(&self) -> &[u64; 4];

    /// The element whose Montgomery form is `limbs`, which must be below p (checked in debug builds).
    fn from_limbs(limbs: [u64; 4]) -> Self;
}

/// `a < b` for little-endian limbs.
#[inline(always)]
pub(crate) const fn less_than(a: &[u64; 4], b: &[u64; 4]) -> bool {
    let mut i = 4;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

/// `a - b`, wrapping modulo 2^256.
pub(crate) const fn wrapping_sub(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (d, b1) = a[i].overflowing_sub(b[i]);
        let (d, b2) = d.overflowing_sub(borrow as u64);
        out[i] = d;
        borrow = b1 | b2;
        i += 1;
    }
    out
}

/// `2 a mod p` for `a < p`; p has at least one spare bit.
pub(crate) const fn double_mod(a: &[u64; 4], p: &[u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut i = 0;
    let mut carry = 0;
    while i < 4 {
        out[i] = (a[i] << 1) | carry;
        carry = a[i] >> 63;
        i += 1;
    }
    if less_than(&out, p) { out } else { wrapping_sub(&out, p) }
}

/// `a / 2 mod p` for `a < p`; a + p has no carry out of 256 bits.
const fn halve_mod(a: &[u64; 4], p: &[u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut i = 0;
    let mut carry = 0u128;
    while i < 4 {
        carry += a[i] as u128;
        if a[0] & 1 == 1 {
            carry += p[i] as u128;
        }
        out[i] = carry as u64;
        carry >>= 64;
        i += 1;
    }
    [out[0] >> 1 | out[1] << 63, out[1] >> 1 | out[2] << 63, out[2] >> 1 | out[3] << 63, out[3] >> 1]
}

/// `2^exponent mod p`, the exponent of either sign.
pub(crate) const fn pow2_mod(p: &[u64; 4], exponent: i32) -> [u64; 4] {
    let mut out = [1, 0, 0, 0];
    let mut i = 0;
    while i < exponent.abs() {
        out = if exponent > 0 { double_mod(&out, p) } else { halve_mod(&out, p) };
        i += 1;
    }
    out
}

/// `-p^-1 mod 2^64`, by Newton's iteration (each step doubles the number of correct bits).
pub(crate) const fn neg_inverse_64(p: &[u64; 4]) -> u64 {
    let mut inverse = 1u64; // correct modulo 2 because p is odd
    let mut i = 0;
    while i < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p[0].wrapping_mul(inverse)));
        i += 1;
    }
    inverse.wrapping_neg()
}
