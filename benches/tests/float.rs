//! Tract and the compiler's own float model, on a trained network.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use benches::{float, tensors};
use zktorch::data;
use zktorch_onnx::{FloatModel, FloatTensor, Options};

#[test]
fn two_float_models_agree() {
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/digits");
    let path = digits.join("cnn.onnx");
    let own = FloatModel::new(&fs::read(&path).unwrap(), &Options::default()).unwrap();
    let sample = data::load(&digits.join("sample.npy"), None).unwrap().remove(0);
    let dims = own.inputs()[0].1.clone();
    let expected = own.run(&[FloatTensor::new(dims.clone(), sample.floats()).unwrap().into()]).unwrap();

    let input = tensors::Tensor { dims, data: sample.floats() };
    let outputs = float::run(&path, std::slice::from_ref(&input)).unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].dims, expected[0].dims());
    for (a, b) in outputs[0].data.iter().zip(expected[0].data()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    let message = float::run(&path, &[input.clone(), input]).unwrap_err();
    assert!(format!("{message:#}").ends_with("expected 1 inputs, found 2"));
}
