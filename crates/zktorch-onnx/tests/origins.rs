//! Which node of the file everything belongs to.

#![allow(clippy::unwrap_used, reason = "an error is a failure")]

use std::collections::BTreeSet;
use std::path::Path;

use zktorch_graph::Role;
use zktorch_onnx::{Compiled, Options, Report, compile, inspect};

fn fixture(path: &str) -> (Report, Compiled) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path);
    let bytes = std::fs::read(path).unwrap();
    let options = Options { generated: 1, ..Options::default() };
    (inspect(&bytes, &options).unwrap(), compile(&bytes, &options).unwrap())
}

#[test]
fn every_tensor_belongs_to_the_node_that_makes_it_or_reads_it_first() {
    for model in ["digits/cnn.onnx", "digits/mlp.onnx", "bench/lenet5.onnx", "chars/model.onnx"] {
        let (report, compiled) = fixture(model);
        assert_eq!(compiled.origins.len(), compiled.graph.tensors.len());
        let op = |origin: usize| report.nodes[origin].op.as_str();
        let mut with_weights = BTreeSet::new();
        for (tensor, origin) in compiled.graph.tensors.iter().zip(&compiled.origins) {
            match tensor.role {
                Role::Input(_) | Role::One => assert_eq!(*origin, None, "{model}: {}", tensor.name),
                _ => assert!(origin.is_some(), "{model}: {}", tensor.name),
            }
            if let (Role::Weight, Some(origin)) = (tensor.role, origin) {
                with_weights.insert(op(*origin));
            }
        }
        // An additive mask is read where its sum with the scores is first stored, which is the softmax.
        let products = ["Conv", "Gemm", "MatMul", "Gather", "Add", "Mul", "LayerNormalization", "Softmax"];
        assert!(with_weights.iter().all(|op| products.contains(op)), "{model}: {with_weights:?}");
        // A stored value belongs to the node that makes it, whichever node asked for it.
        for port in &compiled.stored {
            let Some(origin) = compiled.origins[port.tensor.0 as usize] else { continue };
            let node = &report.nodes[origin];
            assert!(node.outputs.contains(&port.name), "{model}: {} belongs to {}", port.name, node.name);
        }
    }
}

#[test]
fn nodes_say_what_they_read_and_make() {
    let (report, _) = fixture("digits/cnn.onnx");
    let first = &report.nodes[0];
    assert_eq!(first.inputs[0], report.inputs[0].0);
    let made: Vec<&String> = report.nodes.iter().flat_map(|node| &node.outputs).collect();
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len());
    assert!(report.outputs.iter().all(|(name, _)| made.contains(&name)));
}
