//! Errors.

use thiserror::Error;
use traced_field::tape::Untraceable;

/// Why there is no contract for a key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvmError {
    /// The transcript's hash is none that a chain has.
    #[error("the key's transcripts are hashed with merlin: make keys with `setup --transcript keccak`")]
    Transcript,
    /// Two public tensors that cannot be told apart.
    #[error("the public tensor {name} has no values that another one has not: its range is too small")]
    AlikePublic {
        /// Its name.
        name: String,
    },
    /// A trace of something else than an inference's verifier.
    #[error("the trace is not {what}")]
    Program {
        /// What was expected.
        what: &'static str,
    },
    /// A point that nothing would check.
    #[error(
        "the point {index} of statement and proof is in no sum, so that nothing would see whether it is on the curve"
    )]
    UnusedPoint {
        /// Which one.
        index: u32,
    },
    /// A context that is no word.
    #[error("a contract takes contexts of 32 bytes, this one has {got}: prove with such a one")]
    Context {
        /// Its length.
        got: usize,
    },
    /// A statement about a batch.
    #[error("a contract verifies one inference, this statement is about {got}: prove them one by one")]
    Inferences {
        /// How many.
        got: u32,
    },
    /// A piece of code that no contract can have.
    #[error(
        "segment {index} of the code has {got} bytes, a contract has at most {most}: there is none for this key"
    )]
    Segment {
        /// Which one.
        index: usize,
        /// The limit.
        most: usize,
        /// Its length.
        got: usize,
    },
    /// A verification that no transaction can pay for.
    #[error(
        "a verification is estimated to take {estimate} gas, a transaction has at most {most} (EIP-7825): there is no contract for this \
         model. Fewer public values help (compile with --private), and smaller models"
    )]
    Gas {
        /// What it would take.
        estimate: u64,
        /// The cap.
        most: u64,
    },
    /// Something else is deployed than what the key says.
    #[error("{what}: expected {expected}, found {found}: this is not the verifier of the key")]
    Deployed {
        /// What differs.
        what: String,
        /// What the key says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A commitment of the statement.
    #[error("a commitment of the statement: {0}")]
    Commit(#[from] zktorch_commit::CommitError),
    /// The proof.
    #[error("the proof: {0}")]
    Block(#[from] zktorch_blocks::BlockError),
    /// What is computed depends on the proof.
    #[error("the verifier of this model cannot be traced: {0}")]
    Untraceable(#[from] Untraceable),
    /// The traced verifier refused.
    #[error("the traced verifier: {0}")]
    Traced(#[from] traced_blocks::BlockError),
    /// Its commitments.
    #[error("the traced verifier's commitments: {0}")]
    TracedCommit(#[from] traced_commit::CommitError),
    /// The key.
    #[error(transparent)]
    Key(#[from] zktorch_verifier::VerifyError),
}
