//! The tables of the page. None where a report has nothing for a table.

use maud::{Markup, html};
use serde_json::Value;

use super::super::bars::Verdict;
use super::super::extra::Extra;
use super::super::names;
use super::super::published::{self, Origin};
use super::super::report::{Purpose, Report, Series};
use super::super::units::{bytes, digits, grouped, quantity, range, seconds, trimmed};

/// What stands where nothing was measured.
const NOTHING: &str = "–";

pub(super) fn bars(report: &Report) -> Option<Markup> {
    (!report.bars.is_empty()).then(|| {
        html! {
            div class="scroll" { table {
                thead { tr { th { "Quantity" } th { "Median" } th { "Bar" } th { "Stretch" } th { "Verdict" } } }
                tbody { @for bar in &report.bars { tr {
                    td { (bar.what) }
                    td { (bar.value.map_or_else(|| NOTHING.to_owned(), |value| quantity(bar.unit, value))) }
                    td { "≤\u{a0}" (trimmed(quantity(bar.unit, bar.bar))) }
                    td { @if let Some(stretch) = bar.stretch { "≤\u{a0}" (trimmed(quantity(bar.unit, stretch))) } @else { (NOTHING) } }
                    td { (verdict(bar.verdict)) }
                } } }
            } }
            p class="note" { "A bar must be reached; the stretch is what the design aims at. Smaller is better everywhere." }
        }
    })
}

fn verdict(verdict: Verdict) -> Markup {
    let (class, text) = match verdict {
        Verdict::Stretch => ("stretch", "✓✓ stretch"),
        Verdict::Pass => ("pass", "✓ bar"),
        Verdict::Missed => ("missed", "✗ missed"),
        Verdict::NotMeasured => ("open", "not measured"),
    };
    html! { span class={ "verdict " (class) } { (text) } }
}

/// A median with the range of the runs under it.
fn spread(series: &Series, key: &str, format: fn(f64) -> String) -> Markup {
    html! {
        @if let Some(spread) = series.summary.get(key) {
            (format(spread.median))
            @if spread.max > spread.min {
                span class="range" { (range(&format(spread.min), &format(spread.max))) }
            }
        } @else { (NOTHING) }
    }
}

/// A median alone.
fn median(series: &Series, key: &str, format: fn(f64) -> String) -> String {
    series.median(key).map_or_else(|| NOTHING.to_owned(), format)
}

/// A model's name, and under it the condition if it is not the usual one.
fn name(series: &Series) -> Markup {
    let condition = match series.purpose {
        Purpose::Suite => None,
        Purpose::Threads if series.threads == 1 => Some("1 thread".to_owned()),
        Purpose::Threads => Some(format!("{} threads", series.threads)),
        Purpose::Portable => Some("portable backend".to_owned()),
    };
    html! {
        (names::model(&series.model))
        @if let Some(condition) = condition { span class="range" { (condition) } }
    }
}

pub(super) fn models(report: &Report) -> Option<Markup> {
    let all: Vec<&Series> = report.series(Purpose::Suite).chain(report.series(Purpose::Portable)).collect();
    (!all.is_empty()).then(|| {
        html! {
            div class="scroll" { table {
                thead { tr {
                    th { "Model" } th { "Committed values" } th { "Setup" } th { "Prove" } th { "Reference" }
                    th { "Verify" } th { "Key check" } th { "Proof" } th { "Key" } th { "Peak memory" } th { "Output error" }
                } }
                tbody { @for series in all { tr {
                    th { (name(series)) }
                    td { (median(series, "committed_values", grouped)) }
                    td { (median(series, "setup_s", seconds)) }
                    td { (spread(series, "prove_s", seconds)) }
                    td { (reference(series)) }
                    td { (spread(series, "verify_s", seconds)) }
                    td { (median(series, "vk_check_s", seconds)) }
                    td { (median(series, "proof_bytes", bytes)) }
                    td { (median(series, "vk_bytes", bytes)) }
                    td { (median(series, "peak_rss_bytes", bytes)) }
                    td { (median(series, "max_abs_error", small)) }
                } } }
            } }
            p class="note" {
                "The reference is the floor of plain commitments, for models dominated by their weights the time per weight. "
                "Setup includes making the development SRS; the key is the verifying key. The output error is the largest difference between an "
                "output of the integer model and of the float model. Under a median: smallest and largest run."
            }
        }
    })
}

/// The proving time as a ratio, the way that fits the model.
fn reference(series: &Series) -> Markup {
    html! {
        @if let Some(spread) = series.summary.get("prove_over_floor") {
            (digits(spread.median)) "\u{a0}×\u{a0}floor"
            @if spread.max > spread.min {
                span class="range" { (range(&digits(spread.min), &digits(spread.max))) }
            }
        } @else {
            (median(series, "ns_per_weight", |time| format!("{}/weight", seconds(1e-9 * time))))
        }
    }
}

/// A small number with two digits.
fn small(value: f64) -> String {
    if value >= 0.01 || value == 0.0 { format!("{value:.3}") } else { format!("{value:.1e}") }
}

