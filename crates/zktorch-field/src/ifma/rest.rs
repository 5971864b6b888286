//! Between registers and memory: canonical limbs at rest, scratch limbs, arrays of structures.
//!
//! At rest is a 2^256 mod p, in registers a 2^260 mod p up to multiples of p. Loading multiplies by 16 while the limbs are
//! cut (the value is then below 16p); storing divides by 16 exactly.

use super::{
    arith::{V5, at_least, carry_signed},
    constants::{Constants, LOW},
    vector::{self as v, V},
};
use crate::{block::Block, modulus::Element, packed::LANES, point::RawAffine};

/// Four 64-bit words of eight numbers.
pub(super) type V4 = [V; 4];

/// 16 a in five limbs.
#[inline(always)]
pub(super) fn lift(a: V4) -> V5 {
    let low = v::splat(LOW);
    [
        v::and(v::shl::<4>(a[0]), low),
        v::and(v::funnel::<48>(a[0], a[1]), low),
        v::and(v::funnel::<36>(a[1], a[2]), low),
        v::and(v::funnel::<24>(a[2], a[3]), low),
        v::shr::<12>(a[3]),
    ]
}

/// a in five limbs.
#[inline(always)]
pub(super) fn split(a: V4) -> V5 {
    let low = v::splat(LOW);
    [
        v::and(a[0], low),
        v::and(v::funnel::<52>(a[0], a[1]), low),
        v::and(v::funnel::<40>(a[1], a[2]), low),
        v::and(v::funnel::<28>(a[2], a[3]), low),
        v::shr::<16>(a[3]),
    ]
}

/// a in four words, for normalised a < 2^256.
#[inline(always)]
pub(super) fn join(a: V5) -> V4 {
    [
        v::or(a[0], v::shl::<52>(a[1])),
        v::or(v::shr::<12>(a[1]), v::shl::<40>(a[2])),
        v::or(v::shr::<24>(a[2]), v::shl::<28>(a[3])),
        v::or(v::shr::<36>(a[3]), v::shl::<16>(a[4])),
    ]
}

/// a / 16 mod p, canonical, for a <= 16p.
///
/// t = a + q p with q = -a p^-1 mod 16 is a multiple of 16 and at most 31p, so that t / 16 is below 2p: the canonical result
/// is t / 16 or (t - 16p) / 16. The top limbs of t and 16p nearly always tell which: t is compared before carries,
/// and at most two carries (every limb of t is below 2^52 + 2^52 + 2^4) are still to come into its top limb.
/// Only if it lies in the two values in question are the carries done first.
#[inline(always)]
pub(super) fn canonical<F: Element>(a: V5) -> V4 {
    let q = v::and(v::lo(v::zero(), a[0], v::splat(Constants::<F>::NEG_INV_16)), v::splat(15));
    let mut t = a;
    for j in 0..5 {
        t[j] = v::lo(t[j], q, v::splat(Constants::<F>::P[j]));
    }
    for j in 0..4 {
        t[j + 1] = v::hi(t[j + 1], q, v::splat(Constants::<F>::P[j]));
    }
    let top = Constants::<F>::P16[4];
    let mut exceeds = v::greater(t[4], v::splat(top));
    if v::greater(t[4], v::splat(top - 3)) != exceeds {
        exceeds = at_least(t, &Constants::<F>::P16);
    }
    for j in 0..5 {
        t[j] = v::mask_sub(t[j], exceeds, t[j], v::splat(Constants::<F>::P16[j]));
    }
    carry_signed(&mut t);
    [
        v::or(v::shr::<4>(t[0]), v::shl::<48>(t[1])),
        v::or(v::shr::<16>(t[1]), v::shl::<36>(t[2])),
        v::or(v::shr::<28>(t[2]), v::shl::<24>(t[3])),
        v::or(v::shr::<40>(t[3]), v::shl::<12>(t[4])),
    ]
}

/// The words of a block.
#[inline(always)]
pub(super) fn load_block<F: Element>(block: &Block<F>) -> V4 {
    let [w0, w1, w2, w3] = &block.limbs;
    [v::load(w0), v::load(w1), v::load(w2), v::load(w3)]
}

/// Canonical words, to a block.
#[inline(always)]
pub(super) fn store_block<F: Element>(block: &mut Block<F>, words: V4) {
    for i in 0..4 {
        v::store(&mut block.limbs[i], words[i]);
    }
}

