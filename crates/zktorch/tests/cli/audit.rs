//! `audit`: whoever has the weights recomputes the key.

use std::fs;
use std::path::Path;

use prost::Message as _;
use zktorch::Bytes32;
use zktorch::container::Kind;
use zktorch_onnx::proto::ModelProto;

use super::support::{Files, cnn, fixture, folder, mlp, text, zktorch};

fn audit(pk: &str, vk: &str, onnx: &str) -> super::support::Run {
    zktorch(&["audit", "--json", "--pk", pk, "--vk", vk, onnx])
}

/// The CNN with one weight's sign turned: the largest stay the same, so scales and graph do.
fn other_weights() -> Vec<u8> {
    let mut model = ModelProto::decode(&fs::read(fixture("digits/cnn.onnx")).unwrap()[..]).unwrap();
    let graph = model.graph.as_mut().unwrap();
    let tensor = graph.initializer.iter_mut().find(|tensor| tensor.dims.len() == 4).unwrap();
    if tensor.raw_data.is_empty() {
        tensor.float_data[5] = -tensor.float_data[5];
    } else {
        tensor.raw_data[4 * 5 + 3] ^= 0x80;
    }
    model.encode_to_vec()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

fn paths(files: &Files) -> [String; 2] {
    ["model.pk", "model.vk"].map(|name| files.path(name))
}

#[test]
fn the_own_model_is_accepted() {
    for (files, onnx) in [(cnn(), "digits/cnn.onnx"), (mlp(), "digits/mlp.onnx")] {
        let [pk, vk] = paths(files);
        let run = audit(&pk, &vk, &fixture(onnx));
        assert_eq!(run.code, 0, "{}", run.stderr);
        let json = run.json();
        assert_eq!((&json["accepted"], &json["model_id"]), (&true.into(), &files.id.as_str().into()));
        for key in ["compile_s", "setup_s", "load_s", "vk_check_s"] {
            assert!(json[key].as_f64().is_some_and(|x| x > 0.0), "{key}");
        }
    }
}

#[test]
fn other_models_and_keys_are_rejected() {
    let ([pk, vk], folder) = (paths(cnn()), folder());
    audit(&pk, &vk, &fixture("digits/mlp.onnx")).rejected("another ONNX file");
    audit(&pk, &mlp().path("model.vk"), &fixture("digits/cnn.onnx")).rejected("not that of the proving key");
    let onnx = folder.path().join("other.onnx");
    fs::write(&onnx, other_weights()).unwrap();
    audit(&pk, &vk, &text(&onnx)).rejected("another ONNX file");
}

#[test]
fn a_key_that_lies_about_its_model_is_rejected() {
    let (files, folder) = (cnn(), folder());
    let [_, vk] = paths(files);
    let (onnx, pk) = (folder.path().join("other.onnx"), folder.path().join("pk"));
    let other = other_weights();
    fs::write(&onnx, &other).unwrap();
    // The key says that it was made from the other file: then the weights tell.
    let own = Bytes32::sha256(&fs::read(Path::new(&fixture("digits/cnn.onnx"))).unwrap());
    let forged = Bytes32::sha256(&other);
    let mut body = files.body("model.pk", Kind::ProvingKey);
    replace(&mut body, own.to_string().as_bytes(), forged.to_string().as_bytes());
    fs::write(&pk, files.repack("model.pk", &body)).unwrap();
    audit(&text(&pk), &vk, &text(&onnx)).rejected("the ONNX model has other weights");
}

/// A name of a port is in the key alone, not in its graph: whoever sets up could exchange those of two outputs.
#[test]
fn a_key_with_other_ports_is_rejected() {
    let (files, folder) = (cnn(), folder());
    let original = files.body("model.zkt", Kind::Model);
    let name = files.statement()["inputs"][0]["name"].as_str().unwrap().to_owned();
    let name = [&[name.len() as u8], name.as_bytes()].concat();
    let found: Vec<usize> = (0..original.len()).filter(|at| original[*at..].starts_with(&name)).collect();
    let [zkt, pk, vk] = ["zkt", "pk", "vk"].map(|name| text(&folder.path().join(name)));
    let mut rejected = 0;
    for shards in ["1", "2"] {
        for at in found.iter().rev().take(3) {
            let mut body = original.clone();
            body[at + 1] ^= 1;
            fs::write(&zkt, files.repack("model.zkt", &body)).unwrap();
            let set_up = ["setup", &zkt, "--pk", &pk, "--vk", &vk, "--shards", shards, "--force"];
            // Some places are in the graph, or in the list of values that `run` compares.
            if zktorch(&set_up).code == 0 {
                let run = audit(&pk, &vk, &fixture("digits/cnn.onnx"));
                rejected +=
                    u32::from(run.stderr.contains("input 0 of the key is not that of the ONNX model"));
            }
        }
    }
    assert_eq!(rejected, 2);
}
