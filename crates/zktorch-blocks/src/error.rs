//! The error type of the crate.

use thiserror::Error;
use zktorch_channel::ChannelError;
use zktorch_commit::CommitError;
use zktorch_field::FieldError;
use zktorch_graph::GraphError;
use zktorch_mira::MiraError;
use zktorch_mutants::enforced;
use zktorch_sumcheck::SumcheckError;
use zktorch_transcript::TranscriptError;

/// What can go wrong while statements about tensors are proved or verified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The hidden messages do not satisfy the constraints, or cannot be committed.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A commitment could not be computed, or an opening did not verify.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The graph is not valid, or the witness leaves its ranges.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Vectors of different lengths.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The accumulation failed.
    #[error(transparent)]
    Mira(#[from] MiraError),
    /// A sumcheck failed.
    #[error(transparent)]
    Sumcheck(#[from] SumcheckError),
    /// A message is missing, or a constraint does not hold.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// A list does not have the length that the network demands.
    #[error("{what}: expected {expected}, got {got}")]
    Length {
        /// What.
        what: &'static str,
        /// The number required.
        expected: usize,
        /// The number there.
        got: usize,
    },
    /// A public value is outside its range.
    #[error("{tensor}: public value {value} at entry {index} is outside [{lo}, {hi}]")]
    PublicRange {
        /// The tensor.
        tensor: String,
        /// Index of the entry.
        index: usize,
        /// The value.
        value: i32,
        /// Smallest value allowed.
        lo: i32,
        /// Largest value allowed.
        hi: i32,
    },
    /// A lookup among the constraints that the layout does not prove: a bug of this library.
    #[error(
        "lookup of tensor {x} in table {table} with the values {y}: expected a place next to its argument, got another"
    )]
    Lookup {
        /// The table.
        table: u32,
        /// The tensor of arguments.
        x: u32,
        /// The tensor of values.
        y: u32,
    },
    /// The network is larger than what can be proved at once.
    #[error("{what}: at most {max}, got {got}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The largest number allowed.
        max: u64,
        /// The number there.
        got: u64,
    },
    /// The chunk size is not supported.
    #[error("chunks of 2^{got} cells: expected log2 sizes {min} to {max}")]
    ChunkSize {
        /// Smallest supported k.
        min: usize,
        /// Largest supported k.
        max: usize,
        /// The k asked for.
        got: usize,
    },
    /// A graph that is to read a committed set has other things in its chunks.
    #[error("chunk {chunk} of the set: expected what its format puts there, got something else")]
    Set {
        /// Which of the chunks.
        chunk: usize,
    },
    /// A batch of a model in shards.
    #[error("a batch of inferences: expected a key in one piece, got that of a shard")]
    Shard,
    /// A batch of a batch.
    #[error("a batch of inferences: expected the network of one, got that of {inferences}")]
    Batched {
        /// Its inferences.
        inferences: u32,
    },
    /// A contraction's axis has a label that occurs in none of the lists it must be in: a bug of this library.
    #[error("contraction: expected an axis with the label {label}, found none")]
    NoLabel {
        /// The label.
        label: u32,
    },
    /// A view's factors leave an axis of its tensor or of its own out: a bug of this library.
    #[error("view: expected coordinates for axis {axis}, found none")]
    NoAxis {
        /// The axis.
        axis: u32,
    },
    /// A stage's challenges are noted twice: a bug of this library.
    #[error("{what}: expected to be drawn once, got them again")]
    Drawn {
        /// Which.
        what: &'static str,
    },
    /// What a proof has left to be folded is not opened by the witness that came with it.
    #[error("leaf of a tree: expected a witness that opens it, got one of another {what}")]
    Leaf {
        /// What differs.
        what: &'static str,
    },
    /// Something refers to a tensor that has no place.
    #[error("tensor {id} is neither committed nor public")]
    NoTensor {
        /// Its number.
        id: u32,
    },
}

/// Requires `got == expected`.
#[track_caller]
pub(crate) fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), BlockError> {
    if expected == got || !enforced() { Ok(()) } else { Err(BlockError::Length { what, expected, got }) }
}
