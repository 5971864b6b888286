//! `prove MODEL.onnx --out DIR`: everything at once, setup only once.

use std::fs;

use super::support::{fixture, folder, succeed, text, zktorch};

const FILES: [&str; 5] = ["model.zkt", "model.pk", "model.vk", "proof.bin", "statement.json"];

#[test]
fn the_second_run_uses_the_keys_of_the_first() {
    let folder = folder();
    let out = folder.path().join("new/folder");
    let file = |name: &str| text(&out.join(name));
    let (onnx, sample) = (fixture("digits/mlp.onnx"), fixture("digits/sample.npy"));
    let calibration = fixture("digits/calibration.npz");
    let out_text = text(&out);
    let prove = |onnx: &str, more: &[&str]| {
        let args = ["prove", onnx, "--input", &sample, "--out", &out_text];
        let json = succeed(&[&args, more].concat());
        let [_, _, vk, proof, statement] = FILES.map(file);
        let verify = ["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement];
        let id = json["model_id"].as_str().unwrap();
        let more = ["--allow-insecure-srs", "--model-id", id, "--expect-input", &sample];
        assert_eq!(succeed(&[&verify[..], &more[..]].concat())["accepted"], true);
        json
    };
    let calibrated = ["--calibration", calibration.as_str()];
    let first = prove(&onnx, &calibrated);
    assert_eq!(first["setup_cached"], false);
    for key in
        ["compile_s", "setup_s", "load_s", "witness_s", "prove_s", "proof_bytes", "vk_bytes", "pk_bytes"]
    {
        assert!(first[key].as_f64().is_some_and(|x| x > 0.0), "{key}");
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), 5);
    let keys = fs::read(file("model.vk")).unwrap();

    // With the same samples, and without any.
    for more in [&calibrated[..], &[]] {
        let again = prove(&onnx, more);
        assert_eq!(again["setup_cached"], true);
        assert!(again.get("setup_s").is_none());
        assert_eq!(again["model_id"], first["model_id"]);
        assert_eq!(fs::read(file("model.vk")).unwrap(), keys);
    }

    // Keys that do not belong together, as an interrupted run leaves them: made again.
    let pk = fs::read(file("model.pk")).unwrap();
    let second = prove(&fixture("digits/cnn.onnx"), &[]);
    assert_eq!(second["setup_cached"], false);
    assert_eq!(second["replaced_model_id"], first["model_id"]);
    assert_ne!(second["model_id"], first["model_id"]);
    fs::write(file("model.pk"), pk).unwrap();
    assert_eq!(prove(&fixture("digits/cnn.onnx"), &[])["setup_cached"], false);
    // Other samples: other scales.
    assert_eq!(prove(&fixture("digits/cnn.onnx"), &calibrated)["setup_cached"], false);
    // Another headroom: other scales too; the same one again: the same keys.
    let more_room = [&calibrated[..], &["--headroom", "4"]].concat();
    assert_eq!(prove(&fixture("digits/cnn.onnx"), &more_room)["setup_cached"], false);
    assert_eq!(prove(&fixture("digits/cnn.onnx"), &["--headroom", "4"])["setup_cached"], true);
    assert_eq!(prove(&fixture("digits/cnn.onnx"), &["--headroom", "5"])["setup_cached"], false);
}

#[test]
fn generated_calibration_warns() {
    let folder = folder();
    let args = ["prove", &fixture("digits/mlp.onnx"), "--input", &fixture("digits/sample.npy")];
    let run = zktorch(&[&args[..], &["--out", &text(folder.path())]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("no calibration samples"), "{}", run.stderr);
    assert!(run.stderr.contains("development SRS"), "{}", run.stderr);
}
