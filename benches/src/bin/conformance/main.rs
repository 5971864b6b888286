//! Runs ONNX's node tests; see `cargo xtask conformance`.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use benches::conformance::report::Report;
use benches::conformance::{Class, Outcome, run};
use benches::proofs::Setups;
use clap::Parser;
use regex::Regex;

/// Compiles, proves, verifies and compares ONNX's node tests.
#[derive(Parser)]
struct Options {
    /// The folder `onnx/backend/test/data/node` of an installed Python package `onnx`.
    #[arg(long, value_name = "DIR")]
    onnx_tests: PathBuf,
    /// Writes all results.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only tests whose names match.
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Only tests that a file names, one a line; each of them has to be right.
    #[arg(long, value_name = "FILE")]
    pinned: Option<PathBuf>,
    /// Tests at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

fn main() -> ExitCode {
    match conformance(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn conformance(options: &Options) -> Result<bool> {
    let start = Instant::now();
    let folder = &options.onnx_tests;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.to_owned()))
        .filter(|name| options.filter.as_ref().is_none_or(|filter| filter.is_match(name)))
        .filter(|name| folder.join(name).join("model.onnx").is_file())
        .collect();
    names.sort();
    if let Some(path) = &options.pinned {
        let list = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let pinned: Vec<&str> = list.lines().filter(|line| !line.is_empty()).collect();
        if let Some(missing) = pinned.iter().find(|name| !names.iter().any(|other| other == *name)) {
            bail!("{}: there is no test {missing} in {}", path.display(), folder.display());
        }
        names.retain(|name| pinned.contains(&name.as_str()));
    }
    if names.is_empty() {
        bail!("{}: there is no such test", folder.display());
    }
    let (setups, next) = (Setups::default(), AtomicUsize::new(0));
    let results: Mutex<Vec<Outcome>> = Mutex::new(Vec::new());
    // A panic is a result; its text would only be in the way.
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(&folder.join(name), &setups);
                    if let Ok(mut results) = results.lock() {
                        results.push(outcome);
                    }
                }
            });
        }
    });
    let mut tests = results.into_inner().unwrap_or_default();
    tests.sort_by(|a, b| a.test.cmp(&b.test));
    let report = Report::new(tests, start.elapsed().as_secs_f64());
    let pinned = options.pinned.is_some();
    for test in report.tests.iter().filter(|test| is_bad(test, pinned)) {
        println!("{}: {:?} ({}): {}", test.test, test.class, test.variant, test.reason);
    }
    let totals: Vec<String> =
        report.totals.iter().map(|(class, count)| format!("{count} {class:?}")).collect();
    println!("{} tests in {:.0} s: {}", report.tests.len(), report.seconds, totals.join(", ").to_lowercase());
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let bad = report.tests.iter().filter(|test| is_bad(test, pinned)).count();
    if pinned {
        println!("{} passed, {bad} failed", report.tests.len() - bad);
    }
    Ok(bad == 0)
}

/// Whether a result is a fault: what is refused with a reason is none, but of tests that are pinned.
fn is_bad(test: &Outcome, pinned: bool) -> bool {
    match test.class {
        Class::Right => test.seconds > 60.0,
        Class::Wrong | Class::Rejected | Class::Crashed | Class::Refused => true,
        Class::Constant | Class::Unsupported => pinned,
    }
}
