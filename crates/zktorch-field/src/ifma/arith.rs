//! The arithmetic on five-limb numbers: products, reductions, carries.
//!
//! A number is five limbs of 52 bits, eight numbers side by side; R = 2^260. Bounds are stated per function as multiples of p;
//! 2^260 = 84.6 p, so there are six spare bits and hardly anything needs a conditional subtraction.

use super::{
    constants::{BITS, Constants, LOW, Limbs52},
    vector::{self as v, V},
};
use crate::{modulus::Element, packed::Mask};

/// Eight numbers of five limbs.
pub(super) type V5 = [V; 5];
/// Eight products: ten columns of weight 2^(52 i), not normalised.
pub(super) type Columns = [V; 10];

/// The same number in every lane.
#[inline(always)]
pub(super) fn broadcast<const N: usize>(limbs: &[u64; N]) -> [V; N] {
    let mut out = [v::zero(); N];
    for i in 0..N {
        out[i] = v::splat(limbs[i]);
    }
    out
}

/// Carries: limbs below 2^52 again, except the top one, which takes what is left.
///
/// Every limb must be below 2^64 - 2^12 (the carry that comes in).
#[inline(always)]
pub(super) fn carry<const N: usize>(limbs: &mut [V; N]) {
    let low = v::splat(LOW);
    for i in 0..N - 1 {
        limbs[i + 1] = v::add(limbs[i + 1], v::shr::<BITS>(limbs[i]));
        limbs[i] = v::and(limbs[i], low);
    }
}

/// Adds `k * constant` to the columns from `at` on, for k below 2^52 and as many limbs of the constant as there are columns
/// left; what is beyond the last column is dropped (the caller works modulo a power of 2^52).
#[inline(always)]
fn add_multiple<const N: usize, const M: usize>(t: &mut [V; N], at: usize, k: V, constant: &[u64; M]) {
    for j in 0..M {
        if at + j < N {
            t[at + j] = v::lo(t[at + j], k, v::splat(constant[j]));
        }
    }
    for j in 0..M {
        if at + j + 1 < N {
            t[at + j + 1] = v::hi(t[at + j + 1], k, v::splat(constant[j]));
        }
    }
}

/// Adds a b to the columns: 50 IFMAs. Limbs of a and b below 2^52. A column takes at most nine summands below 2^52
/// (columns 4 and 5: five low and four high halves, or the other way round).
#[inline(always)]
pub(super) fn multiply_add<const S: usize>(t: &mut [Columns; S], a: &[V5; S], b: &[V5; S]) {
    for i in 0..5 {
        for j in 0..5 {
            for s in 0..S {
                t[s][i + j] = v::lo(t[s][i + j], a[s][i], b[s][j]);
            }
        }
        for j in 0..5 {
            for s in 0..S {
                t[s][i + j + 1] = v::hi(t[s][i + j + 1], a[s][i], b[s][j]);
            }
        }
    }
}

/// a^2: 30 IFMAs. The ten mixed products are summed, then doubled (at most 4 summands, so below 2^55), then the squares added.
#[inline(always)]
pub(super) fn square_columns<const S: usize>(a: &[V5; S]) -> [Columns; S] {
    let mut t = [[v::zero(); 10]; S];
    for i in 0..5 {
        for j in i + 1..5 {
            for s in 0..S {
                t[s][i + j] = v::lo(t[s][i + j], a[s][i], a[s][j]);
            }
        }
        for j in i + 1..5 {
            for s in 0..S {
                t[s][i + j + 1] = v::hi(t[s][i + j + 1], a[s][i], a[s][j]);
            }
        }
    }
    for columns in &mut t {
        for column in &mut columns[1..9] {
            *column = v::add(*column, *column);
        }
    }
    for i in 0..5 {
        for s in 0..S {
            t[s][2 * i] = v::lo(t[s][2 * i], a[s][i], a[s][i]);
            t[s][2 * i + 1] = v::hi(t[s][2 * i + 1], a[s][i], a[s][i]);
        }
    }
    t
}

/// [`redc_open`], carried.
#[inline(always)]
pub(super) fn redc<F: Element, const S: usize>(t: [Columns; S]) -> [V5; S] {
    let mut r = redc_open::<F, S>(t);
    for r in &mut r {
        carry(r);
    }
    r
}

