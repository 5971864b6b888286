//! Round trips, and every rule of the format broken on its own.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Error;
use crate::data::MAX_FILE_BYTES;
use crate::fuzz::fuzz;

fn tensor(name: &str, dims: &[usize], scale: i32, value: TensorValue) -> StatementTensor {
    StatementTensor { name: name.to_owned(), dims: dims.to_vec(), scale, zero: 0, multiplier: 1.0, value }
}

fn sample() -> Statement {
    let large = (0..5000).map(|i| i * 37 % 65536 - 32768).collect();
    Statement {
        model_id: Bytes32::sha256(b"model"),
        srs_id: Bytes32::sha256(b"srs"),
        inferences: 1,
        inputs: vec![
            tensor("image", &[1, 3], 4, TensorValue::Public(vec![16, -8, 0])),
            tensor("large", &[50, 100], 12, TensorValue::Public(large)),
        ],
        outputs: vec![tensor("logits", &[1, 10], -2, TensorValue::Private(vec![Bytes32::sha256(b"c")]))],
    }
}

/// Two inferences.
fn batch() -> Statement {
    let inputs = vec![tensor("x", &[2, 1, 3], 4, TensorValue::Public(vec![16, -8, 0, 1, 2, 3]))];
    let outputs = vec![tensor("y", &[2, 10], -2, TensorValue::Private(vec![Bytes32::sha256(b"c")]))];
    Statement { inferences: 2, inputs, outputs, ..sample() }
}

#[test]
fn several_inferences_are_counted_by_a_first_axis() {
    let (text, _) = batch().to_json("s").unwrap();
    let read = |json: &Value| Statement::from_json(json.to_string().as_bytes(), no_file);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["inferences"], 2);
    assert_eq!(read(&json).unwrap(), batch());
    assert!(!sample().to_json("s").unwrap().0.contains("inferences"));
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut json = json.clone();
        change(&mut json);
        read(&json).unwrap_err().to_string()
    };
    for other in [0, 1, 4097] {
        let error = refused(&|json| json["inferences"] = other.into());
        assert!(error.contains("inferences: expected 2 to 4096, or none, which means 1, got"), "{error}");
        let error = Statement { inferences: other, ..batch() }.to_json("s");
        assert_eq!(error.is_ok(), other == 1, "{other}");
    }
    for other in [json!(null), json!(-2), json!("2"), json!(2.0)] {
        refused(&|json| json["inferences"] = other.clone());
    }
    let error = refused(&|json| json["inferences"] = 3.into());
    assert!(
        error.contains("inputs[0].dims: expected 3 before the dimensions of the model, got [2, 1, 3]"),
        "{error}"
    );
    let error = refused(&|json| json["outputs"][0]["dims"] = json!([10]));
    assert!(error.contains("outputs[0].dims: expected 2 before"), "{error}");
    let error = refused(&|json| json["outputs"][0]["dims"] = json!([]));
    assert!(error.contains("outputs[0].dims: expected 2 before"), "{error}");
}

/// There is no file beside the statement.
fn no_file(_: &str, _: u64) -> Result<Vec<u8>, Error> {
    Ok(Vec::new())
}

/// The sample's JSON, changed, read with the sample's files.
fn read_changed(change: impl FnOnce(&mut Value)) -> Result<Statement, Error> {
    let (text, siblings) = sample().to_json("s").unwrap();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    change(&mut json);
    Statement::from_json(json.to_string().as_bytes(), |name, limit| {
        assert_eq!(name, "s.input1.npy");
        assert!(siblings[0].bytes.len() as u64 <= limit);
        Ok(siblings[0].bytes.clone())
    })
}

#[test]
fn the_form_is_pinned() {
    let statement = Statement { inputs: vec![sample().inputs[0].clone()], ..sample() };
    let (text, siblings) = statement.to_json("s").unwrap();
    assert_eq!(siblings, []);
    let expected = json!({
        "version": 1,
        "model_id": Bytes32::sha256(b"model").to_string(),
        "srs_id": Bytes32::sha256(b"srs").to_string(),
        "inputs": [{"name": "image", "dims": [1, 3], "scale": 4, "visibility": "public",
                    "integers": [16, -8, 0], "real": [1.0, -0.5, 0.0]}],
        "outputs": [{"name": "logits", "dims": [1, 10], "scale": -2, "visibility": "private",
                     "commitments": [Bytes32::sha256(b"c").to_string()]}],
    });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert_eq!(statement.inputs[0].real().unwrap(), [1.0, -0.5, 0.0]);
    assert_eq!(statement.outputs[0].real(), None);
    assert_eq!(read_changed(|_| ()).unwrap(), sample());

    // Where a port is not integer / 2^scale, both numbers are written.
    let mut statement = statement;
    (statement.inputs[0].zero, statement.inputs[0].multiplier) = (-8, 1.5);
    let (text, _) = statement.to_json("s").unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&written["inputs"][0]["zero"], &written["inputs"][0]["multiplier"]),
        (&json!(-8), &json!(1.5))
    );
    assert_eq!(written["inputs"][0]["real"], json!([2.25, 0.0, 0.75]));
    assert_eq!(Statement::from_json(text.as_bytes(), no_file).unwrap(), statement);
}

