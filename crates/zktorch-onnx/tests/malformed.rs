//! Malformed, unsupported and mutated models: one clear error, never a panic.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use common::cases::cases;
use common::{Builder, Random, int, ints, string};
use zktorch_onnx::proto::{StringStringEntryProto, TensorProto};
use zktorch_onnx::{FloatModel, FloatTensor, OnnxError, Options, compile, inspect};

#[allow(clippy::panic, reason = "test support")]
fn error(builder: &Builder) -> OnnxError {
    match compile(&builder.bytes(), &Options::default()) {
        Err(error) => error,
        Ok(_) => panic!("the model is malformed"),
    }
}

fn relu() -> Builder {
    Builder::new(13).input("x", &[1, 4]).node("Relu", &["x"], "y", vec![]).output("y")
}

fn gemm(data: Vec<f32>, dims: &[usize]) -> Builder {
    Builder::new(13)
        .input("x", &[1, 4])
        .floats("w", dims, data)
        .node("Gemm", &["x", "w"], "y", vec![])
        .output("y")
}

#[test]
fn truncated_bytes_are_refused() {
    let bytes = gemm(vec![0.5; 8], &[4, 2]).bytes();
    assert!(compile(&bytes, &Options::default()).is_ok());
    for len in 0..bytes.len() {
        assert!(compile(&bytes[..len], &Options::default()).is_err(), "{len} bytes");
    }
}

#[test]
fn cycles_and_missing_values_are_refused() {
    let cycle = Builder::new(13)
        .input("x", &[4])
        .node("Add", &["x", "b"], "a", vec![])
        .node("Relu", &["a"], "b", vec![])
        .output("b");
    assert!(matches!(error(&cycle), OnnxError::Cycle { .. }), "{}", error(&cycle));
    let missing = Builder::new(13).input("x", &[1, 4]).node("Gemm", &["x", "w"], "y", vec![]).output("y");
    assert_eq!(error(&missing), OnnxError::Missing { reader: "node node_y".into(), value: "w".into() });
    let output = Builder::new(13).input("x", &[4]).node("Relu", &["x"], "y", vec![]).output("z");
    assert!(matches!(error(&output), OnnxError::Missing { value, .. } if value == "z"));
    let twice = relu().node("Tanh", &["x"], "y", vec![]);
    assert!(matches!(error(&twice), OnnxError::Model { field: "names", .. }));
}

#[test]
fn nodes_in_any_order_are_sorted() {
    let model = Builder::new(13)
        .input("x", &[4])
        .node("Relu", &["a"], "y", vec![])
        .node("Tanh", &["x"], "a", vec![])
        .output("y");
    assert!(compile(&model.bytes(), &Options::default()).is_ok());
}

#[test]
fn data_that_disagree_with_dims_are_refused() {
    let short = gemm(vec![0.5; 7], &[4, 2]);
    assert!(matches!(error(&short), OnnxError::Tensor { ref name, field: "data", .. } if name == "w"));
    let mut negative = gemm(vec![0.5; 8], &[4, 2]);
    negative.graph().initializer[0].dims[0] = -4;
    assert!(matches!(error(&negative), OnnxError::Tensor { field: "dims", .. }));
    let mut huge = gemm(vec![0.5; 8], &[4, 2]);
    huge.graph().initializer[0].dims = vec![1 << 40, 1 << 40];
    assert!(matches!(error(&huge), OnnxError::Tensor { field: "dims", .. }));
    let wrong = gemm(vec![0.5; 10], &[5, 2]);
    assert!(matches!(error(&wrong), OnnxError::Node { ref node, ref op, ref field, .. }
        if node == "node_y" && op == "Gemm" && field == "input 1"));
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut data = vec![0.5; 8];
        data[5] = bad;
        for op in ["Gemm", "MatMul"] {
            let model = Builder::new(13)
                .input("x", &[1, 4])
                .floats("w", &[4, 2], data.clone())
                .node(op, &["x", "w"], "y", vec![])
                .output("y");
            let error = error(&model);
            assert!(
                matches!(error, OnnxError::NotFinite { ref name, index: 5, .. } if name == "w"),
                "{op} {bad}: {error}"
            );
        }
    }
    let good = gemm(vec![0.5; 8], &[4, 2]).bytes();
    let sample = vec![FloatTensor::from_fn([1, 4], |_| f32::NAN).into()];
    let options = Options { calibration: vec![sample], ..Options::default() };
    assert!(matches!(compile(&good, &options), Err(OnnxError::NotFinite { .. })));
}

