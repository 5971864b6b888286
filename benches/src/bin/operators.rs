//! Writes `docs/operators.md`; see `cargo xtask operators`.
#![allow(clippy::print_stdout, reason = "a command-line tool: its results go to stdout")]

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use benches::operators::{PAGE, RESULTS, encode, kept, of_run, page, root};
use clap::Parser;

/// Writes the page about operators.
#[derive(Parser)]
struct Options {
    /// What `cargo xtask conformance --json` wrote of a whole run: its results are kept.
    #[arg(long, value_name = "JSON")]
    results: Option<PathBuf>,
}

fn main() -> Result<()> {
    let (options, root) = (Options::parse(), root());
    if let Some(path) = &options.results {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let results =
            of_run(&text).with_context(|| format!("{} is no result of conformance", path.display()))?;
        fs::write(root.join(RESULTS), encode(&results)?)
            .with_context(|| format!("cannot write {RESULTS}"))?;
        println!("{RESULTS}: {} operators", results.len());
    }
    fs::write(root.join(PAGE), page(&root, &kept(&root)?)?)
        .with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE}: written");
    Ok(())
}
