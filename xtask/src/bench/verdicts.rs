//! What came of a run: its bars and failures in words, and whether it succeeded.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::bars::Verdict;
use super::names;
use super::report::Report;
use super::units::{quantity, trimmed};

/// A line for every bar and every failure.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    // Formatting into a string does not fail.
    for bar in &report.bars {
        let verdict = match bar.verdict {
            Verdict::Stretch => "stretch",
            Verdict::Pass => "pass",
            Verdict::Missed => "MISSED",
            Verdict::NotMeasured => "not measured",
        };
        let value = bar.value.map_or_else(|| "-".to_owned(), |value| quantity(bar.unit, value));
        let limit = trimmed(quantity(bar.unit, bar.bar));
        let _ = writeln!(text, "{:<80} {value:>9}  bar {limit:>9}  {verdict}", bar.what);
    }
    for failure in &report.failures {
        let _ = writeln!(text, "{} FAILED: {}", names::model(&failure.model), failure.error);
    }
    text
}

/// Fails for whatever could not be measured, and for missed bars if the run is a whole one.
///
/// # Errors
/// That is what it is for.
pub(super) fn require(report: &Report, whole: bool) -> Result<()> {
    if !report.failures.is_empty() {
        bail!("{} series could not be measured", report.failures.len());
    }
    let missed: Vec<&str> = report
        .bars
        .iter()
        // A number that a whole run does not have is no success either.
        .filter(|bar| matches!(bar.verdict, Verdict::Missed | Verdict::NotMeasured))
        .map(|bar| bar.id.as_str())
        .collect();
    if whole && !missed.is_empty() {
        bail!("bars missed or not measured: {}", missed.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::report::{Failure, Purpose};
    use super::super::testing::{report, run};
    use super::*;

    #[test]
    fn a_whole_run_must_reach_every_bar() {
        let mut report = report(&[("resnet", run(10_000_000, 1.0, 3_000_000_000, 10))]);
        let message = format!("{:#}", require(&report, true).unwrap_err());
        // Not measured here, so not reached.
        assert!(message.contains("vgg16_setup") && !message.contains("resnet50_memory"), "{message}");
        assert!(require(&report, false).is_ok());
        for bar in &mut report.bars {
            bar.verdict = Verdict::Pass;
        }
        assert!(require(&report, true).is_ok());
        report.bars[0].verdict = Verdict::Missed;
        let message = format!("{:#}", require(&report, true).unwrap_err());
        assert_eq!(message, "bars missed or not measured: resnet50_prove_over_floor");
    }

    #[test]
    fn what_could_not_be_measured_fails_any_run() {
        let mut report = report(&[]);
        assert!(require(&report, false).is_ok());
        let failure =
            Failure { model: "vgg16".into(), purpose: Purpose::Suite, threads: 2, error: "no memory".into() };
        report.failures.push(failure);
        assert_eq!(format!("{:#}", require(&report, false).unwrap_err()), "1 series could not be measured");
    }
}
