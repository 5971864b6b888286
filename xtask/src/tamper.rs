//! `cargo xtask tamper`: every byte of a proof, its statement and its key damaged in turn.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// The model: digits or digits-mlp.
    #[arg(long, default_value = "digits", value_parser = ["digits", "digits-mlp"])]
    model: String,
    /// Only so many cases of each kind (default: all).
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Which ones, and what a damaged byte becomes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
}

/// The work is done by an example of the crate `zktorch`: this one uses no crate of the workspace.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()?).stdin(Stdio::null());
    command.args(["run", "--release", "--package", "zktorch", "--example", "tamper", "--"]);
    command.args(["--model", &options.model, "--seed", &options.seed.to_string()]);
    if let Some(sample) = options.sample {
        command.args(["--sample", &sample.to_string()]);
    }
    if options.json {
        command.arg("--json");
    }
    let status = command.status().context("cannot start cargo")?;
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => bail!("something damaged was accepted, or a panic"),
        _ => bail!("tamper ended with {status}"),
    }
}
