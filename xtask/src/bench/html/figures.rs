//! The plots of a report: which numbers they show, and what is said under them.

use anyhow::Result;
use plotters::style::RGBColor;

use super::super::linear::Point;
use super::super::names::{self, STAGES};
use super::super::published::{self, Origin};
use super::super::report::{Purpose, Report, Series};
use super::super::units::{bytes, digits, seconds, short_count, trimmed};
use super::palette::{CYAN, GREEN, INDIGO, PALE, PARTS, ROSE, SAND, TEAL};
use super::plot::{Axis, Bar, Curve, Row, Scale, Shape, bars, curve};

/// One figure: plots side by side, their legend, and what is said under them.
pub(super) struct Figure {
    pub(super) plots: Vec<String>,
    pub(super) side_by_side: bool,
    pub(super) legend: Vec<(RGBColor, String)>,
    pub(super) caption: String,
}

const WIDE: Shape = Shape { width: 1000, bar: 22, left: 170, right: 90 };
const HALF: Shape = Shape { width: 490, bar: 22, left: 150, right: 72 };
const CURVE: (u32, u32) = (1000, 290);
const SECONDS: Axis = Axis { name: "seconds", scale: Scale::Linear, format: number_tick };
const MILLISECONDS: Axis =
    Axis { name: "milliseconds", scale: Scale::Linear, format: |value| number_tick(1e3 * value) };
/// Models below are shown apart: beside ResNet-50 nothing of them could be seen.
const SMALL_S: f64 = 0.7;

fn number_tick(value: f64) -> String {
    trimmed(digits(value))
}

fn bytes_tick(value: f64) -> String {
    trimmed(bytes(value))
}

fn count_tick(value: f64) -> String {
    trimmed(short_count(value))
}

/// The suite's series, the smallest model first.
fn by_size(report: &Report) -> Vec<&Series> {
    let mut series: Vec<&Series> = report.series(Purpose::Suite).collect();
    let size = |series: &Series| series.median("committed_values").unwrap_or(0.0);
    series.sort_by(|a, b| size(a).total_cmp(&size(b)));
    series
}

/// Where the prover's time goes: small models at the left, large ones at the right. None without stage times.
pub(super) fn stages(report: &Report) -> Result<Option<Figure>> {
    let colours: Vec<RGBColor> = PARTS.into_iter().chain([PALE]).collect();
    let row = |series: &&Series| {
        let parts: Vec<(RGBColor, f64)> = STAGES
            .iter()
            .zip(&colours)
            .filter_map(|((key, _), colour)| Some((*colour, series.median(&format!("stage_s.{key}"))?)))
            .collect();
        let label = series.median("prove_s").map(seconds).unwrap_or_default();
        let name = names::model(&series.model).to_owned();
        (!parts.is_empty()).then(|| Row { name, bars: vec![Bar { parts, label }] })
    };
    let all = by_size(report);
    let slow = |series: &&Series| series.median("prove_s").is_some_and(|time| time >= SMALL_S);
    let large: Vec<Row> = all.iter().filter(|series| slow(series)).filter_map(row).collect();
    let small: Vec<Row> = all.iter().filter(|series| !slow(series)).filter_map(row).collect();
    if large.is_empty() && small.is_empty() {
        return Ok(None);
    }
    let used = |key: &str| {
        all.iter().any(|series| series.median(&format!("stage_s.{key}")).is_some_and(|t| t > 0.0))
    };
    let legend = STAGES.iter().zip(&colours).filter(|((key, _), _)| used(key));
    let mut plots = Vec::new();
    for (rows, axis) in [(large, SECONDS), (small, MILLISECONDS)] {
        if !rows.is_empty() {
            plots.push(bars(&rows, &axis, &WIDE)?);
        }
    }
    Ok(Some(Figure {
        plots,
        side_by_side: false,
        legend: legend.map(|((_, name), colour)| (*colour, (*name).to_owned())).collect(),
        caption: "Wall time of the prover by stage, from parsed input to the bytes of the proof; medians, all threads. Small models \
                  have a plot of their own."
            .to_owned(),
    }))
}

/// Time and memory per committed value.
pub(super) fn size(report: &Report) -> Result<Option<Figure>> {
    let points = &report.linearity.points;
    if points.is_empty() {
        return Ok(None);
    }
    let x = Axis { name: "committed values", scale: Scale::Log, format: count_tick };
    let plot = |y: Axis, colour, value: fn(&Point) -> Option<f64>| {
        let point = |point: &Point| {
            Some((point.committed_values, value(point)?, names::model(&point.model).to_owned()))
        };
        let points = points.iter().filter_map(point).collect();
        curve(&Curve { colour, points }, &x, &y, CURVE)
    };
    let time = Axis { name: "proving, nanoseconds per value", scale: Scale::Log, format: count_tick };
    let memory = Axis { name: "memory, bytes per value", scale: Scale::Log, format: count_tick };
    Ok(Some(Figure {
        plots: vec![
            plot(time, INDIGO, |point| Some(point.ns_per_value))?,
            plot(memory, GREEN, |point| point.bytes_per_value)?,
        ],
        side_by_side: false,
        legend: Vec::new(),
        caption: "Cost per committed value against the size of the model. Fixed costs show at the left, padding in MobileNetV2 and SqueezeNet; else the \
                  line must be flat. Memory is the prover's peak less what the process needs at rest (tables, generators, the key)."
            .to_owned(),
    }))
}

