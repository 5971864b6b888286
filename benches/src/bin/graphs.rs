//! Random graphs by number; see `benches::graphs`.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use benches::graphs::{Class, Outcome, run};
use benches::proofs::Setups;
use clap::Parser;

/// Builds random models, compiles, proves and verifies them, and compares them with floats.
#[derive(Parser)]
struct Arguments {
    /// Number of the first case.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many.
    #[arg(long, default_value_t = 2000)]
    count: u64,
    /// Where the results go, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the model of the first case goes.
    #[arg(long, value_name = "ONNX")]
    write: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(path) = &arguments.write {
        let graph = benches::graphs::generate(arguments.from).map_err(anyhow::Error::msg)?;
        fs::write(path, graph.bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let (start, setups) = (Instant::now(), Setups::default());
    let mut outcomes: Vec<Outcome> = Vec::new();
    for case in arguments.from..arguments.from + arguments.count {
        let outcome = run(case, &setups);
        if outcome.class > Class::Constant {
            println!("case {case}: {:?}: {}: {}", outcome.class, outcome.reason, outcome.operators.join(" "));
        }
        outcomes.push(outcome);
    }
    summary(&outcomes, start.elapsed().as_secs_f64());
    if let Some(path) = &arguments.json {
        let text = serde_json::to_vec_pretty(&outcomes)?;
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let bad = outcomes.iter().filter(|outcome| outcome.class > Class::Constant).count();
    ensure!(bad == 0, "{bad} of {} cases are not right", outcomes.len());
    Ok(())
}

fn summary(outcomes: &[Outcome], seconds: f64) {
    let (mut classes, mut core) = (BTreeMap::new(), BTreeMap::new());
    for outcome in outcomes {
        *classes.entry(outcome.class).or_insert(0usize) += 1;
        outcome.core.iter().for_each(|(name, count)| *core.entry(name).or_insert(0usize) += count);
    }
    let sum = |of: fn(&Outcome) -> usize| outcomes.iter().map(of).sum::<usize>();
    let largest = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).fold(0.0, f64::max);
    println!("{} cases in {seconds:.1} s: {classes:?}", outcomes.len());
    println!("core operators: {core:?}");
    println!(
        "{} outputs compared, {} of ties; largest error {:.2e} (stated {:.2e}); {} with guard bits; {} committed values",
        sum(|outcome| outcome.compared),
        sum(|outcome| outcome.ties),
        largest(|outcome| outcome.found),
        largest(|outcome| outcome.stated),
        outcomes.iter().filter(|outcome| outcome.guard_bits > 0).count(),
        sum(|outcome| outcome.committed),
    );
}
