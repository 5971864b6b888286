//! The linear relations, at suffixes of r.

use zktorch_transcript::Scalar;

use super::super::description::Network;
use super::super::ledger::{Ledger, Values};
use super::super::member::{Ask, Member};
use crate::BlockError;
use crate::linear::Relation;
use crate::point::{Point, Stage};

/// All relations of a network. No sumcheck: each is a linear constraint on the values of what it reads.
pub(in super::super) struct Relations<'a> {
    pub(in super::super) network: &'a Network,
}

fn point(relation: &Relation<'_>) -> Point {
    Point::suffix(Stage::Relations, relation.num_vars())
}

impl<'a, S: Scalar> Member<'a, S> for Relations<'a> {
    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError> {
        let mut asks = Vec::new();
        for relation in self.network.relations() {
            let z = point(&relation);
            let hidden = relation.slots().filter(|(slot, _)| self.network.is_hidden(*slot));
            asks.extend(hidden.map(|(slot, _)| Ask::Slot(slot, z.clone())));
        }
        Ok(asks)
    }

    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError> {
        for relation in self.network.relations() {
            let z = point(&relation);
            let mut sum = S::constant(relation.constant(&ledger.drawn.coords(&z)?)?);
            for (slot, coefficient) in relation.slots() {
                sum.add_scaled(&ledger.slot(slot, &z, values)?, coefficient);
            }
            ledger.zero("linear relation", sum);
        }
        Ok(Vec::new())
    }
}
