//! `cargo xtask bench html`: the page again, from the numbers of an earlier run.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use super::report::{Report, Subject};
use super::{extra, files};

#[derive(Args)]
pub(super) struct Options {
    /// Folder of report.json and mlperf.json (default: target/bench).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let folder = match &options.out {
        Some(out) => out.clone(),
        None => super::folder()?,
    };
    let path = |subject: Subject, extension: &str| folder.join(format!("{}.{extension}", subject.stem()));
    let there: Vec<Subject> =
        Subject::ALL.into_iter().filter(|subject| path(*subject, "json").exists()).collect();
    ensure!(!there.is_empty(), "{}: expected report.json or mlperf.json, found neither", folder.display());
    for subject in there {
        let report = Report::read(&path(subject, "json"))?;
        files::write_html(&report, &extra::read(subject, &folder)?, &folder)?;
        println!("{}", path(subject, "html").display());
    }
    Ok(())
}
