//! The error type of the crate.

use thiserror::Error;
use zktorch_blocks::BlockError;
use zktorch_channel::ChannelError;
use zktorch_commit::CommitError;
use zktorch_field::task::Cancelled;
use zktorch_graph::GraphError;
use zktorch_transcript::TranscriptError;
use zktorch_verifier::{ModelId, VerifyError, WeightsId};

/// What can go wrong in setup or while proving.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProverError {
    /// The graph is invalid, or an activation leaves its range: nothing is proved.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// An activation of one of several inferences leaves its range: nothing is proved.
    #[error("inference {index}: {error}")]
    Inference {
        /// Which, counted from zero.
        index: usize,
        /// What is wrong with it.
        error: GraphError,
    },
    /// A batch was derived from another key.
    #[error("batch: expected that of model {expected}, got that of {got}")]
    Batch {
        /// The key's model.
        expected: ModelId,
        /// The batch's.
        got: ModelId,
    },
    /// A claim about a set that is not true: nothing is proved.
    #[error("accuracy: expected {claimed} right of {images} images, got {right}: claim no more than that")]
    Accuracy {
        /// How many images the model gets right.
        right: u32,
        /// How many were claimed.
        claimed: u32,
        /// Of how many.
        images: u32,
    },
    /// A label that is no class.
    #[error("label of image {index}: expected a class below {classes}, got {label}")]
    Label {
        /// Which image, counted from zero.
        index: usize,
        /// Its label.
        label: u32,
        /// The number of classes.
        classes: u32,
    },
    /// The bytes are no labelled test set.
    #[error("test set: malformed: {reason}")]
    Set {
        /// What is wrong.
        reason: String,
    },
    /// The proof could not be made.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A commitment could not be made.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The hidden channel failed.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// No randomness, or a malformed scalar in a key.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// The verifying key inside the proving key is refused.
    #[error(transparent)]
    Key(#[from] VerifyError),
    /// The bytes are no proving key.
    #[error("proving key: malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// A proving key could not be read or written.
    #[error("proving key: {0}")]
    Io(#[from] std::io::Error),
    /// A proving key in another version of its format.
    #[error("proving key: expected format {expected}, got {got}; set it up again")]
    Version {
        /// The version that is read and written.
        expected: u64,
        /// The version there.
        got: u64,
    },
    /// A tensor that was supplied has another number of entries, or a list another number of items.
    #[error("{what}: expected {expected}, got {got}")]
    Length {
        /// What.
        what: String,
        /// The number required.
        expected: usize,
        /// The number there.
        got: usize,
    },
    /// The SRS is not the one that the key was made under, or too short.
    #[error("SRS: expected {expected}, got {got}")]
    Srs {
        /// What the key needs.
        expected: String,
        /// What was given.
        got: String,
    },
    /// The proving key of a shard is another one's.
    #[error("proving key of shard {index}: expected model {expected:?}, got {got}")]
    Shard {
        /// Which shard, counted from zero.
        index: usize,
        /// The id of its key, if there is such a shard.
        expected: Option<ModelId>,
        /// The id of the key there.
        got: ModelId,
    },
    /// The task that it was part of was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The opening of a set is not that of its commitment.
    #[error(
        "opening of the set: chunk {chunk}: expected what the set's commitment is to, found something else: the file was altered"
    )]
    Opening {
        /// Which of the chunks, counted from zero.
        chunk: usize,
    },
    /// A key whose weights are to be read holds others than it has committed to.
    #[error(
        "proving key: part {part} of its weights ({id}): expected the weights that are committed to, found others: the file was \
             altered; get it from where it was made, or set up without it"
    )]
    Part {
        /// Which part, counted from zero.
        part: usize,
        /// What is committed to.
        id: WeightsId,
    },
    /// A model that takes more memory than it may, in however many shards.
    #[error(
        "memory: expected a model that is proved within {most} bytes, got one that takes about {least} in the most shards that it can be cut into"
    )]
    Memory {
        /// What it may take.
        most: u64,
        /// The least that it takes.
        least: u64,
    },
    /// The context is too long.
    #[error("context: expected at most {most} bytes, got {got}")]
    Context {
        /// The most bytes.
        most: usize,
        /// Its length.
        got: usize,
    },
    /// A weight is not a 16-bit integer.
    #[error("{tensor}: weight {value} at entry {index} does not have 16 bits")]
    WeightRange {
        /// The tensor.
        tensor: String,
        /// Index of the entry.
        index: usize,
        /// The value.
        value: i32,
    },
}
