//! Median, smallest and largest of a few runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is said about the values of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    /// Of an even number of values the mean of the middle two.
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    /// How many values there are.
    pub(super) count: usize,
}

impl Spread {
    /// None without values.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some(Self { median: (low + high) / 2.0, min, max, count: sorted.len() })
    }
}

/// The spread of every number of the objects, also of those one level down: `stage_s.commit`.
pub(super) fn summarise(runs: &[Map<String, Value>]) -> BTreeMap<String, Spread> {
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for run in runs {
        for (key, value) in run {
            match value {
                Value::Number(number) => values.entry(key.clone()).or_default().extend(number.as_f64()),
                Value::Object(inner) => {
                    for (inner_key, value) in inner {
                        if let Some(number) = value.as_f64() {
                            values.entry(format!("{key}.{inner_key}")).or_default().push(number);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    values.into_iter().filter_map(|(key, values)| Some((key, Spread::of(&values)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn median_of_odd_and_even_counts() {
        assert_eq!(Spread::of(&[]), None);
        let spread = Spread::of(&[7.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max, spread.count), (7.0, 7.0, 7.0, 1));
        let spread = Spread::of(&[3.0, 1.0, 10.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max, spread.count), (3.0, 1.0, 10.0, 3));
        assert_eq!(Spread::of(&[4.0, 1.0, 10.0, 2.0]).unwrap().median, 3.0);
    }

    #[test]
    fn numbers_of_every_run_and_one_level_down() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let runs = [
            object(
                json!({"prove_s": 2.0, "accepted": true, "stage_s": {"mira": 0.5, "mask": 1.0}, "deep": {"a": {"b": 1}}}),
            ),
            object(json!({"prove_s": 4.0, "model_id": "ab", "stage_s": {"mira": 0.25}, "floor_s": null})),
        ];
        let summary = summarise(&runs);
        let keys: Vec<&str> = summary.keys().map(String::as_str).collect();
        assert_eq!(keys, ["prove_s", "stage_s.mask", "stage_s.mira"]);
        assert_eq!(summary["prove_s"], Spread { median: 3.0, min: 2.0, max: 4.0, count: 2 });
        assert_eq!(summary["stage_s.mask"].count, 1);
    }
}
