//! The errors of this crate.

use thiserror::Error;

/// Shows a transcript label, which by convention is printable ASCII.
pub(crate) fn label_text(label: &[u8]) -> String {
    String::from_utf8_lossy(label).into_owned()
}

/// What can go wrong while messages are decoded, received or constrained.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// A constraint evaluated on plain scalars does not hold.
    #[error("constraint `{constraint}` does not hold")]
    Unsatisfied {
        /// The name that the verifier gave to the constraint.
        constraint: &'static str,
    },
    /// The proof has fewer scalars (or rows) than the verifier reads.
    #[error("message `{label}` needs {expected} more items, {got} are left")]
    MissingMessage {
        /// Label of the message that could not be read.
        label: String,
        /// Items the message has.
        expected: usize,
        /// Items that were left.
        got: usize,
    },
    /// The proof has more scalars (or rows) than the verifier read.
    #[error("{count} items are left after the last message")]
    TrailingMessages {
        /// How many were not read.
        count: usize,
    },
    /// A hidden scalar was received but appears in no constraint.
    #[error("scalar {index} of hidden message `{label}` appears in no constraint")]
    UnconstrainedScalar {
        /// Label of the message.
        label: String,
        /// Position within the message.
        index: usize,
    },
    /// The width of a row of hidden scalars is no power of two.
    #[error("rows of {got} hidden scalars, a power of two is needed")]
    Columns {
        /// The width asked for.
        got: usize,
    },
    /// More hidden scalars than the recorder can number.
    #[error("{got} hidden scalars, at most {limit} are supported")]
    TooManyScalars {
        /// The limit.
        limit: usize,
        /// The number asked for.
        got: usize,
    },
    /// A vector does not have the length that its use requires.
    #[error("{what}: {got} items where {expected} are needed")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The length needed.
        expected: usize,
        /// The length found.
        got: usize,
    },
    /// The bytes end before the value that should be read, or go on after the last one.
    #[error("{what}: {expected} bytes needed, {got} present")]
    ByteLength {
        /// What was being decoded.
        what: &'static str,
        /// Bytes needed.
        expected: usize,
        /// Bytes present.
        got: usize,
    },
    /// A scalar is not in its unique form (it is not smaller than the modulus).
    #[error("{what}: the scalar is not canonical")]
    NonCanonicalScalar {
        /// What was being decoded.
        what: &'static str,
    },
    /// A point is not the unique encoding of an element of the group.
    #[error("{what}: not the canonical encoding of a point of G1")]
    InvalidPoint {
        /// What was being decoded.
        what: &'static str,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {reason}")]
    NoRandomness {
        /// What it reported.
        reason: String,
    },
}
