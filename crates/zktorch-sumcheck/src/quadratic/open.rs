//! The pass of the first round: products on the cube, sums of a, quadratic coefficients.

use zktorch_field::{Backend, Block, Fr, Ints, Kernel, Packed};

use super::columns::IntSlice;
use super::job::Job;
use super::pass::{Lines, Source, load_inner};
use super::sums::BlockSums;
use super::weights::INNER;

/// The block sums to write, cut along the outer index.
pub(crate) struct Outputs<'a> {
    /// Products at X = 0 and X = 1; both empty when they are known to vanish.
    values: [&'a mut [Fr]; 2],
    /// Sums of a at X = 0 and X = 1; both empty without a linear summand.
    linear: [&'a mut [Fr]; 2],
    quadratic: &'a mut [Fr],
}

impl<'a> Outputs<'a> {
    pub(crate) fn of(sums: &'a mut BlockSums) -> Self {
        let middle = sums.quadratic.len();
        let values = match &mut sums.values {
            Some(values) => values.split_at_mut(middle).into(),
            None => [&mut [][..], &mut [][..]],
        };
        // Both halves are `middle` long, or empty.
        let linear_middle = sums.linear.len() / 2;
        let linear = sums.linear.split_at_mut(linear_middle).into();
        Self { values, linear, quadratic: &mut sums.quadratic }
    }

    fn split(self, at: usize) -> (Self, Self) {
        let cut = |part: &'a mut [Fr]| part.split_at_mut(at.min(part.len()));
        let ([v0, v1], [l0, l1]) = (self.values.map(cut), self.linear.map(cut));
        let (q0, q1) = cut(self.quadratic);
        (
            Self { values: [v0.0, v1.0], linear: [l0.0, l1.0], quadratic: q0 },
            Self { values: [v0.1, v1.1], linear: [l0.1, l1.1], quadratic: q1 },
        )
    }
}

/// The first pass over field elements (or integers that become field elements on the way).
///
/// `PRODUCTS`: the products on the cube are wanted.
pub(crate) struct Open<'a, S, const PRODUCTS: bool> {
    pub(crate) source: S,
    /// Weights of the inner variables.
    pub(crate) inner: &'a [Block<Fr>],
    pub(crate) outputs: Outputs<'a>,
}

impl<S: Source, const PRODUCTS: bool> Kernel for Open<'_, S, PRODUCTS> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(mut self, _: B) {
        let prepared = self.source.prepare::<B>();
        let weights = load_inner::<B>(self.inner);
        let (one, linear_wanted) = (B::Ints::splat(1), !self.outputs.linear[0].is_empty());
        for y in 0..self.outputs.quadratic.len() {
            let mut quadratic = B::Fr::acc_zero();
            let mut values = [B::Fr::acc_zero(); 2];
            let mut linear = [B::Fr::small_zero(); 2];
            for i in 0..INNER {
                let weight = weights[i];
                let Lines { a, b } = self.source.lines::<B>(&prepared, y * INNER + i);
                let product = B::Fr::mul_lazy(a[1].sub_lazy(a[0]), b[1].sub_lazy(b[0]));
                B::Fr::acc_mul_add(&mut quadratic, product, weight);
                for x in 0..2 {
                    if PRODUCTS {
                        B::Fr::acc_mul_add(&mut values[x], a[x].mul(b[x]), weight);
                    }
                    if linear_wanted {
                        B::Fr::small_mul_add(&mut linear[x], a[x], one);
                    }
                }
            }
            self.outputs.quadratic[y] = B::Fr::acc_reduce(quadratic).sum_lanes();
            for x in 0..2 {
                if PRODUCTS {
                    self.outputs.values[x][y] = B::Fr::acc_reduce(values[x]).sum_lanes();
                }
                if linear_wanted {
                    self.outputs.linear[x][y] = B::Fr::small_reduce(linear[x]).sum_lanes();
                }
            }
        }
    }
}

impl<S: Source, const PRODUCTS: bool> Job for Open<'_, S, PRODUCTS> {
    fn len(&self) -> usize {
        self.outputs.quadratic.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (s0, s1) = self.source.split(at * INNER);
        let (o0, o1) = self.outputs.split(at);
        let inner = self.inner;
        (Self { source: s0, inner, outputs: o0 }, Self { source: s1, inner, outputs: o1 })
    }

    fn combine((): (), (): ()) {}
}

/// The first pass over two columns of at most 16 bits: products are exact 64-bit integers, and a sum of
/// weight x integer is five times cheaper than one of weight x field element.
pub(crate) struct OpenInts<'a> {
    /// Low and high halves of a, then of b.
    pub(crate) a: [IntSlice<'a>; 2],
    pub(crate) b: [IntSlice<'a>; 2],
    pub(crate) inner: &'a [Block<Fr>],
    pub(crate) outputs: Outputs<'a>,
}

impl Kernel for OpenInts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let weights = load_inner::<B>(self.inner);
        let mut weight_sum = B::Fr::zero();
        for i in 0..INNER {
            weight_sum = weight_sum.add(weights[i]);
        }
        // One outer block at a time is widened first, so that the loop over it does not look at the integers' type.
        let mut a = [[B::Ints::splat(0); INNER]; 2];
        let mut b = a;
        let [low, high] = self.outputs.values;
        for y in 0..self.outputs.quadratic.len() {
            for x in 0..2 {
                self.a[x].widen::<B>(y * INNER, &mut a[x]);
                self.b[x].widen::<B>(y * INNER, &mut b[x]);
            }
            let mut acc = [B::Fr::small_zero(); 3];
            for i in 0..INNER {
                let weight = weights[i];
                let (da, db) = (a[1][i].sub(a[0][i]), b[1][i].sub(b[0][i]));
                B::Fr::small_mul_add_known(&mut acc[0], weight, a[0][i].mul_i32(b[0][i]));
                B::Fr::small_mul_add_known(&mut acc[1], weight, a[1][i].mul_i32(b[1][i]));
                B::Fr::small_mul_add_known(&mut acc[2], weight, da.mul_i32(db));
            }
            let [at_zero, at_one, difference] = acc;
            low[y] = B::Fr::small_reduce_known(at_zero, weight_sum).sum_lanes();
            high[y] = B::Fr::small_reduce_known(at_one, weight_sum).sum_lanes();
            self.outputs.quadratic[y] = B::Fr::small_reduce_known(difference, weight_sum).sum_lanes();
        }
    }
}

impl Job for OpenInts<'_> {
    fn len(&self) -> usize {
        self.outputs.quadratic.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (o0, o1) = self.outputs.split(at);
        let [a0, a1] = self.a.map(|half| half.split(at * INNER));
        let [b0, b1] = self.b.map(|half| half.split(at * INNER));
        let inner = self.inner;
        (
            Self { a: [a0.0, a1.0], b: [b0.0, b1.0], inner, outputs: o0 },
            Self { a: [a0.1, a1.1], b: [b0.1, b1.1], inner, outputs: o1 },
        )
    }

    fn combine((): (), (): ()) {}
}