type Change = (&'static str, fn(&mut Value), &'static str);

#[test]
fn every_rule_is_checked() {
    let cases: &[Change] = &[
        ("version", |v| v["version"] = json!(2), "version: expected 1, got 2"),
        ("no version", |v| drop(v.as_object_mut().unwrap().remove("version")), "missing field `version`"),
        ("unknown", |v| v["extra"] = json!(1), "unknown field `extra`"),
        ("unknown below", |v| v["inputs"][0]["extra"] = json!(1), "unknown field `extra`"),
        ("unknown in file", |v| v["inputs"][1]["integers"]["extra"] = json!(1), "unknown field `extra`"),
        ("missing", |v| drop(v.as_object_mut().unwrap().remove("srs_id")), "missing field `srs_id`"),
        ("short id", |v| v["model_id"] = json!("ab"), "64 lowercase hexadecimal digits"),
        ("upper id", |v| v["model_id"] = json!("AB".repeat(32)), "64 lowercase hexadecimal digits"),
        ("empty name", |v| v["inputs"][0]["name"] = json!(""), "inputs[0].name: expected 1 to"),
        ("same name", |v| v["inputs"][0]["name"] = json!("large"), "inputs: expected different names"),
        (
            "scale",
            |v| v["outputs"][0]["scale"] = json!(257),
            "outputs[0].scale: expected -256 to 256, got 257",
        ),
        ("scale", |v| v["outputs"][0]["scale"] = json!(i32::MIN), "outputs[0].scale"),
        ("scale", |v| v["outputs"][0]["scale"] = json!(1.5), "invalid type: floating point"),
        ("dims", |v| v["inputs"][0]["dims"] = json!([1, 4]), "inputs[0].integers: expected 4 entries, got 3"),
        ("dims", |v| v["inputs"][0]["dims"] = json!([0]), "inputs[0].dims: expected no empty axis"),
        ("dims", |v| v["inputs"][0]["dims"] = json!([u64::MAX, 2]), "inputs[0].dims: expected at most"),
        ("dims", |v| v["inputs"][0]["dims"] = json!([-1]), "invalid value"),
        ("rank", |v| v["inputs"][0]["dims"] = json!(vec![1; 17]), "a list of at most 16 items"),
        ("transposed", |v| v["inputs"][1]["dims"] = json!([100, 50]), "expected dimensions [100, 50]"),
        ("visibility", |v| v["inputs"][0]["visibility"] = json!("secret"), "unknown variant"),
        (
            "visibility",
            |v| v["inputs"][0]["visibility"] = json!("private"),
            "inputs[0].integers: expected none",
        ),
        (
            "visibility",
            |v| v["outputs"][0]["visibility"] = json!("public"),
            "outputs[0].integers: expected the values",
        ),
        ("entry", |v| v["inputs"][0]["integers"][1] = json!(-9), "inputs[0].real: expected -0.5625"),
        ("entry", |v| v["inputs"][0]["integers"][1] = json!(3_000_000_000u32), "invalid value"),
        ("real", |v| v["inputs"][0]["real"][0] = json!(1.0000000000000002), "inputs[0].real: expected 1.0"),
        ("real", |v| v["inputs"][0]["real"][2] = json!(-0.0), "inputs[0].real: expected 0.0"),
        ("real", |v| v["inputs"][0]["real"] = json!([1.0]), "inputs[0].real: expected 3 entries, got 1"),
        ("real", |v| v["inputs"][0]["real"] = json!(null), "invalid type: null"),
        (
            "real",
            |v| drop(v["inputs"][0].as_object_mut().unwrap().remove("real")),
            "expected the real values",
        ),
        ("real", |v| v["inputs"][1]["real"] = json!([1.0]), "inputs[1].real: expected none"),
        ("real", |v| v["outputs"][0]["real"] = json!([1.0]), "outputs[0].real: expected none"),
        ("zero", |v| v["inputs"][0]["zero"] = json!(0), "inputs[0].zero: expected none, which means 0"),
        ("zero", |v| v["inputs"][0]["zero"] = json!(1), "(integer - zero) * multiplier / 2^scale"),
        ("zero", |v| v["inputs"][0]["zero"] = json!(null), "invalid type: null"),
        ("zero", |v| v["inputs"][0]["zero"] = json!(0.5), "invalid type: floating point"),
        (
            "multiplier",
            |v| v["outputs"][0]["multiplier"] = json!(1.0),
            "multiplier: expected none, which means 1",
        ),
        (
            "multiplier",
            |v| v["outputs"][0]["multiplier"] = json!(0.0),
            "outputs[0].multiplier: expected 2^-64",
        ),
        ("multiplier", |v| v["outputs"][0]["multiplier"] = json!(-0.5), "outputs[0].multiplier"),
        ("multiplier", |v| v["outputs"][0]["multiplier"] = json!(1e30), "outputs[0].multiplier"),
        ("multiplier", |v| v["inputs"][0]["multiplier"] = json!(0.1), "expected 0.1, (integer - zero)"),
        ("both", |v| v["inputs"][0]["commitments"] = json!([]), "inputs[0].commitments: expected none"),
        ("null", |v| v["inputs"][0]["commitments"] = json!(null), "invalid type: null"),
        ("none", |v| v["outputs"][0]["commitments"] = json!([]), "outputs[0].commitments: expected 1 to"),
        (
            "inline",
            |v| v["inputs"][1]["integers"] = json!(vec![0; 4096]),
            "expected a file, for more than 4096",
        ),
        ("inline", |v| v["inputs"][1]["integers"] = json!(vec![0; 5000]), "at most 4096 items"),
        ("many", |v| v["inputs"] = json!(vec![v["inputs"][0].clone(); 257]), "at most 256 items"),
        ("digest", |v| v["inputs"][1]["integers"]["sha256"] = json!("00".repeat(32)), "integers.sha256"),
        ("path", |v| v["inputs"][1]["integers"]["npy"] = json!("../s.npy"), "a .npy file in the same folder"),
        ("path", |v| v["inputs"][1]["integers"]["npy"] = json!("/s.npy"), "a .npy file in the same folder"),
        ("path", |v| v["inputs"][1]["integers"]["npy"] = json!("c:s.npy"), "a .npy file in the same folder"),
        ("path", |v| v["inputs"][1]["integers"]["npy"] = json!("key.pk"), "a .npy file in the same folder"),
    ];
    for (name, change, expected) in cases {
        let got = read_changed(change).unwrap_err().to_string();
        assert!(got.contains(expected), "{name}: {got:?} lacks {expected:?}");
    }
    let small = |v: &mut Value| {
        v["inputs"][1]["dims"] = json!([4]);
    };
    assert!(read_changed(small).unwrap_err().to_string().contains("a list, for at most 4096 entries"));
    let refused = |text: &str| Statement::from_json(text.as_bytes(), no_file).unwrap_err().to_string();
    assert!(refused("{\"version\": 1, \"version\": 1}").contains("duplicate field"));
    assert!(refused(&"[".repeat(100_000)).contains("json"));
    let (text, _) = Statement { inputs: Vec::new(), ..sample() }.to_json("s").unwrap();
    assert!(refused(&format!("{text} x")).contains("trailing characters"));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let broken = |change: fn(&mut Statement)| {
        let mut statement = sample();
        change(&mut statement);
        statement.to_json("s").unwrap_err().to_string()
    };
    assert!(broken(|s| s.inputs[0].dims = vec![2]).contains("inputs[0].integers: expected 2 entries"));
    assert!(broken(|s| s.inputs[0].scale = -257).contains("inputs[0].scale"));
    for multiplier in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut statement = sample();
        statement.inputs[0].multiplier = multiplier;
        assert!(statement.to_json("s").unwrap_err().to_string().contains("inputs[0].multiplier"));
    }
    assert!(broken(|s| s.inputs[0].name.clear()).contains("inputs[0].name"));
    assert!(broken(|s| s.inputs[1].name = "image".to_owned()).contains("different names"));
    assert!(broken(|s| s.outputs[0].value = TensorValue::Private(Vec::new())).contains("commitments"));
    assert!(sample().to_json("a/b").unwrap_err().to_string().contains("same folder"));
}

