//! Comparison of outputs, and reading them.

use std::collections::BTreeMap;

use super::super::manifest::{Package, Registry};
use super::*;

fn model(compare: Rule) -> Model {
    Model {
        name: "m".into(),
        task: String::new(),
        package: Package { registry: Registry::Pypi, name: "p".into(), version: "1".into() },
        path: String::new(),
        sha256: String::new(),
        dims: BTreeMap::new(),
        needs: Vec::new(),
        climb: false,
        compare,
        tolerance: 0.02,
        floor: 0.0,
        per: None,
        inputs: BTreeMap::new(),
    }
}

/// One output against another.
fn judge(model: &Model, dims: &[usize], wanted: &[f64], found: &[f64]) -> Verdict {
    let values = wanted.iter().map(|x| x.is_finite().then_some(*x)).collect();
    let expected = Expected { name: "y".into(), dims: dims.to_vec(), integer: false, values };
    compare(model, &[expected], &[Proved { name: "y".into(), values: found.to_vec() }])
}

#[test]
fn errors_are_relative_to_the_largest_value() {
    let close = judge(&model(Rule::Allclose), &[2], &[0.0, -100.0], &[1.9, -100.0]);
    assert!(close.problems.is_empty() && (close.error - 0.019).abs() < 1e-12 && !close.weak, "{close:?}");
    let far = judge(&model(Rule::Allclose), &[2], &[0.0, -100.0], &[2.1, -100.0]);
    assert_eq!(far.problems, ["y: off by 0.021, allowed 0.020"]);
}

#[test]
fn a_floor_forgives_and_is_told_of() {
    let with_floor = Model { floor: 1.0, ..model(Rule::Allclose) };
    let verdict = judge(&with_floor, &[2], &[0.001, 0.01], &[0.0, 0.0]);
    assert!(verdict.problems.is_empty() && verdict.weak, "{verdict:?}");
    assert!(!judge(&model(Rule::Allclose), &[2], &[0.001, 0.01], &[0.0, 0.0]).problems.is_empty());
}

#[test]
fn entries_of_an_axis_have_scales_of_their_own() {
    let (wanted, found) = ([100.0, 1.0, 50.0, 0.5], [100.0, 1.1, 50.0, 0.5]);
    assert!(judge(&model(Rule::Allclose), &[2, 2], &wanted, &found).problems.is_empty());
    let per = Model { per: Some(1), ..model(Rule::Allclose) };
    assert!((judge(&per, &[2, 2], &wanted, &found).error - 0.1).abs() < 1e-12);
    let rows = Model { per: Some(0), ..model(Rule::Allclose) };
    assert!((judge(&rows, &[2, 2], &wanted, &found).error - 0.001).abs() < 1e-12);
}

#[test]
fn the_largest_entry_has_to_be_the_same_unless_the_lead_is_small() {
    let top = model(Rule::Top1);
    // Ten percent are allowed, the order is not lost.
    assert!(judge(&top, &[1, 3], &[1.0, 0.5, 0.0], &[0.95, 0.55, 0.0]).problems.is_empty());
    // A lead within the tolerance.
    assert!(judge(&top, &[1, 3], &[1.0, 0.99, 0.0], &[0.98, 0.99, 0.0]).problems.is_empty());
    // A lead above it, in the second of two rows.
    let lost = judge(&top, &[2, 2], &[1.0, 0.0, 1.0, 0.95], &[1.0, 0.0, 0.94, 0.97]);
    assert_eq!(lost.problems, ["y: another largest entry in 1 of 2 rows"]);
    let far = judge(&top, &[1, 3], &[1.0, 0.5, 0.0], &[1.0, 0.5, 0.2]);
    assert_eq!(far.problems, ["y: off by 0.200, allowed 0.100"]);
}

#[test]
fn a_column_is_one_row() {
    let top = model(Rule::Top1);
    assert_eq!(judge(&top, &[2, 1], &[1.0, 0.95], &[0.95, 1.0]).problems.len(), 1);
    assert!(judge(&top, &[], &[1.0], &[1.0]).problems.is_empty());
}

#[test]
fn nothing_is_expected_where_there_is_no_number() {
    let wanted = [f64::INFINITY, 1.0];
    assert!(judge(&model(Rule::Allclose), &[2], &wanted, &[7.0, 1.0]).problems.is_empty());
    assert!(!judge(&model(Rule::Allclose), &[2], &[1.0, 1.0], &[f64::INFINITY, 1.0]).problems.is_empty());
}

#[test]
fn integers_have_to_be_equal() {
    let judge = |count: usize, wrong: usize| {
        let values = (0..count).map(|i| Some(i as f64)).collect();
        let expected = Expected { name: "y".into(), dims: vec![count], integer: true, values };
        let values = (0..count).map(|i| if i < wrong { -1.0 } else { i as f64 }).collect();
        compare(&model(Rule::Allclose), &[expected], &[Proved { name: "y".into(), values }])
    };
    assert!(judge(3, 0).problems.is_empty() && !judge(3, 0).weak);
    assert_eq!(judge(3, 1).problems, ["y: 2 of 3 are equal"]);
    assert!(judge(100, 5).problems.is_empty());
    assert_eq!(judge(100, 6).problems, ["y: 94 of 100 are equal"]);
}

#[test]
fn missing_outputs_and_entries_are_wrong() {
    let expected = || Expected { name: "y".into(), dims: vec![1], integer: false, values: vec![Some(1.0)] };
    let verdict = compare(&model(Rule::Allclose), &[expected()], &[]);
    assert_eq!(verdict.problems, ["y is no output of the statement"]);
    let two = Proved { name: "y".into(), values: vec![1.0, 1.0] };
    let verdict = compare(&model(Rule::Allclose), &[expected()], &[two]);
    assert_eq!(verdict.problems, ["y: expected 1 entries, found 2"]);
}

#[test]
fn statements_are_read_with_the_files_beside_them() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("s.json");
    let text = r#"{ "version": 1, "outputs": [
        { "name": "a", "dims": [2], "scale": 1, "visibility": "public", "integers": [3, -4], "real": [1.5, -2] },
        { "name": "b", "dims": [2], "scale": 0, "zero": 1, "multiplier": 0.5, "visibility": "public",
          "integers": { "npy": "b.npy", "sha256": "" } }
    ] }"#;
    fs::write(&path, text)?;
    let header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend([5i32, -1].iter().flat_map(|x| x.to_le_bytes()));
    fs::write(folder.path().join("b.npy"), &bytes)?;
    let read = outputs(&path)?;
    assert_eq!((read[0].name.as_str(), &read[0].values[..]), ("a", &[1.5, -2.0][..]));
    assert_eq!((read[1].name.as_str(), &read[1].values[..]), ("b", &[2.0, -1.0][..]));
    fs::write(folder.path().join("b.npy"), &bytes[..bytes.len() - 1])?;
    assert!(outputs(&path).is_err());
    Ok(())
}
