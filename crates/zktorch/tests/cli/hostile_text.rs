//! Whatever text a file holds: it makes no line of its own, and no byte of it does anything to a terminal.

use std::fs;

use prost::Message as _;
use serde_json::{Value, json};
use zktorch_onnx::proto::ModelProto;

use super::bound::edited;
use super::support::{Run, cnn, fixture, folder, private_input, text, zktorch};

const HOSTILE: &str = "x\naccepted: true\nmodel_id_pinned: true\r\u{1b}[2K\u{7f}\u{9b}31m\u{202e}\u{2028}";

/// No line but our own, nothing but text.
fn harmless(run: &Run, accepted: Option<bool>) {
    for (stream, name) in [(&run.stdout, "stdout"), (&run.stderr, "stderr")] {
        let acts = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!stream.contains(acts), "{name}: {stream:?}");
    }
    let lines = run.stdout.lines().chain(run.stderr.lines());
    let verdicts: Vec<&str> = lines.clone().filter(|line| line.starts_with("accepted")).collect();
    let own = accepted.map(|accepted| format!("accepted: {accepted}"));
    assert_eq!(verdicts, own.iter().map(String::as_str).collect::<Vec<_>>(), "{} {}", run.stdout, run.stderr);
    assert!(lines.filter(|line| line.starts_with("model_id_pinned")).count() <= 1, "{}", run.stdout);
}

/// Every JSON value with one text, or one key, made hostile.
fn variants(value: &Value) -> Vec<Value> {
    match value {
        Value::String(_) => vec![json!(HOSTILE)],
        Value::Array(items) => {
            let one = |(index, item): (usize, &Value)| {
                let with = |changed| {
                    let mut items = items.clone();
                    items[index] = changed;
                    Value::Array(items)
                };
                variants(item).into_iter().map(with).collect::<Vec<_>>()
            };
            items.iter().enumerate().flat_map(one).collect()
        }
        Value::Object(fields) => {
            let one = |(key, item): (&String, &Value)| {
                let mut renamed = fields.clone();
                renamed.remove(key);
                renamed.insert(HOSTILE.to_owned(), item.clone());
                let with = |changed| {
                    let mut fields = fields.clone();
                    fields.insert(key.clone(), changed);
                    Value::Object(fields)
                };
                let mut all: Vec<Value> = variants(item).into_iter().map(with).collect();
                all.push(Value::Object(renamed));
                all
            };
            fields.iter().flat_map(one).collect()
        }
        _ => vec![],
    }
}

