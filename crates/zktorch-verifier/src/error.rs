//! The error type of the crate.

use thiserror::Error;
use zktorch_blocks::BlockError;
use zktorch_commit::CommitError;

use crate::{ModelId, SetId};

/// Why a key, a statement or a proof is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The bytes are no key, statement or proof.
    #[error("{what}: malformed: {reason}")]
    Malformed {
        /// What was decoded.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Made by another version of the protocol.
    #[error("{what}: version {got} is not supported, expected {expected}")]
    Version {
        /// What was decoded.
        what: &'static str,
        /// The version supported.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// A number in the key is out of bounds or does not agree with the graph.
    #[error("verifying key: {field}: expected {expected}, got {got}")]
    Key {
        /// Which field.
        field: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// The key is of another model than the one the user wants to verify.
    #[error("the key is of model {got}, expected {expected}")]
    ModelId {
        /// The id that the user pinned.
        expected: ModelId,
        /// The id computed from the key.
        got: ModelId,
    },
    /// The statement or the proof was made with another key.
    #[error("{what} was made for model {got}, but the key is of model {expected}: wrong key")]
    WrongKey {
        /// Statement or proof.
        what: &'static str,
        /// The id computed from the key.
        expected: ModelId,
        /// The id in the statement or proof.
        got: ModelId,
    },
    /// The graph of the key breaks a rule, or is not what its commitments are for.
    // These say all that their cause says: with it as a source too, a chain would say it twice.
    #[error("verifying key: {0}")]
    KeyContent(BlockError),
    /// A statement about another number of inferences than one proof can be about.
    #[error("inferences: expected 1, or 2 to {most} in a batch, got {got}")]
    Inferences {
        /// The most in a batch.
        most: u32,
        /// The number there.
        got: u32,
    },
    /// The model has no batches of so many inferences.
    #[error(
        "{inferences} inferences of this model in one proof: {error}; prove them one by one, or fewer together"
    )]
    Batch {
        /// The number asked for.
        inferences: u32,
        /// Why.
        error: BlockError,
    },
    /// The commitment is to another set than the one that the statement is about.
    #[error("the set is {got}, expected {expected}")]
    SetId {
        /// The id that the user or the statement names.
        expected: SetId,
        /// The id computed from the commitment.
        got: SetId,
    },
    /// A set that there cannot be, or that does not fit the key; or a claim about it that makes no sense.
    #[error("set: {what}: expected {expected}, got {got}")]
    Set {
        /// Which number of it.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// Pixels cannot be made the model's input in this way.
    #[error("pixels: {what}: expected {expected}, got {got}")]
    Pixels {
        /// Which number.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// The model's accuracy on the set is nothing that this key can be a verifier of.
    #[error("accuracy of this model: {0}")]
    Accuracy(BlockError),
    /// The SRS is not accepted, or malformed.
    #[error("SRS: {0}")]
    Srs(CommitError),
    /// The range proof of a part of the key's weights does not verify.
    #[error("verifying key: the range proof of part {part} of its weights does not verify: {error}")]
    Weights {
        /// Which part, counted from zero.
        part: usize,
        /// What is wrong with it.
        error: BlockError,
    },
    /// The proof of a shard does not prove its part of the statement.
    #[error("the proof of shard {index} does not verify: {error}")]
    Shard {
        /// Which shard, counted from zero.
        index: usize,
        /// Why.
        error: BlockError,
    },
    /// The statement does not fit the key, or the proof does not prove it.
    #[error("the proof does not verify: {0}")]
    Proof(BlockError),
}
