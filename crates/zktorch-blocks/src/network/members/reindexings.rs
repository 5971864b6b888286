//! The readings that need a sum.

use zktorch_sumcheck as sumcheck;
use zktorch_transcript::Scalar;

use super::super::description::Network;
use super::super::ledger::{Ledger, ReindexClaim, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;

/// Per claim on a view the sum over its source axes. At the end the tensor's value, claimed; the verifier evaluates the maps, and
/// public tensors.
pub(in super::super) struct Reindexings<'a, S> {
    network: &'a Network,
    pub(in super::super) claims: Vec<ReindexClaim<'a, S>>,
}

impl<'a, S: Scalar> Reindexings<'a, S> {
    /// With the claims that [`Relations`](super::Relations) and [`Contractions`](super::Contractions) left.
    pub(in super::super) fn new(network: &'a Network, ledger: &mut Ledger<'a, S>) -> Self {
        Self { network, claims: std::mem::take(&mut ledger.reindexes) }
    }
}

impl<'a, S: Scalar> Member<'a, S> for Reindexings<'a, S> {
    fn statements(&self) -> Vec<sumcheck::Statement<S>> {
        let statement = |claim: &ReindexClaim<'_, S>| sumcheck::Statement {
            num_rounds: claim.sum.num_vars,
            degree: 2,
            claim: claim.value.clone(),
        };
        self.claims.iter().map(statement).collect()
    }

    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError> {
        let hidden =
            self.claims.iter().enumerate().filter(|(_, claim)| !self.network.is_public(claim.view.tensor));
        Ok(hidden.map(|(instance, _)| Ask::Factor(instance)).collect())
    }

    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError> {
        let mut finals = Vec::with_capacity(self.claims.len());
        let indices = ledger.statement.indices();
        for ReindexClaim { view, sum, .. } in &self.claims {
            let source = &self.network.graph().tensor(view.tensor).shape;
            let (weight, point) = sum.finish(view, source, &ledger.drawn, &indices)?;
            finals.push(ledger.tensor(view.tensor, &point, values)?.scale(weight));
        }
        Ok(finals)
    }
}
