//! The table, from the same report that a script would read.

use serde_json::Value;

use super::super::units;

/// One line.
struct Line<'a> {
    model: &'a str,
    side: &'a str,
    /// Setup, witness, prove, verify.
    times: [Option<f64>; 4],
    peak: Option<f64>,
    /// Proof, verifying key, proving key.
    sizes: [Option<f64>; 3],
    error: Option<f64>,
}

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), units::seconds)
}

fn bytes(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), units::bytes)
}

impl Line<'_> {
    fn text(&self) -> String {
        let [setup, witness, prove, verify] = self.times.map(seconds);
        let [proof, vk, pk] = self.sizes.map(bytes);
        let (peak, error) =
            (bytes(self.peak), self.error.map_or_else(|| "-".to_owned(), |error| format!("{error:.5}")));
        let (model, side) = (self.model, self.side);
        format!(
            "{model:<8} {side:<8} {setup:>10} {witness:>10} {prove:>10} {verify:>10} {peak:>10} {proof:>10} {vk:>10} {pk:>10} {error:>9}\n"
        )
    }
}

pub(super) fn table(report: &Value) -> String {
    let mut text = format!(
        "{:<8} {:<8} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9}\n",
        "model", "", "setup", "witness", "prove", "verify", "peak", "proof", "vk", "pk", "error"
    );
    for (model, entry) in report["models"].as_object().into_iter().flatten() {
        let (ours, theirs) = (&entry["zktorch"], &entry["ezkl"]);
        let sizes = |side: &Value| ["proof_bytes", "vk_bytes", "pk_bytes"].map(|key| side[key].as_f64());
        let ours = Line {
            model,
            side: "zktorch",
            times: ["setup_s", "witness_s", "prove_s", "verify_s"].map(|key| ours[key].as_f64()),
            peak: ours["peak_rss_bytes"].as_f64(),
            sizes: sizes(ours),
            error: ours["max_abs_error"].as_f64(),
        };
        text.push_str(&ours.text());
        let calls =
            ["setup", "witness", "prove", "verify"].map(|stage| theirs["stages"][stage]["call_s"].as_f64());
        let line = Line {
            model,
            side: "ezkl",
            times: calls,
            peak: theirs["peak_rss_bytes"].as_f64(),
            sizes: sizes(theirs),
            error: theirs["max_abs_error"].as_f64(),
        };
        text.push_str(&line.text());
        if let (Some(stage), Some(reason)) =
            (theirs["stopped"]["stage"].as_str(), theirs["stopped"]["reason"].as_str())
        {
            text.push_str(&format!("{model:<8} ezkl stopped at {stage}: {reason}\n"));
        }
    }
    let ezkl = &report["ezkl"];
    let say = |key: &str| ezkl[key].as_str().unwrap_or("?").to_owned();
    text.push_str(&format!(
        "ezkl {}, weights {}, calibrated for {}; its prove includes reading the proving key and excludes the witness; ours is the whole\n",
        say("version"),
        say("param_visibility"),
        say("calibration_target")
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_side_that_stopped_has_dashes_and_a_reason() {
        let report = json!({
            "ezkl": { "version": "1.2", "param_visibility": "private", "calibration_target": "resources" },
            "models": { "lenet": {
                "zktorch": { "prove_s": 0.144, "proof_bytes": 7999 },
                "ezkl": { "stages": { "setup": { "call_s": 50.0 } }, "stopped": { "stage": "prove", "reason": "over 14.0 GB" } },
            } },
        });
        let text = table(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("144\u{a0}ms") && lines[1].contains("8.00\u{a0}KB"), "{text}");
        assert!(lines[2].contains("50.0\u{a0}s") && lines[2].contains(" - "), "{text}");
        assert_eq!(lines[3], "lenet    ezkl stopped at prove: over 14.0 GB");
        assert!(lines[4].starts_with("ezkl 1.2, weights private"));
    }
}