#[test]
fn unsupported_parts_are_named() {
    let op = relu().node("StringNormalizer", &["x"], "z", vec![]).node("Unique", &["x"], "v", vec![]);
    let expected =
        OnnxError::UnsupportedOp { node: "node_z".into(), op: "StringNormalizer".into(), opset: 13 };
    assert_eq!(error(&op), expected);
    // inspect lists them all.
    let report = inspect(&op.bytes(), &Options::default()).unwrap();
    assert!(!report.supported);
    let bad: Vec<_> =
        report.nodes.iter().filter(|node| node.problem.is_some()).map(|node| &*node.op).collect();
    assert_eq!(bad, ["StringNormalizer", "Unique"]);
    let attribute =
        Builder::new(13).input("x", &[4]).node("Relu", &["x"], "y", vec![int("leak", 1)]).output("y");
    assert!(matches!(error(&attribute), OnnxError::Node { got, .. } if got == "leak"));
    for (opset, good) in [(0, false), (1, true), (7, true), (27, true), (28, false), (-1, false)] {
        let model = Builder::new(opset).input("x", &[4]).node("Relu", &["x"], "y", vec![]).output("y");
        assert_eq!(compile(&model.bytes(), &Options::default()).is_ok(), good, "opset {opset}");
    }
    let kernel = |pads: &[i64]| {
        Builder::new(13)
            .input("x", &[1, 1, 4, 4])
            .node("MaxPool", &["x"], "y", vec![ints("kernel_shape", &[2, 2]), ints("pads", pads)])
            .output("y")
    };
    // A window of padding only has no maximum.
    assert!(
        matches!(error(&kernel(&[2, 0, 0, 0])), OnnxError::Node { field, .. } if field == "attribute pads")
    );
    let auto = Builder::new(13)
        .input("x", &[1, 1, 4, 4])
        .node("MaxPool", &["x"], "y", vec![ints("kernel_shape", &[2, 2]), string("auto_pad", "SAME")])
        .output("y");
    assert!(matches!(error(&auto), OnnxError::Node { field, .. } if field == "attribute auto_pad"));
}

#[test]
fn initialisers_may_be_listed_as_inputs() {
    let mut model = gemm(vec![0.5; 8], &[4, 2]);
    model.graph().input.push(common::value_info("w", &[4, 2]));
    let compiled = compile(&model.bytes(), &Options::default()).unwrap();
    assert_eq!(compiled.inputs.len(), 1);
    assert!(compiled.warnings.iter().any(|warning| warning.contains("calibration")));
}

#[test]
fn dynamic_extents_are_fixed() {
    let mut model = Builder::new(13).input("x", &[1, 4]).node("Relu", &["x"], "y", vec![]).output("y");
    let tensor = model.graph().input[0].r#type.as_mut().unwrap().tensor_type.as_mut().unwrap();
    for (axis, name) in ["batch", "width"].iter().enumerate() {
        let dim = &mut tensor.shape.as_mut().unwrap().dim[axis];
        (dim.dim_value, dim.dim_param) = (None, Some((*name).into()));
    }
    assert!(matches!(error(&model), OnnxError::Input { ref name, field: "extent", ref expected, .. }
        if name == "x" && expected.contains("--dim width=VALUE")));
    let mut options = Options::default();
    options.dims.insert("width".into(), 5);
    assert_eq!(compile(&model.bytes(), &options).unwrap().inputs[0].dims, [1, 5]);
    options.dims.insert("batch".into(), 3);
    assert_eq!(compile(&model.bytes(), &options).unwrap().inputs[0].dims, [3, 5]);
}

#[test]
fn external_data_stay_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("model");
    std::fs::create_dir(&inside).unwrap();
    let raw: Vec<u8> = (0..8).flat_map(|i| (i as f32).to_le_bytes()).collect();
    std::fs::write(inside.join("w.bin"), [&[9; 16][..], &raw].concat()).unwrap();
    std::fs::write(folder.path().join("secret.bin"), &raw).unwrap();
    let model = |location: &str, offset: &str| {
        let mut model = gemm(vec![], &[4, 2]);
        let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
        model.graph().initializer[0] = TensorProto {
            name: "w".into(),
            dims: vec![4, 2],
            data_type: 1,
            data_location: 1,
            external_data: vec![entry("location", location), entry("offset", offset), entry("length", "32")],
            ..Default::default()
        };
        model
    };
    let options = Options { base_dir: Some(inside.clone()), ..Options::default() };
    let run = |location: &str, offset: &str| compile(&model(location, offset).bytes(), &options);
    assert!(run("w.bin", "16").is_ok());
    assert!(matches!(error(&model("w.bin", "16")), OnnxError::Tensor { field: "external data", .. }));
    let absolute = folder.path().join("secret.bin");
    std::os::unix::fs::symlink(&absolute, inside.join("link.bin")).unwrap();
    for (location, offset) in [
        ("../secret.bin", "0"),
        (absolute.to_str().unwrap(), "0"),
        ("link.bin", "0"),
        ("w.bin", "17"),
        ("w.bin", "x"),
        ("", "0"),
    ] {
        assert!(matches!(run(location, offset), Err(OnnxError::Tensor { .. })), "{location} {offset}");
    }
}

