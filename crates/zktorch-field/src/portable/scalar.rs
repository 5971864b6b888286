//! One element at a time: 4 x 64-bit Montgomery arithmetic with R = 2^256 and values kept below 2p.
//!
//! p < 0.19 * 2^256, so there are two spare bits. Bounds, with all operands below 2p:
//! * a product leaves the reduction below 4p^2 / 2^256 + p (1 + 2^-62) < (4 * 0.19 + 1.01) p < 2p: no final subtraction;
//! * a sum is below 4p < 2^256 and one conditional subtraction of 2p brings it back;
//! * only values going to rest are brought below p.

use std::marker::PhantomData;

use crate::modulus::{Element, neg_inverse_64, pow2_mod, wrapping_sub};

/// Four limbs, least significant first, of a value below 2p.
pub(super) type Limbs = [u64; 4];

/// The constants of one modulus.
pub(super) struct Constants<F>(PhantomData<F>);

impl<F: Element> Constants<F> {
    /// 2p.
    pub(super) const P2: Limbs = wrapping_sub(&F::P, &wrapping_sub(&[0; 4], &F::P));
    /// 0 and 2p.
    const ZERO_P2: [Limbs; 2] = [[0; 4], Self::P2];
    /// -p^-1 mod 2^64.
    pub(super) const NEG_INV: u64 = neg_inverse_64(&F::P);
    /// 2^-64 mod p.
    pub(super) const U: Limbs = pow2_mod(&F::P, -64);
    /// 2^256 mod p: Montgomery's one; below p / 2.
    pub(super) const R: Limbs = pow2_mod(&F::P, 256);
    /// 2^512 mod p.
    pub(super) const R2: Limbs = pow2_mod(&F::P, 512);
    /// 2^320 mod p: 2^64 in Montgomery form.
    pub(super) const R_64: Limbs = pow2_mod(&F::P, 320);
}

/// `a + b + carry`: sum and carry out.
///
/// As an intrinsic where there is one: written with comparisons, some carries of a chain end up in registers instead of the flag,
/// which costs 10% of a multiplication.
#[inline(always)]
fn adc(a: u64, b: u64, carry: bool) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let mut sum = 0;
        let carry = std::arch::x86_64::_addcarry_u64(carry.into(), a, b, &mut sum);
        (sum, carry != 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let (s, c1) = a.overflowing_add(b);
        let (s, c2) = s.overflowing_add(carry.into());
        (s, c1 | c2)
    }
}

/// `a - b - borrow`: difference and borrow out.
#[inline(always)]
fn sbb(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let mut difference = 0;
        let borrow = std::arch::x86_64::_subborrow_u64(borrow.into(), a, b, &mut difference);
        (difference, borrow != 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let (d, b1) = a.overflowing_sub(b);
        let (d, b2) = d.overflowing_sub(borrow.into());
        (d, b1 | b2)
    }
}

/// `a - b` and whether it wrapped.
#[inline(always)]
fn sub4(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let (d0, c) = sbb(a[0], b[0], false);
    let (d1, c) = sbb(a[1], b[1], c);
    let (d2, c) = sbb(a[2], b[2], c);
    let (d3, c) = sbb(a[3], b[3], c);
    ([d0, d1, d2, d3], c)
}

/// `a + b`, for sums known to fit.
#[inline(always)]
fn add4(a: &Limbs, b: &Limbs) -> Limbs {
    let (s0, c) = adc(a[0], b[0], false);
    let (s1, c) = adc(a[1], b[1], c);
    let (s2, c) = adc(a[2], b[2], c);
    let (s3, _) = adc(a[3], b[3], c);
    [s0, s1, s2, s3]
}

/// `a` or `a - m`, whichever is not negative and smaller.
#[inline(always)]
fn subtract_once(a: &Limbs, m: &Limbs) -> Limbs {
    let (d, borrow) = sub4(a, m);
    let mask = (borrow as u64).wrapping_neg();
    [
        d[0] ^ (mask & (d[0] ^ a[0])),
        d[1] ^ (mask & (d[1] ^ a[1])),
        d[2] ^ (mask & (d[2] ^ a[2])),
        d[3] ^ (mask & (d[3] ^ a[3])),
    ]
}

/// Below p, from below 2p.
#[inline(always)]
pub(super) fn canonical<F: Element>(a: &Limbs) -> Limbs {
    subtract_once(a, &F::P)
}

/// a + b.
#[inline(always)]
pub(super) fn add<F: Element>(a: &Limbs, b: &Limbs) -> Limbs {
    subtract_once(&add4(a, b), &Constants::<F>::P2)
}

