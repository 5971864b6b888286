//! What a backend offers: eight field elements in one value.

use std::fmt::Debug;

use ark_ff::AdditiveGroup;

use crate::{
    Fq,
    block::Block,
    chords::Chords,
    modulus::Element,
    point::{RawAffine, ScratchPoint},
    row::Row,
};

/// Lanes of every packed vector, of every backend.
pub const LANES: usize = 8;

/// A set of lanes: bit `l` stands for lane `l`.
pub type Mask = u8;

/// Eight signed integers, the companions of a [`Packed`] vector.
pub trait Ints: Copy + Send + Sync + Debug + 'static {
    /// The same integer in every lane.
    fn splat(value: i64) -> Self;
    /// Eight 64-bit integers.
    fn from_array(values: [i64; LANES]) -> Self;
    /// The lanes.
    fn to_array(self) -> [i64; LANES];
    /// Eight sign-extended bytes.
    fn load_i8(values: &[i8; LANES]) -> Self;
    /// Eight sign-extended 16-bit integers.
    fn load_i16(values: &[i16; LANES]) -> Self;
    /// Eight zero-extended 16-bit integers.
    fn load_u16(values: &[u16; LANES]) -> Self;
    /// Eight sign-extended 32-bit integers.
    fn load_i32(values: &[i32; LANES]) -> Self;
    /// Eight 64-bit integers from memory.
    #[inline(always)]
    fn load_i64(values: &[i64; LANES]) -> Self {
        Self::from_array(*values)
    }
    /// Lane-wise sum, wrapping modulo 2^64.
    fn add(self, rhs: Self) -> Self;
    /// Lane-wise difference, wrapping modulo 2^64.
    fn sub(self, rhs: Self) -> Self;
    /// Lane-wise product of the low 32 bits, read as signed: exact in 64 bits.
    fn mul_i32(self, rhs: Self) -> Self;
}

