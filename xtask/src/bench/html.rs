//! The HTML report: one file without scripts or anything to fetch. Text goes through maud, which escapes it; the plots come as SVG
//! whose text is escaped by plotters.

mod figures;
mod palette;
mod plot;
mod tables;
#[cfg(test)]
mod tests;

use anyhow::Result;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::figures::Figure;
use super::bars::Verdict;
use super::extra::Extra;
use super::names;
use super::report::{Purpose, Report};
use super::units::{bytes, digits, grouped, seconds};

/// The page.
///
/// # Errors
/// If a plot cannot be drawn.
pub(super) fn page(report: &Report, extras: &[Extra]) -> Result<String> {
    let sections = [
        section("Bars", tables::bars(report)),
        section("Models", tables::models(report)),
        plotted("Where the time goes", figures::stages(report)?, None),
        plotted("Cost against size", figures::size(report)?, Some(tables::linearity(report))),
        plotted("Threads", figures::threads(report)?, None),
        plotted("Memory", figures::memory(report)?, None),
        plotted("What a verifier sees", figures::verifier(report)?, None),
        plotted("Other systems", figures::peers(report)?, Some(tables::published(report))),
        html! { @for extra in extras { (section(&extra.title, Some(tables::extra(extra)))) } },
        section("Every run", tables::runs(report)),
        section("How it is measured", Some(method(report))),
    ];
    let subject = report.settings.subject;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (subject.title()) }
                style { (PreEscaped(include_str!("html/style.css"))) }
            }
            body {
                header {
                    h1 { (subject.title()) }
                    p class="meta" { (where_and_when(report)) }
                    (warnings(report))
                    (highlights(report))
                }
                main { @for part in &sections { (part) } }
            }
        }
    };
    Ok(page.into_string())
}

/// A section, if it has anything to say.
fn section(title: &str, content: Option<Markup>) -> Markup {
    html! {
        @if let Some(content) = content {
            section { h2 { (title) } (content) }
        }
    }
}

/// A section with plots, and a table under them.
fn plotted(title: &str, figure: Option<Figure>, table: Option<Option<Markup>>) -> Markup {
    let table = table.flatten();
    let content = (figure.is_some() || table.is_some()).then(|| {
        html! {
            @if let Some(figure) = figure { (drawn(title, &figure)) }
            @if let Some(table) = table { (table) }
        }
    });
    section(title, content)
}

fn drawn(title: &str, figure: &Figure) -> Markup {
    html! {
        figure {
            @if !figure.legend.is_empty() {
                ul class="legend" {
                    @for (colour, name) in &figure.legend {
                        li { span class="swatch" style={ "background:" (palette::hex(*colour)) } {} (name) }
                    }
                }
            }
            div class={ "plots" @if figure.side_by_side { " pair" } } role="img" aria-label=(title) {
                @for plot in &figure.plots { (PreEscaped(plot)) }
            }
            figcaption { (figure.caption) }
        }
    }
}

fn where_and_when(report: &Report) -> String {
    let machine = &report.machine;
    let mut parts = vec![
        machine.cpu.clone().unwrap_or_else(|| "unknown CPU".to_owned()),
        format!("{} cores", machine.cores),
    ];
    parts.extend(machine.memory_bytes.map(|memory| format!("{} of memory", bytes(memory as f64))));
    parts.push(if machine.avx512_ifma { "AVX-512 IFMA" } else { "no AVX-512 IFMA" }.to_owned());
    if let Some(commit) = &machine.commit {
        let short: String = commit.chars().take(12).collect();
        let changed = if machine.modified == Some(true) { " with changes" } else { "" };
        parts.push(format!("commit {short}{changed}"));
    }
    parts.push(report.started.clone());
    parts.join(" · ")
}

/// What a reader must know before believing the numbers.
fn warnings(report: &Report) -> Markup {
    html! {
        @if report.settings.quick {
            p class="warning" { "A quick run: small models, one proof each. It shows that everything works; its times say little." }
        }
        @if !report.complete {
            p class="warning" { "The run has not ended: what is missing had not been measured when this was written." }
        }
        @for failure in &report.failures {
            p class="warning" { (names::model(&failure.model)) " failed: " (failure.error) }
        }
    }
}

/// The numbers that are asked for first.
fn highlights(report: &Report) -> Markup {
    let Some(series) = report.find("resnet", Purpose::Suite) else { return html! {} };
    let card = |key: &str, what: &str, format: fn(f64) -> String| {
        html! {
            @if let Some(value) = series.median(key) {
                div class="card" { div class="value" { (format(value)) } div { (what) } }
            }
        }
    };
    html! {
        div class="cards" {
            (card("prove_s", "to prove ResNet-50", seconds))
            (card("prove_over_floor", "times the floor of plain commitments", digits))
            (card("verify_s", "to verify", seconds))
            (card("proof_bytes", "proof", bytes))
            (card("peak_rss_bytes", "peak memory of the prover", bytes))
            @let reached = report.bars.iter().filter(|bar| matches!(bar.verdict, Verdict::Pass | Verdict::Stretch)).count();
            @if !report.bars.is_empty() {
                div class="card" { div class="value" { (reached) " of " (report.bars.len()) } div { "bars reached" } }
            }
        }
    }
}

fn method(report: &Report) -> Markup {
    let (machine, subject) = (&report.machine, report.settings.subject);
    let unknown = || "unknown".to_owned();
    html! {
        ul {
            li {
                "Made by " code { (subject.command()) } " (" code { (subject.stem()) ".json" } " beside this file has every number; "
                code { "docs/performance.md" } " explains its keys)."
            }
            li {
                "Every stage (compile, setup, prove, verify) is a process of its own, in release mode, under the development SRS. "
                "Compilation and setup ran once per model, proving and verifying " (report.settings.runs) " "
                (if report.settings.runs == 1 { "time" } else { "times" }) "; medians are shown, with the smallest and the largest."
            }
            li { "Proving is from parsed input to the bytes of the proof, witness included, keys loaded before." }
            li {
                "The floor is what arkworks needs, on the same threads, for plain commitments to the 16-bit outputs of the convolutions and "
                "matrix products, twice: what a straightforward prover pays for commitments alone."
            }
            li { "1 KB is 1,000 bytes." }
        }
        table class="plain" {
            @for (name, value) in [
                ("CPU", machine.cpu.clone().unwrap_or_else(unknown)),
                ("Cores", machine.cores.to_string()),
                ("Memory", machine.memory_bytes.map_or_else(unknown, |memory| format!("{} bytes", grouped(memory as f64)))),
                ("AVX-512 IFMA", if machine.avx512_ifma { "yes" } else { "no: portable backend" }.to_owned()),
                ("Kernel", machine.kernel.clone()),
                ("Load average at the start", machine.load_average.map_or_else(unknown, |load| format!("{load:.2}"))),
                ("Compiler", machine.rustc.clone().unwrap_or_else(unknown)),
                ("Commit", machine.commit.clone().unwrap_or_else(unknown)),
                ("Started", report.started.clone()),
                ("Took", seconds(report.seconds)),
            ] {
                tr { th { (name) } td { (value) } }
            }
        }
    }
}
