//! What programs for `cargo xtask prove-model` have in common: one JSON object on stdout, and files that are whole or not there.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

/// Prints the object, or the error on stderr.
pub fn finish(result: Result<Value>) -> ExitCode {
    match result {
        Ok(object) => {
            println!("{object}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a file under another name first: one that is there is whole.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &Path, bytes: &[u8]) -> Result<()> {
    let part = out.with_extension("part");
    fs::write(&part, bytes).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, out).with_context(|| format!("cannot write {}", out.display()))
}
