//! Private inputs and outputs: the statement has commitments.

use serde_json::{Value, json};
use std::fs;

use super::support::{Files, fixture, folder, mlp, private_input, private_output, succeed, text};

/// The proof is accepted, the statement shows one side alone, and commitments matter.
fn check(files: &Files, private: &str, public: &str) {
    assert_eq!(files.verify_insecure(&["--model-id", &files.id]).code, 0);
    let statement = files.statement();
    assert_eq!(statement[public][0]["visibility"], "public");
    let hidden = &statement[private][0];
    assert_eq!(hidden["visibility"], "private");
    assert!(hidden.get("integers").is_none() && hidden.get("real").is_none());
    let commitments = hidden["commitments"].as_array().unwrap().clone();
    assert!(!commitments.is_empty());

    // Another commitment: that of another proof of the same thing (fresh blinds), a proof's, none, twice, not a point.
    let folder = folder();
    let [proof, other] = ["proof", "s.json"].map(|name| text(&folder.path().join(name)));
    let (pk, sample) = (files.path("model.pk"), fixture("digits/sample.npy"));
    succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &other]);
    assert_eq!(files.verify_insecure(&["--proof", &proof, "--statement", &other]).code, 0);
    files.verify_insecure(&["--proof", &proof]).rejected("does not verify");
    files.verify_insecure(&["--statement", &other]).rejected("does not verify");
    let fresh: Value = serde_json::from_slice(&fs::read(&other).unwrap()).unwrap();
    assert_ne!(fresh[private], statement[private]);
    assert_eq!(fresh[public], statement[public]);
    let mut double = commitments.clone();
    double.extend(commitments);
    for edited in [json!([]), Value::from(double), json!(["f".repeat(64)]), json!(["12"])] {
        let mut statement = statement.clone();
        statement[private][0]["commitments"] = edited;
        fs::write(&other, statement.to_string()).unwrap();
        files.verify_insecure(&["--statement", &other]).rejected("");
    }
}

#[test]
fn a_private_input() {
    let files = private_input();
    check(files, "inputs", "outputs");
    let sample = fixture("digits/sample.npy");
    files.verify_insecure(&["--expect-input", &sample]).rejected("input image is private");
    // The same model says the same about the same image.
    assert_eq!(files.statement()["outputs"], mlp().statement()["outputs"]);
}

#[test]
fn a_private_output() {
    let (files, folder) = (private_output(), folder());
    check(files, "outputs", "inputs");
    let sample = fixture("digits/sample.npy");
    assert_eq!(files.verify_insecure(&["--expect-input", &sample]).code, 0);
    let output = folder.path().join("output.json");
    fs::write(&output, mlp().statement()["outputs"][0]["real"].to_string()).unwrap();
    files.verify_insecure(&["--expect-output", &text(&output)]).rejected("output logits is private");
}

#[test]
fn both_private() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [zkt, pk, vk, proof, statement] = ["m.zkt", "pk", "vk", "proof", "s.json"].map(file);
    let (onnx, calibration) = (fixture("digits/cnn.onnx"), fixture("digits/calibration.npz"));
    let compile = ["compile", &onnx, "-o", &zkt, "--calibration", &calibration];
    succeed(&[&compile[..], &["--private", "input,output"]].concat());
    succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk]);
    let sample = fixture("digits/sample.npy");
    succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    let verify = ["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement];
    let json = succeed(&[&verify[..], &["--allow-insecure-srs", "--any-model"]].concat());
    assert_eq!(json["accepted"], true);
    assert!(json["proved_outputs"][0].get("values").is_none(), "{json}");
    let text = fs::read_to_string(&statement).unwrap();
    assert!(!text.contains("integers") && !text.contains("real"), "{text}");
}
