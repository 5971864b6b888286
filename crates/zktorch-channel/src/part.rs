//! What the bytes of a proof are.

use zktorch_commit::CommitError;
use zktorch_commit::hyperkzg::OpeningProof;
use zktorch_mira::decider::ReductionShape;
use zktorch_transcript::wire::{POINT_BYTES, SCALAR_BYTES};

/// A part of a proof: so many group elements and scalars, of 32 bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// Group elements: commitments.
    pub points: usize,
    /// Scalars.
    pub scalars: usize,
}

impl Part {
    /// Length of the encoding.
    pub fn bytes(&self) -> usize {
        self.points * POINT_BYTES + self.scalars * SCALAR_BYTES
    }

    /// The messages of a reduction to one point.
    pub fn reduction(shape: ReductionShape) -> Self {
        Self { name: "reduction to one point", points: 0, scalars: 2 * shape.num_vars + shape.instances }
    }

    /// An opening of a vector of `2^num_vars` entries, with its blind.
    ///
    /// # Errors
    /// [`CommitError::LogSize`] for sizes that cannot be opened.
    pub fn opening(num_vars: usize) -> Result<Self, CommitError> {
        let [points, scalars] = OpeningProof::elements(num_vars)?;
        Ok(Self { name: "opening", points, scalars: scalars + 1 })
    }
}