#[test]
fn activations_beyond_the_calibration_are_errors() {
    let bytes = Builder::new(13)
        .input("x", &[1, 4])
        .floats("w", &[4, 1], vec![1.0; 4])
        .node("MatMul", &["x", "w"], "h", vec![])
        .node("Relu", &["h"], "y", vec![])
        .output("y")
        .bytes();
    let sample =
        |x: f32| vec![FloatTensor::from_fn([1, 4], |i| if i % 2 == 0 { x } else { -x * 0.45 }).into()];
    let options = Options { calibration: vec![sample(1.0); 16], ..Options::default() };
    let compiled = compile(&bytes, &options).unwrap();
    assert!(compiled.run(&sample(4.5)).is_ok());
    assert!(matches!(compiled.run(&sample(8.1)), Err(OnnxError::Input { field: "value", .. })));
    let aligned = vec![FloatTensor::from_fn([1, 4], |_| 7.9).into()];
    assert!(
        matches!(compiled.run(&aligned), Err(OnnxError::Graph(error)) if error.to_string().contains('h'))
    );
}

/// One case of `fuzz_models`: a damaged model, and noise. Whether the model compiled.
fn fuzz_case(bytes: &[u8], random: &mut Random) -> bool {
    let options = Options { max_entries: 1 << 12, max_multiplications: 1 << 20, ..Options::default() };
    let noise: Vec<u8> = (0..random.next() % 200).map(|_| random.next() as u8).collect();
    assert!(compile(&noise, &options).is_err());
    let _ = inspect(bytes, &options);
    let Ok(model) = FloatModel::new(bytes, &options) else { return false };
    let Ok(compiled) = compile(bytes, &options) else { return false };
    // What compiles is valid and can be executed, or tells why not.
    assert!(compiled.graph.validate().is_ok());
    let sample: Vec<zktorch_onnx::Tensor> =
        model.inputs().iter().map(|(_, dims)| random.tensor(dims, 1.0).into()).collect();
    if let (Ok(float), Ok(integer)) = (model.run(&sample), compiled.run(&sample)) {
        assert_eq!(float.len(), integer.len());
        assert!(float.iter().zip(&integer).all(|(a, b)| a.dims() == b.dims()));
    }
    true
}

/// Case by case from `ZKTORCH_FUZZ_FROM` on (0 by default), so that a failure is found again by its number.
#[test]
fn fuzz_models() {
    let seeds: Vec<Vec<u8>> =
        cases().into_iter().map(|case| case.bytes).filter(|bytes| bytes.len() < 8000).collect();
    let number = |name| std::env::var(name).ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("ZKTORCH_FUZZ_SECONDS").unwrap_or(0));
    let first = number("ZKTORCH_FUZZ_FROM").unwrap_or(0);
    let (mut accepted, mut rejected) = (0, 0);
    for case in first.. {
        if case - first >= 600 && Instant::now() >= end {
            break;
        }
        let mut random = Random::new(case);
        let mut bytes = seeds[random.next() as usize % seeds.len()].clone();
        for _ in 0..1 + random.next() % 3 {
            let place = random.next() as usize % bytes.len();
            match random.next() % 7 {
                0 => bytes[place] ^= 1 << (random.next() % 8),
                1 => bytes[place] = random.next() as u8,
                2 => bytes.truncate(place.max(1)),
                3 => bytes.insert(place, random.next() as u8),
                4 => bytes.extend((0..random.next() % 40).map(|i| (i * 37) as u8)),
                5 => bytes[place] = [0, 1, 0x7f, 0x80, 0xff][random.next() as usize % 5],
                _ => {
                    let other = random.next() as usize % bytes.len();
                    bytes.swap(place, other);
                }
            }
        }
        match catch_unwind(AssertUnwindSafe(|| fuzz_case(&bytes, &mut random))) {
            Ok(true) => accepted += 1,
            Ok(false) => rejected += 1,
            Err(_) => panic!("case {case} of {} bytes: {bytes:02x?}", bytes.len()),
        }
    }
    assert!(accepted > 0 && rejected > 0);
}

#[test]
fn a_part_that_is_too_large_ends_its_operator() {
    let model = Builder::new(18)
        .input("x", &[1, 3, 28, 28])
        .node("LpPool", &["x"], "y", vec![ints("kernel_shape", &[3, 3]), int("p", 3), ints("pads", &[2; 4])])
        .output("y");
    let options = Options { max_entries: 1 << 12, ..Options::default() };
    let error = compile(&model.bytes(), &options).unwrap_err();
    assert!(
        matches!(&error, OnnxError::Node { expected, .. } if expected.contains("4096 entries")),
        "{error}"
    );
}
