//! Eight symbolic scalars, one after the other.

use core::array::from_fn;

use ark_ff::{AdditiveGroup, Field};

use crate::{
    Fr,
    block::Block,
    packed::{Ints, LANES, Mask, Packed},
    portable::PortableInts,
    row::Row,
    scalar::is_zero,
};

/// Eight scalars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SymbolicLanes([Fr; LANES]);

fn each(f: impl FnMut(usize) -> Fr) -> SymbolicLanes {
    SymbolicLanes(from_fn(f))
}

fn bit(mask: Mask, lane: usize) -> bool {
    mask >> lane & 1 == 1
}

fn signed(x: Fr, minus: bool) -> Fr {
    if minus { -x } else { x }
}

impl Packed for SymbolicLanes {
    type Elem = Fr;
    type Lazy = Self;
    type Tight = Self;
    type Acc = Self;
    type Ints = PortableInts;
    type SmallAcc = Self;
    type SmallBind = Fr;

    fn zero() -> Self {
        Self([Fr::ZERO; LANES])
    }
    fn one() -> Self {
        Self([Fr::ONE; LANES])
    }
    fn splat(value: Fr) -> Self {
        Self([value; LANES])
    }
    fn load(block: &Block<Fr>) -> Self {
        Self(block.to_array())
    }
    fn store(self, block: &mut Block<Fr>) {
        *block = Block::from_array(&self.0);
    }
    fn load_slice(elements: &[Fr; LANES]) -> Self {
        Self(*elements)
    }
    fn store_slice(self, elements: &mut [Fr; LANES]) {
        *elements = self.0;
    }
    fn load_nonzero(elements: &[Fr; LANES]) -> (Self, Mask) {
        let x = Self(*elements);
        let zeros = Self::is_zero(x);
        (Self::select(zeros, Self::one(), x), zeros)
    }
    fn gather(table: &[Fr], indices: &[u32; LANES]) -> Self {
        each(|l| table[indices[l] as usize])
    }
    fn gather_rows(table: &[Row<Fr>], indices: &[u32; LANES]) -> Self {
        each(|l| table[indices[l] as usize].get())
    }

    fn add(self, rhs: Self) -> Self {
        each(|l| self.0[l] + rhs.0[l])
    }
    fn sub(self, rhs: Self) -> Self {
        each(|l| self.0[l] - rhs.0[l])
    }
    fn neg(self) -> Self {
        each(|l| -self.0[l])
    }
    fn add_lazy(self, rhs: Self) -> Self {
        self.add(rhs)
    }
    fn sub_lazy(self, rhs: Self) -> Self {
        self.sub(rhs)
    }
    fn add_or_sub_lazy(self, rhs: Self, minus: Mask) -> Self {
        each(|l| self.0[l] + signed(rhs.0[l], bit(minus, l)))
    }
    fn sub2(self, b: Self, c: Self) -> Self {
        self.sub(b).sub(c)
    }
    fn signed_sum(a: Self, minus_a: Mask, b: Self, minus_b: Mask) -> Self {
        each(|l| signed(a.0[l], bit(minus_a, l)) + signed(b.0[l], bit(minus_b, l)))
    }
    fn reduce(value: impl Into<Self>) -> Self {
        value.into()
    }

    fn mul_lazy(a: impl Into<Self>, b: impl Into<Self>) -> Self {
        let (a, b) = (a.into(), b.into());
        each(|l| a.0[l] * b.0[l])
    }
    fn square_lazy(a: impl Into<Self>) -> Self {
        let a = a.into();
        each(|l| a.0[l] * a.0[l])
    }
    fn mul2(a: impl Into<Self>, b: impl Into<Self>, c: impl Into<Self>, d: impl Into<Self>) -> (Self, Self) {
        (Self::mul_lazy(a, b), Self::mul_lazy(c, d))
    }
    fn square2(a: impl Into<Self>, b: impl Into<Self>) -> (Self, Self) {
        (Self::square_lazy(a), Self::square_lazy(b))
    }

