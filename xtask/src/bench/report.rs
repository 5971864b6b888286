//! `report.json`: what a run of the suite measured. `docs/performance.md` explains the keys to readers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bars::{self, Judgement};
use super::linear::{self, Linearity};
use super::machine::Machine;
use super::spread::{Spread, summarise};

/// The version of the format: it changes when a key changes its meaning or goes away.
pub(super) const FORMAT: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Report {
    /// [`FORMAT`].
    pub(super) format: u32,
    /// When the run began (UTC, RFC 3339).
    pub(super) started: String,
    /// Seconds that it took, builds included.
    pub(super) seconds: f64,
    /// Whether everything planned has been measured: the file is written after every series.
    pub(super) complete: bool,
    /// What it ran on.
    pub(super) machine: Machine,
    /// What was asked for.
    pub(super) settings: Settings,
    /// What was measured, in this order.
    pub(super) series: Vec<Series>,
    /// What could not be measured.
    pub(super) failures: Vec<Failure>,
    /// The bars, judged on medians.
    pub(super) bars: Vec<Judgement>,
    /// Cost against the size of the model.
    pub(super) linearity: Linearity,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// The suite's models.
    #[default]
    Suite,
    /// The rows of `cargo xtask bench mlperf`.
    MlPerf,
}

impl Subject {
    pub(super) const ALL: [Self; 2] = [Self::Suite, Self::MlPerf];

    /// The name of its files without their extension.
    pub(super) fn stem(self) -> &'static str {
        match self {
            Self::Suite => "report",
            Self::MlPerf => "mlperf",
        }
    }

    /// What makes it.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Suite => "cargo xtask bench",
            Self::MlPerf => "cargo xtask bench mlperf",
        }
    }

    /// The heading of its page.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Suite => "zktorch: end-to-end benchmark",
            Self::MlPerf => "zktorch: the models of MLPerf and language models",
        }
    }
}

/// The options of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// What is measured.
    #[serde(default)]
    pub(super) subject: Subject,
    /// Proofs per series.
    pub(super) runs: usize,
    /// Small models and one run only; no bar is judged.
    pub(super) quick: bool,
    /// The models, or rows.
    pub(super) models: Vec<String>,
    /// The thread counts of the scaling.
    pub(super) threads: Vec<usize>,
}

/// What a series is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// The model on all threads with the backend that the machine chooses.
    Suite,
    /// The model on a given number of threads.
    Threads,
    /// The model with the portable arithmetic forced.
    Portable,
}

/// The runs of one model under one condition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Series {
    /// The model's name.
    pub(super) model: String,
    /// What the series is for.
    pub(super) purpose: Purpose,
    /// Threads of each stage.
    pub(super) threads: usize,
    /// What every run printed: the keys of `cargo xtask prove-model --json`. Compilation and setup happen once, so their keys are
    /// the same in all runs.
    pub(super) runs: Vec<Map<String, Value>>,
    /// Of every number in the runs: median, smallest, largest. Numbers inside an object have both names: `stage_s.commit`.
    #[serde(default)]
    pub(super) summary: BTreeMap<String, Spread>,
}

impl Series {
    /// A series from its runs.
    pub(super) fn new(model: &str, purpose: Purpose, threads: usize, runs: Vec<Map<String, Value>>) -> Self {
        let summary = summarise(&runs);
        Self { model: model.to_owned(), purpose, threads, runs, summary }
    }

    /// The median of a key.
    pub(super) fn median(&self, key: &str) -> Option<f64> {
        self.summary.get(key).map(|spread| spread.median)
    }
}

/// A series that ended with an error.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) model: String,
    pub(super) purpose: Purpose,
    pub(super) threads: usize,
    /// The error and its causes.
    pub(super) error: String,
}

impl Report {
    /// A run that has measured nothing yet.
    pub(super) fn new(started: String, machine: Machine, settings: Settings) -> Self {
        Self {
            format: FORMAT,
            started,
            seconds: 0.0,
            complete: false,
            machine,
            settings,
            series: Vec::new(),
            failures: Vec::new(),
            bars: Vec::new(),
            linearity: Linearity::default(),
        }
    }

    /// Notes and shows what could not be measured.
    pub(super) fn fail(&mut self, model: String, purpose: Purpose, threads: usize, error: &anyhow::Error) {
        let error = format!("{error:#}");
        eprintln!("error: {model}: {error}");
        self.failures.push(Failure { model, purpose, threads, error });
    }

    /// Computes what follows from the series.
    pub(super) fn conclude(&mut self) {
        // Where weights dominate, a time per committed value says nothing.
        self.linearity = match self.settings.subject {
            Subject::Suite => linear::of(self),
            Subject::MlPerf => Linearity::default(),
        };
        self.bars = if self.settings.quick { Vec::new() } else { bars::judge(self) };
    }

    /// The series for a purpose.
    pub(super) fn series(&self, purpose: Purpose) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(move |series| series.purpose == purpose)
    }

    /// One model's series for a purpose.
    pub(super) fn find(&self, model: &str, purpose: Purpose) -> Option<&Series> {
        self.series(purpose).find(|series| series.model == model)
    }

    /// Reads a report that was written before; what follows from the runs is computed again.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let value: Value =
            serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        match value.get("format").and_then(Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            format => bail!("{}: expected format {FORMAT}, got {format:?}", path.display()),
        }
        let mut report: Self =
            serde_json::from_value(value).with_context(|| format!("{} is not a report", path.display()))?;
        for series in &mut report.series {
            series.summary = summarise(&series.runs);
        }
        report.conclude();
        Ok(report)
    }
}
