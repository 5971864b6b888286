//! What members write down while they finish: claims, constraints, and what later members have to prove.

use zktorch_graph::{Linear, TensorId, View};
use zktorch_mutants::enforced;
use zktorch_transcript::{Scalar, VerifierChannel};

use super::description::Network;
use super::statement::Statement;
use crate::BlockError;
use crate::claims::Claims;
use crate::contract::{ContractClaim, SumAxes};
use crate::error::check_length;
use crate::linear::Slot;
use crate::point::{Drawn, Point};
use crate::reindex::{Access, Sum, access};

/// A claim on a view that needs sumcheck B.
#[derive(Clone, Debug)]
pub(super) struct ReindexClaim<'a, S> {
    pub(super) view: &'a View,
    pub(super) sum: Sum,
    pub(super) value: S,
}

/// The values of a message, taken one after the other.
pub(super) struct Values<'v, S> {
    left: std::slice::Iter<'v, S>,
    count: usize,
}

impl<'v, S: Clone> Values<'v, S> {
    pub(super) fn new(values: &'v [S]) -> Self {
        Self { left: values.iter(), count: values.len() }
    }

    pub(super) fn take(&mut self) -> Result<S, BlockError> {
        let missing =
            BlockError::Length { what: "values of a message", expected: self.count + 1, got: self.count };
        self.left.next().cloned().ok_or(missing)
    }

    /// That all were taken.
    pub(super) fn end(self) -> Result<(), BlockError> {
        check_length("values of a message", self.count - self.left.len(), self.count)
    }
}

/// What must hold of values.
enum Constraint<S> {
    Zero(S),
    Product(S, S, S),
}

/// The state of the reduction.
pub(super) struct Ledger<'a, S> {
    network: &'a Network,
    pub(super) statement: &'a Statement<'a>,
    /// What points are made of.
    pub(super) drawn: Drawn,
    /// For the accumulator.
    pub(super) claims: Claims<S>,
    /// For [`Lookups`](super::members::Lookups) and [`Tables`](super::members::Tables): the sums of the inverse columns of
    /// looked-up chunks and of the tables, and the multiplicities at z.
    pub(super) inverse_sums: Vec<S>,
    pub(super) table_sums: Vec<S>,
    pub(super) multiplicities: Vec<S>,
    /// For [`Contractions`](super::members::Contractions).
    pub(super) contracts: Vec<ContractClaim<'a, S>>,
    /// For [`Reindexings`](super::members::Reindexings).
    pub(super) reindexes: Vec<ReindexClaim<'a, S>>,
    /// With their names, in order.
    constraints: Vec<(&'static str, Constraint<S>)>,
}

impl<'a, S: Scalar> Ledger<'a, S> {
    pub(super) fn new(statement: &'a Statement<'a>) -> Self {
        let network = statement.network();
        Self {
            network,
            statement,
            drawn: Drawn::default(),
            claims: Claims::new(network.layout().chunk_size()),
            inverse_sums: Vec::new(),
            table_sums: Vec::new(),
            multiplicities: Vec::new(),
            contracts: Vec::new(),
            reindexes: Vec::new(),
            constraints: Vec::new(),
        }
    }

    /// That `value` is zero.
    #[track_caller]
    pub(super) fn zero(&mut self, name: &'static str, value: S) {
        if enforced() {
            self.constraints.push((name, Constraint::Zero(value)));
        }
    }

    /// That `a b = c`.
    #[track_caller]
    pub(super) fn product(&mut self, name: &'static str, a: S, b: S, c: S) {
        if enforced() {
            self.constraints.push((name, Constraint::Product(a, b, c)));
        }
    }

    /// Enforces the constraints so far.
    pub(super) fn enforce<C: VerifierChannel<Scalar = S>>(
        &mut self,
        channel: &mut C,
    ) -> Result<(), BlockError> {
        for (name, constraint) in self.constraints.drain(..) {
            match constraint {
                Constraint::Zero(value) => channel.enforce_zero(name, value)?,
                Constraint::Product(a, b, c) => channel.enforce_product(name, a, b, c)?,
            }
        }
        Ok(())
    }

    /// The value of a slot at z: read from the message, or public; what it claims is noted.
    pub(super) fn slot(
        &mut self,
        slot: Slot<'a>,
        z: &Point,
        values: &mut Values<'_, S>,
    ) -> Result<S, BlockError> {
        match slot {
            Slot::Tensor(id) => self.tensor(id, z, values),
            Slot::View(view) => {
                let source = &self.network.graph().tensor(view.tensor).shape;
                match access(view, source, z, &self.drawn)? {
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
                let (axes, point) = (SumAxes::new(contract)?, z.clone());
                self.contracts.push(ContractClaim { contract, axes, point, value: value.clone() });
                Ok(value)
            }
        }
    }

    /// The value of a tensor: public, or from the message and claimed.
    pub(super) fn tensor(
        &mut self,
        id: TensorId,
        z: &Point,
        values: &mut Values<'_, S>,
    ) -> Result<S, BlockError> {
        if self.network.is_public(id) {
            return Ok(S::constant(self.statement.public_eval(id, &self.drawn.coords(z)?)?));
        }
        let value = values.take()?;
        let (first, place) = self.network.location(id).ok_or(BlockError::NoTensor { id: id.0 })?;
        self.claims.tensor(first, place, (z, &self.drawn), value.clone())?;
        Ok(value)
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
            let value = self.slot(Slot::View(view), z, values)?;
            sum.add_scaled(&value, zktorch_field::Fr::from(*coefficient));
        }
        Ok(sum)
    }
}
