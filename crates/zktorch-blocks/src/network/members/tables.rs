//! The inverse columns of the tables.

use zktorch_field::Fr;
use zktorch_sumcheck::{self as sumcheck, eq_eval};
use zktorch_transcript::Scalar;

use super::super::description::Network;
use super::super::ledger::{Ledger, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;
use crate::error::check_length;
use crate::lookup::{self, Challenges};
use crate::point::{Point, Stage};

/// Per chunk of the tables `h' (alpha - t) = m` on its cells, and the sum of h'. At the end h', claimed; the verifier evaluates t.
pub(in super::super) struct Tables<'a, S> {
    network: &'a Network,
    challenges: &'a Challenges,
    sums: Vec<S>,
    multiplicities: Vec<S>,
}

impl<'a, S: Scalar> Tables<'a, S> {
    /// With the sums and the multiplicities that [`Sums`](super::Sums) left.
    pub(in super::super) fn new(
        network: &'a Network,
        challenges: &'a Challenges,
        ledger: &mut Ledger<'a, S>,
    ) -> Result<Self, BlockError> {
        let sums = std::mem::take(&mut ledger.table_sums);
        let multiplicities = std::mem::take(&mut ledger.multiplicities);
        check_length("multiplicities of the tables", sums.len(), multiplicities.len())?;
        Ok(Self { network, challenges, sums, multiplicities })
    }
}

impl<'a, S: Scalar> Member<'a, S> for Tables<'a, S> {
    fn statements(&self) -> Vec<sumcheck::Statement<S>> {
        let claims = self.sums.iter().zip(&self.multiplicities).map(|(sum, m)| {
            let mut claim = sum.scale(self.challenges.lambda);
            claim.add_scaled(m, Fr::from(1u64));
            claim
        });
        claims.map(|claim| lookup::statement(self.network.k(), claim)).collect()
    }

    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError> {
        Ok((0..self.sums.len()).map(Ask::Factor).collect())
    }

    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError> {
        let Challenges { alpha, beta, lambda, z } = self.challenges;
        let point = Point::suffix(Stage::A, self.network.k());
        let coords = ledger.drawn.coords(&point)?;
        let eq = eq_eval(z, &coords);
        let columns = self.network.chunks().table_inverses.numbers();
        let mut finals = Vec::with_capacity(columns.len());
        for (table, column) in columns.enumerate() {
            let h = values.take()?;
            let a = *alpha - self.network.table_eval(table, *beta, &coords)?;
            finals.push(h.scale(eq * a + lambda));
            ledger.claims.chunk(column, &point, h);
        }
        Ok(finals)
    }
}