/// The words of eight consecutive elements.
#[inline(always)]
pub(super) fn load_words<F: Element>(elements: &[F; LANES]) -> V4 {
    let [z0, z1, z2, z3] = words(elements);
    columns_of_pairs([v::load(z0), v::load(z1), v::load(z2), v::load(z3)])
}

/// Transposes an 8 x 8 matrix of words.
#[inline(always)]
pub(super) fn transpose(z: [V; 8]) -> [V; 8] {
    // Pairs of rows interleaved: [z0.0 z1.0 z0.2 z1.2 z0.4 z1.4 z0.6 z1.6] and the odd columns.
    let a = [
        v::unpack_low(z[0], z[1]),
        v::unpack_high(z[0], z[1]),
        v::unpack_low(z[2], z[3]),
        v::unpack_high(z[2], z[3]),
        v::unpack_low(z[4], z[5]),
        v::unpack_high(z[4], z[5]),
        v::unpack_low(z[6], z[7]),
        v::unpack_high(z[6], z[7]),
    ];
    // Columns {0,4}, {1,5}, {2,6}, {3,7} of rows 0..4, then of rows 4..8.
    let b = [
        v::even_quarters(a[0], a[2]),
        v::even_quarters(a[1], a[3]),
        v::odd_quarters(a[0], a[2]),
        v::odd_quarters(a[1], a[3]),
        v::even_quarters(a[4], a[6]),
        v::even_quarters(a[5], a[7]),
        v::odd_quarters(a[4], a[6]),
        v::odd_quarters(a[5], a[7]),
    ];
    [
        v::even_quarters(b[0], b[4]),
        v::even_quarters(b[1], b[5]),
        v::even_quarters(b[2], b[6]),
        v::even_quarters(b[3], b[7]),
        v::odd_quarters(b[0], b[4]),
        v::odd_quarters(b[1], b[5]),
        v::odd_quarters(b[2], b[6]),
        v::odd_quarters(b[3], b[7]),
    ]
}

/// The words of eight four-word rows given two to a vector (rows 0 and 1, 2 and 3, ...).
#[inline(always)]
pub(super) fn columns_of_pairs(z: [V; 4]) -> V4 {
    const WORDS_01: [u64; LANES] = [0, 4, 8, 12, 1, 5, 9, 13];
    const WORDS_23: [u64; LANES] = [2, 6, 10, 14, 3, 7, 11, 15];
    let (i01, i23) = (v::load(&WORDS_01), v::load(&WORDS_23));
    let (a, b) = (v::permute2(z[0], i01, z[1]), v::permute2(z[0], i23, z[1]));
    let (c, d) = (v::permute2(z[2], i01, z[3]), v::permute2(z[2], i23, z[3]));
    [v::low_halves(a, c), v::high_halves(a, c), v::low_halves(b, d), v::high_halves(b, d)]
}

/// The inverse of [`columns_of_pairs`].
#[inline(always)]
pub(super) fn pairs_of_columns(x: V4) -> [V; 4] {
    const FIRST: [u64; LANES] = [0, 1, 8, 9, 2, 3, 10, 11];
    const SECOND: [u64; LANES] = [4, 5, 12, 13, 6, 7, 14, 15];
    let (first, second) = (v::load(&FIRST), v::load(&SECOND));
    // Rows 0, 2, 4, 6 as two-word pieces, then rows 1, 3, 5, 7.
    let (even_01, odd_01) = (v::unpack_low(x[0], x[1]), v::unpack_high(x[0], x[1]));
    let (even_23, odd_23) = (v::unpack_low(x[2], x[3]), v::unpack_high(x[2], x[3]));
    let (rows_02, rows_46) = (v::permute2(even_01, first, even_23), v::permute2(even_01, second, even_23));
    let (rows_13, rows_57) = (v::permute2(odd_01, first, odd_23), v::permute2(odd_01, second, odd_23));
    [
        v::low_halves(rows_02, rows_13),
        v::high_halves(rows_02, rows_13),
        v::low_halves(rows_46, rows_57),
        v::high_halves(rows_46, rows_57),
    ]
}

