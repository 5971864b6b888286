//! The error type of the crate.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::container::Kind;
use crate::hex::Bytes32;

/// What can be wrong with a file or an argument.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An error that is about one file.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<Error>,
    },
    /// Two paths of a command line are one file, and it would be written.
    #[error("{output} {} is the same file as {other}: expected a file of its own for {output}", path.display())]
    SameFile {
        /// The argument that is written.
        output: String,
        /// Its path.
        path: PathBuf,
        /// The other argument.
        other: String,
    },
    /// An argument has a value that it cannot have.
    #[error("{argument}: expected {expected}, got {got}")]
    Argument {
        /// The argument.
        argument: String,
        /// What it may be.
        expected: String,
        /// What was given.
        got: String,
    },
    /// The operating system refused.
    #[error("cannot {action}: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The disk is too full.
    #[error("not enough room in {}: {needed} bytes are needed, {free} are free", folder.display())]
    Space {
        /// Where the files go.
        folder: PathBuf,
        /// What they need, in bytes.
        needed: u64,
        /// What the file system has left, in bytes.
        free: u64,
    },
    /// A file or a part of one is larger than what is read.
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
    #[error("kind: expected a known kind (1 to 5), found {found}")]
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
}

fn looks(like: Option<&'static str>) -> String {
    like.map_or_else(String::new, |like| format!(" (it looks like {like})"))
}

impl Error {
    pub(crate) fn format(
        format: &'static str,
        field: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self::Format { format, field: field.into(), expected: expected.into(), got: got.into() }
    }

    /// A word for what the error is about, for programs: it changes with the version only.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { error, .. } => error.kind(),
            Self::SameFile { .. } | Self::Argument { .. } => "usage",
            Self::Io { .. } => "io",
            Self::Space { .. } => "space",
            Self::TooLarge { .. } => "too_large",
            Self::Format { .. } | Self::NotFinite { .. } => "format",
            Self::Input { .. } => "input",
            Self::Magic { .. }
            | Self::UnknownKind { .. }
            | Self::Kind { .. }
            | Self::Version { .. }
            | Self::Protocol { .. }
            | Self::Length { .. }
            | Self::Digest { .. } => "container",
        }
    }

    /// The same error, naming the file.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::File { .. } => self,
            error => Self::File { path: path.to_path_buf(), error: Box::new(error) },
        }
    }
}

/// Names what was tried when the operating system refuses.
pub(crate) trait IoContext<T> {
    /// The result with this crate's error.
    fn action(self, action: &'static str) -> Result<T, Error>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn action(self, action: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error::Io { action, error })
    }
}