pub(super) fn linearity(report: &Report) -> Option<Markup> {
    let linearity = &report.linearity;
    (!linearity.points.is_empty()).then(|| {
        html! {
            div class="scroll" { table {
                thead { tr { th { "Model" } th { "Committed values" } th { "Proving per value" } th { "Memory per value" } } }
                tbody { @for point in &linearity.points { tr {
                    th { (names::model(&point.model)) }
                    td { (grouped(point.committed_values)) }
                    td { (digits(point.ns_per_value)) " ns" }
                    td { @if let Some(memory) = point.bytes_per_value { (digits(memory)) " B" } @else { (NOTHING) } }
                } } }
            } }
            p class="note" {
                @if let Some(fixed) = linearity.fixed_bytes { "At rest a process holds " (bytes(fixed)) " and its key. " }
                @if let Some(time) = linearity.time_spread {
                    "Among ResNet-18, ResNet-50 and VGG-16 the largest time per value is " (digits(time)) " times the smallest"
                    @if let Some(memory) = linearity.memory_spread { ", the largest memory " (digits(memory)) " times" }
                    "."
                }
            }
        }
    })
}

pub(super) fn published(report: &Report) -> Option<Markup> {
    let or_nothing = |text: Option<String>| text.map_or_else(|| NOTHING.to_owned(), trimmed);
    let figures = published::figures(report.settings.subject);
    let mut models: Vec<&str> = figures.iter().map(|figure| figure.model).collect();
    models.dedup();
    let hardware = format!("{} cores", report.machine.cores);
    Some(html! {
        div class="scroll" { table {
            thead { tr {
                th { "Model" } th class="text" { "System" } th { "Prove" } th { "Verify" } th { "Proof" } th { "Memory" }
                th class="text" { "Hardware" } th class="text" { "Source" }
            } }
            tbody { @for model in models {
                @if let Some(series) = report.find(model, Purpose::Suite) {
                    tr class="ours" {
                        th { (names::model(model)) }
                        td class="text" { "zktorch" }
                        td { (median(series, "prove_s", seconds)) }
                        td { (median(series, "verify_s", seconds)) }
                        td { (median(series, "proof_bytes", bytes)) }
                        td { (median(series, "peak_rss_bytes", bytes)) }
                        td class="text" { (hardware) }
                        td class="text" { "this report" }
                    }
                }
                @for figure in figures.iter().filter(|figure| figure.model == model) { tr {
                    th { (names::model(model)) @if !figure.note.is_empty() { span class="range" { (figure.note) } } }
                    td class="text" { (figure.system) }
                    td { (trimmed(seconds(figure.prove_s))) }
                    td { (or_nothing(figure.verify_s.map(seconds))) }
                    td { (or_nothing(figure.proof_bytes.map(bytes))) }
                    td { (or_nothing(figure.memory_bytes.map(bytes))) }
                    td class="text" { (figure.hardware) }
                    td class="text" {
                        (figure.source)
                        span class="range" { (match figure.origin { Origin::Published => "published", Origin::Measured => "measured" }) }
                    }
                } }
            } }
        } }
        p class="note" {
            "Published: by the system's authors, on the hardware that is named. Measured: with the system's code on two cores, by us."
        }
    })
}

/// A table that another subcommand of `bench` has written.
pub(super) fn extra(extra: &Extra) -> Markup {
    html! {
        div class="scroll" { table {
            thead { tr { @for column in &extra.columns { th class=[text(column.text)] { (column.name) } } } }
            tbody { @for row in &extra.rows { tr {
                @for (cell, column) in row.iter().zip(&extra.columns) { td class=[text(column.text)] { (cell) } }
            } } }
        } }
        @if !extra.note.is_empty() { p class="note" { (extra.note) } }
    }
}

fn text(is_text: bool) -> Option<&'static str> {
    is_text.then_some("text")
}

pub(super) fn runs(report: &Report) -> Option<Markup> {
    let number = |run: &serde_json::Map<String, Value>, key: &str, format: fn(f64) -> String| {
        run.get(key).and_then(Value::as_f64).map_or_else(|| NOTHING.to_owned(), format)
    };
    (!report.series.is_empty()).then(|| {
        html! {
            details {
                summary { "Every proof that was made, in order" }
                div class="scroll" { table {
                    thead { tr {
                        th { "Model" } th { "Run" } th { "Load" } th { "Witness" } th { "Prove" } th { "Floor" } th { "Over the floor" }
                        th { "Verify" } th { "Proof" } th { "Peak of prove" }
                    } }
                    tbody { @for series in &report.series { @for (index, run) in series.runs.iter().enumerate() { tr {
                        th { (name(series)) }
                        td { (index + 1) }
                        td { (number(run, "load_s", seconds)) }
                        td { (number(run, "witness_s", seconds)) }
                        td { (number(run, "prove_s", seconds)) }
                        td { (number(run, "floor_s", seconds)) }
                        td { (number(run, "prove_over_floor", digits)) }
                        td { (number(run, "verify_s", seconds)) }
                        td { (number(run, "proof_bytes", bytes)) }
                        td { (number(run, "peak_rss_bytes", bytes)) }
                    } } } }
                } }
            }
        }
    })
}
