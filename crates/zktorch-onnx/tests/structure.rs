//! Models whose structure is damaged: nodes, names, attributes, extents, element types. One clear error, never a panic, and soon.
//!
//! The folder of ONNX's node tests, if `ZKTORCH_ONNX_TESTS` names it, has models with every operator to damage.

#![allow(clippy::unwrap_used, clippy::panic, reason = "an error is a failure")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use common::Random;
use common::cases::cases;
use prost::Message;
use zktorch_onnx::proto::{AttributeProto, DimensionProto, GraphProto, ModelProto, TensorProto};
use zktorch_onnx::{Compiled, FloatModel, Options, Tensor, compile, inspect};

/// Cases without more seconds.
const CASES: u64 = 600;
/// Models that are this small take milliseconds; nothing may make one of them take long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Integers that somebody may not have thought of.
const INTEGERS: [i64; 14] =
    [0, 1, -1, 2, 3, -2, 5, 64, 1 << 20, i32::MAX as i64, i32::MIN as i64, 1 << 40, i64::MAX, i64::MIN];
const FLOATS: [f32; 8] = [0.0, -0.0, 1.0, -1.0, 1e30, 1e-30, f32::NAN, f32::INFINITY];
/// Element types, and numbers that are none.
const ELEMENTS: [i32; 14] = [1, 7, 9, 6, 2, 3, 10, 11, 16, 8, 13, 17, 0, 99];

fn of<T: Copy>(random: &mut Random, all: &[T]) -> T {
    all[random.next() as usize % all.len()]
}

fn below(random: &mut Random, count: usize) -> usize {
    random.next() as usize % count.max(1)
}

/// Names of values, and none.
fn names(graph: &GraphProto) -> Vec<String> {
    let nodes = graph.node.iter().flat_map(|node| node.input.iter().chain(&node.output));
    let others = graph.initializer.iter().map(|tensor| &tensor.name);
    let ports = graph.input.iter().chain(&graph.output).map(|info| &info.name);
    let mut names: Vec<String> = nodes.chain(others).chain(ports).cloned().collect();
    names.push(String::new());
    names
}

fn damage_tensor(tensor: &mut TensorProto, random: &mut Random) {
    match random.next() % 5 {
        0 if !tensor.dims.is_empty() => {
            let axis = below(random, tensor.dims.len());
            tensor.dims[axis] = of(random, &INTEGERS);
        }
        1 => tensor.dims.push(1),
        2 => tensor.data_type = of(random, &ELEMENTS),
        3 => tensor.int64_data.iter_mut().for_each(|x| *x = of(random, &INTEGERS)),
        _ => {
            let entries = tensor.float_data.len();
            if let Some(x) = tensor.float_data.get_mut(below(random, entries)) {
                *x = of(random, &FLOATS);
            }
            // As what the bytes are, if they are integers.
            let words = tensor.raw_data.len() / 8;
            let at = 8 * below(random, words);
            if let (7, Some(word)) = (tensor.data_type, tensor.raw_data.get_mut(at..at + 8)) {
                word.copy_from_slice(&of(random, &INTEGERS).to_le_bytes());
            }
        }
    }
}

fn damage_attribute(attribute: &mut AttributeProto, random: &mut Random) {
    match random.next() % 6 {
        0 => attribute.i = of(random, &INTEGERS),
        1 => {
            let count = attribute.ints.len();
            match attribute.ints.get_mut(below(random, count)) {
                Some(entry) => *entry = of(random, &INTEGERS),
                None => attribute.ints.push(of(random, &INTEGERS)),
            }
        }
        2 => attribute.f = of(random, &FLOATS),
        3 => attribute.r#type = (random.next() % 12) as i32,
        4 => drop(attribute.ints.pop()),
        _ => {
            if let Some(tensor) = &mut attribute.t {
                damage_tensor(tensor, random);
            }
            if let Some(graph) = &mut attribute.g {
                damage_graph(graph, &[], random);
            }
            if let Some(byte) = attribute.s.first_mut() {
                *byte = byte.wrapping_add(1);
            }
        }
    }
}

fn damage_node(graph: &mut GraphProto, operators: &[String], random: &mut Random) {
    let names = names(graph);
    let index = below(random, graph.node.len());
    let name = names[below(random, names.len())].clone();
    let Some(node) = graph.node.get_mut(index) else { return };
    let (inputs, outputs, attributes) = (node.input.len(), node.output.len(), node.attribute.len());
    match random.next() % 12 {
        0 => drop(graph.node.remove(index)),
        1 => {
            let copy = node.clone();
            graph.node.push(copy);
        }
        2 | 3 if inputs > 0 => node.input[below(random, inputs)] = name,
        4 => node.input.push(name),
        5 => drop(node.input.pop()),
        6 if outputs > 0 => node.output[below(random, outputs)] = name,
        7 if !operators.is_empty() => node.op_type = operators[below(random, operators.len())].clone(),
        8 if attributes > 0 => drop(node.attribute.remove(below(random, attributes))),
        9 if inputs > 1 => node.input.swap(0, 1 + random.next() as usize % (inputs - 1)),
        _ if attributes > 0 => damage_attribute(&mut node.attribute[below(random, attributes)], random),
        _ => node.output.push(name),
    }
}

