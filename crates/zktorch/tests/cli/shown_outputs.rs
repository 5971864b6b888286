//! What is proved is shown: names, values, the largest scores by name.

use std::fs;
use std::path::Path;

use serde_json::Value;
use zktorch::container::{self, Kind};
use zktorch::statement::{self, Statement, StatementTensor, TensorValue};
use zktorch::{Bytes32, data};
use zktorch_commit::Srs;
use zktorch_onnx::{FloatTensor, Options, compile};
use zktorch_prover::{Model, choose_k, setup};
use zktorch_verifier::Port;

use super::support::{cnn, fixture, folder, succeed, text, zktorch};

#[test]
fn outputs_with_labels() {
    let (files, folder) = (cnn(), folder());
    let file = |name: &str| text(&folder.path().join(name));
    let [proof, statement, labels] = ["proof", "s.json", "labels.txt"].map(file);
    fs::write(&labels, "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n").unwrap();
    let (pk, sample) = (files.path("model.pk"), fixture("digits/sample.npy"));
    let prove = ["prove", "--pk", &pk, "--input", &sample, "--proof", &proof, "--statement", &statement];
    let proved = succeed(&[&prove[..], &["--labels", &labels]].concat());
    let args = ["--proof", &proof, "--statement", &statement, "--labels", &labels];
    let verified = files.verify_insecure(&args).json();
    assert_eq!(verified["proved_outputs"], proved["proved_outputs"]);
    let stated: Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
    let logits: Vec<f64> = serde_json::from_value(stated["outputs"][0]["real"].clone()).unwrap();
    let output = &verified["proved_outputs"][0];
    assert_eq!((&output["name"], &output["dims"]), (&"logits".into(), &serde_json::json!([1, 10])));
    assert_eq!(output["values"], serde_json::json!(logits[..8]));
    let top = output["top5"].as_array().unwrap();
    let best = (0..10).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
    let name = fs::read_to_string(&labels).unwrap().lines().nth(best).unwrap().to_owned();
    assert_eq!((top.len(), &top[0]["index"], &top[0]["label"]), (5, &best.into(), &name.as_str().into()));
    assert_eq!(top[0]["value"], logits[best]);
    // The same in text.
    let vk = files.path("model.vk");
    let line = ["verify", "--vk", &vk, "--model-id", &files.id, "--allow-insecure-srs"];
    let run = zktorch(&[&line[..], &args].concat());
    let expected = format!("proved_outputs.0.top1: {} {name} ({best})", logits[best]);
    assert!(run.stdout.lines().any(|line| line == expected), "{expected}: {}", run.stdout);
    assert!(
        run.stdout.contains("proved_outputs.0: logits [1, 10]: ") && run.stdout.contains("... (10 values)")
    );
    // What is rejected shows nothing.
    let run = files.verify_insecure(&["--context", "other"]);
    assert!(run.json().get("proved_outputs").is_none());
    // Labels that do not fit are an error before any work.
    fs::write(&labels, "one\ntwo\n").unwrap();
    zktorch(&[&prove[..], &["--labels", &labels]].concat()).fails(2, "labels: number of lines");
    files.verify_insecure(&args).fails(2, "labels: number of lines");
}

/// A key whose output has a zero and a multiplier, as compilers other than ours may want it.
#[test]
fn outputs_with_zero_and_multiplier() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let onnx = fs::read(fixture("digits/mlp.onnx")).unwrap();
    let load = |name: &str| data::load(Path::new(&fixture(name)), None).unwrap();
    let image = |pixels: &[f32]| FloatTensor::new([1, 1, 8, 8], pixels.to_vec()).unwrap();
    let samples = load("digits/calibration.npz").into_iter().find(|tensor| tensor.dims.len() == 4).unwrap();
    let calibration = samples.floats().chunks(64).map(|pixels| vec![image(pixels).into()]).collect();
    let compiled = compile(&onnx, &Options { calibration, ..Options::default() }).unwrap();
    let integers = compiled.quantise(&[image(&load("digits/sample.npy")[0].floats()).into()]).unwrap();
    let (input, output) = (&compiled.inputs[0], &compiled.outputs[0]);
    let dims = |dims: &[usize]| dims.iter().map(|dim| *dim as u64).collect::<Vec<u64>>();
    let port = Port { zero: -300, multiplier: 0.1, ..Port::new(output.name.clone(), dims(&output.dims)) };
    let model = Model {
        graph: compiled.graph.clone(),
        inputs: vec![Port::new(input.name.clone(), dims(&input.dims))],
        outputs: vec![port],
        preprocessing: String::new(),
        weights: compiled.weights.clone(),
    };
    let srs = Srs::dev(choose_k(&model.graph)).unwrap();
    let key = setup(&model, &srs).unwrap();
    let proved = key.prove(&srs, &integers, b"").unwrap();

    let protocol = Bytes32::sha256(b"zktorch protocol v1");
    container::write(&path("vk"), Kind::VerifyingKey, &protocol, key.vk_bytes()).unwrap();
    container::write(&path("proof"), Kind::Proof, &protocol, &proved.proof).unwrap();
    let tensor = |name: &str, dims: &[usize], scale, (zero, multiplier), integers: &[i32]| StatementTensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        scale,
        zero,
        multiplier,
        value: TensorValue::Public(integers.to_vec()),
    };
    let out = |affine| tensor(&output.name, &output.dims, output.scale, affine, &proved.outputs[0]);
    let stated = |affine| Statement {
        model_id: Bytes32(key.vk().model_id().0),
        srs_id: Bytes32(key.vk().srs().id().0),
        inferences: 1,
        inputs: vec![tensor(&input.name, &input.dims, input.scale, (0, 1.0), &integers[0])],
        outputs: vec![out(affine)],
    };
    let id = key.vk().model_id().to_string();
    let [vk, proof, file] = ["vk", "proof", "s.json"].map(|name| text(&path(name)));
    let verify = |more: &[&str]| {
        let own = ["verify", "--json", "--vk", &vk, "--proof", &proof, "--statement", &file];
        zktorch(&[&own[..], &["--model-id", &id, "--allow-insecure-srs"], more].concat())
    };
    statement::write(&stated((-300, 0.1)), &path("s.json")).unwrap();
    let real: Vec<f64> = (proved.outputs[0].iter())
        .map(|integer| f64::from(integer + 300) * 0.1 / f64::from(1 << output.scale))
        .collect();
    let expected = text(&path("expected.json"));
    fs::write(&expected, serde_json::to_vec(&[&real]).unwrap()).unwrap();
    let run = verify(&["--expect-output", &expected]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = run.json();
    let shown = json["proved_outputs"][0]["values"][0].as_f64().unwrap();
    assert!((shown - real[0]).abs() < 1e-12, "{shown} {}", real[0]);
    let tolerance = json["expected_output"][0]["tolerance"].as_f64().unwrap();
    assert!((tolerance * f64::from(1 << output.scale) - 0.1).abs() < 1e-12);
    assert_eq!(verify(&["--expect-output", &expected, "--exact"]).code, 0);
    // Others than the key's are another statement.
    for affine in [(0, 0.1), (-300, 1.0), (-300, 0.2), (0, 1.0)] {
        statement::write(&stated(affine), &path("s.json")).unwrap();
        verify(&[]).rejected("zero -300 and multiplier 0.1, got");
    }
}
