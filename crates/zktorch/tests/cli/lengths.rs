//! One model for several lengths: the weights are committed to once.

use std::fs;

use prost::Message as _;
use zktorch_onnx::proto::{
    DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};

use super::support::{cnn, folder, succeed, text, zktorch};

fn value(name: &str, dims: &[&str]) -> ValueInfoProto {
    let dim = |dim: &&str| match dim.parse() {
        Ok(value) => DimensionProto { dim_value: Some(value), dim_param: None },
        Err(_) => DimensionProto { dim_value: None, dim_param: Some((*dim).into()) },
    };
    let shape = Some(TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: 1, shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

fn weight(name: &str, dims: &[i64], entry: impl Fn(i64) -> f32) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: 1,
        float_data: (0..dims.iter().product()).map(entry).collect(),
        ..TensorProto::default()
    }
}

/// `softmax(x W + b)` along the words, of any number.
fn model(bias: f32) -> Vec<u8> {
    let node = |op: &str, input: &[&str], output: &str| NodeProto {
        name: output.into(),
        op_type: op.into(),
        input: input.iter().map(|name| (*name).into()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    };
    let turned = NodeProto { name: "turned".into(), ..node("Transpose", &["s"], "t") };
    let graph = GraphProto {
        name: "words".into(),
        node: vec![
            node("MatMul", &["x", "W"], "h"),
            node("Add", &["h", "b"], "s"),
            turned,
            node("Softmax", &["t"], "y"),
        ],
        initializer: vec![
            weight("W", &[4, 6], |i| ((i * 7) % 13) as f32 / 13.0 - 0.5),
            weight("b", &[6], |i| bias * (i as f32 - 2.5)),
        ],
        input: vec![value("x", &["words", "4"])],
        output: vec![value("y", &["6", "words"])],
    };
    let opset_import = vec![OperatorSetIdProto { domain: String::new(), version: 13 }];
    ModelProto {
        ir_version: 8,
        producer_name: "test".into(),
        opset_import,
        graph: Some(graph),
        functions: vec![],
    }
    .encode_to_vec()
}

/// An input of so many words.
fn words(count: usize) -> String {
    let word =
        |i: usize| format!("[{}, {}, {}, 1]", i as f32 / 9.0, 0.5 - i as f32 / 20.0, (i % 3) as f32 / 3.0);
    format!("[{}]", (0..count).map(word).collect::<Vec<_>>().join(", "))
}

#[test]
fn another_length_reads_the_weights_of_a_key() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [onnx, other] = ["model.onnx", "other.onnx"].map(file);
    fs::write(&onnx, model(0.25)).unwrap();
    fs::write(&other, model(0.2)).unwrap();
    let sample = |count: usize| {
        let path = file(&format!("x{count}.json"));
        fs::write(&path, words(count)).unwrap();
        path
    };
    let key = |name: &str| [".zkt", ".pk", ".vk"].map(|end| file(&format!("{name}{end}")));
    let [zkt, pk, vk] = key("three");
    succeed(&["compile", &onnx, "-o", &zkt, "--dim", "words=3", "--calibration", &sample(3)]);
    let first = succeed(&["setup", &zkt, "--pk", &pk, "--vk", &vk]);
    assert_eq!(first["weights_ids"].as_array().unwrap().len(), 1, "{first}");
    assert!(first.get("shared_weights").is_none());

    for (count, onnx, own) in [(9, &onnx, 0), (1, &onnx, 0), (5, &other, 1)] {
        let [longer, its_pk, its_vk] = key(&format!("words{count}"));
        let (dim, input) = (format!("words={count}"), sample(count));
        let compiled =
            ["compile", onnx, "-o", &longer, "--dim", &dim, "--like", &zkt, "--calibration", &input];
        succeed(&compiled);
        let made = succeed(&["setup", &longer, "--pk", &its_pk, "--vk", &its_vk, "--weights-from", &pk]);
        assert_eq!(
            (&made["shared_weights"], &made["own_weights"]),
            (&(2 - own).into(), &own.into()),
            "{made}"
        );
        assert_eq!(made["weights_ids"][0], first["weights_ids"][0]);
        assert_ne!(made["model_id"], first["model_id"]);
        let told = succeed(&["info", &its_vk]);
        assert_eq!(told["weights_ids"], made["weights_ids"]);
        let [proof, statement] = ["proof", "statement"].map(|name| file(&format!("{name}{count}")));
        succeed(&["prove", "--pk", &its_pk, "--input", &input, "--proof", &proof, "--statement", &statement]);
        let id = made["model_id"].as_str().unwrap();
        let both = ["--proof", &proof, "--statement", &statement, "--allow-insecure-srs"];
        succeed(&[&["verify", "--vk", &its_vk, "--model-id", id], &both[..]].concat());
        zktorch(&[&["verify", "--json", "--vk", &vk, "--any-model"], &both[..]].concat()).rejected("model");
        assert_eq!(succeed(&["audit", "--pk", &its_pk, "--vk", &its_vk, onnx])["accepted"], true);
        let run = succeed(&["run", &longer, "--input", &input]);
        assert!(run["max_abs_error"].as_f64().unwrap() < 0.01, "{run}");
    }

    // The other model's own scales: another bias has another range, and so has what follows from it.
    let [alone, its_pk, its_vk] = key("alone");
    succeed(&["compile", &other, "-o", &alone, "--dim", "words=2", "--headroom", "5"]);
    let setup = ["setup", &alone, "--pk", &its_pk, "--vk", &its_vk, "--weights-from"];
    succeed(&[&setup[..], &[&pk]].concat());
    // What is no key, or not in one piece, or on another hash.
    zktorch(&[&setup[..], &[&zkt, "--force"]].concat()).fails(2, "three.zkt");
    zktorch(&[&setup[..], &[&pk, "--force", "--transcript", "keccak"]].concat()).fails(2, "--transcript");
    zktorch(&[&setup[..], &[&pk, "--force", "--shards", "2"]].concat()).fails(2, "--shards");
    zktorch(&["setup", &alone, "--pk", &pk, "--vk", &its_vk, "--weights-from", &pk, "--force"])
        .fails(2, "--pk");
    let like = ["compile", &onnx, "-o", &alone, "--dim", "words=2", "--like"];
    zktorch(&[&like[..], &[&zkt, "--headroom", "2"]].concat()).fails(2, "--like");
    zktorch(&[&like[..], &[&pk]].concat()).fails(2, "three.pk");
    // A model with which it has nothing in common.
    let run = zktorch(&[&like[..], &[&cnn().path("model.zkt"), "--calibration", &sample(2)]].concat());
    assert!(
        run.code == 0 && run.stderr.contains("the other model has no value of this one's"),
        "{}",
        run.stderr
    );
}
