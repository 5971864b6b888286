//! The fallback: eight lanes one after the other, 4 x 64-bit limbs.

mod leaves;
mod points;
mod scalar;

use std::{fmt, marker::PhantomData};

use crate::{
    Fq, Fr,
    backend::Backend,
    block::Block,
    memory,
    modulus::Element,
    packed::{Ints, LANES, Mask, Packed},
    row::Row,
};
use scalar::{Constants, Limbs, SmallWide, Wide};

/// The backend every machine can run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Backend for Portable {
    const NAME: &'static str = "portable";
    type Ints = PortableInts;
    type Fr = Lanes<Fr>;
    type Fq = Lanes<Fq>;

    #[inline(always)]
    fn prefetch<T>(slice: &[T], index: usize) {
        memory::prefetch(slice, index);
    }
}

/// `[f(0), .., f(7)]` as a loop. (A closure given to `array::from_fn` is not always inlined.)
macro_rules! lanes {
    (|$l:ident| $lane:expr) => {{
        let mut out = [Default::default(); LANES];
        for $l in 0..LANES {
            out[$l] = $lane;
        }
        out
    }};
}
use lanes;

/// Eight 64-bit integers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PortableInts([i64; LANES]);

impl Ints for PortableInts {
    #[inline(always)]
    fn splat(value: i64) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    fn from_array(values: [i64; LANES]) -> Self {
        Self(values)
    }
    #[inline(always)]
    fn to_array(self) -> [i64; LANES] {
        self.0
    }
    #[inline(always)]
    fn load_i8(values: &[i8; LANES]) -> Self {
        Self(lanes!(|l| i64::from(values[l])))
    }
    #[inline(always)]
    fn load_i16(values: &[i16; LANES]) -> Self {
        Self(lanes!(|l| i64::from(values[l])))
    }
    #[inline(always)]
    fn load_u16(values: &[u16; LANES]) -> Self {
        Self(lanes!(|l| i64::from(values[l])))
    }
    #[inline(always)]
    fn load_i32(values: &[i32; LANES]) -> Self {
        Self(lanes!(|l| i64::from(values[l])))
    }
    #[inline(always)]
    fn add(self, rhs: Self) -> Self {
        Self(lanes!(|l| self.0[l].wrapping_add(rhs.0[l])))
    }
    #[inline(always)]
    fn sub(self, rhs: Self) -> Self {
        Self(lanes!(|l| self.0[l].wrapping_sub(rhs.0[l])))
    }
    #[inline(always)]
    fn mul_i32(self, rhs: Self) -> Self {
        Self(lanes!(|l| i64::from(self.0[l] as i32) * i64::from(rhs.0[l] as i32)))
    }
}

/// Eight elements, each below 2p.
pub(crate) struct Lanes<F> {
    lanes: [Limbs; LANES],
    field: PhantomData<F>,
}

impl<F> Clone for Lanes<F> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Lanes<F> {}

impl<F> fmt::Debug for Lanes<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lanes).finish()
    }
}

impl<F: Element> Lanes<F> {
    #[inline(always)]
    fn new(lanes: [Limbs; LANES]) -> Self {
        Self { lanes, field: PhantomData }
    }
}

/// r in the form `small_bind` wants: c1 = r 2^64 and c0 = (1 - r) 2^64, canonical Montgomery.
#[derive(Clone, Copy)]
pub(crate) struct PortableBind {
    c0: Limbs,
    c1: Limbs,
}

impl<F: Element> Packed for Lanes<F> {
    type Elem = F;
    type Lazy = Self;
    type Tight = Self;
    type Acc = [Wide; LANES];
    type Ints = PortableInts;
    type SmallAcc = [SmallWide; LANES];
    type SmallBind = PortableBind;

    #[inline(always)]
    fn zero() -> Self {
        Self::new([[0; 4]; LANES])
    }
    #[inline(always)]
    fn one() -> Self {
        Self::new([Constants::<F>::R; LANES])
    }
    #[inline(always)]
    fn splat(value: F) -> Self {
        Self::new([*value.limbs(); LANES])
    }

    #[inline(always)]
    fn load(block: &Block<F>) -> Self {
        Self::new(lanes!(|l| block.limbs.map(|row| row[l])))
    }
    #[inline(always)]
    fn store(self, block: &mut Block<F>) {
        for (l, lane) in self.lanes.iter().enumerate() {
            let limbs = scalar::canonical::<F>(lane);
            for (row, limb) in block.limbs.iter_mut().zip(limbs) {
                row[l] = limb;
            }
        }
    }
    #[inline(always)]
    fn load_slice(elements: &[F; LANES]) -> Self {
        Self::new(lanes!(|l| *elements[l].limbs()))
    }
    #[inline(always)]
    fn store_slice(self, elements: &mut [F; LANES]) {
        for (element, lane) in elements.iter_mut().zip(&self.lanes) {
            *element = F::from_limbs(scalar::canonical::<F>(lane));
        }
    }
    #[inline(always)]
    fn load_nonzero(elements: &[F; LANES]) -> (Self, Mask) {
        let x = Self::load_slice(elements);
        let zeros = Self::is_zero(x);
        (Self::select(zeros, Self::one(), x), zeros)
    }
    #[inline(always)]
    fn gather(table: &[F], indices: &[u32; LANES]) -> Self {
        Self::new(lanes!(|l| *table[indices[l] as usize].limbs()))
    }
    #[inline(always)]
    fn gather_rows(table: &[Row<F>], indices: &[u32; LANES]) -> Self {
        Self::new(lanes!(|l| table[indices[l] as usize].words))
    }

