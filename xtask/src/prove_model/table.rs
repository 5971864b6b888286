//! The table for readers.

use serde_json::{Map, Value};

/// The lines of the table, in this order, as far as the report has them.
const KEYS: [&str; 33] = [
    "model",
    "weights",
    "image",
    "calibration",
    "threads",
    "env",
    "compile_s",
    "setup_s",
    "load_s",
    "witness_s",
    "prove_s",
    "stage_s",
    "floor_points",
    "floor_s",
    "prove_over_floor",
    "ns_per_weight",
    "verify_s",
    "vk_check_s",
    "proof_bytes",
    "vk_bytes",
    "pk_bytes",
    "peak_rss_bytes",
    "committed_values",
    "max_abs_error",
    "min_cosine",
    "float_model",
    "prompt",
    "next_token",
    "next_text",
    "top5",
    "perplexity",
    "float_perplexity",
    "model_id",
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
    let mut line = |key: &str, text: &str| table.push_str(&format!("{key:18} {}\n", printable(text)));
    for key in KEYS {
        match (key, report.get(key)) {
            (_, None) => {}
            ("model", Some(name)) if report.get("folded") == Some(&Value::Bool(true)) => {
                line(key, &format!("{}, BatchNormalization folded", plain(name)));
            }
            ("stage_s", Some(Value::Object(stages))) => {
                stages.iter().for_each(|(stage, time)| line(&format!("  {stage}"), &seconds(time)));
            }
            ("float_model", Some(compared)) => line("float model", &float(compared)),
            ("top5", Some(Value::Array(classes))) => {
                classes
                    .iter()
                    .zip(1..)
                    .for_each(|(class, place)| line(&format!("top {place}"), &scored(class)));
            }
            (_, Some(value)) if key.ends_with("_s") => line(key, &seconds(value)),
            ("prove_over_floor" | "ns_per_weight", Some(value)) => {
                line(key, &format!("{:.2}", value.as_f64().unwrap_or(f64::NAN)));
            }
            (_, Some(value)) => line(key, &plain(value)),
        }
    }
    if report.get("accepted") == Some(&Value::Bool(true)) {
        line("accepted", "true, in another process");
    }
    table
}

/// Names and labels come out of files: what would act on a terminal is escaped.
fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn seconds(value: &Value) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |seconds| format!("{seconds:.4} s"))
}

/// What the float model says of the proved outputs.
fn float(compared: &Value) -> String {
    let oracle = compared.get("oracle").map_or_else(|| "?".to_owned(), plain);
    if let Some(error) = compared.get("error") {
        return format!("NOT COMPARED ({oracle}): {}", plain(error));
    }
    let error = compared.get("max_abs_error").and_then(Value::as_f64).unwrap_or(f64::NAN);
    let class = compared.get("top1").unwrap_or(&Value::Null);
    let top = match compared.get("same_top1") {
        Some(Value::Bool(true)) => format!(", the same top-1 class {class}"),
        Some(_) => format!(", ANOTHER TOP-1 CLASS: {class}"),
        None => String::new(),
    };
    format!("({oracle}) largest difference {error:.6}{top}")
}

/// One of the largest scores.
fn scored(class: &Value) -> String {
    let value = class.get("value").and_then(Value::as_f64).unwrap_or(f64::NAN);
    let index = class.get("index").unwrap_or(&Value::Null);
    match class.get("label").and_then(Value::as_str) {
        Some(label) => format!("{value:10.4}  {label} ({index})"),
        None => format!("{value:10.4}  class {index}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines() {
        let report = json!({
            "model": "resnet", "folded": true, "prove_s": 1.5, "stage_s": {"commit": 0.25, "opening": 1.0}, "proof_bytes": 15000,
            "prove_over_floor": 1.25, "unknown": 3,
            "float_model": {"oracle": "own", "max_abs_error": 0.002, "same_top1": true, "top1": 7},
            "top5": [{"index": 7, "label": "cock", "value": 2.5}, {"index": 1, "value": -0.5}], "accepted": true,
        });
        let expected = "\
model              resnet, BatchNormalization folded
prove_s            1.5000 s
  commit           0.2500 s
  opening          1.0000 s
prove_over_floor   1.25
proof_bytes        15000
float model        (own) largest difference 0.002000, the same top-1 class 7
top 1                  2.5000  cock (7)
top 2                 -0.5000  class 1
accepted           true, in another process
";
        assert_eq!(table(report.as_object().unwrap()), expected);
        let hostile = json!({"top5": [{"index": 7, "label": "cock\naccepted  true\u{1b}[2K", "value": 2.5}]});
        let expected = "top 1                  2.5000  cock\\naccepted  true\\u{1b}[2K (7)\n";
        assert_eq!(table(hostile.as_object().unwrap()), expected);
        let other = float(&json!({"oracle": "tract", "max_abs_error": 0.5, "same_top1": false, "top1": 7}));
        assert_eq!(other, "(tract) largest difference 0.500000, ANOTHER TOP-1 CLASS: 7");
        let other = float(&json!({"oracle": "tract", "error": "no operator"}));
        assert_eq!(other, "NOT COMPARED (tract): no operator");
    }
}
