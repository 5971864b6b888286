//! The error type of the crate.

use thiserror::Error;
use zktorch_commit::CommitError;
use zktorch_mira::MiraError;
use zktorch_sumcheck::SumcheckError;
use zktorch_transcript::TranscriptError;

/// What can go wrong while messages are committed, the constraints closed, or the argument verified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// A message is missing, malformed or unconstrained, or a constraint of the final argument does not hold.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A commitment could not be computed, or the opening did not verify.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A sumcheck of the final argument failed.
    #[error(transparent)]
    Sumcheck(#[from] SumcheckError),
    /// Masking, folding or deciding failed.
    #[error(transparent)]
    Mira(#[from] MiraError),
    /// A part of the proof does not have the length that the recorded constraints demand.
    #[error("{what}: expected {expected} items, got {got}")]
    Length {
        /// Which part.
        what: &'static str,
        /// The length that was required.
        expected: usize,
        /// The length that was there.
        got: usize,
    },
    /// The encoded proof has another length than the shape of the protocol demands.
    #[error("the proof has {got} bytes instead of {expected}")]
    ProofLength {
        /// Bytes of a proof of this shape.
        expected: usize,
        /// Bytes present.
        got: usize,
    },
    /// A row of z is wider than the vectors that are committed, or than rows may be.
    #[error("rows of {columns} cells are not supported with vectors of 2^{k} entries")]
    Columns {
        /// Cells of a row.
        columns: usize,
        /// log2 of the size of committed vectors.
        k: usize,
    },
    /// There is nothing to prove: the protocol has no hidden message or no constraint.
    #[error("the protocol has {rows} hidden rows and {constraints} constraints: nothing to prove")]
    Empty {
        /// Rows of hidden messages.
        rows: usize,
        /// Constraints recorded.
        constraints: usize,
    },
    /// A point of a proof that was built in memory is not on the curve.
    #[error("{what}: point {index} is not on the curve")]
    InvalidPoint {
        /// Which part.
        what: &'static str,
        /// Position in that part.
        index: usize,
    },
    /// The prover's own run of the verifier did not follow the prover.
    #[error("the verifier's code, run on the prover's own messages, diverged from the prover: {what}")]
    Replay {
        /// Where they differ.
        what: &'static str,
    },
}
