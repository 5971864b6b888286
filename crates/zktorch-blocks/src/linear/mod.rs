//! Linear relations between tensors, and with them every rescaling.
//!
//! Statement of a rescaling: `acc + floor(D/2) box = D y + r` on the whole padded cube, acc an expression. Both sides are
//! multilinear, so the relation holds (up to `m / |F|`) if it holds at one random point z drawn after all tensors are committed:
//!
//! ```text
//! sum_t c_t term_t~(z) + floor(D/2) box~(z) - D y~(z) - r~(z) = 0,
//! ```
//!
//! a linear constraint on hidden values. No sumcheck. `0 <= r < D` and the range of y are lookups; since `D (range of y) < p / 2` and
//! `|acc| < 2^100`, the pair (y, r) is unique: y is acc / D rounded half up.

use zktorch_field::Fr;
use zktorch_graph::{Contract, Expr, Graph, Operand, Step, TensorId, View};

use crate::point::box_eval;

/// One value of a relation at its point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot<'a> {
    /// A tensor itself.
    Tensor(TensorId),
    /// A view.
    View(&'a View),
    /// A contraction.
    Contract(&'a Contract),
}

/// One relation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relation<'a> {
    acc: &'a Expr,
    divisor: u32,
    y: TensorId,
    r: Option<TensorId>,
}

/// The relations of a graph, in the order of its steps.
pub(crate) fn relations(graph: &Graph) -> impl Iterator<Item = Relation<'_>> {
    graph.steps.iter().filter_map(|step| match step {
        Step::Rescale { acc, divisor, y, r } => Some(Relation { acc, divisor: *divisor, y: *y, r: *r }),
        Step::Lookup { .. } => None,
    })
}

impl<'a> Relation<'a> {
    /// Number of variables of the cube.
    pub(crate) fn num_vars(&self) -> usize {
        self.acc.shape.num_vars()
    }

    /// The values and their coefficients: y, r, then the terms.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Slot<'a>, Fr)> + use<'a> {
        let y = (Slot::Tensor(self.y), -Fr::from(self.divisor));
        let r = self.r.map(|r| (Slot::Tensor(r), -Fr::from(1u64)));
        let terms = self.acc.terms.iter().map(|term| {
            let slot = match &term.operand {
                Operand::View(view) => Slot::View(view),
                Operand::Contract(contract) => Slot::Contract(contract),
            };
            (slot, Fr::from(term.coeff))
        });
        std::iter::once(y).chain(r).chain(terms)
    }

    /// `floor(D/2) box~(z)`.
    pub(crate) fn constant(&self, z: &[Fr]) -> Fr {
        Fr::from(self.divisor / 2) * box_eval(&self.acc.shape, z)
    }
}