/// a - b.
#[inline(always)]
pub(super) fn sub<F: Element>(a: &Limbs, b: &Limbs) -> Limbs {
    let (d, borrow) = sub4(a, b);
    // Looked up, not masked: the compiler makes a branch of a mask, and which way it goes is random.
    add4(&d, &Constants::<F>::ZERO_P2[usize::from(borrow)])
}

/// -a, as 2p - a reduced below 2p.
#[inline(always)]
pub(super) fn neg<F: Element>(a: &Limbs) -> Limbs {
    sub::<F>(&[0; 4], a)
}

/// a if `yes`, else b, without a branch.
#[inline(always)]
fn choose(yes: bool, a: &Limbs, b: &Limbs) -> Limbs {
    let mask = u64::from(yes).wrapping_neg();
    let pick = |i: usize| b[i] ^ (mask & (a[i] ^ b[i]));
    [pick(0), pick(1), pick(2), pick(3)]
}

/// -a if `minus`, else a, without a branch: signs of random points are random. **At most 2p** (-0 is 2p): an operand of a product, or the
/// second one of a sum.
#[inline(always)]
pub(super) fn negate_if<F: Element>(a: &Limbs, minus: bool) -> Limbs {
    // 2p - a = 2p + !a + 1 modulo 2^256.
    let mask = u64::from(minus).wrapping_neg();
    let p2 = &Constants::<F>::ZERO_P2[usize::from(minus)];
    let (s0, c) = adc(a[0] ^ mask, p2[0], minus);
    let (s1, c) = adc(a[1] ^ mask, p2[1], c);
    let (s2, c) = adc(a[2] ^ mask, p2[2], c);
    let (s3, _) = adc(a[3] ^ mask, p2[3], c);
    [s0, s1, s2, s3]
}

/// a - b if `minus`, else a + b, without a branch.
#[inline(always)]
pub(super) fn add_or_sub<F: Element>(a: &Limbs, b: &Limbs, minus: bool) -> Limbs {
    // a < 2p, so a + 2p is still below 4p.
    add::<F>(a, &negate_if::<F>(b, minus))
}

/// (+-a) + (+-b), without a branch.
#[inline(always)]
pub(super) fn signed_sum<F: Element>(a: &Limbs, minus_a: bool, b: &Limbs, minus_b: bool) -> Limbs {
    add_or_sub::<F>(&choose(minus_a, &neg::<F>(a), a), b, minus_b)
}

/// a times one word: five words.
#[inline(always)]
fn mul_word(a: &Limbs, word: u64) -> [u64; 5] {
    let (p0, p1) = (u128::from(a[0]) * u128::from(word), u128::from(a[1]) * u128::from(word));
    let (p2, p3) = (u128::from(a[2]) * u128::from(word), u128::from(a[3]) * u128::from(word));
    let (r1, c) = adc((p0 >> 64) as u64, p1 as u64, false);
    let (r2, c) = adc((p1 >> 64) as u64, p2 as u64, c);
    let (r3, c) = adc((p2 >> 64) as u64, p3 as u64, c);
    // The high half of a product is at most 2^64 - 2.
    let (r4, _) = adc((p3 >> 64) as u64, 0, c);
    [p0 as u64, r1, r2, r3, r4]
}

/// Five-word sum, known to fit.
#[inline(always)]
fn add5(a: &[u64; 5], b: &[u64; 5]) -> [u64; 5] {
    let (s0, c) = adc(a[0], b[0], false);
    let (s1, c) = adc(a[1], b[1], c);
    let (s2, c) = adc(a[2], b[2], c);
    let (s3, c) = adc(a[3], b[3], c);
    let (s4, _) = adc(a[4], b[4], c);
    [s0, s1, s2, s3, s4]
}

/// The 512-bit product, row by row.
#[inline(always)]
fn mul_wide(a: &Limbs, b: &Limbs) -> [u64; 8] {
    let [t0, t1, t2, t3, t4] = mul_word(b, a[0]);
    let [t1, t2, t3, t4, t5] = add5(&[t1, t2, t3, t4, 0], &mul_word(b, a[1]));
    let [t2, t3, t4, t5, t6] = add5(&[t2, t3, t4, t5, 0], &mul_word(b, a[2]));
    let [t3, t4, t5, t6, t7] = add5(&[t3, t4, t5, t6, 0], &mul_word(b, a[3]));
    [t0, t1, t2, t3, t4, t5, t6, t7]
}

