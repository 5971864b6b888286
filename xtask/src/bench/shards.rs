//! `cargo xtask bench shards`: what it costs to prove a model in little memory: in one piece and in as many shards as budgets ask for, by one
//! process and by several. What ZKTorch's authors publish of the same kind, one worker and 64 threads, is 12,313 and 6,271 s.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use clap::Args;
use serde_json::{Map, Value, json};

use super::files;
use super::machine::Machine;
use super::spread::Spread;
use crate::prove_model::{Model, Oracle, Prepared, Request, Sharding, Source};

#[derive(Args)]
pub(super) struct Options {
    /// Models (may be repeated).
    #[arg(long, value_name = "MODEL", default_values = ["resnet", "vit"])]
    model: Vec<Model>,
    /// Budgets (may be repeated). Those that ask for the same shards are measured once.
    #[arg(long, value_name = "BYTES", default_values = ["16GB", "8GB", "4GB", "2GB", "600MB"])]
    memory: Vec<ByteSize>,
    /// Processes that prove shards (may be repeated).
    #[arg(long, value_name = "N", default_values = ["1", "2", "4"], value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: Vec<u16>,
    /// Proofs of each; the median counts.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Print the report on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
}

/// One line of the table.
struct Row {
    model: String,
    budget: ByteSize,
    shards: u64,
    workers: u16,
    prove_s: Spread,
    verify_s: Spread,
    /// Of the process that was started: those of workers are what setup estimates.
    peak_anon: u64,
    estimated: u64,
    proof_bytes: u64,
}

/// Measures all of them.
///
/// # Errors
/// If a budget is too small for a model, or a stage fails.
pub(super) fn run(options: &Options) -> Result<()> {
    let machine = Machine::detect()?;
    let mut rows: Vec<Row> = Vec::new();
    for model in &options.model {
        for budget in &options.memory {
            measure(options, *model, *budget, &mut rows)?;
        }
    }
    let report = json!({
        "machine": machine,
        "runs": options.runs,
        "rows": rows.iter().map(Row::to_json).collect::<Vec<_>>(),
    });
    files::publish("shards", &report, &table(&rows), options.json)
}

/// A model within a budget, unless that asks for the shards of an earlier one.
fn measure(options: &Options, model: Model, budget: ByteSize, rows: &mut Vec<Row>) -> Result<()> {
    let request = Request {
        sharding: Some(Sharding::Memory(budget)),
        oracle: Oracle::Own,
        floor: false,
        ..Request::new(Source::Model(model))
    };
    let mut prepared = Prepared::new(&request)?;
    let shards = prepared.shards();
    if rows.iter().any(|row| row.model == model.name() && row.shards == shards) {
        return Ok(());
    }
    // A key in one piece is proved by one process.
    let workers = if shards > 1 { &options.workers[..] } else { &[1] };
    for workers in workers {
        prepared.set_workers((shards > 1).then_some(*workers));
        let runs: Vec<Map<String, Value>> =
            (0..options.runs).map(|_| prepared.prove_again(None, &[])).collect::<Result<_>>()?;
        let all = |key: &str| -> Result<Vec<f64>> {
            let values = runs.iter().map(|run| run.get(key).and_then(Value::as_f64));
            values.collect::<Option<_>>().with_context(|| format!("prove-model printed no {key}"))
        };
        let spread = |key: &str| -> Result<Spread> { Spread::of(&all(key)?).context("no runs") };
        let largest = |key: &str| -> Result<u64> { Ok(all(key)?.into_iter().fold(0.0, f64::max) as u64) };
        rows.push(Row {
            model: model.name(),
            budget,
            shards,
            workers: *workers,
            prove_s: spread("prove_s")?,
            verify_s: spread("verify_s")?,
            peak_anon: largest("peak_anon_bytes")?,
            estimated: largest("estimated_memory_bytes")?,
            proof_bytes: largest("proof_bytes")?,
        });
    }
    if rows.is_empty() {
        bail!("nothing was measured");
    }
    Ok(())
}

impl Row {
    fn to_json(&self) -> Value {
        json!({
            "model": self.model,
            "memory_budget_bytes": self.budget.as_u64(),
            "shards": self.shards,
            "workers": self.workers,
            "prove_s": self.prove_s,
            "verify_s": self.verify_s,
            "peak_anon_bytes": self.peak_anon,
            "estimated_memory_bytes": self.estimated,
            "proof_bytes": self.proof_bytes,
        })
    }
}

/// Every row beside the model's first one.
fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<12} {:>8} {:>7} {:>8} {:>9} {:>7} {:>10} {:>10} {:>9} {:>9}\n",
        "model",
        "budget",
        "shards",
        "workers",
        "prove, s",
        "ratio",
        "peak, MB",
        "told, MB",
        "bytes",
        "verify, s"
    );
    for row in rows {
        let first = rows.iter().find(|first| first.model == row.model).unwrap_or(row);
        let _ = writeln!(
            text,
            "{:<12} {:>8} {:>7} {:>8} {:>9.2} {:>7.2} {:>10} {:>10} {:>9} {:>9.3}",
            row.model,
            row.budget.to_string().replace(' ', ""),
            row.shards,
            row.workers,
            row.prove_s.median,
            row.prove_s.median / first.prove_s.median,
            row.peak_anon / 1_000_000,
            row.estimated / 1_000_000,
            row.proof_bytes,
            row.verify_s.median,
        );
    }
    text
}
