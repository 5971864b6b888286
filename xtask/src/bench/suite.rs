//! The suite: every model end to end, the scaling with threads, the portable backend; a report as JSON and HTML, and the bars.

mod measure;
mod plan;
mod table;

use std::env;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Map, Value};

use self::plan::{Plan, Planned};
use super::files;
use super::machine::Machine;
use super::report::{Purpose, Report, Series, Settings, Subject};
use super::verdicts;
use crate::prove_model::{Model, Prepared, Request, Source};

/// Forces a backend of the field arithmetic.
const BACKEND: &str = "ZKTORCH_BACKEND";

#[derive(Args)]
#[group(skip)]
pub(super) struct Options {
    /// Proofs per model; the report has median, smallest and largest.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Measure only this model (may be repeated).
    #[arg(long, value_name = "MODEL")]
    only: Vec<Model>,
    /// Small models, one proof each: to see that everything runs. Bars are not judged.
    #[arg(long)]
    quick: bool,
    /// Print the report on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Folder of report.json and report.html.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Thread counts of the scaling.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1,2", value_parser = clap::value_parser!(u16).range(1..))]
    threads_list: Vec<u16>,
    /// Leave out the portable backend.
    #[arg(long)]
    skip_portable: bool,
}

impl Options {
    fn settings(&self) -> Settings {
        let models: Vec<Model> = if !self.only.is_empty() {
            plan::ALL.into_iter().filter(|model| self.only.contains(model)).collect()
        } else if self.quick {
            plan::QUICK.to_vec()
        } else {
            plan::ALL.to_vec()
        };
        Settings {
            subject: Subject::Suite,
            runs: if self.quick { 1 } else { usize::from(self.runs) },
            quick: self.quick,
            models: models.iter().map(|model| model.name()).collect(),
            threads: self.threads_list.iter().copied().map(usize::from).collect(),
        }
    }

    fn out(&self) -> Result<PathBuf> {
        match &self.out {
            Some(out) => Ok(out.clone()),
            None => super::folder(),
        }
    }
}

/// Runs the suite.
///
/// # Errors
/// If something could not be measured or written, or a bar is missed.
pub(super) fn run(options: &Options) -> Result<()> {
    if let Some(backend) = env::var_os(BACKEND) {
        bail!("expected {BACKEND} to be unset, found {}: the suite chooses the backend", backend.display());
    }
    let started = Instant::now();
    let out = options.out()?;
    let settings = options.settings();
    let plan = Plan::new(&settings, !options.skip_portable);
    let cores = thread::available_parallelism()?.get();
    let mut report = Report::new(
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Machine::detect()?,
        settings,
    );
    for group in &plan.groups {
        let ready = || Ready::new(group.model);
        measure::group(
            group,
            report.settings.runs,
            cores,
            ready,
            Ready::prove,
            |planned, threads, result| {
                let model = group.model.name();
                match result {
                    Ok(runs) => report.series.push(Series::new(&model, planned.purpose, threads, runs)),
                    Err(error) => report.fail(model, planned.purpose, threads, &error),
                }
                report.seconds = started.elapsed().as_secs_f64();
                report.conclude();
                files::write(&report, &out)
            },
        )?;
    }
    report.seconds = started.elapsed().as_secs_f64();
    let table = table::text(&report);
    files::write_complete(&mut report, &out, &table, options.json)?;
    verdicts::require(&report, plan::is_whole(&report.settings, !options.skip_portable))
}

/// A model with its keys, and what is measured of them once.
struct Ready {
    prepared: Prepared,
    srs_bytes: u64,
}

impl Ready {
    fn new(model: Model) -> Result<Self> {
        let prepared = Prepared::new(&Request::new(Source::Model(model)))?;
        Ok(Self { srs_bytes: prepared.srs_bytes()?, prepared })
    }

    /// One proof, under the condition that is planned. Only the first one of a model is compared with the float model: the others
    /// state the same outputs.
    fn prove(&self, planned: &Planned, run: usize) -> Result<Map<String, Value>> {
        let env = match planned.purpose {
            Purpose::Portable => vec![(BACKEND.to_owned(), "portable".to_owned())],
            Purpose::Suite | Purpose::Threads => Vec::new(),
        };
        let mut report = if planned.purpose == Purpose::Suite && run == 1 {
            self.prepared.prove(planned.threads, &env)?
        } else {
            self.prepared.prove_again(planned.threads, &env)?
        };
        report.insert("srs_bytes".to_owned(), self.srs_bytes.into());
        Ok(report)
    }
}
