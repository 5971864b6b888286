//! `cargo xtask bench ablation`: what each part of the design is worth, on the libraries' own code.
//!
//! Two kinds of measurements make one report: parts of a proof in one process, with and without the thing in question (the
//! binary `ablation` of `benches`), and whole proofs through the command line, on the fastest backend and on the portable one, with
//! the seconds of every stage. What others published about theirs stands beside it.

mod models;
mod published;
mod table;

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::files;
use super::machine::Machine;
use crate::prove_model::Model;
use crate::workspace;

#[derive(Args)]
pub(super) struct Options {
    /// Print the report on stdout as one JSON object; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Small sizes, one run, the smallest model: to see that everything runs.
    #[arg(long)]
    quick: bool,
    /// Models that are proved as a whole (may be repeated; default: resnet, or digits with --quick).
    #[arg(long, value_name = "MODEL")]
    model: Vec<Model>,
    /// Leave the whole proofs out.
    #[arg(long, conflicts_with = "model")]
    parts_only: bool,
    /// Runs of every whole proof; the median counts (default: 3, or 1 with --quick).
    #[arg(long)]
    runs: Option<usize>,
    /// Instances that are accumulated (default: 64, as in ResNet-50).
    #[arg(long)]
    instances: Option<usize>,
    /// log2 of the entries of a chunk (default: 19, as in ResNet-50).
    #[arg(long)]
    log_size: Option<usize>,
    /// Rounds of the parts (default: 5).
    #[arg(long)]
    rounds: Option<usize>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let runs = options.runs.unwrap_or(if options.quick { 1 } else { 3 });
    if runs == 0 {
        bail!("--runs 0: expected at least 1");
    }
    let machine = Machine::detect()?;
    let mut report = parts(options)?;
    let chosen = match options.model.as_slice() {
        [] if options.parts_only => &[],
        [] if options.quick => &[Model::Digits] as &[_],
        [] => &[Model::Resnet],
        models => models,
    };
    let active = report.get("run").and_then(|run| run["backend"].as_str()).unwrap_or_default().to_owned();
    let mut models = Map::new();
    for model in chosen {
        models.insert(model.name(), models::measure(*model, runs, &active)?);
    }
    report.insert("models".into(), models.into());
    report.insert("machine".into(), json!(machine));
    report.insert("published".into(), published::zktorch());
    let report = Value::Object(report);
    files::publish("ablation", &report, &table::table(&report), options.json)
}

/// The parts of a proof: builds and runs the binary.
fn parts(options: &Options) -> Result<Map<String, Value>> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()?).stdin(Stdio::null()).stderr(Stdio::inherit());
    command.args(["run", "--quiet", "--release", "--package", "benches", "--bin", "ablation", "--"]);
    if options.quick {
        command.arg("--quick");
    }
    let sizes =
        [("--instances", options.instances), ("--log-size", options.log_size), ("--rounds", options.rounds)];
    for (flag, value) in sizes {
        if let Some(value) = value {
            command.args([flag, &value.to_string()]);
        }
    }
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the ablation of the parts ended with {}", output.status);
    }
    let mut report: Map<String, Value> =
        serde_json::from_slice(&output.stdout).context("the ablation of the parts printed no JSON object")?;
    if let Some(run) = report.get_mut("run") {
        run["quick"] = json!(options.quick);
    }
    Ok(report)
}
