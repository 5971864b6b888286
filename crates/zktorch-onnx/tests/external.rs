//! Large weights stay in files of external data, and are the same integers as those in the model.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::Builder;
use zktorch_onnx::proto::{ModelProto, StringStringEntryProto, TensorProto};
use zktorch_onnx::{
    Compiled, ExternalWeight, FloatModel, FloatTensor, OnnxError, Options, Tensor, compile, inspect,
};

/// More entries than 2^20, from which on weights stay in their files.
const ROWS: usize = 1024;
const COLUMNS: usize = 1088;

/// Half-precision numbers that are exact in every format, of several magnitudes.
fn entry(i: usize) -> u16 {
    let state = (i as u32).wrapping_mul(0x9e37_79b9) ^ 0x1234_5678;
    // Exponents from 2^-14 (and denormal numbers) to 2^-5.
    let exponent = state >> 20 & 0xf;
    (state & 0x8000) as u16 | (exponent.min(10) << 10) as u16 | (state & 0x3ff) as u16
}

fn float(bits: u16) -> f32 {
    let magnitude = match bits >> 10 & 0x1f {
        0 => f32::from(bits & 0x3ff) / 16_777_216.0,
        e => (1.0 + f32::from(bits & 0x3ff) / 1024.0) * 2f32.powi(i32::from(e) - 15),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// `y = 3 ((x o g) W)`, W of 2^20 entries and more.
fn model() -> ModelProto {
    let gains = (0..ROWS).map(|i| 0.5 + i as f32 / 1024.0).collect();
    let builder = Builder::new(13)
        .input("x", &[1, ROWS])
        .floats("g", &[ROWS], gains)
        .floats("w", &[ROWS, COLUMNS], (0..ROWS * COLUMNS).map(|i| float(entry(i))).collect())
        .floats("c", &[], vec![3.0])
        .node("Mul", &["x", "g"], "h", vec![])
        .node("MatMul", &["h", "w"], "p", vec![])
        .node("Mul", &["p", "c"], "y", vec![])
        .output("y");
    use prost::Message as _;
    ModelProto::decode(&builder.bytes()[..]).unwrap()
}

/// The same with W in a file, behind something else, in an element type.
fn external(folder: &std::path::Path, data_type: i32) -> ModelProto {
    let mut model = model();
    let raw: Vec<u8> = (0..ROWS * COLUMNS)
        .flat_map(|i| match data_type {
            1 => float(entry(i)).to_le_bytes().to_vec(),
            _ => entry(i).to_le_bytes().to_vec(),
        })
        .collect();
    std::fs::write(folder.join("w.bin"), [&[7; 48][..], &raw].concat()).unwrap();
    let entry = |key: &str, value: String| StringStringEntryProto { key: key.into(), value };
    let tensors = &mut model.graph.as_mut().unwrap().initializer;
    let weight = tensors.iter_mut().find(|tensor| tensor.name == "w").unwrap();
    *weight = TensorProto {
        name: "w".into(),
        dims: vec![ROWS as i64, COLUMNS as i64],
        data_type,
        data_location: 1,
        external_data: vec![
            entry("location", "w.bin".into()),
            entry("offset", "48".into()),
            entry("length", raw.len().to_string()),
        ],
        ..TensorProto::default()
    };
    model
}

fn bytes(model: &ModelProto) -> Vec<u8> {
    prost::Message::encode_to_vec(model)
}

fn sample() -> Vec<Tensor> {
    vec![FloatTensor::from_fn([1, ROWS], |i| ((i * 37 % 101) as f32 - 50.0) / 50.0).into()]
}

fn of(compiled: &Compiled) -> &ExternalWeight {
    assert_eq!(compiled.external.len(), 1);
    &compiled.external[0].1
}

#[test]
fn integers_are_those_of_weights_in_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let options = |base_dir| Options { base_dir, calibration: vec![sample()], ..Options::default() };
    let here = compile(&bytes(&model()), &options(None)).unwrap();
    assert!(here.external.is_empty());
    for data_type in [10, 1] {
        let file = bytes(&external(folder.path(), data_type));
        let options = options(Some(folder.path().to_path_buf()));
        let there = compile(&file, &options).unwrap();
        assert_eq!(there.graph, here.graph);
        assert_eq!(there.precision, here.precision);
        let (id, weight) = &there.external[0];
        let expected = here.weights.iter().find(|(other, _)| other == id).unwrap();
        assert_eq!(there.weights.len() + 1, here.weights.len());
        assert!(weight.values().unwrap().iter().map(|x| i32::from(*x)).eq(expected.1.iter().copied()));
        // Floats, and integers without the weight in memory.
        assert_eq!(there.run(&sample()).unwrap(), here.run(&sample()).unwrap());
        let float = FloatModel::new(&file, &options).unwrap();
        let expected = FloatModel::new(&bytes(&model()), &Options::default()).unwrap();
        assert_eq!(float.run(&sample()).unwrap(), expected.run(&sample()).unwrap());
        let report = inspect(&file, &options).unwrap();
        assert_eq!(report.parameters, ROWS * COLUMNS + ROWS + 1);
        // Another compilation from what this one has seen.
        let seen = Options { seen: Some(there.seen.clone()), headroom: Some(there.headroom), ..options };
        let again = compile(&file, &Options { guard_bits: Some(there.guard_bits), ..seen }).unwrap();
        assert_eq!((&again.graph, &again.external), (&there.graph, &there.external));
    }
}

#[test]
fn files_that_change_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = bytes(&external(folder.path(), 10));
    let base_dir = Some(folder.path().to_path_buf());
    let options = Options { base_dir, calibration: vec![sample()], ..Options::default() };
    let compiled = compile(&file, &options).unwrap();
    let path = folder.path().join("w.bin");
    let kept = std::fs::read(&path).unwrap();
    let refused = |what: &str| {
        let error = of(&compiled).values().unwrap_err();
        assert!(matches!(error, OnnxError::Tensor { field: "external data", .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    };
    // Larger numbers than the 16 bits were chosen for, numbers that are none, and fewer of them.
    let last = format!(" at {}", ROWS * COLUMNS - 1);
    for (bits, what) in [(0x7bffu16, &*last), (0x7c00, "inf"), (0x7e00, "NaN")] {
        let mut changed = kept.clone();
        let at = changed.len() - 2;
        changed[at..].copy_from_slice(&bits.to_le_bytes());
        std::fs::write(&path, changed).unwrap();
        refused(what);
        if bits != 0x7bff {
            let error = compile(&file, &options).unwrap_err();
            assert!(matches!(error, OnnxError::NotFinite { .. }), "{error}");
        }
    }
    std::fs::write(&path, &kept[..kept.len() - 1]).unwrap();
    refused("w.bin");
    assert!(matches!(compile(&file, &options), Err(OnnxError::Tensor { field: "external data", .. })));
    std::fs::remove_file(&path).unwrap();
    refused("w.bin");
}
