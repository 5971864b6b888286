//! The constants of one modulus in 52-bit limbs, computed from the modulus.

use std::marker::PhantomData;

use crate::modulus::{Element, double_mod, less_than, neg_inverse_64, pow2_mod, wrapping_sub};

/// Bits of a limb.
pub(super) const BITS: u32 = 52;
/// The low 52 bits.
pub(super) const LOW: u64 = (1 << BITS) - 1;

/// Five limbs, least significant first.
pub(super) type Limbs52 = [u64; 5];

/// Splits 256 bits.
pub(super) const fn split(a: &[u64; 4]) -> Limbs52 {
    [
        a[0] & LOW,
        (a[0] >> 52 | a[1] << 12) & LOW,
        (a[1] >> 40 | a[2] << 24) & LOW,
        (a[2] >> 28 | a[3] << 36) & LOW,
        a[3] >> 16,
    ]
}

/// `k * a` in `N` limbs, `k < 2^64`, the product below `2^(52 N)`.
const fn times<const N: usize>(a: &Limbs52, k: u64) -> [u64; N] {
    let mut out = [0; N];
    let mut carry = 0u128;
    let mut i = 0;
    while i < N {
        if i < 5 {
            carry += a[i] as u128 * k as u128;
        }
        out[i] = carry as u64 & LOW;
        carry >>= BITS;
        i += 1;
    }
    assert!(carry == 0);
    out
}

/// The same number with `n * 2^52` moved from every limb to the one below it, so that `n` normalised numbers can be
/// subtracted limb by limb without a limb becoming negative.
const fn lend<const N: usize>(a: [u64; N], n: u64) -> [u64; N] {
    let mut out = a;
    let mut i = 0;
    while i < N - 1 {
        out[i] += n << BITS;
        out[i + 1] -= n;
        i += 1;
    }
    out
}

/// `2^bits - a`.
const fn complement<const N: usize>(a: &[u64; N]) -> [u64; N] {
    let mut out = [0; N];
    let mut borrow = 0;
    let mut i = 0;
    while i < N {
        let d = (1 << BITS) - a[i] - borrow;
        borrow = 1 - (d >> BITS);
        out[i] = d & LOW;
        i += 1;
    }
    out
}

/// `a * 2^48` in six limbs.
const fn shift_48(a: &Limbs52) -> [u64; 6] {
    times::<6>(a, 1 << 48)
}

/// `floor(2^exponent / p)`, which must be below 2^64: long division of a one followed by zeros.
const fn reciprocal(p: &[u64; 4], exponent: u32) -> u64 {
    let mut remainder = [1, 0, 0, 0];
    let mut quotient = 0u64;
    let mut i = 0;
    while i < exponent {
        let half = remainder;
        remainder = double_mod(&half, p);
        // 2 * half >= p exactly if the doubling subtracted p.
        let doubled = [
            half[0] << 1,
            half[1] << 1 | half[0] >> 63,
            half[2] << 1 | half[1] >> 63,
            half[3] << 1 | half[2] >> 63,
        ];
        quotient = quotient << 1 | !less_than(&doubled, p) as u64;
        i += 1;
    }
    quotient
}

/// The constants of one modulus.
pub(super) struct Constants<F>(PhantomData<F>);

impl<F: Element> Constants<F> {
    /// p.
    pub(super) const P: Limbs52 = split(&F::P);
    /// 2p.
    pub(super) const P2: Limbs52 = times::<5>(&Self::P, 2);
    /// p, ready to have one number subtracted.
    pub(super) const LEND_P: Limbs52 = lend(Self::P, 1);
    /// 2^-52 mod p.
    pub(super) const U: Limbs52 = split(&pow2_mod(&F::P, -52));
    /// -p^-1 mod 2^52.
    pub(super) const NEG_INV: u64 = neg_inverse_64(&F::P) & LOW;
    /// -p^-1 mod 16.
    pub(super) const NEG_INV_16: u64 = neg_inverse_64(&F::P) & 15;
    /// 2^260 mod p: one.
    pub(super) const ONE: Limbs52 = split(&pow2_mod(&F::P, 260));
    /// 2^508 mod p.
    pub(super) const FOLD_508: Limbs52 = split(&pow2_mod(&F::P, 508));
    /// floor(2^260 / p), 84 for both moduli.
    pub(super) const RECIPROCAL: u64 = reciprocal(&F::P, 260);
    /// 2^260 - p.
    pub(super) const MINUS_P: Limbs52 = complement(&Self::P);
    /// 16p, to be compared with.
    pub(super) const P16: Limbs52 = times::<5>(&Self::P, 16);
    /// 16p, ready to have one number subtracted.
    pub(super) const LEND_16P: Limbs52 = lend(times::<5>(&Self::P, 16), 1);
    /// 32p, ready to have two numbers subtracted.
    pub(super) const LEND_32P: Limbs52 = lend(times::<5>(&Self::P, 32), 2);

    /// 2^312 - 2^48 p: the first step of the reduction of sums of small products.
    pub(super) const MINUS_P_48: [u64; 6] = complement(&shift_48(&Self::P));
    /// floor(2^290 / p).
    pub(super) const RECIPROCAL_290: u64 = reciprocal(&F::P, 290);
    /// floor(2^304 / p).
    pub(super) const RECIPROCAL_304: u64 = reciprocal(&F::P, 304);
    /// 2^28 p, ready to have limbs up to 2^63 - 2^11 subtracted.
    pub(super) const LEND_2_28_P: [u64; 6] = lend(times::<6>(&Self::P, 1 << 28), 1 << 11);
    /// 2^312 mod p: 2^52 in the working form.
    pub(super) const POW_52: Limbs52 = split(&pow2_mod(&F::P, 312));
    /// 2^364 mod p: 2^104 in the working form.
    pub(super) const POW_104: Limbs52 = split(&pow2_mod(&F::P, 364));
    /// -2^(63 + 312) mod p.
    pub(super) const MINUS_POW_63_52: Limbs52 = split(&wrapping_sub(&F::P, &pow2_mod(&F::P, 63 + 312)));
    /// -2^(51 + 312) mod p.
    pub(super) const MINUS_POW_51_52: Limbs52 = split(&wrapping_sub(&F::P, &pow2_mod(&F::P, 51 + 312)));
}
