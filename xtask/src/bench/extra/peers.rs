//! The table of peers.json, which `cargo xtask bench peers` writes: EZKL and zktorch on the same machine.

use serde_json::Value;

use super::super::names;
use super::super::units::{bytes, digits, seconds};
use super::{Extra, cell, columns};

/// What is compared, and where it is in the parts of a model's entry.
struct Quantity {
    ours: &'static str,
    ezkl: &'static str,
    ratio: &'static str,
    format: fn(f64) -> String,
}

const QUANTITIES: [Quantity; 5] = [
    Quantity { ours: "/setup_s", ezkl: "/stages/setup/call_s", ratio: "/setup", format: seconds },
    Quantity { ours: "/prove_s", ezkl: "/stages/prove/call_s", ratio: "/prove", format: seconds },
    Quantity { ours: "/verify_s", ezkl: "/stages/verify/call_s", ratio: "/verify", format: seconds },
    Quantity { ours: "/proof_bytes", ezkl: "/proof_bytes", ratio: "/proof", format: bytes },
    Quantity { ours: "/peak_rss_bytes", ezkl: "/peak_rss_bytes", ratio: "/peak_rss", format: bytes },
];

pub(super) fn table(report: &Value) -> Option<Extra> {
    let mut rows = Vec::new();
    for (model, entry) in report.get("models")?.as_object()? {
        let mut row = |system: String, find: &dyn Fn(&Quantity) -> String| {
            let mut row = vec![names::model(model).to_owned(), system];
            row.extend(QUANTITIES.iter().map(find));
            rows.push(row);
        };
        let at = |side: &str, pointer: &str| entry.pointer(&format!("/{side}{pointer}"));
        row("zktorch".to_owned(), &|quantity| cell(at("zktorch", quantity.ours), quantity.format));
        let stopped = |key: &str| at("ezkl", "/stopped")?.get(key)?.as_str();
        let system = match (stopped("stage"), stopped("reason")) {
            (Some(stage), Some(reason)) => format!("EZKL, stopped at {stage}: {reason}"),
            _ => "EZKL".to_owned(),
        };
        row(system, &|quantity| cell(at("ezkl", quantity.ezkl), quantity.format));
        if at("ezkl_over_zktorch", "").is_some() {
            let times = |ratio: f64| format!("{}×", digits(ratio));
            row("EZKL over zktorch".to_owned(), &|quantity| {
                cell(at("ezkl_over_zktorch", quantity.ratio), times)
            });
        }
    }
    let say = |key: &str| {
        report.get("ezkl").and_then(|ezkl| ezkl.get(key)?.as_str()).unwrap_or("unknown").to_owned()
    };
    Some(Extra {
        title: "EZKL beside zktorch".to_owned(),
        columns: columns(&["Model", "System", "Setup", "Prove", "Verify", "Proof", "Peak memory"], 2),
        rows,
        note: format!(
            "Measured by cargo xtask bench peers, on {}: EZKL {}, weights {}, calibrated for {}. Its proving includes reading its key and \
             excludes the witness; ours is the whole.",
            report.pointer("/machine/cpu").and_then(Value::as_str).unwrap_or("an unknown CPU"),
            say("version"),
            say("param_visibility"),
            say("calibration_target")
        ),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_sides_and_their_ratio() {
        let report = json!({
            "machine": { "cpu": "Test CPU" },
            "ezkl": { "version": "1.2", "param_visibility": "private", "calibration_target": "resources" },
            "models": {
                "lenet": {
                    "zktorch": { "prove_s": 0.144, "proof_bytes": 7999, "verify_s": 0.0086 },
                    "ezkl": { "stages": { "prove": { "call_s": 100.0 } }, "peak_rss_bytes": 11e9, "stopped": null },
                    "ezkl_over_zktorch": { "prove": 694.4 },
                },
                "mlp": {
                    "zktorch": { "prove_s": 0.1 },
                    "ezkl": { "stages": {}, "stopped": { "stage": "setup", "reason": "over 900 s" } },
                },
            },
        });
        let extra = table(&report).unwrap();
        let lines: Vec<String> =
            extra.rows.iter().map(|row| row.join(" | ").replace('\u{a0}', " ")).collect();
        let expected = [
            "LeNet-5 | zktorch | – | 144 ms | 8.60 ms | 8.00 KB | –",
            "LeNet-5 | EZKL | – | 100 s | – | – | 11.0 GB",
            "LeNet-5 | EZKL over zktorch | – | 694× | – | – | –",
            "MLP 784-128-10 | zktorch | – | 100 ms | – | – | –",
            "MLP 784-128-10 | EZKL, stopped at setup: over 900 s | – | – | – | – | –",
        ];
        assert_eq!(lines, expected);
        assert!(extra.rows.iter().all(|row| row.len() == extra.columns.len()));
        assert!(extra.note.contains("EZKL 1.2, weights private"), "{}", extra.note);
        assert_eq!(table(&json!({})), None);
    }
}
