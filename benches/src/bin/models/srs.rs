//! `models srs`: the file that an SRS of some size takes.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use zktorch_commit::Srs;

#[derive(Args)]
pub(super) struct Options {
    /// The SRS has 2^K points.
    k: usize,
    /// Where the file goes.
    out: PathBuf,
}

/// Writes the development SRS: that of a ceremony has a file of the same length.
pub(super) fn run(options: &Options) -> Result<Value> {
    let out = &options.out;
    Srs::dev(options.k)?.write(out)?;
    let metadata = fs::metadata(out).with_context(|| format!("cannot read {}", out.display()))?;
    Ok(json!({ "srs_bytes": metadata.len() }))
}
