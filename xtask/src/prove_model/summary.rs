//! What follows from the measured numbers.

use serde_json::{Map, Value, json};

/// A model with more weights than this many times the points of its floor is one whose proof is about its weights. Of the models
/// here the perceptrons are (369 and more), VGG-16 (5), LeNet-5 and every other convolutional network are not.
const WEIGHTS_PER_POINT: f64 = 8.0;

/// The smallest cosine with the float model's outputs at which they are the same but for rounding.
const MIN_COSINE: f64 = 0.99;

/// How fast the proof is: `prove_over_floor`, or `ns_per_weight` where weights dominate.
pub(super) fn speed(report: &Map<String, Value>) -> Option<(&'static str, Value)> {
    let number = |key: &str| report.get(key).and_then(Value::as_f64);
    let (prove, weights, points) = (number("prove_s")?, number("weights")?, number("floor_points")?);
    if weights > WEIGHTS_PER_POINT * points {
        return Some(("ns_per_weight", json!(1e9 * prove / weights)));
    }
    Some(("prove_over_floor", json!(prove / number("floor_s")?)))
}

/// One object of the stages': every key, that of the last stage where several have it; peaks of memory by stage, the prover's as
/// the one that counts.
pub(super) fn merge<const N: usize>(stages: [(&str, Map<String, Value>); N]) -> Map<String, Value> {
    let mut report = Map::new();
    let mut peaks = Map::new();
    for (stage, object) in stages {
        for (key, value) in object {
            if key == "peak_rss_bytes" {
                peaks.insert(stage.to_owned(), value.clone());
            }
            if key != "peak_rss_bytes" || stage == "prove" {
                report.insert(key, value);
            }
        }
    }
    report.insert("peak_rss_bytes_by_stage".to_owned(), Value::Object(peaks));
    report
}

/// Why the proved outputs are not those of the float model, if they are not.
pub(super) fn disagreement(report: &Map<String, Value>) -> Option<String> {
    let float = report.get("float_model")?;
    let oracle = float.get("oracle").and_then(Value::as_str).unwrap_or("?");
    if let Some(error) = float.get("error").and_then(Value::as_str) {
        return Some(format!("the outputs could not be compared with the float model ({oracle}): {error}"));
    }
    if float.get("same_top1") == Some(&Value::Bool(false)) {
        let proved = report.get("top5").and_then(|top| top.get(0)).and_then(|first| first.get("index"));
        let index = |value: Option<&Value>| value.map_or_else(|| "?".to_owned(), Value::to_string);
        return Some(format!(
            "TOP-1 DIFFERS: expected class {}, which the float model ({oracle}) gives, found class {} in the proved output",
            index(float.get("top1")),
            index(proved)
        ));
    }
    let cosine = report.get("min_cosine").and_then(Value::as_f64)?;
    (cosine < MIN_COSINE).then(|| {
        format!("COSINE {cosine:.5}: expected outputs that have {MIN_COSINE} or more with the float model's ({oracle})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn stages_become_one_object() {
        let report = merge([
            ("run", object(json!({"peak_rss_bytes": 1, "max_abs_error": 0.5, "load_s": 1.0}))),
            ("prove", object(json!({"peak_rss_bytes": 2, "load_s": 2.0, "stage_s": {"commit": 0.25}}))),
            ("verify", object(json!({"peak_rss_bytes": 3, "accepted": true}))),
        ]);
        let expected = json!({
            "max_abs_error": 0.5, "load_s": 2.0, "stage_s": {"commit": 0.25}, "accepted": true, "peak_rss_bytes": 2,
            "peak_rss_bytes_by_stage": {"run": 1, "prove": 2, "verify": 3},
        });
        assert_eq!(Value::Object(report), expected);
    }

    #[test]
    fn weights_or_activations() {
        let with = |weights: u64| {
            object(json!({"prove_s": 2.0, "weights": weights, "floor_points": 100, "floor_s": 4.0}))
        };
        assert_eq!(speed(&with(800)), Some(("prove_over_floor", json!(0.5))));
        assert_eq!(speed(&with(1000)), Some(("ns_per_weight", json!(2e6))));
        // Without a floor there is nothing to compare with.
        let mut report = with(800);
        report.remove("floor_s");
        assert_eq!(speed(&report), None);
    }

    #[test]
    fn another_class_is_told() {
        let with = |float: Value| object(json!({"top5": [{"index": 3, "value": 1.0}], "float_model": float}));
        assert_eq!(disagreement(&with(json!({"max_abs_error": 0.1, "same_top1": true, "top1": 3}))), None);
        assert_eq!(disagreement(&with(json!({"max_abs_error": 0.1}))), None);
        assert_eq!(disagreement(&Map::new()), None);
        let text = disagreement(&with(json!({"max_abs_error": 0.1, "same_top1": false, "top1": 4}))).unwrap();
        assert!(text.contains("expected class 4") && text.contains("found class 3"), "{text}");
        let text = disagreement(&with(json!({"oracle": "tract", "error": "no such operator"}))).unwrap();
        assert!(text.ends_with("(tract): no such operator"), "{text}");
        let mut report = with(json!({"oracle": "own", "max_abs_error": 0.1}));
        report.insert("min_cosine".to_owned(), json!(0.995));
        assert_eq!(disagreement(&report), None);
        report.insert("min_cosine".to_owned(), json!(0.98));
        let expected = "COSINE 0.98000: expected outputs that have 0.99 or more with the float model's (own)";
        assert_eq!(disagreement(&report).unwrap(), expected);
    }
}
