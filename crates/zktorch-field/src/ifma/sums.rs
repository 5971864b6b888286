//! Sums of products whose reduction is delayed: field x field and field x small integer.

use super::{
    arith::{Columns, V5, broadcast, carry, fold_top, multiply_add, redc, redc_once, reduce_small},
    constants::{BITS, Constants, LOW, Limbs52},
    vector::{self as v, V},
};
use crate::modulus::Element;

/// Products the columns can take before they are carried.
///
/// A product adds at most 9 numbers below 2^52 to a column; the reduction adds 2 (fold of the top) + 8 + 2 and a carry below 2^12.
/// 9 * 453 + 12 = 4089 < 2^12, but 9 * 454 + 12 = 4098. Carried and folded columns count as one product (they are below
/// 3 * 2^52).
pub(super) const MAX_PRODUCTS: u32 = 453;

/// A sum of products of operands up to 32p: below 2^508.1 + 453 (32p)^2 < 2^527, so the top column stays below 2^59.
#[derive(Clone, Copy)]
pub(crate) struct Acc {
    columns: Columns,
    /// Products the columns can still take. Counting down lets the compiler take the check for unlikely.
    room: u32,
}

impl Acc {
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self { columns: [v::zero(); 10], room: MAX_PRODUCTS }
    }

    /// Makes room in the columns. In line and without state of its own: a call would put all accumulators into memory.
    #[inline(always)]
    fn carry<F: Element>(&mut self) {
        carry(&mut self.columns);
        fold_top::<F>(&mut self.columns);
        self.room = MAX_PRODUCTS - 1;
    }

    #[inline(always)]
    pub(super) fn mul_add<F: Element>(&mut self, a: &V5, b: &V5) {
        if self.room == 0 {
            self.carry::<F>();
        }
        self.room = self.room.wrapping_sub(1);
        let mut columns = [self.columns];
        multiply_add(&mut columns, &[*a], &[*b]);
        [self.columns] = columns;
    }

    #[inline(always)]
    pub(super) fn mul_add2<F: Element>([first, second]: [&mut Self; 2], a: &[V5; 2], b: &[V5; 2]) {
        // One branch for both: they usually run in step.
        if (first.room == 0) | (second.room == 0) {
            first.carry::<F>();
            second.carry::<F>();
        }
        first.room = first.room.wrapping_sub(1);
        second.room = second.room.wrapping_sub(1);
        let mut columns = [first.columns, second.columns];
        multiply_add(&mut columns, a, b);
        [first.columns, second.columns] = columns;
    }

    /// The sum, below 2p: the columns come to less than 2^508.1 after the fold, so to less than 2^249 + U + p when reduced.
    #[inline(always)]
    pub(super) fn total<F: Element>(mut self) -> V5 {
        fold_top::<F>(&mut self.columns);
        let [r] = redc::<F, 1>([self.columns]);
        r
    }
}

/// Products with small integers the columns can take before they are carried: at most four numbers below 2^52 each; the bias
/// correction adds two and a carry below 2^12. 4 * 1023 + 2 = 4094 < 2^12. Carried and folded columns count as one product
/// (they are below 3 * 2^52).
pub(super) const MAX_SMALL_PRODUCTS: u32 = 1023;

/// Values are made non-negative by adding 2^51 (2^63 to 64-bit ones); the sum of the weights is kept to take it off.
pub(super) const SMALL_BIAS: u64 = 1 << 51;

/// A sum of products with small integers, weights up to 32p: T = sum w (x + 2^51) < 2^312.1 + 1023 * 2^64 * 32p < 2^333.
#[derive(Clone, Copy)]
pub(crate) struct SmallAcc {
    columns: [V; 7],
    /// B: the sum of the weights (times 2^12 for 64-bit values), not normalised. At most 2^275 (what a fold leaves) +
    /// 1023 * 2^12 * 32p < 2^28 p.
    weights: [V; 6],
    /// Products the columns can still take.
    room: u32,
}

