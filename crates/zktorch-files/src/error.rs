//! The error type of the crate.

use thiserror::Error;
use zktorch_graph::GraphError;
use zktorch_verifier::VerifyError;

use crate::container::Kind;
use crate::hex::Bytes32;
use crate::interface::Side;

/// What can be wrong with the bytes of a file, with data for a model, or with a statement about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A part of a file is larger than what is read.
    #[error("{what}: {size} bytes, but at most {limit} are read")]
    TooLarge {
        /// Which part.
        what: String,
        /// Its size in bytes (or the least that it has).
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something breaks the rules of its format.
    #[error("{format}: {field}: expected {expected}, got {got}")]
    Format {
        /// The format: npy, json, image specification, statement, ...
        format: &'static str,
        /// Which part of it.
        field: String,
        /// What the format demands.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A value that is infinite or not a number.
    #[error("tensor {tensor}: entry {index} is {value}, but values must be finite")]
    NotFinite {
        /// Name of the tensor, or "(unnamed)".
        tensor: String,
        /// Index of the entry, row-major.
        index: usize,
        /// The value.
        value: f32,
    },
    /// The data do not fit the inputs of the model.
    #[error("input {input}: expected {expected}, got {got}")]
    Input {
        /// Name of the input.
        input: String,
        /// What the model needs.
        expected: String,
        /// What the data hold.
        got: String,
    },
    /// The file is no container of this program.
    #[error("this is no file of zktorch's{}: it begins with \"{found}\", expected {expected}", looks(*.looks_like))]
    Magic {
        /// The magic bytes, printable.
        expected: String,
        /// The first bytes of the file.
        found: String,
        /// What it may be instead.
        looks_like: Option<&'static str>,
    },
    /// A container of a kind that this version does not know.
    #[error("kind: expected a known kind (1 to 13), found {found}")]
    UnknownKind {
        /// The number in the header.
        found: u32,
    },
    /// A container, but of another kind.
    #[error("this is {found}, expected {expected}")]
    Kind {
        /// The kind that is needed here.
        expected: Kind,
        /// The kind of the file.
        found: Kind,
    },
    /// A container in another version of its format.
    #[error(
        "{kind} of another version: expected format {expected}, found {found}; make it again with this program"
    )]
    Version {
        /// What the file holds.
        kind: Kind,
        /// The version that this program reads and writes.
        expected: u32,
        /// The version of the file.
        found: u32,
    },
    /// A container of another protocol (or version of it).
    #[error("protocol id: expected {expected}, found {found}")]
    Protocol {
        /// The protocol that is needed here.
        expected: Bytes32,
        /// The protocol of the file.
        found: Bytes32,
    },
    /// A container that is cut off, or has trailing bytes.
    #[error("{field}: expected {expected} bytes, found {found}")]
    Length {
        /// Header or body.
        field: &'static str,
        /// What the header says.
        expected: u64,
        /// What the file has.
        found: u64,
    },
    /// The body is not the one that was written.
    #[error("SHA-256 digest of the body: expected {expected}, found {found}: the file is damaged")]
    Digest {
        /// The digest in the header.
        expected: Bytes32,
        /// The digest of the bytes that are there.
        found: Bytes32,
    },
    /// What a key says of images is not in the form that is written.
    #[error("verifying key: preprocessing: {error}")]
    Preprocessing {
        /// What is wrong with it.
        error: Box<Error>,
    },
    /// A statement is not about the model, or not in the way that the key demands.
    #[error("statement: {field}: expected {expected}, got {got}")]
    Statement {
        /// Which part of it.
        field: String,
        /// What the key says.
        expected: String,
        /// What the statement says.
        got: String,
    },
    /// A value that is expected of a statement is not in it: the tensor is private.
    #[error("{side} {port} is private: there is nothing to compare")]
    Private {
        /// Input or output.
        side: Side,
        /// Its name.
        port: String,
    },
    /// A statement's integer is another one than the verifier's own data give.
    #[error(
        "{side} {port}: entry {index}: expected {expected} (which is {real}), the statement says {got} ({stated})"
    )]
    Entry {
        /// Input or output.
        side: Side,
        /// Its name.
        port: String,
        /// Index of the entry, row-major.
        index: usize,
        /// The integer that the data give.
        expected: i32,
        /// What it stands for.
        real: f64,
        /// The integer of the statement.
        got: i32,
        /// What it stands for.
        stated: f64,
    },
    /// A statement's value is further than allowed from the one that the verifier expects.
    #[error(
        "{side} {port}: entry {index}: expected {expected}, the statement says {got}: that differs by {difference}, \
         more than {tolerance}"
    )]
    Distance {
        /// Input or output.
        side: Side,
        /// Its name.
        port: String,
        /// Index of the entry, row-major.
        index: usize,
        /// The value that is expected.
        expected: f64,
        /// The value of the statement.
        got: f64,
        /// How far they are from each other.
        difference: f64,
        /// How far they may be.
        tolerance: f64,
    },
    /// The caller expects another number of tensors or entries than there are.
    #[error("expected data: {what}: expected {expected}, got {got}")]
    Expected {
        /// What was counted.
        what: String,
        /// How many there are.
        expected: usize,
        /// How many the caller gave.
        got: usize,
    },
    /// A number that no integer of a port stands for.
    #[error(transparent)]
    Port(#[from] GraphError),
    /// A proof does not prove its statement: with another context it might.
    #[error("{error}, {}", under(*.context))]
    Proof {
        /// Why.
        error: VerifyError,
        /// Length of the verifier's context, in bytes.
        context: usize,
    },
    /// A key or proof is not accepted.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

fn under(length: usize) -> String {
    match length {
        0 => "without a context".to_owned(),
        length => format!("with a context of {length} bytes"),
    }
}

fn looks(like: Option<&'static str>) -> String {
    like.map_or_else(String::new, |like| format!(" (it looks like {like})"))
}

impl Error {
    /// [`Error::Format`].
    pub fn format(
        format: &'static str,
        field: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self::Format { format, field: field.into(), expected: expected.into(), got: got.into() }
    }

    pub(crate) fn statement(
        field: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self::Statement { field: field.into(), expected: expected.into(), got: got.into() }
    }

    /// A word for what the error is about, for programs: it changes with the version only.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Format { .. } | Self::NotFinite { .. } | Self::Preprocessing { .. } => "format",
            Self::Input { .. } | Self::Expected { .. } | Self::Port(_) => "input",
            Self::Magic { .. }
            | Self::UnknownKind { .. }
            | Self::Kind { .. }
            | Self::Version { .. }
            | Self::Protocol { .. }
            | Self::Length { .. }
            | Self::Digest { .. } => "container",
            Self::Statement { .. } | Self::Private { .. } | Self::Entry { .. } | Self::Distance { .. } => {
                "statement"
            }
            Self::Proof { .. } | Self::Verify(_) => "other",
        }
    }
}
