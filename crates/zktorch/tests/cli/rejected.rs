//! Exit status 1: proofs and keys that are not accepted.

use std::fs;

use zktorch::container::Kind;

use super::support::{cnn, fixture, folder, mlp, succeed, text};

#[test]
fn the_development_srs_needs_permission() {
    cnn().verify(&[]).rejected("insecure");
    cnn().verify(&["--model-id", &cnn().id]).rejected("insecure");
}

#[test]
fn another_model_id() {
    let other = "0".repeat(64);
    cnn().verify_insecure(&["--model-id", &other]).rejected(&format!("expected {other}"));
    cnn().verify_insecure(&["--model-id", &mlp().id]).rejected(&cnn().id);
}

#[test]
fn a_damaged_proof() {
    let (files, folder) = (cnn(), folder());
    let path = folder.path().join("proof");
    let proof = text(&path);
    let refuse = |bytes: &[u8], reason: &str| {
        fs::write(&path, bytes).unwrap();
        files.verify_insecure(&["--proof", &proof]).rejected(reason);
    };
    // 1. The file: header, digest.
    let whole = files.read("proof.bin");
    for index in [0, 8, 12, 16, 48, 56, 87, 88, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        refuse(&bytes, "expected");
    }
    refuse(&whole[..whole.len() - 1], "body: expected");
    refuse(&[&whole[..], &[0]].concat(), "body: expected");
    refuse(&whole[..20], "header: expected");
    refuse(&[], "expected");
    // 2. The proof in a file that is in order.
    let body = files.body("proof.bin", Kind::Proof);
    for index in [60, body.len() / 3, body.len() / 2, body.len() - 40, body.len() - 1] {
        let mut bytes = body.clone();
        bytes[index] ^= 1;
        refuse(&files.repack("proof.bin", &bytes), "");
    }
    refuse(&files.repack("proof.bin", &body[..body.len() - 1]), "proof");
    refuse(&files.repack("proof.bin", &[&body[..], &[0]].concat()), "proof");
    refuse(&files.repack("proof.bin", &[]), "proof");
}

#[test]
fn a_damaged_key() {
    let (files, folder) = (cnn(), folder());
    let path = folder.path().join("vk");
    let vk = text(&path);
    let body = files.body("model.vk", Kind::VerifyingKey);
    for index in (0..body.len()).step_by(body.len() / 20) {
        let mut bytes = body.clone();
        bytes[index] ^= 1;
        fs::write(&path, files.repack("model.vk", &bytes)).unwrap();
        // Whose key it is says the id, if the user has said it; else it is nobody's.
        let run = files.verify_insecure(&["--vk", &vk]);
        run.fails(2, &vk);
        assert!(run.stderr.matches("does not verify").count() <= 1, "{}", run.stderr);
        assert!(!run.stderr.contains("the proof does not verify"), "{}", run.stderr);
    }
    for bytes in [[&body[..], &[0]].concat(), body[..body.len() - 1].to_vec(), vec![]] {
        fs::write(&path, files.repack("model.vk", &bytes)).unwrap();
        files.verify_insecure(&["--vk", &vk]).fails(2, "malformed");
    }
    let whole = files.read("model.vk");
    for (bytes, reason) in [
        (&whole[..whole.len() - 1], "body: expected"),
        (&whole[..20], "header: expected 88 bytes, found 20"),
        (&[], "it looks like nothing: it is empty"),
        (b"\x1b[2Jaccepted: true\n", "this is no file of zktorch's: it begins with"),
        (b"hello world", "it looks like text"),
    ] {
        fs::write(&path, bytes).unwrap();
        files.verify_insecure(&["--vk", &vk]).fails(2, reason);
    }
    // Another kind of file: of the verifier's own it is an error, of the prover's a reason to reject.
    for (name, what) in
        [("proof.bin", "a proof"), ("model.pk", "a proving key (pk)"), ("model.zkt", "a compiled model")]
    {
        let message = format!("this is {what}, expected a verifying key (vk)");
        files.verify_insecure(&["--vk", &files.path(name)]).fails(2, &message);
    }
    for (name, what) in [
        ("digits/cnn.onnx", "ONNX"),
        ("digits/sample.npy", "a NumPy array"),
        ("digits/calibration.npz", "a zip archive"),
        ("images/china.jpg", "a JPEG image"),
    ] {
        let message = format!("this is no file of zktorch's (it looks like {what}");
        files.verify_insecure(&["--vk", &fixture(name)]).fails(2, &message);
    }
    files.verify_insecure(&["--vk", &files.path("statement.json")]).fails(2, "looks like JSON");
    files
        .verify_insecure(&["--proof", &files.path("model.vk")])
        .rejected("this is a verifying key (vk), expected a proof");
}