impl SmallAcc {
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self { columns: [v::zero(); 7], weights: [v::zero(); 6], room: MAX_SMALL_PRODUCTS }
    }

    /// Makes room in the columns: carries, and folds the top columns. That of T has weight 2^312 and is below 2^22, that of B has
    /// weight 2^260 and is below 2^21.
    #[inline(always)]
    fn carry<F: Element>(&mut self) {
        carry(&mut self.columns);
        let top = std::mem::replace(&mut self.columns[6], v::zero());
        add_product(&mut self.columns, 0, &broadcast(&Constants::<F>::POW_52), top);
        carry(&mut self.weights);
        let top = std::mem::replace(&mut self.weights[5], v::zero());
        add_product(&mut self.weights, 0, &broadcast(&Constants::<F>::ONE), top);
        self.room = MAX_SMALL_PRODUCTS - 1;
    }

    /// Counts one more product.
    #[inline(always)]
    fn count<F: Element>(&mut self) {
        if self.room == 0 {
            self.carry::<F>();
        }
        self.room = self.room.wrapping_sub(1);
    }

    /// Adds `w * (x + 2^51)` and leaves the bias to the caller.
    #[inline(always)]
    pub(super) fn mul_add_biased<F: Element>(&mut self, w: &V5, x: V) {
        self.count::<F>();
        self.add_biased(w, x);
    }

    /// Four [`mul_add_biased`](Self::mul_add_biased)s with one branch: the sums usually run in step. (Written out: references in an array
    /// that a loop runs over would put the sums into memory.)
    #[inline(always)]
    pub(super) fn mul_add_biased4<F: Element>([a, b, c, d]: [&mut Self; 4], w: &V5, x: [V; 4]) {
        if (a.room == 0) | (b.room == 0) | (c.room == 0) | (d.room == 0) {
            a.carry::<F>();
            b.carry::<F>();
            c.carry::<F>();
            d.carry::<F>();
        }
        a.room = a.room.wrapping_sub(1);
        b.room = b.room.wrapping_sub(1);
        c.room = c.room.wrapping_sub(1);
        d.room = d.room.wrapping_sub(1);
        a.add_biased(w, x[0]);
        b.add_biased(w, x[1]);
        c.add_biased(w, x[2]);
        d.add_biased(w, x[3]);
    }

    #[inline(always)]
    fn add_biased(&mut self, w: &V5, x: V) {
        let biased = v::add(x, v::splat(SMALL_BIAS));
        debug_assert!(v::disjoint(biased, v::splat(!LOW)) == !0, "beyond 51 bits: {:?}", v::to_array(x));
        add_product(&mut self.columns, 0, w, biased);
    }

    /// Adds `w x`, |x| < 2^51.
    #[inline(always)]
    pub(super) fn mul_add<F: Element>(&mut self, w: &V5, x: V) {
        self.mul_add_biased::<F>(w, x);
        self.add_weight(w);
    }

    /// Adds a multiple of 2^51 to be taken off at the end.
    #[inline(always)]
    pub(super) fn add_weight(&mut self, w: &V5) {
        for i in 0..5 {
            self.weights[i] = v::add(self.weights[i], w[i]);
        }
    }

    /// Adds `w x` for any x: x = x0 + 2^52 x1 with 0 <= x0 < 2^52 and -2^11 <= x1 < 2^11; the bias 2^11 on x1 is 2^63 on x.
    #[inline(always)]
    pub(super) fn mul_add_i64<F: Element>(&mut self, w: &V5, x: V) {
        self.count::<F>();
        add_product(&mut self.columns, 0, w, x);
        add_product(&mut self.columns, 1, w, v::add(v::sar::<BITS>(x), v::splat(1 << 11)));
        add_product(&mut self.weights, 0, w, v::splat(1 << 12));
    }

    /// The sum, below 2p: T - 2^51 B, made non-negative by a multiple of p: 2^51 (2^28 p - B) >= 0.
    ///
    /// Limbs of B are below (3 + 2 * 1022) 2^52 < 2^63 - 2^11, which `LEND_2_28_P` has lent to every limb but the top one.
    #[inline(always)]
    pub(super) fn total<F: Element>(mut self) -> V5 {
        let mut correction = broadcast(&Constants::<F>::LEND_2_28_P);
        for i in 0..6 {
            correction[i] = v::sub(correction[i], self.weights[i]);
        }
        carry(&mut correction);
        add_product(&mut self.columns, 0, &correction, v::splat(SMALL_BIAS));
        reduce_small::<F>(self.columns)
    }
}

/// Adds `a * k`, k below 2^52, to the columns from `at` on.
#[inline(always)]
fn add_product<const N: usize, const M: usize>(t: &mut [V; N], at: usize, a: &[V; M], k: V) {
    for j in 0..M {
        t[at + j] = v::lo(t[at + j], a[j], k);
    }
    for j in 0..M {
        t[at + j + 1] = v::hi(t[at + j + 1], a[j], k);
    }
}

/// r prepared for [`small_bind`]: 2^52 (1 - r) and 2^52 r in the working form, canonical.
#[derive(Clone, Copy)]
pub(crate) struct SmallBind {
    c0: Limbs52,
    c1: Limbs52,
}

impl SmallBind {
    #[inline(always)]
    pub(super) fn new<F: Element>(r: F) -> Self {
        // At rest there is already a factor 2^256; 2^312 is wanted.
        let scale = F::from(1u64 << 56);
        let c1 = r * scale;
        Self { c0: super::constants::split((scale - c1).limbs()), c1: super::constants::split(c1.limbs()) }
    }
}

/// lo + r (hi - lo) = (1 - r) lo + r hi for |lo|, |hi| < 2^51: two small products and one Montgomery step, below 3p + 2^-51 p.
#[inline(always)]
pub(super) fn small_bind<F: Element>(r: &SmallBind, x: V, y: V) -> V5 {
    let bias = v::splat(SMALL_BIAS);
    let [c0, c1, c2, c3, c4] = broadcast(&Constants::<F>::MINUS_POW_51_52);
    let mut t = [c0, c1, c2, c3, c4, v::zero()];
    add_product(&mut t, 0, &broadcast(&r.c0), v::add(x, bias));
    add_product(&mut t, 0, &broadcast(&r.c1), v::add(y, bias));
    redc_once::<F>(t)
}

/// Any 64-bit integer in the working form, below 2p + 2^-39 p: x + 2^63 = x0 + 2^52 x1, and one Montgomery step of
/// x0 2^312 + x1 2^364 - 2^63 2^312.
#[inline(always)]
pub(super) fn from_ints<F: Element>(x: V) -> V5 {
    let x = v::xor(x, v::splat(1 << 63));
    let [c0, c1, c2, c3, c4] = broadcast(&Constants::<F>::MINUS_POW_63_52);
    let mut t = [c0, c1, c2, c3, c4, v::zero()];
    add_product(&mut t, 0, &broadcast(&Constants::<F>::POW_52), x);
    add_product(&mut t, 0, &broadcast(&Constants::<F>::POW_104), v::shr::<BITS>(x));
    redc_once::<F>(t)
}
