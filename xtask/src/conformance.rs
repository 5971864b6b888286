//! `cargo xtask conformance`: ONNX's node tests, proved; the program is `benches/src/bin/conformance`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::root;

#[derive(Args)]
pub(crate) struct Options {
    /// The folder `onnx/backend/test/data/node` of an installed Python package `onnx` (1.22.0).
    #[arg(long, value_name = "DIR")]
    onnx_tests: PathBuf,
    /// Writes all results.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only tests whose names match.
    #[arg(long, value_name = "REGEX")]
    filter: Option<String>,
    /// Tests at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The features of the command line, so that nothing is built twice.
    cargo.current_dir(root()?).args(["run", "--release", "--quiet", "-p", "benches", "--bin", "conformance"]);
    cargo.args(["--no-default-features", "--features", "models,conformance", "--"]);
    cargo.arg("--onnx-tests").arg(std::path::absolute(&options.onnx_tests)?);
    cargo.arg("--jobs").arg(options.jobs.to_string());
    if let Some(path) = &options.json {
        cargo.arg("--json").arg(std::path::absolute(path)?);
    }
    if let Some(filter) = &options.filter {
        cargo.args(["--filter", filter]);
    }
    match cargo.status()?.success() {
        true => Ok(()),
        false => bail!("some tests are wrong, crash, or are refused after they compiled"),
    }
}