    #[inline(always)]
    fn add(self, rhs: Self) -> Self {
        Self::new(lanes!(|l| scalar::add::<F>(&self.lanes[l], &rhs.lanes[l])))
    }
    #[inline(always)]
    fn sub(self, rhs: Self) -> Self {
        Self::new(lanes!(|l| scalar::sub::<F>(&self.lanes[l], &rhs.lanes[l])))
    }
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(lanes!(|l| scalar::neg::<F>(&self.lanes[l])))
    }
    #[inline(always)]
    fn add_lazy(self, rhs: Self) -> Self {
        self.add(rhs)
    }
    #[inline(always)]
    fn sub_lazy(self, rhs: Self) -> Self {
        self.sub(rhs)
    }
    #[inline(always)]
    fn add_or_sub_lazy(self, rhs: Self, minus: Mask) -> Self {
        Self::new(lanes!(|l| scalar::add_or_sub::<F>(&self.lanes[l], &rhs.lanes[l], minus >> l & 1 == 1)))
    }
    #[inline(always)]
    fn sub2(self, b: Self, c: Self) -> Self {
        self.sub(b).sub(c)
    }
    #[inline(always)]
    fn signed_sum(a: Self, minus_a: Mask, b: Self, minus_b: Mask) -> Self {
        Self::new(lanes!(|l| {
            scalar::signed_sum::<F>(&a.lanes[l], minus_a >> l & 1 == 1, &b.lanes[l], minus_b >> l & 1 == 1)
        }))
    }
    #[inline(always)]
    fn reduce(value: impl Into<Self>) -> Self {
        value.into()
    }

    #[inline(always)]
    fn mul_lazy(a: impl Into<Self>, b: impl Into<Self>) -> Self {
        let (a, b, mut out) = (a.into(), b.into(), Self::zero());
        leaves::mul::<F>(&mut out.lanes, &a.lanes, &b.lanes);
        out
    }
    #[inline(always)]
    fn square_lazy(a: impl Into<Self>) -> Self {
        let (a, mut out) = (a.into(), Self::zero());
        leaves::square::<F>(&mut out.lanes, &a.lanes);
        out
    }
    #[inline(always)]
    fn mul2(a: impl Into<Self>, b: impl Into<Self>, c: impl Into<Self>, d: impl Into<Self>) -> (Self, Self) {
        (Self::mul_lazy(a, b), Self::mul_lazy(c, d))
    }
    #[inline(always)]
    fn square2(a: impl Into<Self>, b: impl Into<Self>) -> (Self, Self) {
        (Self::square_lazy(a), Self::square_lazy(b))
    }

    #[inline(always)]
    fn chain_up2(product: [&mut Self; 2], factor: [&Self; 2], prefix: [&mut Self; 2]) {
        for ((product, factor), prefix) in product.into_iter().zip(factor).zip(prefix) {
            leaves::chain_up::<F>(&mut product.lanes, &factor.lanes, &mut prefix.lanes);
        }
    }
    #[inline(always)]
    fn chain_down2(inverse: [&mut Self; 2], factor: [&Self; 2], prefix: [&Self; 2], out: [&mut Self; 2]) {
        for (((inverse, factor), prefix), out) in inverse.into_iter().zip(factor).zip(prefix).zip(out) {
            leaves::chain_down::<F>(&mut inverse.lanes, &factor.lanes, &prefix.lanes, &mut out.lanes);
        }
    }

    #[inline(always)]
    fn mul_in_place(a: &mut Block<F>, b: &Block<F>) {
        Self::load(a).mul(Self::load(b)).store(a);
    }
    #[inline(always)]
    fn axpy_in_place(y: &mut Block<F>, a: Self, x: &Block<F>) {
        Self::load(y).add(a.mul(Self::load(x))).store(y);
    }
    #[inline(always)]
    fn bind_in_place(lo: &mut Block<F>, hi: &Block<F>, r: Self) -> Self {
        let bound = Self::bind(Self::load(lo), Self::load(hi), r);
        bound.store(lo);
        bound
    }
    #[inline(always)]
    fn bind2_in_place(lo: [&mut Block<F>; 2], hi: [&Block<F>; 2], r: Self) -> [Self; 2] {
        let [lo0, lo1] = lo;
        [Self::bind_in_place(lo0, hi[0], r), Self::bind_in_place(lo1, hi[1], r)]
    }

    #[inline(always)]
    fn acc_zero() -> Self::Acc {
        [[0; 9]; LANES]
    }
    #[inline(always)]
    fn acc_mul_add(acc: &mut Self::Acc, a: impl Into<Self>, b: impl Into<Self>) {
        leaves::acc_mul_add::<F>(acc, &a.into().lanes, &b.into().lanes);
    }
    #[inline(always)]
    fn acc_mul_add2(
        acc: [&mut Self::Acc; 2],
        a: impl Into<Self>,
        b: impl Into<Self>,
        c: impl Into<Self>,
        d: impl Into<Self>,
    ) {
        let [first, second] = acc;
        Self::acc_mul_add(first, a, b);
        Self::acc_mul_add(second, c, d);
    }
    #[inline(always)]
    fn acc_reduce(acc: Self::Acc) -> Self {
        let mut out = Self::zero();
        leaves::acc_reduce::<F>(&acc, &mut out.lanes);
        out
    }

    #[inline(always)]
    fn from_ints(values: PortableInts) -> Self {
        let mut out = Self::zero();
        leaves::from_ints::<F>(&values.0, &mut out.lanes);
        out
    }
    #[inline(always)]
    fn small_zero() -> Self::SmallAcc {
        [[0; 6]; LANES]
    }
    #[inline(always)]
    fn small_mul_add(acc: &mut Self::SmallAcc, weight: impl Into<Self>, value: PortableInts) {
        Self::small_mul_add_i64(acc, weight, value);
    }
    #[inline(always)]
    fn small_mul_add_known(acc: &mut Self::SmallAcc, weight: impl Into<Self>, value: PortableInts) {
        Self::small_mul_add_i64(acc, weight, value);
    }
    #[inline(always)]
    fn small_mul_add4_known(
        accs: [&mut Self::SmallAcc; 4],
        weight: impl Into<Self>,
        values: [PortableInts; 4],
    ) {
        let weight = weight.into();
        for (acc, value) in accs.into_iter().zip(values) {
            Self::small_mul_add_i64(acc, weight, value);
        }
    }
    #[inline(always)]
    fn small_mul_add_i64(acc: &mut Self::SmallAcc, weight: impl Into<Self>, value: PortableInts) {
        leaves::small_mul_add::<F>(acc, &weight.into().lanes, &value.0);
    }
    #[inline(always)]
    fn small_reduce(acc: Self::SmallAcc) -> Self {
        let mut out = Self::zero();
        leaves::small_reduce::<F>(&acc, &mut out.lanes);
        out
    }
    #[inline(always)]
    fn small_reduce_known(acc: Self::SmallAcc, _: Self) -> Self {
        Self::small_reduce(acc)
    }
    #[inline(always)]
    fn small_bind_prepare(r: F) -> PortableBind {
        let c1 = scalar::mul::<F>(r.limbs(), &Constants::<F>::R_64);
        PortableBind { c0: scalar::sub::<F>(&Constants::<F>::R_64, &c1), c1 }
    }
    #[inline(always)]
    fn small_bind(r: &PortableBind, lo: PortableInts, hi: PortableInts) -> Self {
        let mut out = Self::zero();
        leaves::small_bind::<F>(&r.c0, &r.c1, &lo.0, &hi.0, &mut out.lanes);
        out
    }

    #[inline(always)]
    fn is_zero(value: impl Into<Self>) -> Mask {
        let value = value.into();
        let mut mask = 0;
        for (l, lane) in value.lanes.iter().enumerate() {
            mask |= Mask::from(scalar::is_zero::<F>(lane)) << l;
        }
        mask
    }
    #[inline(always)]
    fn select(mask: Mask, a: Self, b: Self) -> Self {
        Self::new(lanes!(|l| if mask >> l & 1 == 1 { a.lanes[l] } else { b.lanes[l] }))
    }
    #[inline(always)]
    fn sum_lanes(self) -> F {
        self.to_array().into_iter().sum()
    }
    #[inline(always)]
    fn inverse(self) -> Self {
        let mut elements = self.to_array();
        invert_all(&mut elements);
        Self::load_slice(&elements)
    }
}

/// Montgomery's trick over eight elements.
fn invert_all<F: Element>(elements: &mut [F; LANES]) {
    let mut prefix = [F::ONE; LANES];
    let mut product = F::ONE;
    for (slot, element) in prefix.iter_mut().zip(elements.iter()) {
        *slot = product;
        if !element.is_zero() {
            product *= element;
        }
    }
    let mut inverse = crate::invert(&product).unwrap_or(F::ONE);
    for (slot, element) in prefix.iter().zip(elements.iter_mut()).rev() {
        if !element.is_zero() {
            let next = inverse * *element;
            *element = inverse * slot;
            inverse = next;
        }
    }
}
