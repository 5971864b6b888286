//! Block sums: how rounds after the first get t(0) and t(1) without another product.
//!
//! Let G_i(X; y) = sum over inner x' of w_inner(x') g(r_0, .., r_{i-1}, X, y, x'): a quadratic in X per outer
//! index y, where y runs over all variables between the current one and the inner ones. Then
//!
//! ```text
//! t_i(X)         = sum over y of w_outer(y) G_i(X; y)
//! G_{i+1}(b; y') = G_i(r_i; b, y')        for b in {0, 1}
//! ```
//!
//! because binding the current variable and fixing the next one commute. So the pass of a round only computes the
//! quadratic coefficients of G_i(X; y); its values at 0 and 1 follow from the previous round's G at the challenge.
//! The first round starts from G_0(b; y), the products on the cube itself - zero for a zero-check, small-integer
//! products for small inputs. Per pair and round this saves one of two products and their accumulations; the
//! update costs three products per block.
//!
//! The same works for a linear summand sum_x a(x): its block sums are bound like a multilinear polynomial.

use ark_ff::Zero;
use zktorch_field::{Backend, BackendKind, Fr, Kernel, LANES, Packed};

use super::job::{self, Job};
use super::weights::Weights;

/// The block sums of the current round: scalars, one for [`INNER`](super::weights::INNER) vectors.
pub(crate) struct BlockSums {
    /// G(0; y) for all y, then G(1; y) for all y. `None`: all zero.
    pub(crate) values: Option<Vec<Fr>>,
    /// The quadratic coefficient of G(X; y), per y.
    pub(crate) quadratic: Vec<Fr>,
    /// Sums of a over the blocks (0; y), then (1; y); empty without a linear summand.
    pub(crate) linear: Vec<Fr>,
    /// w_outer(y).
    outer: Vec<Fr>,
}

impl BlockSums {
    /// Room for the first round's sums.
    pub(crate) fn new(weights: &Weights, vanishing: bool, linear: bool) -> Self {
        let outer = weights.outer();
        let zeros = |n: usize| vec![Fr::zero(); n];
        Self {
            values: (!vanishing).then(|| zeros(2 * outer.len())),
            quadratic: zeros(outer.len()),
            linear: zeros(if linear { 2 * outer.len() } else { 0 }),
            outer,
        }
    }

    /// [t(0), t(1), t(inf)] of the current round.
    pub(crate) fn totals(&self, backend: BackendKind) -> [Fr; 3] {
        job::run(backend, Totals { sums: self.view(), outer: &self.outer })
    }

    /// The linear summand at X = 0.
    pub(crate) fn linear_at_zero(&self) -> Fr {
        let low = &self.linear[..self.linear.len() / 2];
        low.iter().sum()
    }

    /// Moves on to the next round: `weights` has not bound r yet.
    pub(crate) fn bind(&mut self, backend: BackendKind, weights: &Weights, r: Fr) {
        let middle = self.quadratic.len();
        let values = self.values.get_or_insert_with(|| vec![Fr::zero(); 2 * middle]);
        let (low, high) = values.split_at_mut(middle);
        job::run(backend, BindValues { low, high, quadratic: &self.quadratic, r });
        values.truncate(middle);
        if !self.linear.is_empty() {
            let (low, high) = self.linear.split_at_mut(middle);
            job::run(backend, BindValues { low, high, quadratic: &[], r });
            self.linear.truncate(middle);
        }
        self.quadratic.truncate(middle / 2);
        weights.next_outer(&mut self.outer);
    }

    fn view(&self) -> View<'_> {
        let (low, high) = match &self.values {
            Some(values) => values.split_at(self.quadratic.len()),
            None => (&[][..], &[][..]),
        };
        View { low, high, quadratic: &self.quadratic }
    }
}

/// G(0; y), G(1; y), both empty if zero, and the quadratic coefficients.
#[derive(Clone, Copy)]
struct View<'a> {
    low: &'a [Fr],
    high: &'a [Fr],
    quadratic: &'a [Fr],
}

