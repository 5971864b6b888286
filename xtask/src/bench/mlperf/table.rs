//! The report as lines of a terminal.

use std::fmt::Write as _;

use super::super::names;
use super::super::published::figures;
use super::super::report::Report;
use super::super::units::{bytes, digits, grouped, seconds, trimmed};
use super::super::verdicts;

/// Every row beside what others publish of it, then the bars.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!(
        "{:<26} {:>12} {:>3} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "model", "values", "k", "setup", "prove", "/ weight", "verify", "proof", "anon peak", "cosine"
    );
    let figures = figures(report.settings.subject);
    for series in &report.series {
        let of =
            |key: &str, format: fn(f64) -> String| series.median(key).map_or_else(|| "-".to_owned(), format);
        // Formatting into a string does not fail.
        let _ = writeln!(
            text,
            "{:<26} {:>12} {:>3} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            names::model(&series.model),
            of("committed_values", grouped),
            of("k", grouped),
            of("setup_s", seconds),
            of("prove_s", seconds),
            of("ns_per_weight", |time| seconds(1e-9 * time)),
            of("verify_s", seconds),
            of("proof_bytes", bytes),
            of("peak_anon_bytes", bytes),
            of("min_cosine", |cosine| format!("{cosine:.6}")),
        );
        for figure in figures.iter().filter(|figure| figure.model == series.model) {
            let or_nothing = |text: Option<String>| text.map_or_else(|| "-".to_owned(), trimmed);
            let times =
                series.median("prove_s").map(|ours| format!("{} x as long", digits(figure.prove_s / ours)));
            let note = [figure.hardware, figure.note].into_iter().filter(|part| !part.is_empty());
            let _ = writeln!(
                text,
                "  {:<24} {:>12} {:>3} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {}",
                figure.system,
                "",
                "",
                "",
                trimmed(seconds(figure.prove_s)),
                "",
                or_nothing(figure.verify_s.map(seconds)),
                or_nothing(figure.proof_bytes.map(bytes)),
                or_nothing(figure.memory_bytes.map(bytes)),
                times.into_iter().chain(note.map(str::to_owned)).collect::<Vec<_>>().join("; "),
            );
        }
    }
    text.push_str(&verdicts::text(report));
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::report::Subject;
    use super::super::super::testing::{report, run};
    use super::*;

    #[test]
    fn ours_and_what_is_published() {
        let mut run = run(532_000, 1.76, 900_000_000, 10);
        for (key, value) in [("ns_per_weight", 16.1), ("min_cosine", 0.999_91), ("k", 18.0)] {
            run.insert(key.into(), value.into());
        }
        let mut report = report(&[("bert-1", run)]);
        report.settings.subject = Subject::MlPerf;
        report.conclude();
        let text = text(&report).replace('\u{a0}', " ");
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "model values k setup prove / weight verify proof anon peak cosine",
            "BERT-base, 1 token 532,000 18 3.00 s 1.76 s 16.1 ns 10.0 ms 9.00 KB - 0.999910",
            "ZKTorch 880 s 26.7 s 4.9 MB - 500 x as long; 64 threads, machine with 4 TB of memory; the number of tokens is not \
             restated here",
            "BERT-base, 1 token: proving 1.76 s bar 2.5 s pass",
        ];
        assert_eq!(lines, expected);
    }
}
