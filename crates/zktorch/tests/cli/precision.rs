//! How far the integers are from the float model: when a model is compiled, and when it is run.

use std::fs;

use prost::Message as _;
use serde_json::Value;
use zktorch_onnx::proto::{ModelProto, StringStringEntryProto, TensorProto};

use super::support::{fixture, folder, succeed, text, zktorch};

fn relative(error: &Value) -> f64 {
    error["max_error"].as_f64().unwrap() / error["max_abs"].as_f64().unwrap()
}

#[test]
fn compile_tells_the_worst_output_and_refuses_a_larger_error() {
    let folder = folder();
    let zkt = text(&folder.path().join("m.zkt"));
    let (onnx, samples) = (fixture("digits/cnn.onnx"), fixture("digits/calibration.npz"));
    let compile = ["compile", &onnx, "-o", &zkt, "--calibration", &samples];
    // Nothing that is not zero is as near as this.
    let with = |limit: &str| zktorch(&[&compile[..], &[&format!("--max-error={limit}")]].concat());
    with("1e-9").fails(2, "expected a relative error of at most 0.000000001");
    for limit in ["-1", "NaN", "inf", "much"] {
        with(limit).fails(2, "a number from 0 up");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let json = succeed(&[&compile[..], &["--max-error", "0.01"]].concat());
    let [output] = json["precision"]["outputs"].as_array().unwrap().as_slice() else {
        panic!("{json}");
    };
    assert_eq!((&output["name"], &json["worst_output"]), (&"logits".into(), &"logits".into()));
    assert_eq!(output["max_error"], json["max_abs_error"]);
    let worst = json["max_rel_error"].as_f64().unwrap();
    assert!(worst > 0.0 && worst < 0.01 && (relative(output) - worst).abs() < 1e-6 * worst, "{json}");
    let values: Vec<f64> = json["precision"]["values"].as_array().unwrap().iter().map(relative).collect();
    assert!((1..=10).contains(&values.len()) && values.is_sorted_by(|a, b| a >= b), "{values:?}");
    // As text: the worst output.
    let run = zktorch(&compile);
    for field in ["worst_output: logits", "max_abs_error: ", "max_rel_error: "] {
        assert!(run.stdout.lines().any(|line| line.starts_with(field)), "{}", run.stdout);
    }
    assert!(!run.stdout.contains("precision"), "{}", run.stdout);
}

/// The perceptron with its weights in a file of their own.
fn external(folder: &std::path::Path) {
    let mut model = ModelProto::decode(&fs::read(fixture("digits/mlp.onnx")).unwrap()[..]).unwrap();
    let mut data = Vec::new();
    for tensor in &mut model.graph.as_mut().unwrap().initializer {
        if tensor.data_type != 1 {
            continue;
        }
        let floats = tensor.float_data.iter().flat_map(|x| x.to_le_bytes());
        let raw: Vec<u8> = tensor.raw_data.iter().copied().chain(floats).collect();
        let entry = |key: &str, value: String| StringStringEntryProto { key: key.into(), value };
        *tensor = TensorProto {
            name: tensor.name.clone(),
            dims: tensor.dims.clone(),
            data_type: 1,
            data_location: 1,
            external_data: vec![
                entry("location", "weights.bin".into()),
                entry("offset", data.len().to_string()),
                entry("length", raw.len().to_string()),
            ],
            ..TensorProto::default()
        };
        data.extend(raw);
    }
    assert!(data.len() > 1000);
    fs::write(folder.join("weights.bin"), data).unwrap();
    fs::write(folder.join("m.onnx"), model.encode_to_vec()).unwrap();
}

#[test]
fn models_with_external_data_are_compared_too() {
    let folder = folder();
    let at = |name: &str| text(&folder.path().join(name));
    fs::create_dir(at("model")).unwrap();
    external(&folder.path().join("model"));
    let [onnx, zkt, plain] = ["model/m.onnx", "m.zkt", "plain.zkt"].map(at);
    let (samples, sample) = (fixture("digits/calibration.npz"), fixture("digits/sample.npy"));
    succeed(&["compile", &onnx, "-o", &zkt, "--calibration", &samples]);
    succeed(&["compile", &fixture("digits/mlp.onnx"), "-o", &plain, "--calibration", &samples]);
    let run = ["run", &zkt, "--input", &sample, "--per-node"];
    let expected = succeed(&["run", &plain, "--input", &sample, "--per-node"]);
    let same = |got: &Value| {
        for field in ["outputs", "max_abs_error", "max_rel_error", "output_errors", "node_errors"] {
            assert_eq!(got[field], expected[field], "{field}");
            assert!(!got[field].is_null(), "{field}");
        }
    };
    same(&succeed(&run));
    // As text there is a line for each output.
    let text_run = zktorch(&run);
    let error = format!("output_errors.logits: {}", expected["max_abs_error"]);
    assert!(text_run.stdout.lines().any(|line| line == error), "{}", text_run.stdout);

    // Elsewhere they are found if they are given.
    fs::rename(at("model"), at("moved")).unwrap();
    zktorch(&run).fails(2, "expected their folder in --external-data DIR");
    same(&succeed(&[&run[..], &["--external-data", &at("moved")]].concat()));
    // Another folder does not have them.
    fs::create_dir(at("empty")).unwrap();
    zktorch(&[&run[..], &["--external-data", &at("empty")]].concat()).fails(2, "weights.bin");
}
