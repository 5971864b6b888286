//! Tests of the SRS: development powers, files, ceremonies, policy.

mod dev;
mod file;
mod policy;
mod ptau;
mod verifier;

use std::path::Path;

use super::Srs;
use crate::CommitError;

/// A small development SRS.
fn small() -> Srs {
    Srs::dev(4).unwrap()
}

/// Writes `bytes` to a file of `dir` and hands its path to `read`.
fn with_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> Result<T, CommitError>) -> Result<T, CommitError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}
