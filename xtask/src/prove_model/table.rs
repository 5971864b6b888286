//! The table for readers.

use serde_json::{Map, Value};

/// The lines of the table, in this order, as far as the report has them.
const KEYS: [&str; 16] = [
    "model",
    "compile_s",
    "setup_s",
    "load_s",
    "witness_s",
    "prove_s",
    "verify_s",
    "vk_check_s",
    "proof_bytes",
    "vk_bytes",
    "pk_bytes",
    "peak_rss_bytes",
    "committed_values",
    "max_abs_error",
    "model_id",
    "accepted",
];

/// Prints the table; with `json` the table goes to stderr and the object to stdout.
pub(super) fn print(report: &Map<String, Value>, json: bool) {
    let table = table(report);
    if json {
        eprint!("{table}");
        println!("{}", Value::Object(report.clone()));
    } else {
        print!("{table}");
    }
}

fn table(report: &Map<String, Value>) -> String {
    let mut table = String::new();
    for key in KEYS {
        if let Some(value) = report.get(key) {
            table.push_str(&format!("{key:18} {}\n", show(key, value)));
        }
    }
    table
}

fn show(key: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if key.ends_with("_s") => {
            format!("{:.4} s", number.as_f64().unwrap_or_default())
        }
        other => other.to_string(),
    }
}
