//! `cargo xtask contracts`: every word of a proof damaged, and 10,000 damages of all kinds, for a contract on a chain in memory.

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace;

/// The networks, with inputs that everybody sees and with private ones.
const CASES: [(&str, bool); 6] = [
    ("digits-mlp", true),
    ("digits-cnn", false),
    ("mlp", false),
    ("mlp", true),
    ("lenet", false),
    ("lenet", true),
];

#[derive(Args)]
pub(crate) struct Options {
    /// Damages of all kinds, over all networks; a bit of every word is changed besides
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    mutations: u64,
    /// Only this network.
    #[arg(long, value_name = "NETWORK", value_parser = ["digits-mlp", "digits-cnn", "mlp", "lenet"])]
    only: Option<String>,
    /// Under the rules of Osaka, not Prague.
    #[arg(long)]
    osaka: bool,
}

/// The work is done in the contracts' own workspace.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = workspace::root()?.join("crates/zktorch-evm");
    let cases: Vec<(&str, bool)> = CASES
        .into_iter()
        .filter(|(name, _)| options.only.as_deref().is_none_or(|only| only == *name))
        .collect();
    let each = options.mutations.div_ceil(cases.len().max(1) as u64).to_string();
    for (name, private) in cases {
        println!("{name}, {} input", if private { "private" } else { "public" });
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&folder).stdin(Stdio::null());
        command.args([
            "run",
            "--locked",
            "--quiet",
            "--package",
            "zktorch-evm-chain",
            "--bin",
            "agree",
            "--",
        ]);
        command.args([name, "--words", "--mutations", &each]);
        command.args(
            [("--private", private), ("--osaka", options.osaka)]
                .iter()
                .filter(|(_, given)| *given)
                .map(|(flag, _)| *flag),
        );
        let status = command.status().context("cannot start cargo")?;
        if !status.success() {
            bail!("{name}: the contract and zktorch verify disagree, or agree ended with {status}");
        }
    }
    Ok(())
}
