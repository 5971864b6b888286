//! `cargo xtask bench html`: the page again, from the numbers of an earlier run.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::report::Report;
use super::{extra, files};

#[derive(Args)]
pub(super) struct Options {
    /// Folder of report.json (default: target/bench).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let folder = match &options.out {
        Some(out) => out.clone(),
        None => super::folder()?,
    };
    let report = Report::read(&folder.join("report.json"))?;
    files::write_html(&report, &extra::read(&folder)?, &folder)?;
    println!("{}", folder.join("report.html").display());
    Ok(())
}
