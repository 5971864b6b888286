//! The [`Packed`] operations: bounds as types, arithmetic from `arith` and `sums`.

use super::{
    Lazy, Tight, Vector,
    arith::{self, V5, broadcast, carry, reduce},
    at_rest,
    constants::Constants,
    ints::IfmaInts,
    rest,
    sums::{self, Acc, SmallAcc, SmallBind},
    vector::{self as v, limbs},
};
use crate::{
    block::Block,
    modulus::Element,
    packed::{LANES, Mask, Packed},
    row::Row,
};

/// a + b, limb by limb.
#[inline(always)]
fn add_limbs(a: &V5, b: &V5) -> V5 {
    limbs!(|i| v::add(a[i], b[i]))
}

/// a - b, limb by limb.
#[inline(always)]
fn sub_limbs(a: &V5, b: &V5) -> V5 {
    limbs!(|i| v::sub(a[i], b[i]))
}

/// a, negated limb by limb in the lanes of the mask.
#[inline(always)]
fn negate_limbs(a: &V5, mask: Mask) -> V5 {
    limbs!(|i| v::mask_sub(a[i], mask, v::zero(), a[i]))
}

/// The lanes in which all limbs are zero.
#[inline(always)]
fn all_zero(a: &V5) -> Mask {
    let any = v::or(v::or(v::or(a[0], a[1]), v::or(a[2], a[3])), a[4]);
    v::disjoint(any, any)
}

#[inline(always)]
fn normalised(mut limbs: V5) -> V5 {
    carry(&mut limbs);
    limbs
}

impl<F: Element> Packed for Vector<F> {
    type Elem = F;
    type Lazy = Lazy<F>;
    type Tight = Tight<F>;
    type Acc = Acc;
    type Ints = IfmaInts;
    type SmallAcc = SmallAcc;
    type SmallBind = SmallBind;

    #[inline(always)]
    fn zero() -> Self {
        Self::new([v::zero(); 5])
    }
    #[inline(always)]
    fn one() -> Self {
        Self::new(broadcast(&Constants::<F>::ONE))
    }
    #[inline(always)]
    fn splat(value: F) -> Self {
        Self::new(rest::lift(v::splat4(value.limbs())))
    }

    #[inline(always)]
    fn load(block: &Block<F>) -> Self {
        Self::new(rest::lift(rest::load_block(block)))
    }
    #[inline(always)]
    fn store(self, block: &mut Block<F>) {
        rest::store_block(block, rest::canonical::<F>(self.limbs));
    }
    #[inline(always)]
    fn load_slice(elements: &[F; LANES]) -> Self {
        Self::new(rest::lift(rest::load_words(elements)))
    }
    #[inline(always)]
    fn store_slice(self, elements: &mut [F; LANES]) {
        let pairs = rest::pairs_of_columns(rest::canonical::<F>(self.limbs));
        for (row, pair) in rest::words_mut(elements).iter_mut().zip(pairs) {
            v::store(row, pair);
        }
    }
    #[inline(always)]
    fn load_nonzero(elements: &[F; LANES]) -> (Self, Mask) {
        let words = rest::load_words(elements);
        let any = v::or(v::or(words[0], words[1]), v::or(words[2], words[3]));
        let zeros = v::disjoint(any, any);
        (Self::select(zeros, Self::one(), Self::new(rest::lift(words))), zeros)
    }
    #[inline(always)]
    fn gather(table: &[F], indices: &[u32; LANES]) -> Self {
        Self::new(rest::lift(rest::gather_rows(table, indices, F::limbs)))
    }

    #[inline(always)]
    fn gather_rows(table: &[Row<F>], indices: &[u32; LANES]) -> Self {
        Self::new(rest::lift(rest::gather_rows(table, indices, |row| &row.words)))
    }