/// The prover on more threads, as a speed-up over one.
pub(super) fn threads(report: &Report) -> Result<Option<Figure>> {
    let colours = [CYAN, INDIGO, TEAL, SAND, ROSE];
    let series: Vec<&Series> = report.series(Purpose::Threads).collect();
    let mut counts: Vec<usize> = series.iter().map(|series| series.threads).collect();
    counts.sort_unstable();
    counts.dedup();
    let colour = |threads: usize| {
        let position = counts.iter().position(|count| *count == threads).unwrap_or(0);
        colours.get(position % colours.len()).copied().unwrap_or(PALE)
    };
    let mut models: Vec<&str> = series.iter().map(|series| series.model.as_str()).collect();
    models.dedup();
    let row = |model: &str| {
        let of_model = || series.iter().filter(|series| series.model == model);
        let alone = of_model().find(|series| series.threads == 1)?.median("prove_s")?;
        let bars = of_model()
            .filter_map(|series| {
                let time = series.median("prove_s")?;
                let label = format!("{}× ({})", digits(alone / time), seconds(time));
                Some(Bar::plain(colour(series.threads), alone / time, label))
            })
            .collect();
        Some(Row { name: names::model(model).to_owned(), bars })
    };
    let rows: Vec<Row> = models.into_iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let axis = Axis { name: "speed-up over one thread", scale: Scale::Linear, format: number_tick };
    let threads = |count: &usize| {
        (colour(*count), format!("{count} {}", if *count == 1 { "thread" } else { "threads" }))
    };
    Ok(Some(Figure {
        plots: vec![bars(&rows, &axis, &Shape { bar: 18, right: 120, ..WIDE })?],
        side_by_side: false,
        legend: counts.iter().map(threads).collect(),
        caption: "Proving on a given number of threads, with the same keys; in brackets the median time."
            .to_owned(),
    }))
}

/// Peak memory of the processes.
pub(super) fn memory(report: &Report) -> Result<Option<Figure>> {
    const PROCESSES: [(&str, RGBColor); 4] =
        [("compile", SAND), ("setup", ROSE), ("prove", INDIGO), ("verify", TEAL)];
    let row = |series: &&Series| {
        let bars: Vec<Bar> = PROCESSES
            .iter()
            .filter_map(|(process, colour)| {
                let peak = series.median(&format!("peak_rss_bytes_by_stage.{process}"))?;
                Some(Bar::plain(*colour, peak, bytes(peak)))
            })
            .collect();
        let name = names::model(&series.model).to_owned();
        (!bars.is_empty()).then_some(Row { name, bars })
    };
    let rows: Vec<Row> = by_size(report).iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let axis = Axis { name: "peak resident memory (logarithmic)", scale: Scale::Log, format: bytes_tick };
    Ok(Some(Figure {
        plots: vec![bars(&rows, &axis, &Shape { bar: 13, ..WIDE })?],
        side_by_side: false,
        legend: PROCESSES.iter().map(|(process, colour)| (*colour, (*process).to_owned())).collect(),
        caption: "The most memory that each process had resident; every stage is a process of its own."
            .to_owned(),
    }))
}

/// What a verifier gets and does.
pub(super) fn verifier(report: &Report) -> Result<Option<Figure>> {
    let plot = |key: &str, colour, axis: &Axis, label: fn(f64) -> String| -> Result<Option<String>> {
        let row = |series: &&Series| {
            let value = series.median(key)?;
            let name = names::model(&series.model).to_owned();
            Some(Row { name, bars: vec![Bar::plain(colour, value, label(value))] })
        };
        let rows: Vec<Row> = by_size(report).iter().filter_map(row).collect();
        if rows.is_empty() { Ok(None) } else { bars(&rows, axis, &HALF).map(Some) }
    };
    let size = Axis { name: "proof", scale: Scale::Linear, format: bytes_tick };
    let time = Axis { name: "verifying, milliseconds", ..MILLISECONDS };
    let plots: Vec<String> =
        [plot("proof_bytes", TEAL, &size, bytes)?, plot("verify_s", INDIGO, &time, seconds)?]
            .into_iter()
            .flatten()
            .collect();
    Ok((!plots.is_empty()).then(|| Figure {
        plots,
        side_by_side: true,
        legend: Vec::new(),
        caption:
            "Size of the proof file, and the time to verify it with a key that has been read and checked."
                .to_owned(),
    }))
}

/// Proving times of others beside ours.
pub(super) fn peers(report: &Report) -> Result<Option<Figure>> {
    let mut rows: Vec<Row> = Vec::new();
    let figures = published::figures(report.settings.subject);
    let mut models: Vec<&str> = figures.iter().map(|figure| figure.model).collect();
    models.dedup();
    for model in models {
        let Some(ours) = report.find(model, Purpose::Suite).and_then(|series| series.median("prove_s"))
        else {
            continue;
        };
        let mut bars = vec![Bar::plain(INDIGO, ours, format!("this report, {}", seconds(ours)))];
        for figure in figures.iter().filter(|figure| figure.model == model) {
            let colour = match figure.origin {
                Origin::Published => ROSE,
                Origin::Measured => SAND,
            };
            bars.push(Bar::plain(
                colour,
                figure.prove_s,
                format!("{}, {}", figure.system, trimmed(seconds(figure.prove_s))),
            ));
        }
        rows.push(Row { name: names::model(model).to_owned(), bars });
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let axis = Axis { name: "proving, seconds (logarithmic)", scale: Scale::Log, format: number_tick };
    Ok(Some(Figure {
        plots: vec![bars(&rows, &axis, &Shape { bar: 18, right: 150, ..WIDE })?],
        side_by_side: false,
        legend: vec![
            (INDIGO, "this report".to_owned()),
            (ROSE, "published by its authors, on their hardware".to_owned()),
            (SAND, "measured by us on two cores".to_owned()),
        ],
        caption:
            "Proving times. The machines differ (see the table), so only orders of magnitude can be compared."
                .to_owned(),
    }))
}