/// Three inner products with the outer weights.
struct Totals<'a> {
    sums: View<'a>,
    outer: &'a [Fr],
}

impl Kernel for Totals<'_> {
    type Output = [Fr; 3];

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> [Fr; 3] {
        let View { low, high, quadratic } = self.sums;
        [
            inner_product::<B>(low, self.outer),
            inner_product::<B>(high, self.outer),
            inner_product::<B>(quadratic, self.outer),
        ]
    }
}

/// The inner product; zero if `sums` is empty.
#[inline(always)]
fn inner_product<B: Backend>(sums: &[Fr], weights: &[Fr]) -> Fr {
    let ((sums, last), (weights, last_weights)) = (sums.as_chunks::<LANES>(), weights.as_chunks::<LANES>());
    let mut acc = B::Fr::acc_zero();
    for y in 0..sums.len() {
        B::Fr::acc_mul_add(&mut acc, B::Fr::load_slice(&sums[y]), B::Fr::load_slice(&weights[y]));
    }
    let mut total = B::Fr::acc_reduce(acc).sum_lanes();
    for y in 0..last.len() {
        total += last[y] * last_weights[y];
    }
    total
}

impl Job for Totals<'_> {
    fn len(&self) -> usize {
        self.outer.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (o0, o1) = self.outer.split_at(at);
        let (q0, q1) = self.sums.quadratic.split_at(at);
        let at = at.min(self.sums.low.len());
        let (l0, l1) = self.sums.low.split_at(at);
        let (h0, h1) = self.sums.high.split_at(at);
        (
            Self { sums: View { low: l0, high: h0, quadratic: q0 }, outer: o0 },
            Self { sums: View { low: l1, high: h1, quadratic: q1 }, outer: o1 },
        )
    }

    fn combine(first: [Fr; 3], second: [Fr; 3]) -> [Fr; 3] {
        std::array::from_fn(|i| first[i] + second[i])
    }
}

/// G(r; y) from its values at 0, 1 and its quadratic coefficient q: G(0) + r (G(1) - G(0)) + r (r - 1) q.
pub(crate) struct BindValues<'a> {
    pub(crate) low: &'a mut [Fr],
    pub(crate) high: &'a [Fr],
    /// Empty: zero.
    pub(crate) quadratic: &'a [Fr],
    pub(crate) r: Fr,
}

impl Kernel for BindValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let Self { low, high, quadratic, r } = self;
        let (factor, curvature) = (r, r * r - r);
        let (low, last) = low.as_chunks_mut::<LANES>();
        let ((high, last_high), (quadratic, last_quadratic)) =
            (high.as_chunks::<LANES>(), quadratic.as_chunks::<LANES>());
        let (r, packed_curvature) = (B::Fr::splat(factor), B::Fr::splat(curvature));
        for y in 0..low.len() {
            let mut value = B::Fr::bind(B::Fr::load_slice(&low[y]), B::Fr::load_slice(&high[y]), r);
            if !quadratic.is_empty() {
                value = value.add(B::Fr::load_slice(&quadratic[y]).mul(packed_curvature));
            }
            value.store_slice(&mut low[y]);
        }
        for y in 0..last.len() {
            last[y] += factor * (last_high[y] - last[y]);
            if !last_quadratic.is_empty() {
                last[y] += curvature * last_quadratic[y];
            }
        }
    }
}

impl Job for BindValues<'_> {
    fn len(&self) -> usize {
        self.low.len()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let (l0, l1) = self.low.split_at_mut(at);
        let (h0, h1) = self.high.split_at(at);
        let (q0, q1) = self.quadratic.split_at(at.min(self.quadratic.len()));
        let r = self.r;
        (Self { low: l0, high: h0, quadratic: q0, r }, Self { low: l1, high: h1, quadratic: q1, r })
    }

    fn combine((): (), (): ()) {}
}