#[test]
fn in_a_statement() {
    let folder = folder();
    let path = folder.path().join("statement.json");
    for files in [cnn(), private_input()] {
        let [vk, proof] = ["model.vk", "proof.bin"].map(|name| files.path(name));
        let statement = text(&path);
        let args = ["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement];
        let args = [&args[..], &["--model-id", &files.id, "--allow-insecure-srs"]].concat();
        let all = variants(&files.statement());
        assert!(all.len() > 20, "{}", all.len());
        for variant in all {
            fs::write(&path, variant.to_string()).unwrap();
            let run = zktorch(&args);
            assert_eq!(run.code, 1, "{variant}: {}", run.stderr);
            harmless(&run, Some(false));
            let run = zktorch(&[&args[..], &["--json"]].concat());
            harmless(&run, None);
            assert_eq!(run.json()["accepted"], false);
            harmless(&zktorch(&["info", &statement]), None);
        }
    }
}

#[test]
fn in_a_key() {
    let (files, folder) = (cnn(), folder());
    let path = folder.path().join("vk");
    let vk = text(&path);
    for index in 0..4 {
        let bytes = edited(files, |body| match index {
            0 => body.inputs[0].name = HOSTILE.to_owned(),
            1 => body.outputs[0].name = HOSTILE.to_owned(),
            2 => body.preprocessing = HOSTILE.to_owned(),
            _ => body.graph.tensors.iter_mut().for_each(|tensor| tensor.name = HOSTILE.to_owned()),
        });
        fs::write(&path, bytes).unwrap();
        for more in [&[][..], &["--json"]] {
            let info = zktorch(&[&["info", &vk], more].concat());
            assert_eq!(info.code, 0, "{}", info.stderr);
            assert!(index == 3 || info.stdout.contains("model_id_pinned: true"), "{}", info.stdout);
            harmless(&info, None);
            let run = files.verify_insecure(&["--vk", &vk]);
            // Preprocessing is nothing that there is; otherwise it is the key of another model, whose weights are proved as before.
            assert_eq!(run.code, if index == 2 { 2 } else { 1 }, "{}", run.stderr);
            harmless(&run, None);
        }
    }
}

#[test]
fn in_containers_and_other_files() {
    let (files, folder) = (cnn(), folder());
    let path = folder.path().join("file");
    let file = text(&path);
    for bytes in [HOSTILE.as_bytes().to_vec(), format!("[\"{HOSTILE}\"]").into_bytes(), {
        let mut bytes = files.read("model.vk");
        bytes[..8].copy_from_slice(b"\n\x1b[2K\x9b\r\n");
        bytes
    }] {
        fs::write(&path, bytes).unwrap();
        let pk = files.path("model.pk");
        let out = text(&folder.path().join("out"));
        for flag in ["--vk", "--proof", "--accept-srs", "--expect-input", "--expect-output", "--labels"] {
            harmless(&files.verify_insecure(&[flag, &file]), None);
        }
        for args in [
            &["info", &file][..],
            &["inspect", &file],
            &["compile", &file, "-o", &out],
            &["setup", &file, "--pk", &out, "--vk", &out],
            &["run", &file, "--input", &file],
            &["run", &files.path("model.zkt"), "--input", &file],
            &["prove", "--pk", &file, "--input", &file, "--proof", &out, "--statement", &out],
            &["prove", "--pk", &pk, "--input", &file, "--proof", &out, "--statement", &out],
            &["audit", "--pk", &pk, "--vk", &file, &file],
        ] {
            let run = zktorch(args);
            assert_eq!(run.code, 2, "{args:?}: {}", run.stdout);
            harmless(&run, None);
        }
    }
}

/// The CNN with every name hostile: different values have different numbers behind it.
fn hostile_onnx() -> ModelProto {
    let mut model = ModelProto::decode(&fs::read(fixture("digits/cnn.onnx")).unwrap()[..]).unwrap();
    model.producer_name = HOSTILE.to_owned();
    let graph = model.graph.as_mut().unwrap();
    let rename = |name: &mut String| {
        if !name.is_empty() {
            *name = format!("{HOSTILE}{name}");
        }
    };
    rename(&mut graph.name);
    graph.node.iter_mut().for_each(|node| {
        rename(&mut node.name);
        node.input.iter_mut().chain(&mut node.output).for_each(rename);
    });
    graph.initializer.iter_mut().for_each(|tensor| rename(&mut tensor.name));
    graph.input.iter_mut().chain(&mut graph.output).for_each(|value| rename(&mut value.name));
    model
}

#[test]
fn in_an_onnx_model_all_the_way_to_an_accepted_proof() {
    let folder = folder();
    let file = |name: &str| text(&folder.path().join(name));
    let [onnx, zkt, pk, vk, proof, statement, labels] =
        ["m.onnx", "m.zkt", "pk", "vk", "proof", "s.json", "labels"].map(file);
    let pages = ["model.html", "proof.html"].map(file);
    let mut model = hostile_onnx();
    fs::write(&onnx, model.encode_to_vec()).unwrap();
    fs::write(&labels, "\u{1b}[2Kaccepted: false\u{9b}\n".repeat(10)).unwrap();
    let (calibration, sample) = (fixture("digits/calibration.npz"), fixture("digits/sample.npy"));
    let steps: [&[&str]; 8] = [
        &["inspect", &onnx, "--html", &pages[0]],
        &["compile", &onnx, "-o", &zkt, "--calibration", &calibration],
        &["setup", &zkt, "--pk", &pk, "--vk", &vk, "--force"],
        &["run", &zkt, "--input", &sample, "--per-node"],
        &[
            "prove",
            "--pk",
            &pk,
            "--input",
            &sample,
            "--proof",
            &proof,
            "--statement",
            &statement,
            "--report",
            &pages[1],
        ],
        &["info", &vk],
        &["info", &pk],
        &["info", &statement],
    ];
    for args in steps {
        for more in [&[][..], &["--json"]] {
            let run = zktorch(&[args, more].concat());
            assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
            harmless(&run, None);
        }
    }
    for page in pages {
        let page = fs::read_to_string(page).unwrap();
        let acts = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
        assert!(!page.contains(acts) && page.contains("x\\naccepted: true"));
    }
    let verify =
        ["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement, "--allow-insecure-srs"];
    let verify = [&verify[..], &["--any-model", "--labels", &labels, "--expect-input", &sample]].concat();
    let run = zktorch(&verify);
    assert_eq!(run.code, 0, "{}", run.stderr);
    harmless(&run, Some(true));
    assert!(run.stdout.contains("proved_outputs.0: x\\naccepted: true\\nmodel_id_pinned"), "{}", run.stdout);
    let run = zktorch(&[&verify[..], &["--json"]].concat());
    harmless(&run, None);
    assert!(run.json()["proved_outputs"][0]["name"].as_str().unwrap().starts_with(HOSTILE));

    // Names in messages of what is refused: an unknown operator, domain, value.
    let node = |change: fn(&mut zktorch_onnx::proto::NodeProto)| {
        let mut model = hostile_onnx();
        change(&mut model.graph.as_mut().unwrap().node[0]);
        model
    };
    for changed in [
        node(|node| node.op_type = HOSTILE.to_owned()),
        node(|node| node.domain = HOSTILE.to_owned()),
        node(|node| node.input[0] = format!("{HOSTILE}none")),
        node(|node| node.attribute.iter_mut().for_each(|attribute| attribute.name = HOSTILE.to_owned())),
        {
            model.opset_import[0].domain = HOSTILE.to_owned();
            model
        },
    ] {
        fs::write(&onnx, changed.encode_to_vec()).unwrap();
        for args in [&["inspect", &onnx][..], &["compile", &onnx, "-o", &zkt]] {
            harmless(&zktorch(args), None);
            harmless(&zktorch(&[args, &["--json"]].concat()), None);
        }
    }
}
