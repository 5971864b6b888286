//! What can go wrong while building or proving a sumcheck.

use zktorch_transcript::TranscriptError;

/// Errors of this crate.
///
/// A verifier only ever sees [`SumcheckError::Transcript`] from a bad proof: every length and degree comes from
/// its own [`Statement`](crate::Statement)s, and a false claim surfaces when the caller enforces the residual.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SumcheckError {
    /// The channel refused a message or a constraint (truncated proof, unsatisfied residual, ...).
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A batch needs at least one instance: an empty one has no claim to reduce.
    #[error("a batched sumcheck needs at least one instance")]
    NoInstances,
    /// A table whose length is not what the other tables or the point demand.
    #[error("{what}: expected {expected} entries, got {got}")]
    Length {
        /// Which table or point.
        what: &'static str,
        /// The number of entries it should have.
        expected: usize,
        /// The number it has.
        got: usize,
    },
    /// A multilinear polynomial is given by its values on a cube, so by a power of two of them.
    #[error("{what}: {got} entries are not a power of two")]
    NotPowerOfTwo {
        /// Which table.
        what: &'static str,
        /// Its length.
        got: usize,
    },
    /// An index past the end of its table.
    #[error("index {index} into a table of {len} entries")]
    Index {
        /// The largest index.
        index: usize,
        /// Entries of the table.
        len: usize,
    },
    /// A query alpha - q is zero and has no inverse. The proof must be aborted.
    #[error("the query of table entry {index} is zero")]
    Pole {
        /// The first such entry.
        index: usize,
    },
    /// An instance returned a round polynomial above its declared degree.
    #[error("instance {instance}, round {round}: degree {got} exceeds the declared degree {declared}")]
    Degree {
        /// Index of the instance in the batch.
        instance: usize,
        /// Its own round, counted from zero.
        round: usize,
        /// The degree of its statement.
        declared: usize,
        /// The degree of the polynomial it returned.
        got: usize,
    },
}