    fn mul_in_place(a: &mut Block<Fr>, b: &Block<Fr>) {
        Self::load(a).mul(Self::load(b)).store(a);
    }
    fn axpy_in_place(y: &mut Block<Fr>, a: Self, x: &Block<Fr>) {
        Self::load(y).add(a.mul(Self::load(x))).store(y);
    }
    fn bind_in_place(lo: &mut Block<Fr>, hi: &Block<Fr>, r: Self) -> Self {
        let bound = Self::bind(Self::load(lo), Self::load(hi), r);
        bound.store(lo);
        bound
    }
    fn bind2_in_place(lo: [&mut Block<Fr>; 2], hi: [&Block<Fr>; 2], r: Self) -> [Self; 2] {
        let [lo0, lo1] = lo;
        [Self::bind_in_place(lo0, hi[0], r), Self::bind_in_place(lo1, hi[1], r)]
    }

    fn acc_zero() -> Self {
        Self::zero()
    }
    fn acc_mul_add(acc: &mut Self, a: impl Into<Self>, b: impl Into<Self>) {
        *acc = acc.add(Self::mul_lazy(a, b));
    }
    fn acc_mul_add2(
        [first, second]: [&mut Self; 2],
        a: impl Into<Self>,
        b: impl Into<Self>,
        c: impl Into<Self>,
        d: impl Into<Self>,
    ) {
        Self::acc_mul_add(first, a, b);
        Self::acc_mul_add(second, c, d);
    }
    fn acc_reduce(acc: Self) -> Self {
        acc
    }

    fn from_ints(values: PortableInts) -> Self {
        Self(values.to_array().map(Fr::from))
    }
    fn small_zero() -> Self {
        Self::zero()
    }
    fn small_mul_add(acc: &mut Self, weight: impl Into<Self>, value: PortableInts) {
        Self::acc_mul_add(acc, weight, Self::from_ints(value));
    }
    fn small_mul_add_known(acc: &mut Self, weight: impl Into<Self>, value: PortableInts) {
        Self::small_mul_add(acc, weight, value);
    }
    fn small_mul_add4_known(accs: [&mut Self; 4], weight: impl Into<Self>, values: [PortableInts; 4]) {
        let weight = weight.into();
        for (acc, value) in accs.into_iter().zip(values) {
            Self::small_mul_add(acc, weight, value);
        }
    }
    fn small_mul_add_i64(acc: &mut Self, weight: impl Into<Self>, value: PortableInts) {
        Self::small_mul_add(acc, weight, value);
    }
    fn small_reduce(acc: Self) -> Self {
        acc
    }
    fn small_reduce_known(acc: Self, _: Self) -> Self {
        acc
    }
    fn small_bind_prepare(r: Fr) -> Fr {
        r
    }
    fn small_bind(r: &Fr, lo: PortableInts, hi: PortableInts) -> Self {
        Self::bind(Self::from_ints(lo), Self::from_ints(hi), Self::splat(*r))
    }

    fn is_zero(value: impl Into<Self>) -> Mask {
        let value = value.into();
        (0..LANES).fold(0, |mask, l| mask | Mask::from(is_zero(&value.0[l])) << l)
    }
    fn select(mask: Mask, a: Self, b: Self) -> Self {
        each(|l| if bit(mask, l) { a.0[l] } else { b.0[l] })
    }
    fn sum_lanes(self) -> Fr {
        self.0.into_iter().sum()
    }
    fn inverse(self) -> Self {
        // One inversion, as everywhere: on a chain three products are much less than an inverse.
        let mut prefix = [Fr::ONE; LANES];
        let mut product = Fr::ONE;
        for (slot, element) in prefix.iter_mut().zip(&self.0).filter(|(_, element)| !is_zero(element)) {
            *slot = product;
            product *= element;
        }
        let mut inverse = product.inverse().unwrap_or(Fr::ONE);
        let mut out = self;
        for (slot, element) in prefix.iter().zip(&mut out.0).rev().filter(|(_, element)| !is_zero(element)) {
            let next = inverse * *element;
            *element = inverse * slot;
            inverse = next;
        }
        out
    }
}
