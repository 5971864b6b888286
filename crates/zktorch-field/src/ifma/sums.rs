//! Sums of products whose reduction is delayed: field x field and field x small integer.

use super::{
    arith::{Columns, V5, broadcast, carry, fold_top, multiply_add, redc, redc_once, reduce, reduce_small},
    constants::{BITS, Constants, LOW, Limbs52},
    vector::{self as v, V},
};
use crate::modulus::Element;

/// Products a column sum can take before it has to be reduced.
///
/// A product adds at most 9 numbers below 2^52 to a column; the reduction adds 2 (fold of the top) + 8 + 2 and a carry below 2^12.
/// 9 * 453 + 12 = 4089 < 2^12, but 9 * 454 + 12 = 4098.
pub(super) const MAX_PRODUCTS: u32 = 453;

/// A sum of products of operands up to 32p: (32p)^2 * 453 < 2^527, so the top column stays below 2^59.
#[derive(Clone, Copy)]
pub(crate) struct Acc {
    columns: Columns,
    /// Products in `columns`.
    terms: u32,
    /// What earlier columns came to, below 2p.
    sum: V5,
}

impl Acc {
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self { columns: [v::zero(); 10], terms: 0, sum: [v::zero(); 5] }
    }

    /// Makes room for one more product.
    #[inline(always)]
    fn count<F: Element>(&mut self) {
        if self.terms == MAX_PRODUCTS {
            // By value: a reference to `self` would keep it in memory. SAFETY: features as in `vector`.
            *self = unsafe { flush::<F>(*self) };
        }
        self.terms += 1;
    }

    #[inline(always)]
    pub(super) fn mul_add<F: Element>(&mut self, a: &V5, b: &V5) {
        self.count::<F>();
        let mut columns = [self.columns];
        multiply_add(&mut columns, &[*a], &[*b]);
        [self.columns] = columns;
    }

    #[inline(always)]
    pub(super) fn mul_add2<F: Element>([first, second]: [&mut Self; 2], a: &[V5; 2], b: &[V5; 2]) {
        first.count::<F>();
        second.count::<F>();
        let mut columns = [first.columns, second.columns];
        multiply_add(&mut columns, a, b);
        [first.columns, second.columns] = columns;
    }

    /// The sum, below 2p.
    ///
    /// The columns come to less than 2^508.1 after the fold, so their reduction is below 2^249 + 2p and the sum below 5p.
    #[inline(always)]
    pub(super) fn total<F: Element>(mut self) -> V5 {
        fold_top::<F>(&mut self.columns);
        let [mut r] = redc::<F, 1>([self.columns]);
        for (limb, other) in r.iter_mut().zip(self.sum) {
            *limb = v::add(*limb, other);
        }
        reduce::<F>(r)
    }
}

/// Reduces the columns into the sum. Out of line, and compiled for the CPU features by itself, to keep the loops around
/// [`Acc::mul_add`] small.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512bw,avx512vbmi2")]
fn flush<F: Element>(acc: Acc) -> Acc {
    Acc { sum: acc.total::<F>(), ..Acc::zero() }
}

/// Products with small integers a column sum can take: at most four numbers below 2^52 each; the bias correction adds two
/// and a carry below 2^12. 4 * 1023 + 2 = 4094 < 2^12.
pub(super) const MAX_SMALL_PRODUCTS: u32 = 1023;

/// Values are made non-negative by adding 2^51 (2^63 to 64-bit ones); the sum of the weights is kept to take it off.
pub(super) const SMALL_BIAS: u64 = 1 << 51;

/// A sum of products with small integers, weights up to 32p: T = sum w (x + 2^51) < 1023 * 2^64 * 32p < 2^333.
#[derive(Clone, Copy)]
pub(crate) struct SmallAcc {
    columns: [V; 7],
    /// The sum of the weights (times 2^12 for 64-bit values), not normalised.
    weights: [V; 6],
    terms: u32,
    /// What earlier columns came to, below 2p.
    sum: V5,
}

impl SmallAcc {
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self { columns: [v::zero(); 7], weights: [v::zero(); 6], terms: 0, sum: [v::zero(); 5] }
    }

    #[inline(always)]
    fn count<F: Element>(&mut self) {
        if self.terms == MAX_SMALL_PRODUCTS {
            // By value: a reference to `self` would keep it in memory. SAFETY: features as in `vector`.
            *self = unsafe { flush_small::<F>(*self) };
        }
        self.terms += 1;
    }

    /// Adds `w * (x + 2^51)` and leaves the bias to the caller.
    #[inline(always)]
    pub(super) fn mul_add_biased<F: Element>(&mut self, w: &V5, x: V) {
        debug_assert!(
            v::disjoint(v::add(x, v::splat(SMALL_BIAS)), v::splat(!LOW)) == !0,
            "an integer beyond 51 bits: {:?}",
            v::to_array(x)
        );
        self.count::<F>();
        add_product(&mut self.columns, 0, w, v::add(x, v::splat(SMALL_BIAS)));
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
        for (sum, limb) in self.weights.iter_mut().zip(w) {
            *sum = v::add(*sum, *limb);
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

    /// The sum, below 2p.
    ///
    /// With B the sum of the weights (at most 1023 * 2^12 * 32p < 2^27 p), 2^51 (2^27 p - B) is not negative and has the right
    /// residue. Limbs of B are below 1023 * 2^53 < 2^63 - 2^11, which `LEND_2_27_P` has lent to every limb.
    #[inline(always)]
    pub(super) fn total<F: Element>(mut self) -> V5 {
        let mut correction = broadcast(&Constants::<F>::LEND_2_27_P);
        for (limb, weight) in correction.iter_mut().zip(self.weights) {
            *limb = v::sub(*limb, weight);
        }
        carry(&mut correction);
        add_product(&mut self.columns, 0, &correction, v::splat(SMALL_BIAS));
        let mut r = reduce_small::<F>(self.columns);
        for (limb, other) in r.iter_mut().zip(self.sum) {
            *limb = v::add(*limb, other);
        }
        reduce::<F>(r)
    }
}

/// See [`flush`].
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512bw,avx512vbmi2")]
fn flush_small<F: Element>(acc: SmallAcc) -> SmallAcc {
    SmallAcc { sum: acc.total::<F>(), ..SmallAcc::zero() }
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
