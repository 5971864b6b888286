//! The error type of the crate.

use thiserror::Error;
use zktorch_commit::CommitError;
use zktorch_mutants::enforced;
use zktorch_sumcheck::SumcheckError;
use zktorch_transcript::TranscriptError;

/// What can go wrong while accumulating, masking or deciding.
///
/// A proof that is false fails as an unsatisfied constraint of the channel
/// ([`TranscriptError::Unsatisfied`], which names it) or as a failed opening ([`MiraError::Commit`]); everything else
/// is about shapes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MiraError {
    /// The channel refused a message or a constraint.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A commitment could not be computed, or an opening did not verify.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The decider's sumcheck failed.
    #[error(transparent)]
    Sumcheck(#[from] SumcheckError),
    /// A list or vector does not have the length that its use requires.
    #[error("{what}: expected length {expected}, got {got}")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The length that was required.
        expected: usize,
        /// The length that was there.
        got: usize,
    },
    /// A vector is longer than the place it has.
    #[error("{what}: {got} entries, at most {limit} fit")]
    TooLong {
        /// Which vector.
        what: &'static str,
        /// The largest length allowed.
        limit: usize,
        /// The length that was there.
        got: usize,
    },
    /// An index refers to nothing.
    #[error("{what}: index {index} of {count}")]
    Index {
        /// What is indexed.
        what: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A list that may not be empty is.
    #[error("{what}: empty")]
    Empty {
        /// Which list.
        what: &'static str,
    },
    /// A tree of folds that does not use every accumulator exactly once.
    #[error("fold {fold} of the tree uses accumulator {child}, which {reason}")]
    TreeShape {
        /// The fold, counted from zero.
        fold: usize,
        /// The accumulator it refers to.
        child: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An instance whose functional has to be the evaluation at a single point, and is not.
    #[error("{what}: a functional of {terms} terms is not the evaluation at one point")]
    NotReduced {
        /// Which instance.
        what: &'static str,
        /// Number of terms of its functional.
        terms: usize,
    },
    /// A witness does not satisfy its relaxed instance.
    #[error("{relation}: the witness does not satisfy the instance ({what})")]
    NotSatisfied {
        /// Name of the relation.
        relation: &'static str,
        /// Which part fails.
        what: &'static str,
    },
    /// An implementation of a relaxed relation breaks a law.
    #[error("{relation}: law broken: {law}")]
    LawBroken {
        /// Name of the relation.
        relation: &'static str,
        /// The law.
        law: &'static str,
    },
}

/// Requires `got == expected`.
#[track_caller]
pub(crate) fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), MiraError> {
    if expected == got || !enforced() { Ok(()) } else { Err(MiraError::Length { what, expected, got }) }
}

/// Requires `index < count`.
#[track_caller]
pub(crate) fn check_index(what: &'static str, index: usize, count: usize) -> Result<(), MiraError> {
    if index < count || !enforced() { Ok(()) } else { Err(MiraError::Index { what, index, count }) }
}
