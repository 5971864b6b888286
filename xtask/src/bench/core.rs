//! `cargo xtask bench core`: builds the binary of the kernels' comparison in release mode and runs it.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace;

#[derive(Args)]
pub(super) struct Options {
    /// Print one JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Measure only this key (may be repeated).
    #[arg(long, value_name = "KEY")]
    only: Vec<String>,
    /// Smaller sizes, fewer repetitions: to see that everything runs. Bars are not judged.
    #[arg(long)]
    quick: bool,
    /// List the keys and stop.
    #[arg(long)]
    list: bool,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()?).stdin(Stdio::null());
    command.args(["run", "--quiet", "--release", "--package", "benches", "--bin", "core", "--"]);
    for (flag, set) in [("--json", options.json), ("--quick", options.quick), ("--list", options.list)] {
        if set {
            command.arg(flag);
        }
    }
    for key in &options.only {
        command.args(["--only", key]);
    }
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("bench core ended with {status}");
    }
    Ok(())
}