/// Eight elements of a prime field.
///
/// Every operation is safe and exact modulo p; only [`store`](Self::store), [`store_slice`](Self::store_slice)
/// and [`to_array`](Self::to_array) normalise to the canonical form, so what is at rest is bit-identical
/// whatever the backend.
///
/// Three types carry three degrees of reduction, so that a kernel pays for a reduction only where one is needed
/// and cannot forget one:
/// [`Tight`](Self::Tight) (fits four 64-bit limbs) converts into `Self`, and `Self` into [`Lazy`](Self::Lazy) (one
/// addition or subtraction not yet reduced). Products accept `Lazy` operands, so `P::mul_lazy(a.sub_lazy(b), c)` costs no reduction
/// at all.
///
/// # Performance
/// Implementations are `#[inline(always)]` and only fast inside [`dispatch`](crate::dispatch): write kernels as generic functions
/// marked `#[inline(always)]`.
pub trait Packed: Copy + Send + Sync + Debug + 'static + Into<Self::Lazy> {
    /// The element of one lane.
    type Elem: Element;
    /// A sum or difference of two vectors, not yet reduced: an operand of products, or of [`reduce`](Self::reduce).
    type Lazy: Copy + Send + Sync + Debug + 'static;
    /// A strongly reduced vector.
    type Tight: Copy + Send + Sync + Debug + 'static + Into<Self> + Into<Self::Lazy>;
    /// A sum of products whose reduction is delayed.
    type Acc: Copy + Send + Sync + 'static;
    /// Eight small integers.
    type Ints: Ints;
    /// A sum of products with small integers whose reduction is delayed.
    type SmallAcc: Copy + Send + Sync + 'static;
    /// A challenge prepared for [`small_bind`](Self::small_bind).
    type SmallBind: Copy + Send + Sync + 'static;

    /// Zero in every lane.
    fn zero() -> Self;
    /// One in every lane.
    fn one() -> Self;
    /// The same element in every lane.
    fn splat(value: Self::Elem) -> Self;

    /// Eight elements from a block at rest.
    fn load(block: &Block<Self::Elem>) -> Self;
    /// The canonical elements, to a block at rest.
    fn store(self, block: &mut Block<Self::Elem>);
    /// Eight consecutive elements of an ordinary array.
    fn load_slice(elements: &[Self::Elem; LANES]) -> Self;
    /// The canonical elements, to an ordinary array.
    fn store_slice(self, elements: &mut [Self::Elem; LANES]);
    /// Eight elements with ones in place of zeros, and the lanes where that happened.
    fn load_nonzero(elements: &[Self::Elem; LANES]) -> (Self, Mask);
    /// Lane `l` is `table[indices[l]]`.
    ///
    /// # Panics
    /// If an index is out of bounds.
    fn gather(table: &[Self::Elem], indices: &[u32; LANES]) -> Self;
    /// [`gather`](Self::gather) from a table of aligned elements.
    ///
    /// # Panics
    /// If an index is out of bounds.
    fn gather_rows(table: &[Row<Self::Elem>], indices: &[u32; LANES]) -> Self;
    /// Eight elements by value.
    #[inline(always)]
    fn from_array(elements: [Self::Elem; LANES]) -> Self {
        Self::load_slice(&elements)
    }
    /// The canonical elements by value.
    #[inline(always)]
    fn to_array(self) -> [Self::Elem; LANES] {
        let mut out = [Self::Elem::ZERO; LANES];
        self.store_slice(&mut out);
        out
    }

    /// a + b.
    fn add(self, rhs: Self) -> Self;
    /// a - b.
    fn sub(self, rhs: Self) -> Self;
    /// -a.
    fn neg(self) -> Self;
    /// 2 a.
    #[inline(always)]
    fn double(self) -> Self {
        self.add(self)
    }
    /// a + b without the reduction.
    fn add_lazy(self, rhs: Self) -> Self::Lazy;
    /// a - b without the reduction.
    fn sub_lazy(self, rhs: Self) -> Self::Lazy;
    /// a - b in the lanes of `minus`, a + b elsewhere, without the reduction.
    fn add_or_sub_lazy(self, rhs: Self, minus: Mask) -> Self::Lazy;
    /// a - b - c.
    fn sub2(self, b: Self, c: Self) -> Self::Tight;
    /// (+-a) + (+-b): a lane is negated where its bit is set.
    fn signed_sum(a: Self, minus_a: Mask, b: Self, minus_b: Mask) -> Self::Tight;
    /// Reduces a sum or difference, strongly.
    fn reduce(value: impl Into<Self::Lazy>) -> Self::Tight;

    /// a b.
    #[inline(always)]
    fn mul(self, rhs: Self) -> Self {
        Self::mul_lazy(self, rhs)
    }
    /// a^2.
    #[inline(always)]
    fn square(self) -> Self {
        Self::square_lazy(self)
    }
    /// a b, of operands that may be unreduced.
    fn mul_lazy(a: impl Into<Self::Lazy>, b: impl Into<Self::Lazy>) -> Self;
    /// a^2, of an operand that may be unreduced.
    fn square_lazy(a: impl Into<Self::Lazy>) -> Self;
    /// (a b, c d), interleaved: hides the latency of a product where the two are independent of each other.
    fn mul2(
        a: impl Into<Self::Lazy>,
        b: impl Into<Self::Lazy>,
        c: impl Into<Self::Lazy>,
        d: impl Into<Self::Lazy>,
    ) -> (Self, Self);
    /// (a^2, b^2), interleaved.
    fn square2(a: impl Into<Self::Lazy>, b: impl Into<Self::Lazy>) -> (Self, Self);
    /// A step of Montgomery's trick on the way up, of two interleaved chains: `prefix <- product`,
    /// `product <- product factor`.
    #[inline(always)]
    fn chain_up2(product: [&mut Self; 2], factor: [&Self::Lazy; 2], prefix: [&mut Self; 2]) {
        let ([product0, product1], [prefix0, prefix1]) = (product, prefix);
        (*prefix0, *prefix1) = (*product0, *product1);
        (*product0, *product1) = Self::mul2(*product0, *factor[0], *product1, *factor[1]);
    }
    /// A step on the way down: `out <- inverse prefix`, `inverse <- inverse factor`.
    #[inline(always)]
    fn chain_down2(
        inverse: [&mut Self; 2],
        factor: [&Self::Lazy; 2],
        prefix: [&Self; 2],
        out: [&mut Self; 2],
    ) {
        let ([inverse0, inverse1], [out0, out1]) = (inverse, out);
        (*out0, *out1) = Self::mul2(*inverse0, *prefix[0], *inverse1, *prefix[1]);
        (*inverse0, *inverse1) = Self::mul2(*inverse0, *factor[0], *inverse1, *factor[1]);
    }
    /// lo + r (hi - lo): the multilinear bind (fold) at r.
    #[inline(always)]
    fn bind(lo: Self, hi: Self, r: Self) -> Self {
        lo.add(Self::mul_lazy(hi.sub_lazy(lo), r))
    }
    /// Two interleaved [`bind`](Self::bind)s at the same r.
    #[inline(always)]
    fn bind2(lo: [Self; 2], hi: [Self; 2], r: Self) -> [Self; 2] {
        let (a, b) = Self::mul2(hi[0].sub_lazy(lo[0]), r, hi[1].sub_lazy(lo[1]), r);
        [lo[0].add(a), lo[1].add(b)]
    }

    /// `a <- a b`, at rest: saves half of what a load, a product and a store cost around the product.
    fn mul_in_place(a: &mut Block<Self::Elem>, b: &Block<Self::Elem>);
    /// `y <- y + a x`, at rest: cheaper than its parts.
    fn axpy_in_place(y: &mut Block<Self::Elem>, a: Self, x: &Block<Self::Elem>);
    /// `lo <- lo + r (hi - lo)`, at rest: cheaper than its parts. Returns the new `lo`.
    fn bind_in_place(lo: &mut Block<Self::Elem>, hi: &Block<Self::Elem>, r: Self) -> Self;
    /// Two interleaved [`bind_in_place`](Self::bind_in_place)s at the same r.
    fn bind2_in_place(lo: [&mut Block<Self::Elem>; 2], hi: [&Block<Self::Elem>; 2], r: Self) -> [Self; 2];

    /// An empty sum of products.
    fn acc_zero() -> Self::Acc;
    /// Adds a b to the sum; any number of terms.
    fn acc_mul_add(acc: &mut Self::Acc, a: impl Into<Self::Lazy>, b: impl Into<Self::Lazy>);
    /// Adds a b to the first sum and c d to the second, interleaved.
    fn acc_mul_add2(
        acc: [&mut Self::Acc; 2],
        a: impl Into<Self::Lazy>,
        b: impl Into<Self::Lazy>,
        c: impl Into<Self::Lazy>,
        d: impl Into<Self::Lazy>,
    );
    /// The sum, reduced.
    fn acc_reduce(acc: Self::Acc) -> Self;

    /// The integers as field elements (any 64-bit value).
    fn from_ints(values: Self::Ints) -> Self;
    /// An empty sum of products with small integers.
    fn small_zero() -> Self::SmallAcc;
    /// Adds weight * value; **|value| < 2^51** (checked in debug builds). Any number of terms.
    fn small_mul_add(acc: &mut Self::SmallAcc, weight: impl Into<Self::Lazy>, value: Self::Ints);
    /// [`small_mul_add`](Self::small_mul_add) for a caller who knows the sum of all weights (an eq table's is one; that of the weights
    /// of many columns is computed once) and will hand it to [`small_reduce_known`](Self::small_reduce_known): a third cheaper.
    fn small_mul_add_known(acc: &mut Self::SmallAcc, weight: impl Into<Self::Lazy>, value: Self::Ints);
    /// Four [`small_mul_add_known`](Self::small_mul_add_known)s with the same weight.
    fn small_mul_add4_known(
        accs: [&mut Self::SmallAcc; 4],
        weight: impl Into<Self::Lazy>,
        values: [Self::Ints; 4],
    );
    /// Adds weight * value for any 64-bit value (about three times the work).
    fn small_mul_add_i64(acc: &mut Self::SmallAcc, weight: impl Into<Self::Lazy>, value: Self::Ints);
    /// The sum, reduced.
    fn small_reduce(acc: Self::SmallAcc) -> Self;
    /// The sum, reduced, where `weight_sum` is the sum of the weights of all [`small_mul_add_known`](Self::small_mul_add_known)
    /// terms, lane by lane. A wrong `weight_sum` gives a wrong (and backend-dependent) result.
    fn small_reduce_known(acc: Self::SmallAcc, weight_sum: Self) -> Self;
    /// Prepares r for [`small_bind`](Self::small_bind).
    fn small_bind_prepare(r: Self::Elem) -> Self::SmallBind;
    /// lo + r (hi - lo) over integers; **|lo|, |hi| < 2^51** (checked in debug builds).
    fn small_bind(r: &Self::SmallBind, lo: Self::Ints, hi: Self::Ints) -> Self;

    /// The lanes that are zero modulo p.
    fn is_zero(value: impl Into<Self::Lazy>) -> Mask;
    /// a in the lanes of the mask, b elsewhere.
    fn select(mask: Mask, a: Self, b: Self) -> Self;
    /// The sum of the eight lanes.
    fn sum_lanes(self) -> Self::Elem;
    /// The inverse of every lane with one scalar inversion; a zero lane gives zero.
    fn inverse(self) -> Self;
}

