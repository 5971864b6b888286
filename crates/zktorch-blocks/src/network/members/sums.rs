//! What the lookups need before lambda: the multiplicities at z, and the sums of the inverse columns.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_transcript::Scalar;

use super::super::description::Network;
use super::super::ledger::{Ledger, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;
use crate::point::{Point, Stage};

/// The multiplicities at z, claimed, and the sums L of all inverse columns, of which `sum L = sum L'` must hold. That they are
/// the columns' sums is what [`Lookups`](super::Lookups) and [`Tables`](super::Tables) state.
pub(in super::super) struct Sums<'a> {
    pub(in super::super) network: &'a Network,
}

impl<'a, S: Scalar> Member<'a, S> for Sums<'a> {
    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError> {
        let chunks = self.network.chunks();
        let z = Point::suffix(Stage::Relations, self.network.k());
        let multiplicities = chunks.multiplicities.numbers().map(|chunk| Ask::Chunk(chunk, z.clone()));
        let columns = chunks.inverses.numbers().chain(chunks.table_inverses.numbers());
        Ok(multiplicities.chain(columns.map(Ask::Sum)).collect())
    }

    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError> {
        let chunks = self.network.chunks();
        let z = Point::suffix(Stage::Relations, self.network.k());
        for chunk in chunks.multiplicities.numbers() {
            let m = values.take()?;
            ledger.claims.chunk(chunk, &z, m.clone());
            ledger.multiplicities.push(m);
        }
        let mut balance = S::zero();
        for _ in chunks.inverses.numbers() {
            let sum = values.take()?;
            balance.add_scaled(&sum, Fr::one());
            ledger.inverse_sums.push(sum);
        }
        for _ in chunks.table_inverses.numbers() {
            let sum = values.take()?;
            balance.add_scaled(&sum, -Fr::one());
            ledger.table_sums.push(sum);
        }
        ledger.zero("lookup: sum h = sum h'", balance);
        Ok(Vec::new())
    }
}
