//! `cargo xtask bench`: what is measured, each part in a file of its own. Without a subcommand it is the whole suite.

mod ablation;
mod bars;
mod core;
mod extra;
mod files;
mod html;
mod linear;
mod machine;
mod mlperf;
mod names;
mod peers;
mod published;
mod render;
mod report;
mod shards;
mod spread;
mod suite;
#[cfg(test)]
mod testing;
mod units;
mod verdicts;

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::workspace;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    suite: suite::Options,
}

#[derive(Subcommand)]
enum Part {
    /// Kernels of the core crates, as ratios to arkworks on the same inputs in the same process.
    Core(core::Options),
    /// What each part of the design is worth: the same work with it and without.
    Ablation(ablation::Options),
    /// The models of MLPerf and language models, beside what ZKTorch's authors publish.
    #[command(name = "mlperf")]
    MlPerf(mlperf::Options),
    /// A model in one piece and in shards, as memory asks for, by one process and by several.
    Shards(shards::Options),
    /// EZKL on the same models and inputs, beside us.
    Peers(peers::Options),
    /// Make the pages again: report.html from report.json and the other parts' files beside it, mlperf.html from mlperf.json.
    Html(render::Options),
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.part {
        None => suite::run(&options.suite),
        Some(Part::Core(core)) => core::run(core),
        Some(Part::Ablation(ablation)) => ablation::run(ablation),
        Some(Part::MlPerf(mlperf)) => mlperf::run(mlperf),
        Some(Part::Shards(shards)) => shards::run(shards),
        Some(Part::Peers(peers)) => peers::run(peers),
        Some(Part::Html(html)) => render::run(html),
    }
}

/// Where results are kept unless told otherwise: `bench` in cargo's target folder.
fn folder() -> Result<PathBuf> {
    let root = workspace::root()?;
    // A relative one is relative to the root, where cargo runs.
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    Ok(target.join("bench"))
}
