//! Every field of a statement matters.

use std::fs;

use serde_json::{Value, json};

use super::support::{Files, cnn, folder, private_input, text};

/// Verifies the files' proof against an edited statement.
fn refuse(files: &Files, edit: impl FnOnce(&mut Value), reason: &str) {
    let folder = folder();
    let path = folder.path().join("statement.json");
    let mut statement = files.statement();
    edit(&mut statement);
    assert_ne!(statement, files.statement(), "the edit changes something");
    fs::write(&path, serde_json::to_vec(&statement).unwrap()).unwrap();
    files.verify_insecure(&["--statement", &text(&path)]).rejected(reason);
}

/// Adds one to an integer of a tensor, and to the real value what belongs to it.
fn increment(tensor: &mut Value, index: usize) {
    let integer = tensor["integers"][index].as_i64().unwrap() + 1;
    let scale = tensor["scale"].as_i64().unwrap() as i32;
    tensor["integers"][index] = integer.into();
    tensor["real"][index] = (integer as f64 * 2f64.powi(-scale)).into();
}

#[test]
fn ids_and_version() {
    let files = cnn();
    refuse(files, |s| s["model_id"] = "0".repeat(64).into(), "model_id (wrong key?)");
    refuse(files, |s| s["srs_id"] = "0".repeat(64).into(), "srs_id");
    refuse(files, |s| s["model_id"] = s["srs_id"].clone(), "model_id (wrong key?)");
    refuse(files, |s| s["version"] = 2.into(), "version: expected 1, got 2");
    refuse(files, |s| s["remark"] = "hello".into(), "remark");
    refuse(files, |s| s["model_id"] = Value::Null, "statement");
    for field in ["version", "model_id", "srs_id", "inputs", "outputs"] {
        refuse(files, |s| drop(s.as_object_mut().unwrap().remove(field)), field);
    }
}

#[test]
fn names_extents_scales() {
    let files = cnn();
    for side in ["inputs", "outputs"] {
        refuse(files, |s| s[side][0]["name"] = "other".into(), "expected");
        // As many entries as before: only the key knows better.
        let count = files.statement()[side][0]["integers"].as_array().unwrap().len();
        refuse(files, |s| s[side][0]["dims"] = json!([count]), "expected");
        refuse(files, |s| s[side][0]["dims"] = json!([count, 1, 1]), "expected");
        refuse(files, |s| s[side][0]["dims"] = json!([count + 1]), "entries");
        // The same integers under another scale, with the real values that belong to it.
        let scaled = |s: &mut Value| {
            let scale = s[side][0]["scale"].as_i64().unwrap() as i32 - 1;
            s[side][0]["scale"] = scale.into();
            let integers: Vec<i32> = serde_json::from_value(s[side][0]["integers"].clone()).unwrap();
            let real = integers.iter().map(|integer| f64::from(*integer) * 2f64.powi(-scale));
            s[side][0]["real"] = real.collect::<Vec<f64>>().into();
        };
        refuse(files, scaled, "with scale");
        refuse(files, |s| s[side][0]["scale"] = 3.into(), "integer / 2^scale");
        refuse(files, |s| s[side] = json!([]), side);
        refuse(files, |s| s[side] = json!([s[side][0], s[side][0]]), "different names");
    }
    refuse(files, |s| s["inputs"] = s["outputs"].clone(), "expected image");
}

#[test]
fn values() {
    let files = cnn();
    for index in [0, 3, 9] {
        refuse(files, |s| increment(&mut s["outputs"][0], index), "does not verify");
    }
    for index in [0, 31, 63] {
        refuse(files, |s| increment(&mut s["inputs"][0], index), "does not verify");
    }
    for side in ["inputs", "outputs"] {
        refuse(files, |s| s[side][0]["integers"][4] = 12345.into(), "integer / 2^scale");
        refuse(files, |s| s[side][0]["real"][4] = 0.123.into(), "integer / 2^scale");
        // Beyond the range that the key allows.
        let huge = |s: &mut Value| {
            let scale = s[side][0]["scale"].as_i64().unwrap() as i32;
            s[side][0]["integers"][2] = i32::MAX.into();
            s[side][0]["real"][2] = (f64::from(i32::MAX) * 2f64.powi(-scale)).into();
        };
        refuse(files, huge, "does not verify");
        refuse(files, |s| drop(s[side][0]["integers"].as_array_mut().unwrap().pop()), "entries");
        refuse(files, |s| drop(s[side][0].as_object_mut().unwrap().remove("real")), "real");
    }
}

#[test]
fn visibility() {
    let commitment = private_input().statement()["inputs"][0]["commitments"][0].clone();
    let private = |tensor: &mut Value| {
        let fields = tensor.as_object_mut().unwrap();
        fields.remove("integers");
        fields.remove("real");
        fields.insert("visibility".to_owned(), "private".into());
        fields.insert("commitments".to_owned(), json!([commitment]));
    };
    for side in ["inputs", "outputs"] {
        refuse(cnn(), |s| private(&mut s[side][0]), "expected public, got the other visibility");
        refuse(cnn(), |s| s[side][0]["visibility"] = "private".into(), "private");
        refuse(cnn(), |s| s[side][0]["visibility"] = "secret".into(), "secret");
        refuse(cnn(), |s| s[side][0]["commitments"] = json!([commitment]), "commitments");
    }
    // The other way round.
    let public = cnn().statement()["inputs"][0].clone();
    let files = private_input();
    let disclose = |s: &mut Value| {
        let scale = s["inputs"][0]["scale"].clone();
        assert_eq!(scale, public["scale"], "both models have images in 0..1");
        s["inputs"][0] = public.clone();
    };
    refuse(files, disclose, "expected private, got the other visibility");
}