proptest! {
    #[test]
    fn real_values_survive_the_text(
        integers in prop::collection::vec(any::<i32>(), 1..20),
        scale in -256i32..=256,
        zero in prop::sample::select(vec![0, 1, -128, i32::MIN, i32::MAX]),
        multiplier in prop_oneof![Just(1.0), 1e-19..1e19, Just(2f64.powi(-64)), Just(0.1)],
    ) {
        let mut statement = sample();
        let input = tensor("x", &[integers.len()], scale, TensorValue::Public(integers));
        statement.inputs = vec![StatementTensor { zero, multiplier, ..input }];
        let (text, _) = statement.to_json("s").unwrap();
        let read = Statement::from_json(text.as_bytes(), no_file).unwrap();
        prop_assert_eq!(read, statement);
    }
}

#[test]
fn fuzz_statement() {
    let (text, siblings) = sample().to_json("s").unwrap();
    fuzz(&[text.into_bytes()], |bytes| {
        let read = Statement::from_json(bytes, |_, limit| {
            assert!(limit <= MAX_FILE_BYTES);
            Ok::<_, Error>(siblings[0].bytes.clone())
        });
        if let Ok(statement) = read {
            let (text, again) = statement.to_json("s").unwrap();
            let back =
                Statement::from_json(text.as_bytes(), |_, _| Ok::<_, Error>(again[0].bytes.clone())).unwrap();
            assert_eq!(back, statement);
        }
    });
}
