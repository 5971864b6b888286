//! `cargo xtask operators`: writes `docs/operators.md`; the program is `benches/src/bin/operators.rs`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::root;

#[derive(Args)]
pub(crate) struct Options {
    /// What `conformance --json` wrote of a whole run: its results replace those that are kept.
    #[arg(long, value_name = "JSON")]
    results: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // As conformance is built, so that nothing is built twice.
    cargo.current_dir(root()?).args(["run", "--release", "--quiet", "-p", "benches", "--bin", "operators"]);
    cargo.args(["--no-default-features", "--features", "models,conformance", "--"]);
    if let Some(path) = &options.results {
        cargo.arg("--results").arg(std::path::absolute(path)?);
    }
    match cargo.status()?.success() {
        true => Ok(()),
        false => bail!("the page was not written"),
    }
}
