//! `cargo xtask prove-model`: a model end to end through the command line, every stage a process of its own.
//!
//! The subcommand is a thin wrapper: [`measure`] does the work and gives back the object that `--json` prints, so that other
//! subcommands can measure models too.

mod catalogue;
mod children;
mod generate;
mod measure;
mod request;
mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

pub(crate) use catalogue::Model;
pub(crate) use measure::{Prepared, measure};
pub(crate) use request::{Request, Source};

#[derive(Args)]
pub(crate) struct Options {
    /// The model.
    model: Model,
    /// Print one JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Threads of each stage (default: all).
    #[arg(long)]
    threads: Option<usize>,
    /// Folder in which every stage's files stay (default: target/prove-model/MODEL).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Options {
    fn request(&self) -> Request {
        Request { threads: self.threads, out: self.out.clone(), ..Request::new(Source::Model(self.model)) }
    }
}

/// The subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    let report = measure(&options.request())?;
    table::print(&report, options.json);
    Ok(())
}