/// The 512-bit square: six mixed products, doubled, and four squares.
#[inline(always)]
fn square_wide(a: &Limbs) -> [u64; 8] {
    let wide = |i: usize, j: usize| {
        let t = u128::from(a[i]) * u128::from(a[j]);
        (t as u64, (t >> 64) as u64)
    };
    // a0 (a1, a2, a3), then a1 (a2, a3), then a2 a3.
    let ((l01, h01), (l02, h02), (l03, h03)) = (wide(0, 1), wide(0, 2), wide(0, 3));
    let ((l12, h12), (l13, h13), (l23, h23)) = (wide(1, 2), wide(1, 3), wide(2, 3));
    let (t2, c) = adc(h01, l02, false);
    let (t3, c) = adc(h02, l03, c);
    let (t4, _) = adc(h03, 0, c);
    let (u4, c) = adc(h12, l13, false);
    let (u5, _) = adc(h13, 0, c);
    let (t3, c) = adc(t3, l12, false);
    let (t4, c) = adc(t4, u4, c);
    let (t5, c) = adc(u5, l23, c);
    let (t6, _) = adc(h23, 0, c);
    // Doubled.
    let (t1, c) = adc(l01, l01, false);
    let (t2, c) = adc(t2, t2, c);
    let (t3, c) = adc(t3, t3, c);
    let (t4, c) = adc(t4, t4, c);
    let (t5, c) = adc(t5, t5, c);
    let (t6, c) = adc(t6, t6, c);
    let t7 = u64::from(c);
    // The squares.
    let ((t0, s1), (s2, s3), (s4, s5), (s6, s7)) = (wide(0, 0), wide(1, 1), wide(2, 2), wide(3, 3));
    let (t1, c) = adc(t1, s1, false);
    let (t2, c) = adc(t2, s2, c);
    let (t3, c) = adc(t3, s3, c);
    let (t4, c) = adc(t4, s4, c);
    let (t5, c) = adc(t5, s5, c);
    let (t6, c) = adc(t6, s6, c);
    let (t7, _) = adc(t7, s7, c);
    [t0, t1, t2, t3, t4, t5, t6, t7]
}

/// T / 2^256 mod p, below T / 2^256 + p (1 + 2^-62).
///
/// Only the lower half L of T goes through the steps; the upper half is its own quotient and is added at the end.
/// * Two steps replace the lowest word q by q U, U = 2^-64 mod p, one word up: no quotient digit has to be computed, and two
///   multiplications are saved. They leave less than 2^192 + 2^64 p, then less than 2^128 + 2^64 p.
/// * Two Montgomery steps leave less than 2p + 2^64, then less than p + 2p / 2^64 + 1.
#[inline(always)]
fn redc<F: Element>(t: &[u64; 8]) -> Limbs {
    let [p, u] = [&F::P, &Constants::<F>::U];
    let r = add5(&[t[1], t[2], t[3], 0, 0], &mul_word(u, t[0]));
    let r = add5(&[r[1], r[2], r[3], r[4], 0], &mul_word(u, r[0]));
    let r = add5(&r, &mul_word(p, r[0].wrapping_mul(Constants::<F>::NEG_INV)));
    let r = add5(&[r[1], r[2], r[3], r[4], 0], &mul_word(p, r[1].wrapping_mul(Constants::<F>::NEG_INV)));
    add4(&[r[1], r[2], r[3], r[4]], &[t[4], t[5], t[6], t[7]])
}

/// One Montgomery step: r / 2^64 mod p, below r / 2^64 + p, which must fit four words.
#[inline(always)]
fn step<F: Element>(r: &[u64; 5]) -> Limbs {
    let [_, r1, r2, r3, r4] = add5(r, &mul_word(&F::P, r[0].wrapping_mul(Constants::<F>::NEG_INV)));
    [r1, r2, r3, r4]
}

/// a b / 2^256 mod p, below 2p: for a, b < 2p, and for any a < 2^256 if b < p / 2.
///
/// Rows and reduction steps take turns. Each step leaves less than b + p < 3p < 2^256, and the last one less than
/// a b / 2^256 + p.
#[inline(always)]
pub(super) fn mul<F: Element>(a: &Limbs, b: &Limbs) -> Limbs {
    let [r0, r1, r2, r3] = step::<F>(&mul_word(b, a[0]));
    let [r0, r1, r2, r3] = step::<F>(&add5(&[r0, r1, r2, r3, 0], &mul_word(b, a[1])));
    let [r0, r1, r2, r3] = step::<F>(&add5(&[r0, r1, r2, r3, 0], &mul_word(b, a[2])));
    step::<F>(&add5(&[r0, r1, r2, r3, 0], &mul_word(b, a[3])))
}

/// a^2 / 2^256 mod p.
#[inline(always)]
pub(super) fn square<F: Element>(a: &Limbs) -> Limbs {
    redc::<F>(&square_wide(a))
}

/// A sum of 512-bit products. 576 bits hold 2^67 products below 4p^2 < 2^509: no count can overflow it.
pub(super) type Wide = [u64; 9];

/// acc += a b.
#[inline(always)]
pub(super) fn wide_mul_add(acc: &mut Wide, a: &Limbs, b: &Limbs) {
    let t = mul_wide(a, b);
    let mut carry = false;
    let mut i = 0;
    while i < 8 {
        (acc[i], carry) = adc(acc[i], t[i], carry);
        i += 1;
    }
    acc[8] = acc[8].wrapping_add(carry as u64);
}

