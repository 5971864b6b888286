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
        ..NodeProto::default()
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
                node("Unique", "", "a", "b"),
                node("StringNormalizer", "", "a", "c"),
                node("Relu", "com.example", "a", "y"),
            ],
            initializer: vec![],
            input: vec![value("x", Some(&[1, 4]))],
            output: vec![value("y", None)],
        }),
        functions: vec![],
    }
}

#[test]
fn unsupported_operators_are_listed_all_at_once() {
    let folder = folder();
    let path = folder.path().join("model.onnx");
    fs::write(&path, model().encode_to_vec()).unwrap();
    let run = zktorch(&["inspect", &text(&path), "--json"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let json = run.json();
    assert_eq!(json["supported"], false);
    assert_eq!(json["summary"], SUMMARY);
    assert_eq!(json["problems"], serde_json::json!([]));
    assert!(json.get("committed_values").is_none());
    let nodes = json["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    for (node, name) in nodes.iter().zip(["the Relu", "the Unique", "the StringNormalizer", "the Relu"]) {
        assert_eq!(node["name"], name);
    }
    assert_eq!(
        (&nodes[0]["problem"], &nodes[0]["dims"]),
        (&serde_json::Value::Null, &serde_json::json!([1, 4]))
    );
    for (index, op) in [(1, "Unique"), (2, "StringNormalizer"), (3, "com.example.Relu")] {
        let problem = nodes[index]["problem"].as_str().unwrap();
        assert!(problem.contains(op) && problem.contains("13"), "{problem}");
        assert_eq!((&nodes[index]["kind"], &nodes[index]["constant"]), (&"operator".into(), &false.into()));
        let line = format!("operator {op} of opset 13 is not supported: 1 node, the first is the ");
        assert!(run.stderr.contains(&line), "{}", run.stderr);
    }
    // Compiling names them all too.
    let out = text(&folder.path().join("m.zkt"));
    for run in [
        zktorch(&["compile", &text(&path), "-o", &out]),
        zktorch(&["compile", &text(&path), "-o", &out, "--image", "rgb"]),
        zktorch(&["prove", &text(&path), "--input", "x.npy", "--out", &text(&folder.path().join("d"))]),
    ] {
        run.fails(2, SUMMARY);
        for op in ["Unique", "StringNormalizer", "com.example.Relu"] {
            run.fails(2, &format!("operator {op} of opset 13"));
        }
    }
    assert!(!folder.path().join("m.zkt").exists());
}

const SUMMARY: &str = "3 of 4 nodes: 3 operators missing: Relu x 1, StringNormalizer x 1, Unique x 1";

#[test]
fn a_kind_of_problem_is_one_line() {
    let folder = folder();
    let path = folder.path().join("model.onnx");
    let mut many = model();
    let graph = many.graph.as_mut().unwrap();
    graph.node = (0..50)
        .flat_map(|i| {
            let (a, b) = (format!("a{i}"), format!("b{i}"));
            let mut nodes = [
                node("Unique", "", "x", &a),
                node("Relu", "", &a, &b),
                node("Relu", "", "x", &format!("c{i}")),
            ];
            nodes.iter_mut().for_each(|node| node.name = format!("{} {i}", node.name));
            nodes
        })
        .collect();
    graph.output = vec![value("c49", None)];
    fs::write(&path, many.encode_to_vec()).unwrap();
    let run = zktorch(&["inspect", &text(&path)]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "100 of 150 nodes: 50 operators missing: Unique x 50; 50 after these",
            "  operator Unique of opset 13 is not supported: 50 nodes, the first is the Unique 0",
            "  an input comes from a node with a problem: 50 nodes, the first is the Relu 0",
        ]
    );
    // The table: a header and a line each.
    let head = lines.iter().position(|line| line.starts_with("node ")).unwrap();
    assert_eq!(lines.len() - head, 151);
    assert!(lines[head].contains("operator") && lines[head].contains("extents"));
    assert!(lines[head + 1].contains("Unique") && lines[head + 1].ends_with("is not supported"));
    assert_eq!(
        lines[head + 3].split_whitespace().collect::<Vec<_>>(),
        ["the", "Relu", "0", "Relu", "[1,", "4]"]
    );
    assert!(run.stdout.lines().any(|line| line == "opset: 13"), "{}", run.stdout);

    // A model that is supported says so, and a file that is none is an error.
    let run = zktorch(&["inspect", &super::support::fixture("digits/cnn.onnx")]);
    let nodes = run.stdout.lines().next().and_then(|line| line.strip_prefix("supported: "));
    assert!(run.code == 0 && nodes.is_some_and(|nodes| nodes.ends_with(" nodes")), "{}", run.stdout);
    zktorch(&["inspect", &super::support::fixture("digits/sample.npy")]).fails(2, "error: ");
}

#[test]
fn dynamic_axes_are_given_by_name() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let (onnx, zkt) = (file("model.onnx"), file("m.zkt"));
    let mut dynamic = model();
    let graph = dynamic.graph.as_mut().unwrap();
    graph.node = vec![node("Relu", "", "x", "y")];
    let named = TensorShapeProto {
        dim: vec![
            DimensionProto { dim_value: None, dim_param: Some("batch".into()) },
            DimensionProto { dim_value: None, dim_param: Some("width".into()) },
        ],
    };
    graph.input[0].r#type =
        Some(TypeProto { tensor_type: Some(TensorTypeProto { elem_type: 1, shape: Some(named) }) });
    fs::write(&onnx, dynamic.encode_to_vec()).unwrap();
    let run = zktorch(&["inspect", &onnx]);
    assert!(run.code == 1 && run.stdout.contains("--dim width=VALUE"), "{}", run.stdout);
    zktorch(&["compile", &onnx, "-o", &zkt]).fails(2, "--dim width=VALUE");
    let dims = ["--dim", "width=5", "--dim", "batch=2"];
    let run = zktorch(&[&["inspect", &onnx, "--json"], &dims[..]].concat());
    assert_eq!(run.json()["inputs"], serde_json::json!([["x", [2, 5]]]), "{}", run.stderr);
    for command in [&["inspect", &onnx][..], &["compile", &onnx, "-o", &zkt]] {
        zktorch(&[command, &dims[..], &["--dim", "width=6"]].concat()).fails(2, "\"width\" twice");
    }

    // Compiled, run beside the float model, audited: the extents are kept.
    let input = file("x.json");
    fs::write(&input, "[[1, -2, 3, 0.5, 0], [1, 2, 3, 4, -5]]").unwrap();
    let calibrated = [&["--calibration", &input][..], &dims].concat();
    let run = zktorch(&[&["compile", &onnx, "-o", &zkt][..], &calibrated].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = super::support::succeed(&["run", &zkt, "--input", &input]);
    assert!(json["max_abs_error"].as_f64().unwrap() < 0.01, "{json}");
    let [pk, vk] = ["pk", "vk"].map(file);
    super::support::succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk]);
    assert_eq!(super::support::succeed(&["audit", "--pk", &pk, "--vk", &vk, &onnx])["accepted"], true);
    // In one step; other extents are another model.
    let out = file("out");
    let prove = ["prove", &onnx, "--out", &out, "--input", &input];
    assert_eq!(super::support::succeed(&[&prove[..], &calibrated].concat())["setup_cached"], false);
    assert_eq!(super::support::succeed(&[&prove[..], &dims].concat())["setup_cached"], true);
    let other = ["--dim", "width=10", "--dim", "batch=1"];
    zktorch(&[&prove[..], &other].concat()).fails(2, "expected dimensions [1, 10]");
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
