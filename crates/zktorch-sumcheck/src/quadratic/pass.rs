//! One pass over the two factors: the block sums of a round.
//!
//! In a round with current variable X the prover needs t(X) = sum over x' of w(x') g(X, x'), where
//! g = a b - c is quadratic in X. A pass visits every x' once and adds up, per outer block y,
//!
//! ```text
//! inf[y]  = sum over inner x' of w_inner(x') (a(1, y, x') - a(0, y, x')) (b(1, y, x') - b(0, y, x')),
//! ```
//!
//! the quadratic coefficient. The values at 0 and 1 need no pass after the first round: see
//! [`BlockSums`](super::sums::BlockSums).

use zktorch_field::{Backend, Block, Fr, Kernel, Packed};

use super::job::Job;
use super::weights::INNER;

/// The two factors at eight x' and both values of the current variable.
pub(crate) struct Lines<P> {
    pub(crate) a: [P; 2],
    pub(crate) b: [P; 2],
}

/// Where a pass gets its operands: what "the factors at x'" means in this round.
///
/// Positions count packed vectors within the low half (current variable 0).
pub(crate) trait Source: Send + Sized {
    /// Constants of the pass in registers' form.
    type Prepared<B: Backend>;
    /// Prepares them, once per kernel call.
    fn prepare<B: Backend>(&self) -> Self::Prepared<B>;
    /// The factors at position `p`; also writes them where the source keeps them for the next round.
    fn lines<B: Backend>(&mut self, prepared: &Self::Prepared<B>, p: usize) -> Lines<B::Fr>;
    /// Cuts the source at a position.
    fn split(self, at: usize) -> (Self, Self);
}

/// The inner weights in registers' form.
///
/// Kernels are written with plain loops over indices: vector code in a closure, or in an iterator that the compiler
/// chooses not to inline, would be compiled without the CPU's features.
#[inline(always)]
pub(crate) fn load_inner<B: Backend>(inner: &[Block<Fr>]) -> [B::Fr; INNER] {
    let mut weights = [B::Fr::zero(); INNER];
    for i in 0..INNER {
        weights[i] = B::Fr::load(&inner[i]);
    }
    weights
}

/// A pass of any round: the quadratic coefficients only.
pub(crate) struct Evaluate<'a, S> {
    pub(crate) source: S,
    /// Weights of the inner variables; `None` when they are all one.
    pub(crate) inner: Option<&'a [Block<Fr>]>,
    /// Block sums to write, one per outer index.
    pub(crate) quadratic: &'a mut [Fr],
}

impl<S: Source> Kernel for Evaluate<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(mut self, _: B) {
        let prepared = self.source.prepare::<B>();
        match self.inner {
            Some(inner) => {
                let weights = load_inner::<B>(inner);
                for y in 0..self.quadratic.len() {
                    let mut acc = B::Fr::acc_zero();
                    for i in 0..INNER {
                        let Lines { a, b } = self.source.lines::<B>(&prepared, y * INNER + i);
                        let product = B::Fr::mul_lazy(a[1].sub_lazy(a[0]), b[1].sub_lazy(b[0]));
                        B::Fr::acc_mul_add(&mut acc, product, weights[i]);
                    }
                    self.quadratic[y] = B::Fr::acc_reduce(acc).sum_lanes();
                }
            }
            None => {
                for y in 0..self.quadratic.len() {
                    let mut acc = B::Fr::acc_zero();
                    for i in 0..INNER {
                        let Lines { a, b } = self.source.lines::<B>(&prepared, y * INNER + i);
                        B::Fr::acc_mul_add(&mut acc, a[1].sub_lazy(a[0]), b[1].sub_lazy(b[0]));
                    }
                    self.quadratic[y] = B::Fr::acc_reduce(acc).sum_lanes();
                }
            }
        }
    }
}

impl<S: Source> Job for Evaluate<'_, S> {
    fn len(&self) -> usize {
        self.quadratic.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (s0, s1) = self.source.split(at * INNER);
        let (q0, q1) = self.quadratic.split_at_mut(at);
        (
            Self { source: s0, inner: self.inner, quadratic: q0 },
            Self { source: s1, inner: self.inner, quadratic: q1 },
        )
    }

    fn combine((): (), (): ()) {}
}
