//! Models that are not supported: everything at once.

use std::fs;

use prost::Message as _;
use zktorch_onnx::proto::{
    DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto,
};

use super::support::{folder, text, zktorch};

fn value(name: &str, dims: Option<&[i64]>) -> ValueInfoProto {
    let dim = |dim: &i64| DimensionProto { dim_value: Some(*dim), dim_param: None };
    let shape = dims.map(|dims| TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: 1, shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

fn node(op: &str, domain: &str, input: &str, output: &str) -> NodeProto {
    NodeProto {
        name: format!("the {op}"),
        op_type: op.into(),
        domain: domain.into(),
        input: vec![input.into()],
        output: vec![output.into()],
        attribute: vec![],
    }
}

fn model() -> ModelProto {
    ModelProto {
        ir_version: 8,
        producer_name: "test".into(),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
        graph: Some(GraphProto {
            name: "g".into(),
            node: vec![
                node("Relu", "", "x", "a"),
                node("Erf", "", "a", "b"),
                node("NonZero", "", "a", "c"),
                node("Relu", "com.example", "a", "y"),
            ],
            initializer: vec![],
            input: vec![value("x", Some(&[1, 4]))],
            output: vec![value("y", None)],
        }),
    }
}

#[test]
fn unsupported_operators_are_listed_all_at_once() {
    let folder = folder();
    let path = folder.path().join("model.onnx");
    fs::write(&path, model().encode_to_vec()).unwrap();
    let run = zktorch(&["inspect", &text(&path), "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = run.json();
    assert_eq!(json["supported"], false);
    assert!(json.get("committed_values").is_none());
    let nodes = json["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    for (node, name) in nodes.iter().zip(["the Relu", "the Erf", "the NonZero", "the Relu"]) {
        assert_eq!(node["name"], name);
    }
    assert_eq!(
        (&nodes[0]["problem"], &nodes[0]["dims"]),
        (&serde_json::Value::Null, &serde_json::json!([1, 4]))
    );
    for (index, op) in [(1, "Erf"), (2, "NonZero"), (3, "com.example.Relu")] {
        let problem = nodes[index]["problem"].as_str().unwrap();
        assert!(problem.contains(op) && problem.contains("13"), "{problem}");
        assert!(run.stderr.contains(problem), "{}", run.stderr);
    }
    // Compiling stops at the first.
    let out = text(&folder.path().join("m.zkt"));
    zktorch(&["compile", &text(&path), "-o", &out]).fails(2, "Erf");
    zktorch(&["prove", &text(&path), "--input", "x.npy", "--out", &text(&folder.path().join("d"))])
        .fails(2, "Erf");
    assert!(!folder.path().join("m.zkt").exists());
}

#[test]
fn malformed_models() {
    let folder = folder();
    let path = folder.path().join("model.onnx");
    for bytes in [&b""[..], b"hello", &[0xff; 100], &model().encode_to_vec()[..40]] {
        fs::write(&path, bytes).unwrap();
        for command in ["inspect", "compile"] {
            let out = text(&folder.path().join("m.zkt"));
            let path = text(&path);
            let args: &[&str] =
                if command == "compile" { &[command, &path, "-o", &out] } else { &[command, &path] };
            zktorch(args).fails(2, "error: ");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