/// Eight elements as memory: arkworks' element is its four limbs and nothing else.
#[inline(always)]
fn words<F: Element>(elements: &[F; LANES]) -> &[[u64; LANES]; 4] {
    const { assert!(size_of::<F>() == 32 && align_of::<F>() == align_of::<u64>()) };
    // SAFETY: `F` is `Fr` or `Fq` (`Element` is sealed), each four `u64` limbs and a zero-sized marker; the assertion
    // excludes padding, so the eight elements are 32 initialised words.
    unsafe { &*std::ptr::from_ref(elements).cast() }
}

/// Eight elements as memory to write limbs to.
#[inline(always)]
pub(super) fn words_mut<F: Element>(elements: &mut [F; LANES]) -> &mut [[u64; LANES]; 4] {
    const { assert!(size_of::<F>() == 32 && align_of::<F>() == align_of::<u64>()) };
    // SAFETY: as in `words`; any limbs are a valid `F` as far as memory is concerned.
    unsafe { &mut *std::ptr::from_mut(elements).cast() }
}

/// A point as one line of memory.
#[inline(always)]
pub(super) fn point_words(point: &RawAffine) -> &[u64; LANES] {
    // SAFETY: `RawAffine` is `repr(C)`: two arrays of four words, 64 bytes.
    unsafe { &*std::ptr::from_ref(point).cast() }
}

/// A point as one line of memory to write limbs to.
#[inline(always)]
pub(super) fn point_words_mut(point: &mut RawAffine) -> &mut [u64; LANES] {
    // SAFETY: as above; any words are a valid `RawAffine`.
    unsafe { &mut *std::ptr::from_mut(point).cast() }
}

/// The first four of eight words.
#[inline(always)]
pub(super) fn first_half(words: &[u64; LANES]) -> &[u64; 4] {
    // SAFETY: four words fit in eight.
    unsafe { &*words.as_ptr().cast() }
}

/// Lane 0 of both coordinates as one line.
#[inline(always)]
pub(super) fn line(x: V4, y: V4) -> [u64; LANES] {
    let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (v::first_lanes(x), v::first_lanes(y));
    [x0, x1, x2, x3, y0, y1, y2, y3]
}

/// Panics unless every index is below `len`.
#[inline(always)]
fn check_indices(indices: &[u32; LANES], len: usize) {
    assert!(
        indices.iter().all(|&index| (index as usize) < len),
        "an index of {indices:?} is not below {len}"
    );
}

/// The words of `row(&items[indices[l]])`.
#[inline(always)]
pub(super) fn gather_rows<T>(items: &[T], indices: &[u32; LANES], row: impl Fn(&T) -> &[u64; 4]) -> V4 {
    check_indices(indices, items.len());
    // SAFETY: all indices have just been checked.
    let row = |l: usize| row(unsafe { items.get_unchecked(indices[l] as usize) });
    columns_of_pairs([
        v::load_halves(row(0), row(1)),
        v::load_halves(row(2), row(3)),
        v::load_halves(row(4), row(5)),
        v::load_halves(row(6), row(7)),
    ])
}

/// Both halves of the lines `line(&items[indices[l]])`.
#[inline(always)]
pub(super) fn gather_lines<T>(
    items: &[T],
    indices: &[u32; LANES],
    line: impl Fn(&T) -> &[u64; LANES],
) -> (V4, V4) {
    check_indices(indices, items.len());
    // SAFETY: all indices have just been checked.
    let line = |l: usize| line(unsafe { items.get_unchecked(indices[l] as usize) });
    let mut z = [v::zero(); LANES];
    for l in 0..LANES {
        z[l] = v::load(line(l));
    }
    let [x0, x1, x2, x3, y0, y1, y2, y3] = transpose(z);
    ([x0, x1, x2, x3], [y0, y1, y2, y3])
}

/// Writes both halves of eight lines, lane 0 first.
#[inline(always)]
pub(super) fn scatter_lines<T>(
    items: &mut [T],
    indices: &[u32; LANES],
    x: V4,
    y: V4,
    line: impl Fn(&mut T) -> &mut [u64; LANES],
) {
    check_indices(indices, items.len());
    let lines = transpose([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]]);
    for l in 0..LANES {
        // SAFETY: all indices have just been checked.
        v::store(line(unsafe { items.get_unchecked_mut(indices[l] as usize) }), lines[l]);
    }
}