/// T / 2^256 mod p, below 2p.
///
/// T = L + H 2^256 + h 2^512 with L, H < 2^256: L / 2^256 by four Montgomery steps from zero operands, H is its own quotient
/// (brought below 2p by a product with one), h 2^256 by a product with 2^512.
#[inline(always)]
pub(super) fn wide_reduce<F: Element>(acc: &Wide) -> Limbs {
    let low = mul::<F>(&[acc[0], acc[1], acc[2], acc[3]], &[1, 0, 0, 0]);
    let high = mul::<F>(&[acc[4], acc[5], acc[6], acc[7]], &Constants::<F>::R);
    let top = mul::<F>(&[acc[8], 0, 0, 0], &Constants::<F>::R2);
    add::<F>(&add::<F>(&low, &high), &top)
}

/// A signed sum of products with 64-bit integers, two's complement: 384 bits hold 2^63 products below 2p 2^64 < 2^319.
pub(super) type SmallWide = [u64; 6];

/// acc += weight * value.
///
/// With u the unsigned reading of value, weight * value = weight * u - [value < 0] 2^64 weight.
#[inline(always)]
pub(super) fn small_mul_add(acc: &mut SmallWide, weight: &Limbs, value: i64) {
    let mask = (value >> 63) as u64;
    let [t0, t1, t2, t3, t4] = mul_word(weight, value as u64);
    // The five-word signed product; its sign is the value's (or it is zero).
    let (t1, b) = sbb(t1, weight[0] & mask, false);
    let (t2, b) = sbb(t2, weight[1] & mask, b);
    let (t3, b) = sbb(t3, weight[2] & mask, b);
    let (t4, b) = sbb(t4, weight[3] & mask, b);
    let t5 = (b as u64).wrapping_neg();
    let mut carry = false;
    (acc[0], carry) = adc(acc[0], t0, carry);
    (acc[1], carry) = adc(acc[1], t1, carry);
    (acc[2], carry) = adc(acc[2], t2, carry);
    (acc[3], carry) = adc(acc[3], t3, carry);
    (acc[4], carry) = adc(acc[4], t4, carry);
    acc[5] = acc[5].wrapping_add(t5).wrapping_add(carry as u64);
}

/// The signed sum modulo p, below 2p.
#[inline(always)]
pub(super) fn small_reduce<F: Element>(acc: &SmallWide) -> Limbs {
    let negative = (acc[5] as i64) < 0;
    let mask = (negative as u64).wrapping_neg();
    let mut magnitude = [0u64; 6];
    let mut carry = negative;
    let mut i = 0;
    while i < 6 {
        (magnitude[i], carry) = adc(acc[i] ^ mask, 0, carry);
        i += 1;
    }
    let low = mul::<F>(&[magnitude[0], magnitude[1], magnitude[2], magnitude[3]], &Constants::<F>::R);
    let high = mul::<F>(&[magnitude[4], magnitude[5], 0, 0], &Constants::<F>::R2);
    let sum = add::<F>(&low, &high);
    if negative { neg::<F>(&sum) } else { sum }
}

/// T / 2^64 mod p, below 2p, for |T| < p 2^63: one Montgomery step instead of the general reduction.
///
/// (T + m p) / 2^64 lies in (-p/2, 3p/2); adding 2p and taking 2p away where possible gives a value below 2p.
#[inline(always)]
pub(super) fn small_bind_reduce<F: Element>(acc: &SmallWide) -> Limbs {
    let m = acc[0].wrapping_mul(Constants::<F>::NEG_INV);
    let r = add5(&[acc[0], acc[1], acc[2], acc[3], acc[4]], &mul_word(&F::P, m));
    subtract_once(&add4(&[r[1], r[2], r[3], r[4]], &Constants::<F>::P2), &Constants::<F>::P2)
}

/// The integer in Montgomery form.
#[inline(always)]
pub(super) fn from_i64<F: Element>(value: i64) -> Limbs {
    let magnitude = mul::<F>(&[value.unsigned_abs(), 0, 0, 0], &Constants::<F>::R2);
    if value < 0 { neg::<F>(&magnitude) } else { magnitude }
}

/// Whether a value below 2p is zero modulo p.
#[inline(always)]
pub(super) fn is_zero<F: Element>(a: &Limbs) -> bool {
    let p = &F::P;
    let zero = a[0] | a[1] | a[2] | a[3];
    let modulus = (a[0] ^ p[0]) | (a[1] ^ p[1]) | (a[2] ^ p[2]) | (a[3] ^ p[3]);
    (zero == 0) | (modulus == 0)
}
