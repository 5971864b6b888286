//! The table of ablation.json, which `cargo xtask bench ablation` writes: what each part of the design is worth.

use serde_json::Value;

use super::super::names;
use super::super::units::{digits, seconds};
use super::{Extra, cell, columns};

/// What is left out, and where the times with it and without it are.
const PARTS: [(&str, &str, &str); 6] = [
    (
        "Parallel tree, against one fold after the other",
        "/accumulation/parallel/seconds",
        "/accumulation/sequential/seconds",
    ),
    (
        "Folding level by level, against the parallel tree",
        "/accumulation/levels/seconds",
        "/accumulation/parallel/seconds",
    ),
    ("The same, verifier", "/accumulation/levels/verify_seconds", "/accumulation/parallel/verify_seconds"),
    ("Commitments that share buckets, against separate ones", "/buckets/shared", "/buckets/separate"),
    ("In the clear, against hidden", "/hiding/clear/seconds", "/hiding/hidden/seconds"),
    ("The same, verifier", "/hiding/clear/verify_seconds", "/hiding/hidden/verify_seconds"),
];
/// What is timed on the vector backend and on the portable one.
const BACKENDS: [(&str, &str); 4] = [
    ("levels", "accumulation by levels"),
    ("parallel", "accumulation in a tree"),
    ("shared_buckets", "commitments that share buckets"),
    ("msm_full_width", "full-width MSM"),
];

pub(super) fn table(report: &Value) -> Option<Extra> {
    let mut rows = Vec::new();
    let pools = [("one_thread", "1"), ("all_threads", "all")];
    for (what, with, without) in PARTS {
        for (pool, threads) in pools {
            let at = |pointer: &str| report.pointer(&format!("{pointer}/{pool}/median"));
            rows.extend(row(what.to_owned(), threads, at(with), at(without)));
        }
    }
    for (key, what) in BACKENDS {
        for (pool, threads) in pools {
            let at = |side: &str| report.pointer(&format!("/backends/{key}/{pool}/{side}"));
            let what = format!("Vector backend, against the portable one: {what}");
            rows.extend(row(what, threads, at("s"), at("portable_s")));
        }
    }
    for (model, entry) in report.get("models").and_then(Value::as_object).into_iter().flatten() {
        let what = format!("Vector backend, against the portable one: the proof of {}", names::model(model));
        rows.extend(row(
            what,
            "all",
            entry.pointer("/seconds/prove_s"),
            entry.pointer("/portable_seconds/prove_s"),
        ));
    }
    let sizes =
        |key: &str| report.pointer(&format!("/run/{key}")).map_or_else(|| "?".to_owned(), Value::to_string);
    (!rows.is_empty()).then(|| Extra {
        title: "What each part is worth".to_owned(),
        columns: columns(&["Part", "Threads", "With", "Without", "Ratio"], 1),
        rows,
        note: format!(
            "Measured by cargo xtask bench ablation: {} instances of 2^{} entries where nothing else is said.",
            sizes("instances"),
            sizes("log_size")
        ),
    })
}

/// A line; none if neither time is there.
fn row(what: String, threads: &str, with: Option<&Value>, without: Option<&Value>) -> Option<Vec<String>> {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    if number(with).is_none() && number(without).is_none() {
        return None;
    }
    let ratio =
        number(with).zip(number(without)).map(|(with, without)| format!("{}×", digits(without / with)));
    let ratio = ratio.unwrap_or_else(|| "–".to_owned());
    Some(vec![what, threads.to_owned(), cell(with, seconds), cell(without, seconds), ratio])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn with_and_without() {
        let times =
            |one: f64, all: f64| json!({ "one_thread": { "median": one }, "all_threads": { "median": all } });
        let report = json!({
            "run": { "instances": 64, "log_size": 19 },
            "accumulation": {
                "parallel": { "seconds": times(4.0, 2.0) },
                "sequential": { "seconds": times(4.4, 4.0) },
                "levels": { "seconds": times(1.0, 0.5) },
            },
            "backends": { "levels": { "one_thread": { "s": 1.0, "portable_s": 3.0 } } },
            "models": { "resnet": { "seconds": { "prove_s": 5.0 }, "portable_seconds": { "prove_s": 20.0 } } },
        });
        let extra = table(&report).unwrap();
        let lines: Vec<String> =
            extra.rows.iter().map(|row| row.join(" | ").replace('\u{a0}', " ")).collect();
        let expected = [
            "Parallel tree, against one fold after the other | 1 | 4.00 s | 4.40 s | 1.10×",
            "Parallel tree, against one fold after the other | all | 2.00 s | 4.00 s | 2.00×",
            "Folding level by level, against the parallel tree | 1 | 1.00 s | 4.00 s | 4.00×",
            "Folding level by level, against the parallel tree | all | 500 ms | 2.00 s | 4.00×",
            "Vector backend, against the portable one: accumulation by levels | 1 | 1.00 s | 3.00 s | 3.00×",
            "Vector backend, against the portable one: the proof of ResNet-50 | all | 5.00 s | 20.0 s | 4.00×",
        ];
        assert_eq!(lines, expected);
        assert!(extra.note.contains("64 instances of 2^19"), "{}", extra.note);
        assert_eq!(table(&json!({})), None);
    }
}
