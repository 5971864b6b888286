//! The error type of the crate.

use std::path::{Path, PathBuf};

use thiserror::Error;

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
    /// Something is wrong with the bytes of a file, with data, or with a statement.
    #[error(transparent)]
    Files(#[from] zktorch_files::Error),
}

impl Error {
    pub(crate) fn format(
        format: &'static str,
        field: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        zktorch_files::Error::format(format, field, expected, got).into()
    }

    pub(crate) fn too_large(what: impl Into<String>, size: u64, limit: u64) -> Self {
        zktorch_files::Error::TooLarge { what: what.into(), size, limit }.into()
    }

    /// A word for what the error is about, for programs: it changes with the version only.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { error, .. } => error.kind(),
            Self::SameFile { .. } | Self::Argument { .. } => "usage",
            Self::Io { .. } => "io",
            Self::Space { .. } => "space",
            Self::Files(error) => error.kind(),
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
