//! `cargo xtask bench`: builds the bench binaries in release mode and runs them.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Subcommand)]
enum Suite {
    /// Kernels of the core crates, as ratios to arkworks on the same inputs in the same process.
    Core(CoreOptions),
}

#[derive(Args)]
struct CoreOptions {
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

pub(crate) fn run(options: &Options) -> Result<()> {
    let Suite::Core(core) = &options.suite;
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()?).stdin(Stdio::null());
    command.args(["run", "--quiet", "--release", "--package", "benches", "--bin", "core", "--"]);
    for (flag, set) in [("--json", core.json), ("--quick", core.quick), ("--list", core.list)] {
        if set {
            command.arg(flag);
        }
    }
    for key in &core.only {
        command.args(["--only", key]);
    }
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("bench core ended with {status}");
    }
    Ok(())
}
