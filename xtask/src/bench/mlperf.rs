//! `cargo xtask bench mlperf`: the models of MLPerf and language models that ZKTorch's authors measure, end to end, beside what they
//! publish; a report as JSON and HTML, and the bars.

mod table;

use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};

use super::machine::Machine;
use super::report::{Purpose, Report, Series, Settings, Subject};
use super::{files, names, verdicts};
use crate::prove_model::{Model, Oracle, Prepared, Request, Source};

#[derive(Args)]
pub(super) struct Options {
    /// Measure only this row (may be repeated); without it all that take less than a minute or two.
    #[arg(long, value_name = "ROW", value_parser = PossibleValuesParser::new(ROWS.map(|row| row.name)))]
    only: Vec<String>,
    /// Proofs per row; the report has median, smallest and largest.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Print the report on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Folder of mlperf.json and mlperf.html (default: target/bench).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A model with a number of tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// On the command line and in the report.
    pub(super) name: &'static str,
    pub(super) model: Model,
    /// None: the model has none, or its usual number.
    tokens: Option<usize>,
    weight: Weight,
}

/// Whether a row is measured when none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Light,
    /// It takes minutes, several GB, or a download.
    Heavy,
}

const fn row(name: &'static str, model: Model, tokens: Option<usize>, weight: Weight) -> Row {
    Row { name, model, tokens, weight }
}

/// In the order of the table.
pub(super) const ROWS: [Row; 13] = [
    row("bert-1", Model::Bert, Some(1), Weight::Light),
    row("bert-128", Model::Bert, Some(128), Weight::Heavy),
    row("gpt2-16", Model::Gpt2, Some(16), Weight::Light),
    row("gpt2-64", Model::Gpt2, Some(64), Weight::Heavy),
    row("smollm2-64", Model::Smollm2, Some(64), Weight::Heavy),
    row("rnnt", Model::Rnnt, None, Weight::Light),
    row("llama-layer", Model::LlamaLayer, Some(1), Weight::Light),
    row("llama7b", Model::Llama7b, Some(1), Weight::Heavy),
    row("gptj", Model::Gptj, Some(2), Weight::Heavy),
    row("vit", Model::Vit, None, Weight::Heavy),
    row("retinanet", Model::Retinanet, None, Weight::Heavy),
    row("unet3d", Model::Unet3d, None, Weight::Heavy),
    row("resnet", Model::Resnet, None, Weight::Light),
];

impl Options {
    fn rows(&self) -> Vec<Row> {
        let wanted = |row: &Row| match &self.only[..] {
            [] => row.weight == Weight::Light,
            only => only.iter().any(|name| name == row.name),
        };
        ROWS.into_iter().filter(wanted).collect()
    }
}

/// Measures the rows.
///
/// # Errors
/// If something could not be measured or written, or a row misses a bar.
pub(super) fn run(options: &Options) -> Result<()> {
    let started = Instant::now();
    let out = match &options.out {
        Some(out) => out.clone(),
        None => super::folder()?,
    };
    let rows = options.rows();
    let cores = thread::available_parallelism()?.get();
    let settings = Settings {
        subject: Subject::MlPerf,
        runs: usize::from(options.runs),
        quick: false,
        models: rows.iter().map(|row| row.name.to_owned()).collect(),
        threads: Vec::new(),
    };
    let mut report = Report::new(
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Machine::detect()?,
        settings,
    );
    for row in &rows {
        match row.measure(report.settings.runs) {
            Ok(runs) => report.series.push(Series::new(row.name, Purpose::Suite, cores, runs)),
            Err(error) => report.fail(row.name.to_owned(), Purpose::Suite, cores, &error),
        }
        report.seconds = started.elapsed().as_secs_f64();
        report.conclude();
        files::write(&report, &out)?;
    }
    let table = table::text(&report);
    files::write_complete(&mut report, &out, &table, options.json)?;
    // Only the bars of the rows that were asked for are judged: they are all there is to reach.
    verdicts::require(&report, true)
}

impl Row {
    fn request(&self) -> Request {
        Request {
            tokens: self.tokens,
            perplexity: self.model.reads_text(),
            // Tract reads no tokens, and a floor of plain commitments says nothing where weights dominate.
            oracle: Oracle::Own,
            floor: false,
            ..Request::new(Source::Model(self.model))
        }
    }

    /// What each proof gave. Only the first is compared with the float model: the others state the same outputs.
    fn measure(&self, runs: usize) -> Result<Vec<Map<String, Value>>> {
        let prepared = Prepared::new(&self.request())?;
        (1..=runs)
            .map(|run| {
                eprintln!("\n=== {}, run {run} of {runs}", names::model(self.name));
                if run == 1 { prepared.prove(None, &[]) } else { prepared.prove_again(None, &[]) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn rows(args: &[&str]) -> Vec<&'static str> {
        let line = Line::try_parse_from([&["mlperf"], args].concat()).unwrap();
        line.options.rows().iter().map(|row| row.name).collect()
    }

    #[test]
    fn heavy_rows_are_measured_when_they_are_named() {
        assert_eq!(rows(&[]), ["bert-1", "gpt2-16", "rnnt", "llama-layer", "resnet"]);
        assert_eq!(rows(&["--only", "vit", "--only", "bert-1"]), ["bert-1", "vit"]);
        let Err(error) = Line::try_parse_from(["mlperf", "--only", "bert"]) else { panic!("no such row") };
        assert!(error.to_string().contains("bert-128"), "{error}");
    }

    #[test]
    fn every_row_has_a_name_and_tokens_only_if_its_model_reads_some() {
        for row in ROWS {
            assert_ne!(names::model(row.name), row.name);
            assert!(row.tokens.is_none() || row.model.is_sequence(), "{}", row.name);
        }
    }
}
