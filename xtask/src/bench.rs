//! `cargo xtask bench`: what is measured, each part in a file of its own.

mod core;

use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Kernels of the core crates, as ratios to arkworks on the same inputs in the same process.
    Core(core::Options),
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.part {
        Part::Core(core) => core::run(core),
    }
}
