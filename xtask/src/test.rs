//! `cargo xtask test`: everything that must hold before a change lands, as stages with times and one summary.

mod browser;
mod contract;
mod counts;
mod package;
mod process;
mod published;
mod stage;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::workspace::Workspace;
use counts::Counts;
use stage::{Outcome, Stage};

/// Which stages run, and for how long the fuzzers do.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the stages that find most mistakes soonest: fmt, clippy, tidy, test, field-ifma.
    #[arg(long, conflicts_with = "stage")]
    quick: bool,
    /// Run only this stage (may be repeated).
    #[arg(long, value_name = "STAGE")]
    stage: Vec<Stage>,
    /// Leave this stage out (may be repeated).
    #[arg(long, value_name = "STAGE")]
    skip: Vec<Stage>,
    /// Seconds that each `fuzz_*` test runs in the fuzz stage.
    #[arg(long, default_value_t = 18)]
    fuzz_seconds: u64,
    /// Stop after the first stage that fails.
    #[arg(long)]
    fail_fast: bool,
}

impl Options {
    fn stages(&self) -> Vec<Stage> {
        let wanted = |stage: &Stage| {
            let listed = self.stage.is_empty() || self.stage.contains(stage);
            listed && !self.skip.contains(stage) && (!self.quick || stage.is_quick())
        };
        Stage::value_variants().iter().copied().filter(wanted).collect()
    }
}

/// One line of the table.
struct Line {
    stage: Stage,
    outcome: Outcome,
    time: Duration,
}

/// The subcommand. The last line it prints is `N passed, N failed`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::load()?;
    let mut lines = Vec::new();
    for stage in options.stages() {
        println!("\n=== {}: {}", stage.name(), stage.purpose());
        let start = Instant::now();
        let outcome = stage.run(&workspace, options.fuzz_seconds)?;
        let failed = outcome.counts().failed > 0;
        lines.push(Line { stage, outcome, time: start.elapsed() });
        if failed && options.fail_fast {
            break;
        }
    }
    print_table(&lines);
    let total = lines.iter().map(|line| line.outcome.counts()).sum::<Counts>();
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("the checks failed");
    }
    Ok(())
}

/// A stage without tests of its own counts as one check.
fn print_table(lines: &[Line]) {
    println!("\n{:<16} {:>8}  result", "stage", "seconds");
    for Line { stage, outcome, time } in lines {
        println!("{:<16} {:>8.1}  {outcome}", stage.name(), time.as_secs_f64());
    }
    let total: Duration = lines.iter().map(|line| line.time).sum();
    println!("{:<16} {:>8.1}\n", "all", total.as_secs_f64());
}
