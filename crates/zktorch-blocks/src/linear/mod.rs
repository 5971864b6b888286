//! Linear relations between tensors, views and contractions: every [`Constraint::Zero`] of a network's steps.
//!
//! Statement: `constant box + sum_t c_t slot_t = 0` on the whole padded cube. The sum is multilinear, so it
//! vanishes on the cube
//! (up to `m / |F|`) if it vanishes at one random point z drawn after all tensors are committed:
//!
//! ```text
//! constant box~(z) + sum_t c_t slot_t~(z) = 0,
//! ```
//!
//! a linear constraint on hidden values. No sumcheck. Integers: every term is below 2^100 in absolute value
//! ([`Graph::validate`](zktorch_graph::Graph::validate)), so a sum that is zero in the field is zero.

use zktorch_field::Fr;
use zktorch_graph::{Constraint, Contract, Shape, TensorId, View};

use crate::BlockError;
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

impl<'a> From<&'a zktorch_graph::Slot> for Slot<'a> {
    fn from(slot: &'a zktorch_graph::Slot) -> Self {
        match slot {
            zktorch_graph::Slot::Tensor(id) => Self::Tensor(*id),
            zktorch_graph::Slot::View(view) => Self::View(view),
            zktorch_graph::Slot::Contract(contract) => Self::Contract(contract),
        }
    }
}

/// One relation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relation<'a> {
    shape: &'a Shape,
    constant: i128,
    terms: &'a [(i128, zktorch_graph::Slot)],
}

/// The relations among the constraints, in their order.
pub(crate) fn relations(constraints: &[Constraint]) -> impl Iterator<Item = Relation<'_>> {
    constraints.iter().filter_map(|constraint| match constraint {
        Constraint::Zero { shape, constant, terms } => Some(Relation { shape, constant: *constant, terms }),
        // By the layout, which puts the values next to the arguments (checked where the network is made).
        Constraint::Lookup { .. } => None,
    })
}

impl<'a> Relation<'a> {
    /// Number of variables of the cube.
    pub(crate) fn num_vars(&self) -> usize {
        self.shape.num_vars()
    }

    /// The values and their coefficients.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Slot<'a>, Fr)> + use<'a> {
        self.terms.iter().map(|(coeff, slot)| (slot.into(), Fr::from(*coeff)))
    }

    /// `constant box~(z)`.
    pub(crate) fn constant(&self, z: &[Fr]) -> Result<Fr, BlockError> {
        Ok(Fr::from(self.constant) * box_eval(self.shape, z)?)
    }
}
