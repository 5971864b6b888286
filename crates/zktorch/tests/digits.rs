//! All 899 held-out digits through the integer executor, which computes exactly what is proved, against the float model.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; the numbers are shown with --nocapture")]

use std::fs;
use std::path::{Path, PathBuf};

use zktorch::data;
use zktorch_onnx::{FloatModel, FloatTensor, Options, Tensor, compile};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/digits").join(name)
}

/// The images of an archive, one by one.
fn images(name: &str) -> Vec<Tensor> {
    let tensors = data::load(&fixture(name), None).unwrap();
    let images = tensors.into_iter().find(|tensor| tensor.dims.len() == 4).unwrap();
    assert_eq!(images.dims[1..], [1, 8, 8]);
    let image = |image: &[f32]| FloatTensor::new([1, 1, 8, 8], image.to_vec()).unwrap().into();
    images.floats().chunks(64).map(image).collect()
}

fn labels() -> Vec<usize> {
    let tensors = data::load(&fixture("heldout.npz"), None).unwrap();
    let labels = tensors.into_iter().find(|tensor| tensor.dims.len() == 1).unwrap();
    labels.floats().iter().map(|label| *label as usize).collect()
}

fn prediction(logits: &FloatTensor) -> usize {
    let data = logits.data();
    (0..data.len()).max_by(|a, b| data[*a].total_cmp(&data[*b])).unwrap()
}

/// At most one prediction differs from the float model's, and no logit by more than `bound`.
fn compare(model: &str, bound: f32) {
    let onnx = fs::read(fixture(model)).unwrap();
    let calibration = images("calibration.npz").into_iter().map(|image| vec![image]).collect();
    let compiled = compile(&onnx, &Options { calibration, ..Options::default() }).unwrap();
    let float = FloatModel::new(&onnx, &Options::default()).unwrap();
    let (images, labels) = (images("heldout.npz"), labels());
    assert_eq!((images.len(), labels.len()), (899, 899));
    let (mut differing, mut correct, mut correct_float, mut error) = (0, 0, 0, 0f32);
    for (image, label) in images.into_iter().zip(labels) {
        let input = [image];
        let (integer, float) = (&compiled.run(&input).unwrap()[0], &float.run(&input).unwrap()[0]);
        assert_eq!(integer.dims(), [1, 10]);
        differing += usize::from(prediction(integer) != prediction(float));
        correct += usize::from(prediction(integer) == label);
        correct_float += usize::from(prediction(float) == label);
        error = integer.data().iter().zip(float.data()).fold(error, |max, (a, b)| max.max((a - b).abs()));
    }
    eprintln!(
        "{model}: {correct} of 899 correct ({correct_float} in floats), {differing} differ, error {error}"
    );
    assert!(differing <= 1, "{differing} predictions differ");
    assert!(correct * 100 >= 97 * 899, "{correct} correct");
    assert!(correct_float * 100 >= 97 * 899, "{correct_float} correct in floats");
    assert!(error <= bound, "error {error}");
}

#[test]
fn perceptron() {
    compare("mlp.onnx", 0.01);
}

#[test]
fn convolutional() {
    compare("cnn.onnx", 0.01);
}
