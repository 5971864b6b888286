//! What both sides do with the values they hold: constraints, claims, and what is left for the next sumcheck.
//!
//! Generic over the scalar: hidden ones for the verifier, numbers for the prover. So both collect the same claims in the
//! same order.

use zktorch_field::Fr;
use zktorch_graph::{Linear, View};
use zktorch_transcript::Scalar;

use super::{Network, Statement};
use crate::BlockError;
use crate::claims::Claims;
use crate::contract::{ContractClaim, SumAxes};
use crate::linear::Slot;
use crate::point::Point;
use crate::reindex::{Access, Sum, access};

/// A claim on a view that needs sumcheck B.
#[derive(Clone, Debug)]
pub(super) struct ReindexClaim<'a, S> {
    pub(super) view: &'a View,
    pub(super) sum: Sum,
    pub(super) value: S,
}

/// The values of a message, taken one after the other.
pub(super) struct Values<'v, S>(std::slice::Iter<'v, S>);

impl<'v, S: Scalar> Values<'v, S> {
    pub(super) fn new(values: &'v [S]) -> Self {
        Self(values.iter())
    }

    pub(super) fn take(&mut self) -> Result<S, BlockError> {
        let missing = BlockError::Length { what: "values of a message", expected: 1, got: 0 };
        self.0.next().cloned().ok_or(missing)
    }
}

/// The state of the reduction.
pub(super) struct Reduction<'a, S> {
    network: &'a Network,
    statement: &'a Statement<'a>,
    pub(super) claims: Claims<S>,
    pub(super) contracts: Vec<ContractClaim<'a, S>>,
    pub(super) reindexes: Vec<ReindexClaim<'a, S>>,
}

impl<'a, S: Scalar> Reduction<'a, S> {
    pub(super) fn new(statement: &'a Statement<'a>) -> Self {
        let network = statement.network();
        Self {
            network,
            statement,
            claims: Claims::new(network.k()),
            contracts: Vec::new(),
            reindexes: Vec::new(),
        }
    }

    /// The value of a slot at z: read from the message, or public; what it claims is noted.
    fn slot(&mut self, slot: Slot<'a>, z: &Point, values: &mut Values<'_, S>) -> Result<S, BlockError> {
        match slot {
            Slot::Tensor(id) => self.tensor(id, z, values),
            Slot::View(view) => {
                let source = &self.network.graph().tensor(view.tensor).shape;
                match access(view, source, z) {
                    Access::Direct { scale, point } => {
                        Ok(self.tensor(view.tensor, &point, values)?.scale(scale))
                    }
                    Access::Sum(sum) => {
                        let value = values.take()?;
                        self.reindexes.push(ReindexClaim { view, sum, value: value.clone() });
                        Ok(value)
                    }
                }
            }
            Slot::Contract(contract) => {
                let value = values.take()?;
                let (axes, point) = (SumAxes::new(contract), z.coords.clone());
                self.contracts.push(ContractClaim { contract, axes, point, value: value.clone() });
                Ok(value)
            }
        }
    }

    fn tensor(
        &mut self,
        id: zktorch_graph::TensorId,
        z: &Point,
        values: &mut Values<'_, S>,
    ) -> Result<S, BlockError> {
        if self.network.is_public(id) {
            return Ok(S::constant(self.statement.public_eval(id, z)?));
        }
        let value = values.take()?;
        let (first, offset) = self.network.location(id).ok_or(BlockError::NoTensor { id: id.0 })?;
        self.claims.tensor(first, offset, z, value.clone());
        Ok(value)
    }

    /// The relations at suffixes of r: what each of them requires to be zero.
    pub(super) fn relations(&mut self, r: &[Fr], values: &mut Values<'_, S>) -> Result<Vec<S>, BlockError> {
        let mut zeros = Vec::new();
        for relation in self.network.relations() {
            let z = relation_point(r, relation.num_vars());
            let mut sum = S::constant(relation.constant(&z.coords));
            for (slot, coefficient) in relation.slots() {
                sum.add_scaled(&self.slot(slot, &z, values)?, coefficient);
            }
            zeros.push(sum);
        }
        Ok(zeros)
    }

    /// A linear operand at its point.
    pub(super) fn linear(
        &mut self,
        linear: &'a Linear,
        z: &Point,
        values: &mut Values<'_, S>,
    ) -> Result<S, BlockError> {
        let mut sum = S::zero();
        for (coefficient, view) in &linear.terms {
            sum.add_scaled(&self.slot(Slot::View(view), z, values)?, Fr::from(*coefficient));
        }
        Ok(sum)
    }

    /// After sumcheck B, for the claim number `index`: the weight of T~ in it, and T~'s value at its point, claimed.
    pub(super) fn source(
        &mut self,
        index: usize,
        challenges: &[Fr],
        values: &mut Values<'_, S>,
    ) -> Result<(Fr, S), BlockError> {
        let Some(ReindexClaim { view, sum, .. }) = self.reindexes.get(index) else {
            return Err(BlockError::Length {
                what: "reindexings",
                expected: index + 1,
                got: self.reindexes.len(),
            });
        };
        let (id, source) = (view.tensor, &self.network.graph().tensor(view.tensor).shape);
        let (weight, point) = sum.finish(view, source, crate::reindex::suffix(challenges, sum.num_vars));
        Ok((weight, self.tensor(id, &point, values)?))
    }
}

/// The point of a relation in `num_vars` variables.
pub(super) fn relation_point(r: &[Fr], num_vars: usize) -> Point {
    Point::suffix(r, num_vars, crate::point::Stage::Relations)
}
