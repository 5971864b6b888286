//! Reports for tests.

use serde_json::{Map, Value, json};

use super::machine::Machine;
use super::report::{Purpose, Report, Series, Settings, Subject};

/// One run with the numbers that most tests look at.
pub(super) fn run(committed_values: u64, prove_s: f64, peak: u64, pk_bytes: u64) -> Map<String, Value> {
    let run = json!({
        "committed_values": committed_values, "prove_s": prove_s, "peak_rss_bytes": peak, "pk_bytes": pk_bytes,
        "prove_over_floor": prove_s / 2.0, "verify_s": 0.01, "proof_bytes": 9000, "setup_s": 3.0,
    });
    run.as_object().cloned().unwrap()
}

/// A whole report with one run of each model.
pub(super) fn report(models: &[(&str, Map<String, Value>)]) -> Report {
    let machine = Machine {
        cpu: Some("Test CPU".to_owned()),
        cores: 2,
        memory_bytes: Some(24_000_000_000),
        avx512_ifma: true,
        kernel: "linux 6.1".to_owned(),
        load_average: Some(0.25),
        rustc: Some("rustc 1.95.0".to_owned()),
        commit: Some("0123456789abcdef".to_owned()),
        modified: Some(false),
    };
    let names = models.iter().map(|(name, _)| (*name).to_owned()).collect();
    let subject = Subject::Suite;
    let settings = Settings { subject, runs: 1, quick: false, models: names, threads: vec![1, 2] };
    let mut report = Report::new("2026-01-02T03:04:05Z".to_owned(), machine, settings);
    report.complete = true;
    report.series =
        models.iter().map(|(name, run)| Series::new(name, Purpose::Suite, 2, vec![run.clone()])).collect();
    report.conclude();
    report
}
