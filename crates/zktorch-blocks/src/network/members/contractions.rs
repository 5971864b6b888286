//! The contractions that relations read.

use zktorch_graph::Linear;
use zktorch_sumcheck::{self as sumcheck, eq_eval};
use zktorch_transcript::Scalar;

use super::super::description::Network;
use super::super::ledger::{Ledger, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;
use crate::contract::ContractClaim;
use crate::linear::Slot;
use crate::point::{Point, Stage};

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

    fn ask(&self, linear: &'a Linear, z: &Point, factor: (usize, usize)) -> impl Iterator<Item = Ask<'a>> {
        let hidden = linear.terms.iter().filter(|(_, view)| self.network.is_hidden(Slot::View(view)));
        hidden.map(move |(coefficient, view)| match linear.terms.as_slice() {
            // The sumcheck has bound it already.
            [_] => Ask::Operand { view, point: z.clone(), coefficient: *coefficient, factor },
            _ => Ask::Slot(Slot::View(view), z.clone()),
        })
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

    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError> {
        let mut asks = Vec::new();
        for (instance, claim) in self.claims.iter().enumerate() {
            let [a, b] = claim.operand_points()?;
            asks.extend(self.ask(&claim.contract.a, &a, (instance, 0)));
            asks.extend(self.ask(&claim.contract.b, &b, (instance, 1)));
            asks.push(Ask::Product(instance));
        }
        Ok(asks)
    }

    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError> {
        let mut finals = Vec::with_capacity(self.claims.len());
        for claim in &self.claims {
            let [a_point, b_point] = claim.operand_points()?;
            let a = ledger.linear(&claim.contract.a, &a_point, values)?;
            let b = ledger.linear(&claim.contract.b, &b_point, values)?;
            let product = values.take()?;
            ledger.product("contraction: A B", a, b, product.clone());
            // The batch variables come first.
            let [batch, _] = Point::suffix(Stage::A, claim.axes.num_vars)
                .split_low(claim.axes.num_vars - claim.axes.batch_vars);
            let drawn = &ledger.drawn;
            let eq = eq_eval(&drawn.coords(&claim.batch_point()?)?, &drawn.coords(&batch)?);
            finals.push(product.scale(eq));
        }
        Ok(finals)
    }
}
