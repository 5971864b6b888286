//! Many inferences in one proof.

use std::fs;

use serde_json::Value;

use super::support::{Run, cnn, fixture, folder, mlp, succeed, text, zktorch};

#[test]
fn several_inputs_are_proved_and_verified_together() {
    let (keys, folder) = (mlp(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [proof, statement] = ["proof.bin", "statement.json"].map(file);
    let (sample, pk, vk) = (fixture("digits/sample.npy"), keys.path("model.pk"), keys.path("model.vk"));
    // Another image: the sample upside down.
    let other = file("other.npy");
    let mut bytes = fs::read(&sample).unwrap();
    let start = bytes.len() - 4 * 64;
    let pixels: Vec<[u8; 4]> = bytes[start..].as_chunks().0.iter().rev().copied().collect();
    bytes[start..].copy_from_slice(&pixels.concat());
    fs::write(&other, &bytes).unwrap();
    let files = ["--proof", &proof, "--statement", &statement];
    let prove = |more: &[&str]| zktorch(&[&["prove", "--json", "--pk", &pk], &files[..], more].concat());

    let proved = prove(&["--input", &sample, "--input", &other, "--input", &sample]).json();
    assert_eq!(proved["inferences"], 3);
    let outputs = proved["proved_outputs"].as_array().unwrap();
    assert_eq!(
        outputs.iter().map(|output| output["inference"].as_u64()).collect::<Vec<_>>(),
        [0, 1, 2].map(Some)
    );
    assert_eq!(outputs[0]["values"], outputs[2]["values"]);
    assert_ne!(outputs[0]["values"], outputs[1]["values"]);
    let stated: Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
    assert_eq!((&stated["inferences"], &stated["inputs"][0]["dims"][0]), (&3.into(), &3.into()));

    let own = ["verify", "--vk", &vk, "--model-id", &keys.id, "--allow-insecure-srs"];
    let verify = |more: &[&str]| -> Run { zktorch(&[&own[..], &["--json"], &files, more].concat()) };
    let own: &dyn Fn(&[&str]) -> Run = &|more| verify(&[&["--inferences", "3"], more].concat());
    // A verifier who asks for one inference is given none of three.
    verify(&[]).rejected("inferences: expected 1, got 3");
    verify(&["--inferences", "4"]).rejected("inferences: expected 4, got 3");
    let verify = own;
    let verified = verify(&[]).json();
    assert_eq!((&verified["accepted"], &verified["inferences"]), (&true.into(), &3.into()));
    assert_eq!(verified["proved_outputs"], proved["proved_outputs"]);

    // What the verifier expects, of all of them: a folder with as many files, in their order.
    let expected = file("expected");
    fs::create_dir(&expected).unwrap();
    for (name, from) in [("0.npy", &sample), ("1.npy", &other), ("2.npy", &sample)] {
        fs::copy(from, format!("{expected}/{name}")).unwrap();
    }
    assert_eq!(verify(&["--expect-input", &expected]).json()["accepted"], true);
    verify(&["--expect-input", &sample]).fails(2, "expected 3 samples, as the statement has, got 1");
    fs::copy(&sample, format!("{expected}/1.npy")).unwrap();
    verify(&["--expect-input", &expected]).rejected("");

    // Two inferences exchanged, another number of them.
    let mut exchanged = stated.clone();
    for field in ["integers", "real"] {
        let values = exchanged["outputs"][0][field].as_array_mut().unwrap();
        let len = values.len() / 3;
        values.rotate_left(len);
    }
    fs::write(&statement, exchanged.to_string()).unwrap();
    verify(&[]).rejected("does not verify");
    let mut fewer = stated;
    fewer["inferences"] = 2.into();
    fs::write(&statement, fewer.to_string()).unwrap();
    verify(&[]).rejected("expected 2 before the dimensions of the model");

    // All samples of a folder, if that is asked for; one sample is no batch.
    let together = prove(&["--input", &expected, "--batch"]).json();
    assert_eq!(together["inferences"], 3);
    let alone = prove(&["--input", &sample, "--batch"]).json();
    assert_eq!(alone["inferences"], 1);
    assert!(alone["proved_outputs"][0].get("inference").is_none());
    assert!(!fs::read_to_string(&statement).unwrap().contains("inferences"));
    prove(&["--input", &expected]).fails(2, "");
    let told = prove(&["--input", &sample, "--input", &other]);
    assert!(told.stderr.contains("2 inferences in one proof: whoever verifies it sees"), "{}", told.stderr);
}

#[test]
fn a_key_in_shards_proves_one_by_one() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [pk, vk, proof, statement] = ["pk", "vk", "proof", "statement.json"].map(file);
    succeed(&["setup", &cnn().path("model.zkt"), "--pk", &pk, "--vk", &vk, "--shards", "2"]);
    let sample = fixture("digits/sample.npy");
    let run = zktorch(&[
        "prove",
        "--pk",
        &pk,
        "--input",
        &sample,
        "--input",
        &sample,
        "--proof",
        &proof,
        "--statement",
        &statement,
    ]);
    run.fails(2, "expected one inference, as the key is in shards, got 2");
    assert!(!folder.path().join("proof").exists() && !folder.path().join("statement.json").exists());
}