/// T / 2^260 mod p, below T / 2^260 + U + p with U = 2^-52 mod p: 51 IFMAs.
///
/// Each of the first four steps removes the lowest column q by T / 2^52 = floor(T / 2^52) + q 2^-52, that is, by adding q U
/// one column up: no quotient digit has to be computed. They leave T / 2^208 + 2^52 U (1 + 2^-51). The last step is
/// Montgomery's: with q = -T p^-1 mod 2^52 the lowest column of T + q p vanishes, and q p / 2^52 < p.
///
/// Columns must stay below 2^64: a column receives at most 8 + 2 summands below 2^52 and one carry below 2^12. The limbs of
/// the result are not normalised; limb i is what column 5 + i came to.
#[inline(always)]
pub(super) fn redc_open<F: Element, const S: usize>(mut t: [Columns; S]) -> [V5; S] {
    for i in 0..4 {
        for t in &mut t {
            t[i + 1] = v::add(t[i + 1], v::shr::<BITS>(t[i]));
        }
        for j in 0..5 {
            for t in &mut t {
                t[i + 1 + j] = v::lo(t[i + 1 + j], t[i], v::splat(Constants::<F>::U[j]));
            }
        }
        for j in 0..5 {
            for t in &mut t {
                t[i + 2 + j] = v::hi(t[i + 2 + j], t[i], v::splat(Constants::<F>::U[j]));
            }
        }
    }
    let mut q = [v::zero(); S];
    for s in 0..S {
        q[s] = v::lo(v::zero(), t[s][4], v::splat(Constants::<F>::NEG_INV));
    }
    for j in 0..5 {
        for s in 0..S {
            t[s][4 + j] = v::lo(t[s][4 + j], q[s], v::splat(Constants::<F>::P[j]));
        }
    }
    for j in 0..5 {
        for s in 0..S {
            t[s][5 + j] = v::hi(t[s][5 + j], q[s], v::splat(Constants::<F>::P[j]));
        }
    }
    let mut r = [[v::zero(); 5]; S];
    for s in 0..S {
        r[s] = [v::add(t[s][5], v::shr::<BITS>(t[s][4])), t[s][6], t[s][7], t[s][8], t[s][9]];
    }
    r
}

/// a b / 2^260 mod p, for a, b <= 32p: below (32p)^2 / 2^260 + U + p < 12.1p + 2p < 16p.
#[inline(always)]
pub(super) fn mul<F: Element, const S: usize>(a: &[V5; S], b: &[V5; S]) -> [V5; S] {
    let mut t = [[v::zero(); 10]; S];
    multiply_add(&mut t, a, b);
    redc::<F, S>(t)
}

/// v mod p, canonical, for v < 3p whose limbs are below 2^57 and not normalised.
///
/// v is compared with p and 2p before carries, by its top limb, into which fewer than 2^5 are still to be carried; only if
/// that leaves the answer open, in some lane, are the carries done first.
#[inline(always)]
pub(super) fn canonical_3p<F: Element>(r: V5) -> V5 {
    let (p, p2) = (&Constants::<F>::P, &Constants::<F>::P2);
    let (mut once, mut twice) = (v::greater(r[4], v::splat(p[4])), v::greater(r[4], v::splat(p2[4])));
    let once_at_most = v::greater(r[4], v::splat(p[4] - 33));
    let twice_at_most = v::greater(r[4], v::splat(p2[4] - 33));
    if (once ^ once_at_most) | (twice ^ twice_at_most) != 0 {
        (once, twice) = (at_least(r, p), at_least(r, p2));
    }
    subtract_p::<F>(subtract_p_open::<F>(r, twice), once)
}

/// v mod p, canonical, for v < 2p whose limbs are below 2^57 and not normalised. See [`canonical_3p`].
#[inline(always)]
pub(super) fn canonical_2p<F: Element>(r: V5) -> V5 {
    let p = &Constants::<F>::P;
    let mut once = v::greater(r[4], v::splat(p[4]));
    if once != v::greater(r[4], v::splat(p[4] - 33)) {
        once = at_least(r, p);
    }
    subtract_p::<F>(r, once)
}

/// v - p in the lanes of the mask, limbs signed.
#[inline(always)]
fn subtract_p_open<F: Element>(mut r: V5, mask: Mask) -> V5 {
    for j in 0..5 {
        r[j] = v::mask_sub(r[j], mask, r[j], v::splat(Constants::<F>::P[j]));
    }
    r
}

/// v - p in the lanes of the mask, normalised; the result must not be negative.
#[inline(always)]
fn subtract_p<F: Element>(r: V5, mask: Mask) -> V5 {
    let mut r = subtract_p_open::<F>(r, mask);
    carry_signed(&mut r);
    r
}