/// Gathers and scatters of G1 points at rest, for kernels of affine additions.
pub trait PackedPoints: Packed<Elem = Fq> {
    /// The x coordinates of eight points.
    ///
    /// # Panics
    /// If an index is out of bounds; so do all functions of this trait, and debug as well as release.
    fn gather_x(points: &[RawAffine], indices: &[u32; LANES]) -> Self;
    /// The coordinates of eight points.
    fn gather_xy(points: &[RawAffine], indices: &[u32; LANES]) -> (Self, Self);
    /// Writes eight points, canonical; of equal indices the last lane wins.
    fn scatter_xy(points: &mut [RawAffine], indices: &[u32; LANES], x: Self, y: Self);
    /// The x coordinates of eight points in scratch form.
    fn gather_x_scratch(points: &[ScratchPoint], indices: &[u32; LANES]) -> Self::Tight;
    /// The coordinates of eight points in scratch form.
    fn gather_xy_scratch(points: &[ScratchPoint], indices: &[u32; LANES]) -> (Self::Tight, Self::Tight);
    /// Writes eight points in scratch form; of equal indices the last lane wins.
    fn scatter_xy_scratch(
        points: &mut [ScratchPoint],
        indices: &[u32; LANES],
        x: Self::Tight,
        y: Self::Tight,
    );
    /// x2 - x1 of eight pairs of points, and where it is zero.
    #[inline(always)]
    fn difference_x(points: &[RawAffine], left: &[u32; LANES], right: &[u32; LANES]) -> (Self::Lazy, Mask) {
        let x1 = Self::gather_x(points, left);
        let difference = Self::gather_x(points, right).sub_lazy(x1);
        (difference, Self::is_zero(difference))
    }
    /// [`difference_x`](Self::difference_x) of points in scratch form.
    #[inline(always)]
    fn difference_x_scratch(
        points: &[ScratchPoint],
        left: &[u32; LANES],
        right: &[u32; LANES],
    ) -> (Self::Lazy, Mask) {
        let x1: Self = Self::gather_x_scratch(points, left).into();
        let x2: Self = Self::gather_x_scratch(points, right).into();
        let difference = x2.sub_lazy(x1);
        (difference, Self::is_zero(difference))
    }
    /// Makes eight pairs of points vector `w` of a block: all but the inverse.
    #[inline(always)]
    fn gather_chords(
        chords: &mut Chords<Self>,
        w: usize,
        points: &[RawAffine],
        [left, right]: [&[u32; LANES]; 2],
        minus: [Mask; 2],
    ) {
        chords.set(w, Self::gather_xy(points, left), Self::gather_xy(points, right), minus);
    }
    /// [`gather_chords`](Self::gather_chords) of points in scratch form, none negated.
    #[inline(always)]
    fn gather_chords_scratch(
        chords: &mut Chords<Self>,
        w: usize,
        points: &[ScratchPoint],
        [left, right]: [&[u32; LANES]; 2],
    ) {
        let (x1, y1) = Self::gather_xy_scratch(points, left);
        let (x2, y2) = Self::gather_xy_scratch(points, right);
        chords.set(w, (x1.into(), y1.into()), (x2.into(), y2.into()), [0; 2]);
    }
    /// Adds the pairs of points of a block: pair k of the first `vectors` vectors to `out[k]`.
    ///
    /// Phase by phase, because each step waits for the one before it and the vectors do not wait for each other.
    #[inline(always)]
    fn add_chords(chords: &mut Chords<Self>, vectors: usize, out: &mut [ScratchPoint]) {
        chords.add_in_phases(vectors, out);
    }
    /// A point at rest in scratch form.
    fn to_scratch(point: &RawAffine) -> ScratchPoint;
    /// A point in scratch form at rest, canonical.
    fn from_scratch(point: &ScratchPoint) -> RawAffine;
}
