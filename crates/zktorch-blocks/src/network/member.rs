//! What every part of the proof says once, for both sides.

use zktorch_graph::View;
use zktorch_sumcheck::Statement;

use super::ledger::{Ledger, Values};
use crate::BlockError;
use crate::linear::Slot;
use crate::point::Point;

/// A part of the proof. It may state sums for a sumcheck; when that has ended, the prover sends the values that it asks for.
///
/// Written once over the scalar: the verifier runs it on what it received (hidden), the prover on the numbers that it sent.
/// So there is one order of values and of claims.
pub(super) trait Member<'a, S> {
    /// Its instances of the sumcheck. None for a member that needs no sum.
    fn statements(&self) -> Vec<Statement<S>> {
        Vec::new()
    }

    /// The values that it needs of the prover, in the order in which they stand in the message.
    fn asks(&self) -> Result<Vec<Ask<'a>>, BlockError>;

    /// Takes these values from the message, and writes into the ledger, which has the challenges at the end of the sumcheck (or r),
    /// what must hold of them and what is left to prove.
    ///
    /// Returns the value at the end of each of its instances.
    fn finish(&self, values: &mut Values<'_, S>, ledger: &mut Ledger<'a, S>) -> Result<Vec<S>, BlockError>;
}

/// A value that the prover sends. A verifier only counts them.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "prover"),
    expect(dead_code, reason = "which value it is matters to a prover alone")
)]
pub(super) enum Ask<'a> {
    /// Of a tensor, a view or a contraction at a point.
    Slot(Slot<'a>, Point),
    /// Of the only view of an operand, times this coefficient the factor of the member's instance with this number, at its end.
    Operand { view: &'a View, point: Point, coefficient: i64, factor: (usize, usize) },
    /// Of a chunk at a point.
    Chunk(usize, Point),
    /// The sum of a chunk's cells.
    Sum(usize),
    /// Of the first factor of the member's instance with this number, at its end.
    Factor(usize),
    /// The product of both factors.
    Product(usize),
}