    // a + b <= 32p.
    #[inline(always)]
    fn add(self, rhs: Self) -> Self {
        Self::new(reduce::<F>(add_limbs(&self.limbs, &rhs.limbs)))
    }
    // a - b + 16p <= 32p.
    #[inline(always)]
    fn sub(self, rhs: Self) -> Self {
        let lent = broadcast(&Constants::<F>::LEND_16P);
        Self::new(reduce::<F>(add_limbs(&self.limbs, &sub_limbs(&lent, &rhs.limbs))))
    }
    // 16p - a <= 16p.
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(normalised(sub_limbs(&broadcast(&Constants::<F>::LEND_16P), &self.limbs)))
    }
    #[inline(always)]
    fn add_lazy(self, rhs: Self) -> Lazy<F> {
        Lazy::new(normalised(add_limbs(&self.limbs, &rhs.limbs)))
    }
    #[inline(always)]
    fn sub_lazy(self, rhs: Self) -> Lazy<F> {
        let lent = broadcast(&Constants::<F>::LEND_16P);
        Lazy::new(normalised(add_limbs(&self.limbs, &sub_limbs(&lent, &rhs.limbs))))
    }
    #[inline(always)]
    fn add_or_sub_lazy(self, rhs: Self, minus: Mask) -> Lazy<F> {
        let lent = broadcast(&Constants::<F>::LEND_16P);
        let signed = limbs!(|i| v::mask_sub(rhs.limbs[i], minus, lent[i], rhs.limbs[i]));
        Lazy::new(normalised(add_limbs(&self.limbs, &signed)))
    }
    // a - b - c + 32p <= 48p < 2^260.
    #[inline(always)]
    fn sub2(self, b: Self, c: Self) -> Tight<F> {
        let lent = broadcast(&Constants::<F>::LEND_32P);
        let minus = sub_limbs(&lent, &add_limbs(&b.limbs, &c.limbs));
        Tight::new(reduce::<F>(add_limbs(&self.limbs, &minus)))
    }
    // 32p + a + b <= 64p < 2^260.
    #[inline(always)]
    fn signed_sum(a: Self, minus_a: Mask, b: Self, minus_b: Mask) -> Tight<F> {
        let lent = broadcast(&Constants::<F>::LEND_32P);
        let sum = add_limbs(&negate_limbs(&a.limbs, minus_a), &negate_limbs(&b.limbs, minus_b));
        Tight::new(reduce::<F>(add_limbs(&lent, &sum)))
    }
    #[inline(always)]
    fn reduce(value: impl Into<Lazy<F>>) -> Tight<F> {
        Tight::new(reduce::<F>(value.into().limbs))
    }

    #[inline(always)]
    fn mul_lazy(a: impl Into<Lazy<F>>, b: impl Into<Lazy<F>>) -> Self {
        let [r] = arith::mul::<F, 1>(&[a.into().limbs], &[b.into().limbs]);
        Self::new(r)
    }
    #[inline(always)]
    fn square_lazy(a: impl Into<Lazy<F>>) -> Self {
        let [r] = arith::redc::<F, 1>(arith::square_columns(&[a.into().limbs]));
        Self::new(r)
    }
    #[inline(always)]
    fn mul2(
        a: impl Into<Lazy<F>>,
        b: impl Into<Lazy<F>>,
        c: impl Into<Lazy<F>>,
        d: impl Into<Lazy<F>>,
    ) -> (Self, Self) {
        let [r, s] = arith::mul::<F, 2>(&[a.into().limbs, c.into().limbs], &[b.into().limbs, d.into().limbs]);
        (Self::new(r), Self::new(s))
    }
    #[inline(always)]
    fn square2(a: impl Into<Lazy<F>>, b: impl Into<Lazy<F>>) -> (Self, Self) {
        let [r, s] = arith::redc::<F, 2>(arith::square_columns(&[a.into().limbs, b.into().limbs]));
        (Self::new(r), Self::new(s))
    }

    #[inline(always)]
    fn mul_in_place(a: &mut Block<F>, b: &Block<F>) {
        at_rest::mul(a, b);
    }
    #[inline(always)]
    fn axpy_in_place(y: &mut Block<F>, a: Self, x: &Block<F>) {
        at_rest::axpy(y, &a.limbs, x);
    }
    #[inline(always)]
    fn bind_in_place(lo: &mut Block<F>, hi: &Block<F>, r: Self) -> Self {
        let [bound] = at_rest::bind([lo], [hi], &r.limbs);
        Self::new(bound)
    }
    #[inline(always)]
    fn bind2_in_place(lo: [&mut Block<F>; 2], hi: [&Block<F>; 2], r: Self) -> [Self; 2] {
        let [first, second] = at_rest::bind(lo, hi, &r.limbs);
        [Self::new(first), Self::new(second)]
    }

    #[inline(always)]
    fn acc_zero() -> Acc {
        Acc::zero()
    }
    #[inline(always)]
    fn acc_mul_add(acc: &mut Acc, a: impl Into<Lazy<F>>, b: impl Into<Lazy<F>>) {
        acc.mul_add::<F>(&a.into().limbs, &b.into().limbs);
    }
    #[inline(always)]
    fn acc_mul_add2(
        acc: [&mut Acc; 2],
        a: impl Into<Lazy<F>>,
        b: impl Into<Lazy<F>>,
        c: impl Into<Lazy<F>>,
        d: impl Into<Lazy<F>>,
    ) {
        Acc::mul_add2::<F>(acc, &[a.into().limbs, c.into().limbs], &[b.into().limbs, d.into().limbs]);
    }
    #[inline(always)]
    fn acc_reduce(acc: Acc) -> Self {
        Self::new(acc.total::<F>())
    }

    #[inline(always)]
    fn from_ints(values: IfmaInts) -> Self {
        Self::new(sums::from_ints::<F>(values.0))
    }
    #[inline(always)]
    fn small_zero() -> SmallAcc {
        SmallAcc::zero()
    }
    #[inline(always)]
    fn small_mul_add(acc: &mut SmallAcc, weight: impl Into<Lazy<F>>, value: IfmaInts) {
        acc.mul_add::<F>(&weight.into().limbs, value.0);
    }
    #[inline(always)]
    fn small_mul_add_known(acc: &mut SmallAcc, weight: impl Into<Lazy<F>>, value: IfmaInts) {
        acc.mul_add_biased::<F>(&weight.into().limbs, value.0);
    }
    #[inline(always)]
    fn small_mul_add4_known(accs: [&mut SmallAcc; 4], weight: impl Into<Lazy<F>>, values: [IfmaInts; 4]) {
        let [a, b, c, d] = values;
        SmallAcc::mul_add_biased4::<F>(accs, &weight.into().limbs, [a.0, b.0, c.0, d.0]);
    }
    #[inline(always)]
    fn small_mul_add_i64(acc: &mut SmallAcc, weight: impl Into<Lazy<F>>, value: IfmaInts) {
        acc.mul_add_i64::<F>(&weight.into().limbs, value.0);
    }
    #[inline(always)]
    fn small_reduce(acc: SmallAcc) -> Self {
        Self::new(acc.total::<F>())
    }
    #[inline(always)]
    fn small_reduce_known(mut acc: SmallAcc, weight_sum: Self) -> Self {
        acc.add_weight(&weight_sum.limbs);
        Self::new(acc.total::<F>())
    }
    #[inline(always)]
    fn small_bind_prepare(r: F) -> SmallBind {
        SmallBind::new(r)
    }
    #[inline(always)]
    fn small_bind(r: &SmallBind, lo: IfmaInts, hi: IfmaInts) -> Self {
        Self::new(sums::small_bind::<F>(r, lo.0, hi.0))
    }

    // Below 2p after the reduction: zero is 0 or p.
    #[inline(always)]
    fn is_zero(value: impl Into<Lazy<F>>) -> Mask {
        let r = reduce::<F>(value.into().limbs);
        let p = broadcast(&Constants::<F>::P);
        all_zero(&r) | all_zero(&limbs!(|i| v::xor(r[i], p[i])))
    }
    #[inline(always)]
    fn select(mask: Mask, a: Self, b: Self) -> Self {
        Self::new(limbs!(|i| v::blend(mask, b.limbs[i], a.limbs[i])))
    }
    #[inline(always)]
    fn sum_lanes(self) -> F {
        self.to_array().into_iter().sum()
    }

    // Products over 2, 4 and 8 neighbours by a butterfly, one inversion of lane 0's product, and back down: lane l's inverse is the inverse of
    // everything times everything else.
    #[inline(always)]
    fn inverse(self) -> Self {
        let zeros = Self::is_zero(self);
        let x = Self::select(zeros, Self::one(), self);
        let x1 = x.swap_lanes(1);
        let x2 = x.mul(x1);
        let x2_other = x2.swap_lanes(2);
        let x4 = x2.mul(x2_other);
        let x4_other = x4.swap_lanes(4);
        let all = x4.mul(x4_other).to_array()[0];
        // Never zero: a product of non-zero elements.
        let inverse = Self::splat(crate::invert(&all).unwrap_or(F::ONE));
        let result = inverse.mul(x4_other).mul(x2_other).mul(x1);
        Self::select(zeros, Self::zero(), result)
    }
}

impl<F: Element> Vector<F> {
    /// Lane `l` becomes lane `l ^ distance`.
    #[inline(always)]
    fn swap_lanes(self, distance: u64) -> Self {
        let index = v::xor(v::load(&[0, 1, 2, 3, 4, 5, 6, 7]), v::splat(distance));
        Self::new(limbs!(|i| v::permute(index, self.limbs[i])))
    }
}