fn damage_graph(graph: &mut GraphProto, operators: &[String], random: &mut Random) {
    let (inputs, constants) = (graph.input.len(), graph.initializer.len());
    match random.next() % 8 {
        0 if inputs > 0 => {
            let info = &mut graph.input[below(random, inputs)];
            let Some(tensor) = info.r#type.as_mut().and_then(|kind| kind.tensor_type.as_mut()) else {
                return;
            };
            let Some(shape) = &mut tensor.shape else { return };
            let rank = shape.dim.len();
            let dim = DimensionProto { dim_value: Some(of(random, &INTEGERS)), dim_param: None };
            match random.next() % 5 {
                0 => tensor.elem_type = of(random, &ELEMENTS),
                1 => shape.dim.push(dim),
                2 => drop(shape.dim.pop()),
                3 if rank > 0 => shape.dim[below(random, rank)] = dim,
                _ if rank > 0 => {
                    shape.dim[below(random, rank)].dim_value = Some(1 + (random.next() % 6) as i64)
                }
                _ => tensor.shape = None,
            }
        }
        1 | 2 if constants > 0 => damage_tensor(&mut graph.initializer[below(random, constants)], random),
        3 if constants > 0 => drop(graph.initializer.remove(below(random, constants))),
        4 if inputs > 0 => {
            // An element type that the nodes do not expect.
            let info = &mut graph.input[below(random, inputs)];
            if let Some(tensor) = info.r#type.as_mut().and_then(|kind| kind.tensor_type.as_mut()) {
                tensor.elem_type = of(random, &ELEMENTS);
            }
        }
        _ => damage_node(graph, operators, random),
    }
}

/// Values of a run, whatever is asked for.
fn samples(model: &FloatModel, compiled: &Compiled, random: &mut Random) -> Vec<Tensor> {
    let sample = model.inputs().iter().map(|(_, dims)| random.tensor(dims, 1.0).into());
    let sample: Vec<Tensor> = sample.collect();
    debug_assert_eq!(sample.len(), compiled.inputs.len());
    sample
}

/// Whether the model compiled.
fn run(bytes: &[u8], random: &mut Random) -> bool {
    let options = Options { max_entries: 1 << 12, max_multiplications: 1 << 20, ..Options::default() };
    let report = inspect(bytes, &options);
    let Ok(model) = FloatModel::new(bytes, &options) else { return false };
    assert!(report.is_ok(), "what can be expanded can be inspected");
    for guard_bits in [None, Some(8)] {
        let Ok(compiled) = compile(bytes, &Options { guard_bits, ..options.clone() }) else { return false };
        assert!(compiled.graph.validate().is_ok());
        let sample = samples(&model, &compiled, random);
        if let (Ok(float), Ok(integer)) = (model.run(&sample), compiled.run(&sample)) {
            assert!(float.iter().zip(&integer).all(|(a, b)| a.dims() == b.dims()));
        }
    }
    true
}

/// The models that are damaged.
fn seeds() -> Vec<ModelProto> {
    let mut files: Vec<Vec<u8>> = cases().into_iter().map(|case| case.bytes).collect();
    if let Some(folder) = std::env::var_os("ZKTORCH_ONNX_TESTS") {
        let folders = std::fs::read_dir(Path::new(&folder)).unwrap().flatten();
        let mut paths: Vec<_> = folders.map(|entry| entry.path().join("model.onnx")).collect();
        paths.sort();
        files.extend(paths.into_iter().flat_map(std::fs::read));
    }
    let small = files.into_iter().filter(|bytes| bytes.len() < 20_000);
    small.filter_map(|bytes| ModelProto::decode(&*bytes).ok()).collect()
}

/// Case by case from `ZKTORCH_FUZZ_FROM` on (0 by default), so that a failure is found again by its number.
#[test]
fn fuzz_structure() {
    let seeds = seeds();
    let nodes = seeds.iter().flat_map(|model| &model.graph).flat_map(|graph| &graph.node);
    let operators: Vec<String> = nodes.map(|node| node.op_type.clone()).collect();
    let number = |name| std::env::var(name).ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("ZKTORCH_FUZZ_SECONDS").unwrap_or(0));
    let first = number("ZKTORCH_FUZZ_FROM").unwrap_or(0);
    let (mut accepted, mut rejected) = (0, 0);
    for case in first.. {
        if case - first >= CASES && Instant::now() >= end {
            break;
        }
        let mut random = Random::new(case);
        let mut model = seeds[below(&mut random, seeds.len())].clone();
        for _ in 0..1 + random.next() % 3 {
            let versions = model.opset_import.len();
            match (random.next() % 20, &mut model.graph) {
                (0, _) if versions > 0 => {
                    model.opset_import[below(&mut random, versions)].version = (random.next() % 30) as i64;
                }
                (_, Some(graph)) => damage_graph(graph, &operators, &mut random),
                _ => {}
            }
        }
        let (bytes, start) = (model.encode_to_vec(), Instant::now());
        match catch_unwind(AssertUnwindSafe(|| run(&bytes, &mut random))) {
            Ok(true) => accepted += 1,
            Ok(false) => rejected += 1,
            Err(_) => panic!("case {case}: {model:?}"),
        }
        assert!(start.elapsed() < PATIENCE, "case {case} takes {:?}: {model:?}", start.elapsed());
    }
    assert!(accepted > 0 && rejected > 0, "{accepted} and {rejected}");
}
