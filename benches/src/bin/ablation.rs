//! The ablations of the libraries' parts, as one JSON object on stdout: `cargo xtask bench ablation` starts this and adds
//! whole proofs.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use benches::ablation::{self, Size};
use clap::Parser;
use serde_json::{Map, Value, json};
use zktorch_field::BackendKind;

/// The variable by which the field crate is told to use its portable backend.
const BACKEND: &str = "ZKTORCH_BACKEND";

/// Measures what each part of the design is worth.
#[derive(Parser)]
struct Options {
    /// Small sizes: to see that everything runs.
    #[arg(long)]
    quick: bool,
    /// Instances that are accumulated (default: 64, as in ResNet-50).
    #[arg(long)]
    instances: Option<usize>,
    /// log2 of the entries of a chunk (default: 19).
    #[arg(long)]
    log_size: Option<usize>,
    /// Rounds in which every variant runs once (default: 5).
    #[arg(long)]
    rounds: Option<usize>,
    /// Only what is compared between backends: how the parent process times the portable one.
    #[arg(long, hide = true)]
    backends_only: bool,
}

impl Options {
    fn size(&self) -> Result<Size> {
        let default = if self.quick { Size::QUICK } else { Size::RESNET };
        let size = Size {
            instances: self.instances.unwrap_or(default.instances),
            log_size: self.log_size.unwrap_or(default.log_size),
            rounds: self.rounds.unwrap_or(default.rounds),
        };
        ensure!(
            (2..=1 << 12).contains(&size.instances),
            "--instances {}: expected 2 to 4096",
            size.instances
        );
        ensure!((8..=22).contains(&size.log_size), "--log-size {}: expected 8 to 22", size.log_size);
        ensure!(size.rounds > 0, "--rounds 0: expected at least 1");
        Ok(size)
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    let size = options.size()?;
    let mut report = ablation::run(size, options.backends_only)?;
    if !options.backends_only {
        let portable = portable(size)?;
        report.insert("backends".into(), compare(&report, &portable)?);
    }
    println!("{}", Value::Object(report));
    Ok(())
}

/// The same on the portable backend. Backends are chosen once per process, hence the child.
fn portable(size: Size) -> Result<Map<String, Value>> {
    eprintln!("the same on the portable backend:");
    let mut command = Command::new(env::current_exe().context("where is this program?")?);
    command.arg("--backends-only").env(BACKEND, "portable").stdin(Stdio::null()).stderr(Stdio::inherit());
    for (flag, value) in
        [("--instances", size.instances), ("--log-size", size.log_size), ("--rounds", size.rounds)]
    {
        command.args([flag, &value.to_string()]);
    }
    let output = command.output().context("cannot start the portable run")?;
    ensure!(output.status.success(), "the portable run ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the portable run printed no JSON object")
}

/// What is timed on both backends: its name, and where its seconds are in the report.
const COMPARED: &[(&str, &str)] = &[
    ("levels", "/accumulation/levels/seconds"),
    ("parallel", "/accumulation/parallel/seconds"),
    ("shared_buckets", "/buckets/shared"),
    ("msm_full_width", "/buckets/parts/msm_full_width"),
];
/// What must be the same on both.
const DIGESTS: &[&str] = &[
    "/buckets/digest",
    "/accumulation/levels/digest",
    "/accumulation/parallel/digest",
    "/accumulation/sequential/digest",
];

/// The results must be the same; the times side by side.
fn compare(ours: &Map<String, Value>, portable: &Map<String, Value>) -> Result<Value> {
    let (ours, portable) = (Value::Object(ours.clone()), Value::Object(portable.clone()));
    for pointer in DIGESTS {
        let [ours, portable] =
            [&ours, &portable].map(|report| report.pointer(pointer).and_then(Value::as_str));
        ensure!(
            ours.is_some() && ours == portable,
            "{pointer}: {ours:?} here, {portable:?} on the portable backend"
        );
    }
    let mut report = Map::new();
    report.insert("names".into(), json!([BackendKind::active().name(), portable.pointer("/run/backend")]));
    report.insert("same_results".into(), json!(true));
    for (name, pointer) in COMPARED {
        let median = |report: &Value, threads: &str| {
            let seconds = report.pointer(pointer).map(|times| &times[threads]["median"]);
            seconds.and_then(Value::as_f64).with_context(|| format!("{pointer} has no median on {threads}"))
        };
        let mut entry = Map::new();
        for threads in ["one_thread", "all_threads"] {
            let (here, there) = (median(&ours, threads)?, median(&portable, threads)?);
            entry.insert(threads.into(), json!({ "s": here, "portable_s": there, "speedup": there / here }));
        }
        report.insert((*name).to_owned(), entry.into());
    }
    Ok(report.into())
}