#[test]
fn keys_of_another_setup_or_model() {
    let (files, folder) = (cnn(), folder());
    let [pk, vk] = ["pk", "vk"].map(|name| text(&folder.path().join(name)));
    let json = succeed(&["setup", &files.path("model.zkt"), "--pk", &pk, "--vk", &vk]);
    // Fresh blinds: another id.
    assert_ne!(json["model_id"], files.id.as_str());
    files.verify_insecure(&["--vk", &vk]).rejected("wrong key");
    files.verify_insecure(&["--vk", &mlp().path("model.vk")]).rejected("wrong key");
    files.verify_insecure(&["--proof", &mlp().path("proof.bin")]).rejected("wrong key");
    files.verify_insecure(&["--statement", &mlp().path("statement.json")]).rejected("wrong key");
    // Both of the other setup, under the pinned id.
    let [proof, statement] = ["proof", "s.json"].map(|name| text(&folder.path().join(name)));
    let sample = fixture("digits/sample.npy");
    succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    let all = ["--vk", &vk, "--proof", &proof, "--statement", &statement];
    assert_eq!(files.verify_insecure(&all).code, 0);
    files.verify_insecure(&[&all[..], &["--model-id", &files.id]].concat()).rejected(&files.id);
}

#[test]
fn another_inputs_proof_and_expected_data() {
    let (files, folder) = (cnn(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [input, proof, statement] = ["input.json", "proof", "s.json"].map(file);
    let image = vec![vec![vec![vec![0.5; 8]; 8]]];
    fs::write(&input, serde_json::to_vec(&image).unwrap()).unwrap();
    let pk = files.path("model.pk");
    succeed(&["prove", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement]);
    let both = ["--proof", &proof, "--statement", &statement];
    assert_eq!(files.verify_insecure(&both).code, 0);
    // Proof and statement of different inferences.
    files.verify_insecure(&["--proof", &proof]).rejected("does not verify");
    files.verify_insecure(&["--statement", &statement]).rejected("does not verify");
    // The input that one expects.
    let expect = |data: &str| files.verify_insecure(&[&both[..], &["--expect-input", data]].concat());
    assert_eq!(expect(&input).code, 0);
    expect(&fixture("digits/sample.npy")).rejected("input image: entry 0: expected");
    // The output that one expects: what the statement says, and one unit beside it.
    let output = file("output.json");
    let stated: serde_json::Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
    let mut logits: Vec<f64> = serde_json::from_value(stated["outputs"][0]["real"].clone()).unwrap();
    let expect = |logits: &[f64], more: &[&str]| {
        fs::write(&output, serde_json::to_vec(&[logits]).unwrap()).unwrap();
        files.verify_insecure(&[&both[..], &["--expect-output", &output], more].concat())
    };
    assert_eq!(expect(&logits, &[]).code, 0);
    assert_eq!(expect(&logits, &["--exact"]).json()["expected_output"], "the same integers");
    let unit = 2f64.powi(-(stated["outputs"][0]["scale"].as_i64().unwrap() as i32));
    logits[9] += unit;
    let json = expect(&logits, &[]).json();
    assert_eq!(json["expected_output"][0]["max_abs_difference"], unit, "{json}");
    assert_eq!(json["expected_output"][0]["tolerance"], unit, "{json}");
    expect(&logits, &["--exact"]).rejected("output logits: entry 9: expected");
    expect(&logits, &["--tolerance", "0"]).rejected("output logits: entry 9: expected");
    logits[9] += unit;
    expect(&logits, &[]).rejected(&format!("that differs by {}, more than {unit}", 2.0 * unit));
    assert_eq!(expect(&logits, &["--tolerance", "0.1"]).code, 0);
    logits[3] += 0.2;
    expect(&logits, &["--tolerance", "0.1"]).rejected("output logits: entry 3: expected");
    // What is no number is near nothing.
    let bytes = zktorch::data::encode_npy_f32(&[1, 10], &[f32::NAN; 10]).unwrap();
    let nan = file("nan.npy");
    fs::write(&nan, bytes).unwrap();
    let args = ["--expect-output", &nan, "--tolerance", "1e300"];
    files.verify_insecure(&[&both[..], &args].concat()).fails(2, "values must be finite");
}
