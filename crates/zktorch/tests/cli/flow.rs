//! From the ONNX file to an accepted proof, and what is printed on the way.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{cnn, fixture, folder, mlp, succeed, text, zktorch};

/// Requires positive numbers under these keys.
fn numbers(json: &Value, keys: &[&str]) {
    for key in keys.iter().chain(&["peak_rss_bytes"]) {
        assert!(json[*key].as_f64().is_some_and(|x| x > 0.0), "{key} in {json}");
    }
}

/// Requires these stages, `other` and no further ones; together they are the whole.
fn stages(json: &Value, whole: &str, keys: &[&str]) {
    let split = json["stage_s"].as_object().unwrap();
    let expected: BTreeSet<&str> = keys.iter().copied().chain(["other"]).collect();
    assert_eq!(split.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    for key in keys {
        assert!(split[*key].as_f64().unwrap() > 0.0, "{key} in {json}");
    }
    let sum: f64 = split.values().map(|seconds| seconds.as_f64().unwrap()).sum();
    let whole = json[whole].as_f64().unwrap();
    assert!((sum - whole).abs() < 1e-6 * whole.max(1.0), "{sum} is not {whole}: {json}");
}

fn size(path: &str) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// `moves`: there are views that move entries.
fn whole_flow(model: &str, moves: bool) {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [zkt, pk, vk, proof, statement] = ["m.zkt", "pk", "vk", "proof", "statement.json"].map(file);
    let (onnx, sample) = (fixture(model), fixture("digits/sample.npy"));

    let json = succeed(&["inspect", &onnx]);
    assert_eq!((&json["command"], &json["supported"]), (&"inspect".into(), &true.into()));
    numbers(&json, &["committed_values", "estimated_prove_s", "estimated_memory_bytes", "parameters"]);
    assert!(json["security_bits"]["computational"].as_u64().unwrap() >= 100);
    let inspected = json["committed_values"].clone();

    let json = succeed(&["compile", &onnx, "-o", &zkt, "--calibration", &fixture("digits/calibration.npz")]);
    numbers(&json, &["compile_s", "committed_values"]);
    let committed = json["committed_values"].clone();
    assert_eq!(committed, inspected);

    let json = succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk]);
    numbers(&json, &["setup_s", "load_s", "k"]);
    // The proof of the weights' ranges executes nothing and has no views that move entries.
    let common = ["commit", "inverse_columns", "relations", "sumcheck_a", "mira", "mask", "opening"];
    stages(&json, "setup_s", &[&["srs"][..], &common].concat());
    assert_eq!((json["vk_bytes"].as_u64(), json["pk_bytes"].as_u64()), (Some(size(&vk)), Some(size(&pk))));
    let id = json["model_id"].as_str().unwrap().to_owned();

    let ran = succeed(&["run", &zkt, "--input", &sample, "--per-node"]);
    numbers(&ran, &["load_s", "witness_s", "committed_values", "max_abs_error"]);
    assert!(ran["max_abs_error"].as_f64().unwrap() < 0.01, "{ran}");
    assert_eq!(ran["output_errors"]["logits"], ran["max_abs_error"]);
    assert!(ran["node_errors"].as_array().unwrap().len() >= 3);

    let json =
        succeed(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    numbers(&json, &["load_s", "witness_s", "prove_s", "peak_anon_bytes"]);
    assert!(json["witness_s"].as_f64() < json["prove_s"].as_f64());
    stages(
        &json,
        "prove_s",
        &[if moves { &["witness", "sumcheck_b"][..] } else { &["witness"] }, &common].concat(),
    );
    assert_eq!(json["committed_values"], committed);
    assert_eq!(
        (json["proof_bytes"].as_u64(), json["pk_bytes"].as_u64()),
        (Some(size(&proof)), Some(size(&pk)))
    );
    assert!(size(&proof) <= 12 << 10, "{}", size(&proof));

    let verify = ["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement];
    let more = ["--allow-insecure-srs", "--model-id", &id, "--expect-input", &sample];
    let json = succeed(&[&verify[..], &more[..]].concat());
    numbers(&json, &["verify_s", "vk_check_s"]);
    assert_eq!(
        (json["proof_bytes"].as_u64(), json["vk_bytes"].as_u64()),
        (Some(size(&proof)), Some(size(&vk)))
    );
    for (key, value) in [("accepted", true), ("model_id_pinned", true), ("srs_insecure", true)] {
        assert_eq!(json[key], value, "{key}");
    }
    assert_eq!(json["model_id"], id.as_str());
    assert_eq!((&json["srs_source"], &json["context"]), (&"development".into(), &false.into()));
    let compared = json["expected_input"].as_str().unwrap();
    assert!(compared.starts_with("the numbers in ") && compared.ends_with("sample.npy"), "{compared}");

    // What is proved is what was run.
    let statement: Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
    assert_eq!(statement["model_id"], id.as_str());
    assert_eq!(statement["outputs"][0]["real"], ran["outputs"]["logits"]);
    assert_eq!(statement["outputs"][0]["name"], "logits");
    let logits: Vec<f64> = serde_json::from_value(statement["outputs"][0]["real"].clone()).unwrap();
    let digit = (0..10).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
    let heldout = zktorch::data::load(Path::new(&fixture("digits/heldout.npz")), None).unwrap();
    let labels = heldout.iter().find(|tensor| tensor.dims == [899]).unwrap();
    assert_eq!(digit as f32, labels.floats()[0]);
    // Nothing but these files was written.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
}

#[test]
fn whole_flow_of_the_cnn() {
    whole_flow("digits/cnn.onnx", true);
}

#[test]
fn whole_flow_of_the_perceptron() {
    whole_flow("digits/mlp.onnx", false);
}

#[test]
fn the_id_is_pinned_or_waived_with_a_warning() {
    let files = cnn();
    let [vk, proof, statement] = ["model.vk", "proof.bin", "statement.json"].map(|name| files.path(name));
    let run = zktorch(&["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement]);
    run.fails(2, "--model-id <ID>");
    assert_eq!(run.stdout, "");
    let run = files.verify_insecure(&["--any-model"]);
    assert_eq!((run.code, &run.json()["model_id_pinned"]), (0, &false.into()));
    assert!(run.stderr.contains("--any-model: ") && run.stderr.contains(&files.id), "{}", run.stderr);
    let run = files.verify_insecure(&["--model-id", &files.id]);
    assert_eq!((run.code, &run.json()["model_id_pinned"]), (0, &true.into()));
    assert!(!run.stderr.contains("--any-model: "), "{}", run.stderr);
}

#[test]
fn proofs_of_one_input_differ_and_are_all_accepted() {
    let (files, folder) = (mlp(), folder());
    let (proof, statement) = (text(&folder.path().join("proof")), text(&folder.path().join("s.json")));
    let sample = fixture("digits/sample.npy");
    let mut proofs = vec![files.read("proof.bin")];
    for threads in ["1", "2"] {
        let pk = files.path("model.pk");
        let prove = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
        succeed(&[&prove[..], &["--threads", threads]].concat());
        let run =
            files.verify_insecure(&["--proof", &proof, "--statement", &statement, "--threads", threads]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(fs::read(&statement).unwrap(), files.read("statement.json"));
        proofs.push(fs::read(&proof).unwrap());
    }
    proofs.dedup();
    assert_eq!(proofs.len(), 3);
}

#[test]
fn text_is_a_line_for_each_field() {
    let files = cnn();
    let run = zktorch(&["info", &files.path("model.vk")]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.lines().any(|line| line == format!("model_id: {}", files.id)), "{}", run.stdout);
    assert!(run.stdout.lines().any(|line| line == "kind: verifying_key"), "{}", run.stdout);
    // Stages stand in the order in which they begin.
    let folder = folder();
    let [proof, statement] = ["proof", "s.json"].map(|name| text(&folder.path().join(name)));
    let (pk, sample) = (files.path("model.pk"), fixture("digits/sample.npy"));
    let run =
        zktorch(&["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement]);
    let lines = run.stdout.lines().filter_map(|line| line.strip_prefix("stage_s.")?.split_once(": "));
    let (names, seconds): (Vec<_>, Vec<_>) = lines.unzip();
    assert_eq!(names.first().zip(names.last()), Some((&"witness", &"other")), "{}", run.stdout);
    assert!(names.len() >= 9 && seconds.iter().all(|s: &&str| s.parse::<f64>().is_ok()), "{}", run.stdout);
}

#[test]
fn info_tells_what_every_file_is() {
    let (files, folder) = (cnn(), folder());
    for (name, kind) in [
        ("model.zkt", "model"),
        ("model.pk", "proving_key"),
        ("model.vk", "verifying_key"),
        ("proof.bin", "proof"),
        ("statement.json", "statement"),
    ] {
        let json = succeed(&["info", &files.path(name)]);
        assert_eq!(json["kind"], kind);
        if kind != "model" {
            assert_eq!(json["model_id"], files.id.as_str(), "{name}");
        }
        if kind != "statement" {
            let version = if ["proving_key", "model"].contains(&kind) { 2 } else { 1 };
            assert_eq!(json["format_version"], version);
            assert!(json["digest"].is_string() && json["protocol"].is_string());
        }
        if kind.ends_with("key") {
            assert_eq!(json["srs_insecure"], true);
            assert_eq!(json["inputs"][0]["name"], "image");
            let proof = json["expected_proof_bytes"].as_u64().unwrap();
            assert_eq!(proof, size(&files.path("proof.bin")));
        }
    }
    // An SRS that every verifier knows.
    let srs = folder.path().join("own.srs");
    zktorch_commit::Srs::dev(10).unwrap().write(&srs).unwrap();
    let json = succeed(&["info", &text(&srs)]);
    assert_eq!((&json["kind"], &json["k"], &json["srs_insecure"]), (&"srs".into(), &10.into(), &true.into()));
    assert!(json.get("srs_part").is_none() && fs::read_dir(folder.path()).unwrap().count() == 1, "{json}");
    // And a file that is nothing.
    let nothing = folder.path().join("nothing");
    fs::write(&nothing, b"nothing").unwrap();
    zktorch(&["info", &text(&nothing)]).fails(2, "nothing: no file of zktorch, or damaged");
    fs::write(&nothing, &files.read("model.vk")[..200]).unwrap();
    zktorch(&["info", &text(&nothing)]).fails(2, "body: expected");
}

#[cfg(unix)]
#[test]
fn what_holds_weights_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    for name in ["model.zkt", "model.pk"] {
        let mode = fs::metadata(cnn().path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
