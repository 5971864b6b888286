//! The report as lines of a terminal.

use std::fmt::Write as _;

use super::measure::condition;
use crate::bench::names;
use crate::bench::report::{Purpose, Report, Series};
use crate::bench::units::{bytes, digits, grouped, seconds};
use crate::bench::verdicts;

/// Every series, then the bars.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!(
        "{:<40} {:>12} {:>9} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9} {:>9}\n",
        "model", "values", "setup", "prove", "min", "max", "/ floor", "verify", "proof", "peak"
    );
    for series in &report.series {
        let spread = series.summary.get("prove_s");
        let of =
            |key: &str, format: fn(f64) -> String| series.median(key).map_or_else(|| "-".to_owned(), format);
        let ends = spread
            .map_or([String::new(), String::new()], |spread| [seconds(spread.min), seconds(spread.max)]);
        let [min, max] = ends;
        // Formatting into a string does not fail.
        let _ = writeln!(
            text,
            "{:<40} {:>12} {:>9} {:>9} {min:>9} {max:>9} {:>8} {:>9} {:>9} {:>9}",
            name(series),
            of("committed_values", grouped),
            of("setup_s", seconds),
            of("prove_s", seconds),
            of("prove_over_floor", digits),
            of("verify_s", seconds),
            of("proof_bytes", bytes),
            of("peak_rss_bytes", bytes),
        );
    }
    text.push_str(&verdicts::text(report));
    text
}

fn name(series: &Series) -> String {
    let name = names::model(&series.model);
    match series.purpose {
        Purpose::Suite => name.to_owned(),
        purpose => format!("{name}, {}", condition(purpose, series.threads)),
    }
}
