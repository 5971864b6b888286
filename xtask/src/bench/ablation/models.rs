//! Whole proofs through the command line: the seconds of their stages, and the portable backend.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::super::spread::Spread;
use crate::prove_model::{Model, Prepared, Request, Source};

/// The variable by which the command line is told to use the portable backend, and that backend's name.
const BACKEND: &str = "ZKTORCH_BACKEND";
const PORTABLE: &str = "portable";

/// Proves a model `runs` times on the `active` backend and on the portable one, in turns.
pub(super) fn measure(model: Model, runs: usize, active: &str) -> Result<Value> {
    let mut backends = vec![active];
    if active != PORTABLE {
        backends.push(PORTABLE);
    }
    // Keys do not depend on the backend: they are made once.
    let prepared = Prepared::new(&Request::new(Source::Model(model)))?;
    let mut reports: Vec<Vec<Map<String, Value>>> = vec![Vec::new(); backends.len()];
    for _ in 0..runs {
        for (backend, reports) in backends.iter().zip(&mut reports) {
            eprintln!("{} on {backend}:", model.name());
            let env = match *backend {
                PORTABLE => vec![(BACKEND.to_owned(), PORTABLE.to_owned())],
                _ => Vec::new(),
            };
            reports.push(prepared.prove(None, &env)?);
        }
    }
    let (ours, portable) = (reports.first().context("no backend")?, reports.get(1));
    let mut object = Map::new();
    object.insert("runs".into(), json!(runs));
    object.insert("backend".into(), json!(active));
    object.insert("seconds".into(), seconds(ours));
    object.insert("hiding".into(), hiding(ours));
    if let Some(portable) = portable {
        object.insert("portable_seconds".into(), seconds(portable));
        let [here, there] = [ours, portable].map(|reports| number(reports, "prove_s"));
        object
            .insert("portable_over_active".into(), json!(here.zip(there).map(|(here, there)| there / here)));
    }
    Ok(object.into())
}

fn median(values: Vec<f64>) -> Option<f64> {
    Spread::of(&values).map(|spread| spread.median)
}

/// The median of one number.
fn number(reports: &[Map<String, Value>], key: &str) -> Option<f64> {
    median(reports.iter().filter_map(|report| report.get(key)?.as_f64()).collect())
}

/// The medians of the seconds of every stage of proving. A stage that some run does not have is left out.
fn stages(reports: &[Map<String, Value>]) -> BTreeMap<String, f64> {
    let first = reports.first().and_then(|report| report.get("stage_s")?.as_object());
    let keys = first.into_iter().flatten().map(|(key, _)| key.clone());
    let stage = |key: String| {
        let times = reports.iter().map(|report| report.get("stage_s")?.get(&key)?.as_f64());
        Some((key.clone(), median(times.collect::<Option<Vec<f64>>>()?)?))
    };
    keys.filter_map(stage).collect()
}

fn seconds(reports: &[Map<String, Value>]) -> Value {
    json!({
        "prove_s": number(reports, "prove_s"),
        "all_prove_s": reports.iter().filter_map(|report| report.get("prove_s")).collect::<Vec<_>>(),
        "verify_s": number(reports, "verify_s"),
        "setup_s": number(reports, "setup_s"),
        "stage_s": stages(reports),
    })
}

/// What hiding costs of a whole proof, between two bounds. `mask` is the stage in which the accumulator is masked: it exists only
/// to hide. `other` is what belongs to no stage: the fold of the hidden messages with a random instance and the argument that
/// closes them, which exist only to hide, but also transcripts and the proof's bytes. Committing the rows of hidden messages is
/// inside all the other stages, and not counted here: the parts measure it.
fn hiding(reports: &[Map<String, Value>]) -> Value {
    let stages = stages(reports);
    let (Some(mask), Some(other)) = (stages.get("mask"), stages.get("other")) else {
        return Value::Null;
    };
    let share = |seconds: f64| number(reports, "prove_s").map(|prove| seconds / prove);
    json!({
        "mask_s": mask,
        "mask_and_other_s": mask + other,
        "least_share": share(*mask),
        "most_share": share(mask + other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(prove: f64, mask: f64) -> Map<String, Value> {
        let report = json!({ "prove_s": prove, "stage_s": { "mask": mask, "other": 0.5, "mira": 1.0 } });
        report.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn medians_of_every_stage() {
        let mut reports = vec![report(4.0, 1.0), report(8.0, 3.0), report(5.0, 2.0)];
        let expected = json!({
            "mask_s": 2.0, "mask_and_other_s": 2.5, "least_share": 0.4, "most_share": 0.5
        });
        assert_eq!(hiding(&reports), expected);
        assert_eq!(stages(&reports).get("mira"), Some(&1.0));
        reports[1].insert("stage_s".into(), json!({ "mask": 1.0 }));
        assert_eq!(stages(&reports).get("mira"), None, "one run has no such stage");
        assert_eq!(hiding(&reports), Value::Null);
    }

    #[test]
    fn without_stages_there_is_no_share() {
        let object = json!({ "prove_s": 4.0 }).as_object().cloned().unwrap_or_default();
        assert_eq!(hiding(&[object]), Value::Null);
    }
}