/// [`carry`] for limbs read as signed.
#[inline(always)]
pub(super) fn carry_signed(r: &mut V5) {
    let low = v::splat(LOW);
    for i in 0..4 {
        r[i + 1] = v::add(r[i + 1], v::sar::<BITS>(r[i]));
        r[i] = v::and(r[i], low);
    }
}

/// The lanes where v >= bound, exactly: the sign of the difference. Limbs need not be normalised.
#[inline(always)]
pub(super) fn at_least(mut r: V5, bound: &Limbs52) -> Mask {
    carry(&mut r);
    let mut difference = v::zero();
    for j in 0..5 {
        let limb = v::sub(r[j], v::splat(bound[j]));
        difference = v::add(limb, v::sar::<BITS>(difference));
    }
    !v::top_bits(difference)
}

/// v mod p, below 2p: v - k p with k = floor(v / p) estimated from the top limb.
///
/// Limbs need not be normalised; v must be below 2^260. With c = floor(2^260 / p) = 84 and t the top limb, k = floor(t c / 2^52)
/// never exceeds v / p, and misses it by less than v (1/p - c/2^260) + (2^12 carries the top limb has not seen yet) c / 2^52
/// + 1 < 84.7 * 0.0076 + 2^-33 + 1 < 1.65. Instead of subtracting, k (2^260 - p) is added and what exceeds 2^260 dropped.
#[inline(always)]
pub(super) fn reduce<F: Element>(mut r: V5) -> V5 {
    let k = v::hi(v::zero(), r[4], v::splat(Constants::<F>::RECIPROCAL));
    add_multiple(&mut r, 0, k, &Constants::<F>::MINUS_P);
    carry(&mut r);
    r[4] = v::and(r[4], v::splat(LOW));
    r
}

/// The columns of a long sum of products, for [`redc`]: below 2^508 + 2^481 plus what the fold leaves.
///
/// What is above bit 508 (h < 2^24) is replaced by h (2^508 mod p).
#[inline(always)]
pub(super) fn fold_top<F: Element>(t: &mut Columns) {
    let h = v::shr::<40>(t[9]);
    t[9] = v::and(t[9], v::splat((1 << 40) - 1));
    add_multiple(t, 0, h, &Constants::<F>::FOLD_508);
}

/// A sum of products with small integers modulo p, below 2p. The columns are normalised except the top one; T < 2^334.
///
/// Two quotient estimates: the first brings T below 1.04 * 2^48 p, the second below p (1 + 2^252/p + 2^-2 + ..) < 1.6p.
/// * k1 = floor(floor(T / 2^286) floor(2^290 / p) / 2^52) < 2^33 estimates T / (2^48 p): the two truncations miss at most 2^-15 + 2^-4,
///   the floor less than one.
/// * k2 = floor(floor(T / 2^252) floor(2^304 / p) / 2^52) < 2^49 estimates T / p: the truncations miss at most 0.34 + 2^-2.
#[inline(always)]
pub(super) fn reduce_small<F: Element>(mut t: [V; 7]) -> V5 {
    let low = v::splat(LOW);
    carry(&mut t);
    let top = v::or(v::shr::<26>(t[5]), v::shl::<26>(t[6]));
    let k = v::hi(v::zero(), top, v::splat(Constants::<F>::RECIPROCAL_290));
    let mut r = [t[0], t[1], t[2], t[3], t[4], t[5]];
    add_multiple(&mut r, 0, k, &Constants::<F>::MINUS_P_48);
    carry(&mut r);
    r[5] = v::and(r[5], low);
    let top = v::or(v::shr::<44>(r[4]), v::shl::<8>(r[5]));
    let k = v::hi(v::zero(), top, v::splat(Constants::<F>::RECIPROCAL_304));
    let mut r = [r[0], r[1], r[2], r[3], r[4]];
    add_multiple(&mut r, 0, k, &Constants::<F>::MINUS_P);
    carry(&mut r);
    r[4] = v::and(r[4], low);
    r
}

/// T / 2^52 mod p for six columns, by one Montgomery step: below T / 2^52 + p.
#[inline(always)]
pub(super) fn redc_once<F: Element>(mut t: [V; 6]) -> V5 {
    let q = v::lo(v::zero(), t[0], v::splat(Constants::<F>::NEG_INV));
    add_multiple(&mut t, 0, q, &Constants::<F>::P);
    let mut r = [v::add(t[1], v::shr::<BITS>(t[0])), t[2], t[3], t[4], t[5]];
    carry(&mut r);
    r
}
