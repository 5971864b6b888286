//! `cargo xtask zoo`: trained models that packages of PyPI and npm ship, proved, and compared with ONNX Runtime.
//!
//! `benches/zoo/manifest.toml` says which; packages and what is made of them lie under `target/zoo/`. Inputs, and what
//! ONNX Runtime makes of them, come from `benches/zoo/reference.py`.

mod compare;
mod manifest;
mod packages;
mod report;
mod stages;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use regex::Regex;

pub(crate) use self::manifest::{Package, Registry};
pub(crate) use self::packages::archive;

use self::manifest::{Manifest, Model};
use self::report::{Class, Entry, Report};
use self::stages::Bench;
use crate::{prove_model, python, workspace};

const MANIFEST: &str = "benches/zoo/manifest.toml";
const REQUIREMENTS: &str = "benches/zoo/requirements.txt";
const REFERENCE: &str = "benches/zoo/reference.py";

#[derive(Args)]
pub(crate) struct Options {
    /// Only models whose names match.
    #[arg(long, value_name = "REGEX")]
    only: Option<Regex>,
    /// Writes all results.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The command line to try [default: it is built].
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Seconds that the four commands may take for one model, together.
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    time_cap: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root()?;
    let manifest = Manifest::read(&root.join(MANIFEST))?;
    let wanted = |model: &&Model| options.only.as_ref().is_none_or(|only| only.is_match(&model.name));
    let models: Vec<&Model> = manifest.models.iter().filter(wanted).collect();
    if models.is_empty() {
        bail!("--only: {MANIFEST} has no such model");
    }
    let folder = root.join("target").join("zoo");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let binary = match &options.binary {
        Some(path) => {
            path.canonicalize().with_context(|| format!("--binary: cannot find {}", path.display()))?
        }
        None => prove_model::command_line()?,
    };
    let bench = Bench {
        manifest: &manifest,
        binary,
        python: python::environment(&root.join(REQUIREMENTS), &folder)?,
        reference: root.join(REFERENCE),
        archives: folder.join("archives"),
        work: folder.join("work"),
        cap: Duration::from_secs(options.time_cap),
    };
    let mut report = Report::default();
    println!("{}", Entry::HEADER);
    for model in models {
        let entry = bench.entry(model);
        println!("{entry}");
        report.models.push(entry);
    }
    println!("{}", report.totals());
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let faults = report.count(Class::Wrong) + report.count(Class::Crashed);
    match faults {
        0 => Ok(()),
        _ => bail!("{faults} of {} models are wrong or crash", report.models.len()),
    }
}
