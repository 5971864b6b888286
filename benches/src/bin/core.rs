//! `cargo xtask bench core`: every kernel of the core beside its reference, in one run.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use benches::context::Context;
use benches::kernels::{KERNELS, Kernel};
use benches::report::table;
use clap::Parser;
use serde_json::{Map, Value, json};
use zktorch_field::BackendKind;

/// The variable by which the field crate is told to use its portable backend.
const BACKEND: &str = "ZKTORCH_BACKEND";

/// Measures the kernels of the core crates against arkworks.
#[derive(Parser)]
struct Options {
    /// One JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Only this key (may be repeated).
    #[arg(long, value_name = "KEY")]
    only: Vec<String>,
    /// Smaller sizes and fewer repetitions; bars are not judged.
    #[arg(long)]
    quick: bool,
    /// Print the keys and stop.
    #[arg(long)]
    list: bool,
    /// Only our side: how the parent process times the portable backend.
    #[arg(long, hide = true)]
    ours_only: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.list {
        for kernel in KERNELS {
            println!("{}.{}", kernel.key, kernel.target.quantity);
        }
        return Ok(());
    }
    for key in &options.only {
        ensure!(KERNELS.iter().any(|kernel| kernel.key == key), "no kernel {key}; --list shows them all");
    }
    let kernels: Vec<&Kernel> = KERNELS
        .iter()
        .filter(|kernel| options.only.is_empty() || options.only.iter().any(|key| key == kernel.key))
        .filter(|kernel| kernel.portable || !options.ours_only)
        .collect();

    let report = measure(&options, &kernels)?;
    if options.ours_only {
        println!("{report}");
        return Ok(());
    }
    let columns: Vec<_> = kernels.iter().map(|kernel| (kernel.key, kernel.target)).collect();
    let table = table(&report, &columns);
    if options.json {
        eprintln!("{table}");
        println!("{report:#}");
    } else {
        println!("{table}");
    }
    Ok(())
}

/// All the kernels here, then once more on the portable backend in a child process.
fn measure(options: &Options, kernels: &[&Kernel]) -> Result<Value> {
    let context = Context::new(options.quick, options.ours_only)?;
    let mut report = Map::new();
    for kernel in kernels {
        eprintln!("{} ...", kernel.key);
        let measured = (kernel.run)(&context).with_context(|| kernel.key)?;
        report.insert(kernel.key.to_owned(), measured.to_json(&kernel.target, !options.quick));
    }
    if !options.ours_only {
        add_portable(&mut report, portable(options, kernels)?);
        report.insert("run".into(), describe(options, &context));
    }
    Ok(report.into())
}

/// The raw times of the portable backend. Backends are chosen once per process, hence the child.
fn portable(options: &Options, kernels: &[&Kernel]) -> Result<Value> {
    let mut command = Command::new(env::current_exe().context("where is this program?")?);
    command.arg("--ours-only").env(BACKEND, "portable").stdin(Stdio::null()).stderr(Stdio::inherit());
    if options.quick {
        command.arg("--quick");
    }
    let repeated: Vec<&str> =
        kernels.iter().filter(|kernel| kernel.portable).map(|kernel| kernel.key).collect();
    if repeated.is_empty() {
        return Ok(json!({}));
    }
    for key in repeated {
        command.args(["--only", key]);
    }
    eprintln!("the same on the portable backend:");
    let output = command.output().context("cannot start the portable run")?;
    ensure!(output.status.success(), "the portable run ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("the portable run printed no JSON object")
}

fn add_portable(report: &mut Map<String, Value>, portable: Value) {
    for (key, kernel) in report {
        if let Some(times) = portable.get(key).map(|other| &other["seconds"]["ours"])
            && !times.is_null()
        {
            kernel["seconds"]["portable"] = times.clone();
        }
    }
}

/// What the numbers depend on beside the code.
fn describe(options: &Options, context: &Context) -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({
        "quick": options.quick,
        "threads": context.threads(),
        "backend": BackendKind::active().name(),
        "cpu": cpu.map(|(_, name)| name),
    })
}
