//! Models whose large weights stay in files of external data.

use std::fs;
use std::path::Path;

use prost::Message as _;
use zktorch_onnx::proto::{
    DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

use super::support::{Files, folder, succeed, text, zktorch};

/// Rows and columns of the weights of both layers.
const EXTENT: usize = 1024;

fn port(name: &str) -> ValueInfoProto {
    let dim = |dim: usize| DimensionProto { dim_value: Some(dim as i64), ..DimensionProto::default() };
    let shape = TensorShapeProto { dim: vec![dim(1), dim(EXTENT)] };
    let tensor = TensorTypeProto { elem_type: 1, shape: Some(shape) };
    let r#type = Some(TypeProto { tensor_type: Some(tensor) });
    ValueInfoProto { name: name.to_owned(), r#type }
}

/// `y = relu(x A) B`, both weights in half precision in one file.
fn write(folder: &Path) {
    let mut data: Vec<u8> = Vec::new();
    let mut weight = |name: &str, seed: u32| {
        let entry = |key: &str, value: usize| StringStringEntryProto {
            key: key.to_owned(),
            value: value.to_string(),
        };
        let mut external_data = vec![entry("offset", data.len()), entry("length", 2 * EXTENT * EXTENT)];
        let location = "model.weights".to_owned();
        external_data.push(StringStringEntryProto { key: "location".to_owned(), value: location });
        // From -2^-4 to 2^-4.
        let number = |i: usize| {
            let state = (i as u32 ^ seed).wrapping_mul(0x9e37_79b9);
            (state >> 16 & 0x8000 | 0x2400 | state >> 8 & 0x7ff) as u16
        };
        data.extend((0..EXTENT * EXTENT).flat_map(|i| number(i).to_le_bytes()));
        let dims = vec![EXTENT as i64; 2];
        TensorProto {
            name: name.to_owned(),
            dims,
            data_type: 10,
            data_location: 1,
            external_data,
            ..TensorProto::default()
        }
    };
    let initializer = vec![weight("A", 1), weight("B", 2)];
    let node = |op: &str, input: &[&str], output: &str| NodeProto {
        op_type: op.to_owned(),
        input: input.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    };
    let node =
        vec![node("MatMul", &["x", "A"], "h"), node("Relu", &["h"], "r"), node("MatMul", &["r", "B"], "y")];
    let (input, output) = (vec![port("x")], vec![port("y")]);
    let model = ModelProto {
        ir_version: 8,
        graph: Some(GraphProto { node, initializer, input, output, ..GraphProto::default() }),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
        ..ModelProto::default()
    };
    fs::write(folder.join("model.weights"), data).unwrap();
    fs::write(folder.join("model.onnx"), model.encode_to_vec()).unwrap();
}

#[test]
fn large_weights_stay_where_they_are() {
    let folder = folder();
    let mut files = Files::at(folder.path());
    fs::create_dir(files.path("model")).unwrap();
    write(&folder.path().join("model"));
    let [onnx, zkt, input, proof, statement] =
        ["model/model.onnx", "model.zkt", "x.json", "proof.bin", "statement.json"]
            .map(|name| files.path(name));
    let row: Vec<f64> = (0..EXTENT).map(|i| (i % 17) as f64 / 17.0 - 0.4).collect();
    fs::write(&input, serde_json::to_string(&[row]).unwrap()).unwrap();
    succeed(&["compile", &onnx, "-o", &zkt, "--calibration", &input]);
    assert!(fs::metadata(&zkt).unwrap().len() < 1 << 20);
    let run = ["run", &zkt, "--input", &input];
    assert!(succeed(&run)["max_rel_error"].as_f64().unwrap() < 0.01);

    let [pk, vk] = ["model.pk", "model.vk"].map(|name| files.path(name));
    let setup = ["setup", &zkt, "--pk", &pk, "--vk", &vk, "--force"];
    for shards in [&[][..], &["--shards", "2"]] {
        let json = succeed(&[&setup[..], shards].concat());
        files.id = json["model_id"].as_str().unwrap().to_owned();
        succeed(&["prove", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement]);
        assert_eq!(files.verify_insecure(&["--model-id", &files.id]).code, 0);
        assert_eq!(succeed(&["audit", "--pk", &pk, "--vk", &vk, &onnx])["accepted"], true);
    }

    // Elsewhere they are found if they are given.
    let moved = text(&folder.path().join("moved"));
    fs::rename(files.path("model"), &moved).unwrap();
    zktorch(&setup).fails(2, "model: No such file");
    succeed(&[&run[..], &["--external-data", &moved]].concat());
    succeed(&[&setup[..], &["--external-data", &moved]].concat());

    // Others are refused, by setup and by whoever compares the key with the model.
    let weights = folder.path().join("moved/model.weights");
    let mut changed = fs::read(&weights).unwrap();
    changed[0] ^= 1;
    fs::write(&weights, &changed).unwrap();
    let elsewhere = [&setup[..], &["--external-data", &moved]].concat();
    zktorch(&elsewhere).fails(2, "the weights there are not those that were compiled");
    let onnx = format!("{moved}/model.onnx");
    zktorch(&["audit", "--json", "--pk", &pk, "--vk", &vk, &onnx])
        .rejected("the ONNX model has other weights");
    fs::write(&weights, &changed[..100]).unwrap();
    zktorch(&elsewhere).fails(2, "the weights there are not those that were compiled");
}
