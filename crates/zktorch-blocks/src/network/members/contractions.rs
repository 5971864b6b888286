//! The contractions that relations read.

use zktorch_field::Fr;
use zktorch_graph::Linear;
use zktorch_sumcheck::{self as sumcheck, eq_eval};
use zktorch_transcript::Scalar;

use super::super::description::Network;
use super::super::ledger::{Ledger, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;
use crate::contract::ContractClaim;
use crate::linear::Slot;
use crate::point::{Point, last};

/// Per claim on a contraction the sum over its batch and contracted axes. At the end the values of both operands, whose product is
/// one constraint; what operands read is claimed, or left to [`Reindexings`](super::Reindexings).
pub(in super::super) struct Contractions<'a, S> {
    network: &'a Network,
    pub(in super::super) claims: Vec<ContractClaim<'a, S>>,
}

impl<'a, S: Scalar> Contractions<'a, S> {
    /// With the claims that [`Relations`](super::Relations) left.
    pub(in super::super) fn new(network: &'a Network, ledger: &mut Ledger<'a, S>) -> Self {
        Self { network, claims: std::mem::take(&mut ledger.contracts) }
    }

    fn ask(&self, linear: &'a Linear, z: &Point) -> impl Iterator<Item = Ask<'a>> {
        let slots = linear.terms.iter().map(|(_, view)| Slot::View(view));
        slots.filter(|slot| self.network.is_hidden(*slot)).map(|slot| Ask::Slot(slot, z.clone()))
    }
}

impl<'a, S: Scalar> Member<'a, S> for Contractions<'a, S> {
    fn statements(&self) -> Vec<sumcheck::Statement<S>> {
        let statement = |claim: &ContractClaim<'_, S>| sumcheck::Statement {
            num_rounds: claim.axes.num_vars,
            degree: claim.axes.degree(),
            claim: claim.value.clone(),
        };
        self.claims.iter().map(statement).collect()
    }

    fn asks(&self, end: &[Fr]) -> Result<Vec<Ask<'a>>, BlockError> {
        let mut asks = Vec::new();
        for (instance, claim) in self.claims.iter().enumerate() {
            let [a, b] = claim.operand_points(last(end, claim.axes.num_vars)?)?;
            asks.extend(self.ask(&claim.contract.a, &a));
            asks.extend(self.ask(&claim.contract.b, &b));
            asks.push(Ask::Product(instance));
        }
        Ok(asks)
    }

    fn finish(
        &self,
        end: &[Fr],
        values: &mut Values<'_, S>,
        ledger: &mut Ledger<'a, S>,
    ) -> Result<Vec<S>, BlockError> {
        let mut finals = Vec::with_capacity(self.claims.len());
        for claim in &self.claims {
            let s = last(end, claim.axes.num_vars)?;
            let [a_point, b_point] = claim.operand_points(s)?;
            let a = ledger.linear(&claim.contract.a, &a_point, values)?;
            let b = ledger.linear(&claim.contract.b, &b_point, values)?;
            let product = values.take()?;
            ledger.product("contraction: A B", a, b, product.clone());
            let (batch, _) = s.split_at(claim.axes.batch_vars);
            finals.push(product.scale(eq_eval(&claim.batch_point()?, batch)));
        }
        Ok(finals)
    }
}
