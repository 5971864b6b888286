//! Small values next to large ones keep their bits where the model's results depend on them.

#![allow(clippy::unwrap_used, reason = "a test: an error is a failure")]

mod common;

use common::{Builder, Random, float, int, ints, max_error};
use zktorch_onnx::{FloatModel, FloatTensor, Options, Tensor, compile};

/// The largest error of a model on the sample that it is calibrated with.
fn error(builder: &Builder, sample: &[FloatTensor]) -> f32 {
    let bytes = builder.bytes();
    let sample: Vec<Tensor> = sample.iter().map(|tensor| tensor.clone().into()).collect();
    let model = FloatModel::new(&bytes, &Options::default()).unwrap();
    let options = Options { calibration: vec![sample.clone()], ..Options::default() };
    let compiled = compile(&bytes, &options).unwrap();
    max_error(&model.run(&sample).unwrap(), &compiled.run(&sample).unwrap())
}

fn tensor(dims: &[usize], data: &[f32]) -> FloatTensor {
    FloatTensor::from_fn(dims, |i| data[i])
}

#[test]
fn a_clamp_keeps_what_is_between_bounds_of_the_run() {
    let x = tensor(&[5], &[-7000.0, 0.3, -0.711, 0.123, 6800.0]);
    let (lo, hi) = (tensor(&[], &[-1.0]), tensor(&[], &[1.0]));
    let clip = Builder::new(13)
        .input("x", &[5])
        .input("lo", &[])
        .input("hi", &[])
        .node("Clip", &["x", "lo", "hi"], "y", vec![])
        .output("y");
    assert!(error(&clip, &[x, lo.clone(), hi]) < 2e-4);
    let gains = [7000.0, 1.0, 1.0, 1.0, 7000.0];
    // One bound of the run, one a number; and values that are computed.
    let mixed = Builder::new(13)
        .input("x", &[1, 5])
        .input("lo", &[])
        .node("MatMul", &["x", "w"], "h", vec![])
        .floats("w", &[5, 5], (0..25).map(|i| if i % 6 == 0 { gains[i / 6] } else { 0.0 }).collect())
        .node("Constant", &[], "hi", vec![float("value_float", 1.0)])
        .node("Clip", &["h", "lo", "hi"], "y", vec![])
        .output("y");
    let x = tensor(&[1, 5], &[-1.0, 0.3, -0.711, 0.123, 0.9]);
    assert!(error(&mixed, &[x, lo]) < 2e-4);
}

#[test]
fn a_variance_is_no_difference_of_large_numbers() {
    // Means a hundred times the deviations: the squares agree in their first four digits.
    let x = FloatTensor::from_fn([3, 8], |i| 10.0 + 0.1 * (i as f32 * 1.7).sin() * (1 + i / 8) as f32);
    let variance = Builder::new(13)
        .input("x", &[3, 8])
        .node("Mul", &["x", "x"], "square", vec![])
        .node("ReduceMean", &["square"], "mean_of_square", vec![ints("axes", &[1])])
        .node("ReduceMean", &["x"], "mean", vec![ints("axes", &[1])])
        .node("Mul", &["mean", "mean"], "square_of_mean", vec![])
        .node("Sub", &["mean_of_square", "square_of_mean"], "y", vec![])
        .output("y");
    assert!(error(&variance, &[x]) < 1e-4);
}

#[test]
fn steep_functions_are_looked_up_precisely() {
    // Close to a pole: the slope is 690, and 16 bits are for arguments of either sign, eight times as large.
    let x = FloatTensor::from_fn([64], |i| -2.55 + 4.8 * i as f32 / 63.0);
    let x = FloatTensor::from_fn([64], |i| if x.data()[i].tan().abs() < 20.0 { x.data()[i] } else { 1.5328 });
    let tangent = Builder::new(13).input("x", &[64]).node("Tan", &["x"], "y", vec![]).output("y");
    let found = error(&tangent, &[x]);
    assert!(found < 1e-2, "{found}");
}

#[test]
fn means_of_few_values_need_no_slack() {
    // Divided by 225 2^16.
    let attributes = vec![ints("kernel_shape", &[5, 5]), ints("pads", &[2, 2, 2, 2])];
    let mean =
        Builder::new(13).input("x", &[1, 1, 5, 5]).node("AveragePool", &["x"], "y", attributes).output("y");
    for magnitude in [0.0, 1.0, 25.0] {
        let x = FloatTensor::from_fn([1, 1, 5, 5], |i| magnitude * (i + 1) as f32);
        assert!(error(&mean, &[x]) <= magnitude / 100.0);
    }
}

#[test]
fn weights_beside_an_outlier_keep_their_bits() {
    // What the outlier is multiplied by is zero.
    let w = |i: usize| if i % 4 == 3 { 1000.0 } else { 0.001 * (i as f32 * 2.1).sin() };
    let product = Builder::new(13)
        .input("x", &[4, 4])
        .floats("w", &[4, 3], (0..12).map(|i| w(i / 3 + 4 * (i % 3))).collect())
        .node("MatMul", &["x", "w"], "y", vec![])
        .output("y");
    let x = FloatTensor::from_fn([4, 4], |i| if i % 4 == 3 { 0.0 } else { (i as f32).cos() });
    assert!(error(&product, &[x]) < 1e-6);
}

#[test]
fn quantising_rounds_the_quotient_of_values_of_the_run() {
    // Ties to even for a scale that floats have exactly; 255 steps of a range, one of them a tie.
    let quantise = Builder::new(13)
        .input("x", &[8])
        .input("scale", &[])
        .node("QuantizeLinear", &["x", "scale"], "y", vec![])
        .output("y");
    let x = tensor(&[8], &[0.25, 0.75, 1.25, 63.75, 63.749, 63.751, 1000.0, -3.0]);
    assert_eq!(error(&quantise, &[x, tensor(&[], &[0.5])]), 0.0);
    let steps = Builder::new(13)
        .input("x", &[6])
        .input("range", &[])
        .node("Constant", &[], "n", vec![float("value_float", 255.0)])
        .node("Div", &["range", "n"], "scale", vec![])
        .node("QuantizeLinear", &["x", "scale"], "y", vec![])
        .output("y");
    let x = tensor(&[6], &[0.0, 2.0, 2.499, 2.501, 1.34, 0.3]);
    assert_eq!(error(&steps, &[x, tensor(&[], &[5.0])]), 0.0);
}

#[test]
fn dynamic_quantisation_is_exact() {
    let spelt = Builder::new(13)
        .input("x", &[200])
        .node("Constant", &[], "zero", vec![float("value_float", 0.0)])
        .node("Constant", &[], "n", vec![float("value_float", 255.0)])
        .node("ReduceMin", &["x"], "least", vec![int("keepdims", 0)])
        .node("Min", &["least", "zero"], "lo", vec![])
        .node("ReduceMax", &["x"], "most", vec![int("keepdims", 0)])
        .node("Max", &["most", "zero"], "hi", vec![])
        .node("Sub", &["hi", "lo"], "range", vec![])
        .node("Div", &["range", "n"], "scale", vec![])
        .node("QuantizeLinear", &["x", "scale"], "y", vec![])
        .node("Div", &["lo", "scale"], "least_steps", vec![])
        .node("Round", &["least_steps"], "zero_point", vec![])
        .output("y")
        .output("zero_point");
    let operator = Builder::new(13).input("x", &[200]).node("DynamicQuantizeLinear", &["x"], "y", vec![]);
    for (model, name) in [(spelt, "spelt out"), (operator.output("y"), "one operator")] {
        for (seed, offset) in
            [(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.0), (4, -4.0), (5, -4.0), (6, 4.0), (7, 4.0)]
        {
            let x = Random::new(seed).tensor(&[200], 3.0);
            let x = FloatTensor::from_fn([200], |i| x.data()[i] + offset);
            assert_eq!(error(&model, &[x]), 0.0, "{name}, seed {seed}");
        }
    }
}

#[test]
fn a_choice_between_equals_is_no_reason_to_refuse() {
    let model = Builder::new(13)
        .input("x", &[64])
        .node("Tanh", &["x"], "t", vec![])
        .node("Constant", &[], "edge", vec![float("value_float", 0.5f32.tanh())])
        .node("GreaterOrEqual", &["t", "edge"], "y", vec![])
        .output("y");
    // One entry of 64 lies on the edge, where a rounding decides.
    let x = FloatTensor::from_fn([64], |i| if i == 7 { 0.5 } else { i as f32 / 16.0 - 2.01 });
    let options = Options { calibration: vec![vec![x.into()]; 16], ..Options::default() };
    let compiled = compile(&model.bytes(), &options).unwrap();
    let worst = compiled.precision.worst().unwrap();
    assert!(worst.differing.is_some_and(|part| part == worst.relative() || part == 0.0), "{worst:?}");
    assert!(worst.relative() <= 1.0 / 64.0, "{worst:?}");
}

/// One entry is three thousand times the others: they keep their bits, in a second limb.
#[test]
fn entries_beside_outliers_keep_their_bits() {
    let size = 16;
    let x = FloatTensor::from_fn([4, size], |i| (1.0 + i as f32 * 0.7).sin());
    let w = (0..size * size).map(|i| match i {
        0 => 5000.0,
        i if i % (size + 1) == 0 => 1.0,
        _ => 0.0,
    });
    let gate = (0..size).map(|i| if i == 0 { 0.0 } else { 1.0 });
    let model = Builder::new(13)
        .input("x", &[4, size])
        .node("MatMul", &["x", "w"], "h", vec![])
        .floats("w", &[size, size], w.collect())
        .node("Mul", &["h", "gate"], "y", vec![])
        .floats("gate", &[size], gate.collect())
        .output("y");
    let found = error(&model, &[x]);
    assert!(found < 4e-3, "{found}");
}

/// Tensors of the graph with so many entries, but for inputs and outputs.
fn stored(builder: &Builder, sample: Vec<FloatTensor>, entries: usize) -> Vec<String> {
    let sample: Vec<Tensor> = sample.into_iter().map(Tensor::from).collect();
    let options = Options { calibration: vec![sample], ..Options::default() };
    let graph = compile(&builder.bytes(), &options).unwrap().graph;
    let tensors =
        graph.tensors.iter().filter(|tensor| !tensor.role.is_public() && tensor.shape.len() == entries);
    tensors.map(|tensor| tensor.name.clone()).collect()
}

/// Scores are divided by 2^8 alone: the bits of 1/sqrt(32) are rounded away in the queries.
#[test]
fn scores_are_scaled_in_the_queries() {
    let mut random = Random::new(7);
    let x = random.tensor(&[64, 32], 1.0);
    let scale = 1.0 / 32f32.sqrt();
    let model = Builder::new(13)
        .input("x", &[64, 32])
        .node("MatMul", &["x", "w"], "q", vec![])
        .weight("w", &[32, 32], 0.2)
        .node("MatMul", &["x", "v"], "h", vec![])
        .weight("v", &[32, 32], 0.2)
        .node("Transpose", &["h"], "k", vec![ints("perm", &[1, 0])])
        .node("MatMul", &["q", "k"], "scores", vec![])
        .node("Constant", &[], "scale", vec![float("value_float", scale)])
        .node("Mul", &["scores", "scale"], "scaled", vec![])
        .node("Softmax", &["scaled"], "y", vec![])
        .output("y");
    assert!(error(&model, std::slice::from_ref(&x)) < 1e-3);
    let names = stored(&model, vec![x], 64 * 64);
    assert!(names.iter().all(|name| !name.contains("remainder, limb")), "{names:?}");
}

/// `mean(x^2)` stores no square.
#[test]
fn sums_of_products_are_contractions() {
    let x = Random::new(9).tensor(&[1, 8, 64], 3.0);
    let model = Builder::new(13)
        .input("x", &[1, 8, 64])
        .node("Mul", &["x", "x"], "square", vec![])
        .node("ReduceMean", &["square"], "y", vec![ints("axes", &[-1])])
        .output("y");
    assert!(error(&model, std::slice::from_ref(&x)) < 2e-3);
    let names = stored(&model, vec![x], 8 * 64);
    assert!(names.is_empty(), "{names:?}");
}

/// One row is ten thousand times the others, as a language model's first token: each is divided by the root of its own mean square.
#[test]
fn rows_beside_a_huge_one_are_normalised() {
    let (rows, size) = (64, 96);
    let x = FloatTensor::from_fn([1, rows, size], |i| match i {
        5 => 1.0,
        i if i % size == 5 => 0.0,
        i => (1.0 + i as f32 * 0.7).sin(),
    });
    let w = (0..size * size).map(|i| match i {
        i if i == 5 * (size + 1) => 24_000.0,
        i if i % (size + 1) == 0 => 1.0,
        _ => 0.0,
    });
    let model = Builder::new(13)
        .input("x", &[1, rows, size])
        .node("MatMul", &["x", "w"], "h", vec![])
        .floats("w", &[size, size], w.collect())
        .node("Constant", &[], "two", vec![float("value_float", 2.0)])
        .node("Pow", &["h", "two"], "square", vec![])
        .node("ReduceMean", &["square"], "mean", vec![ints("axes", &[-1]), int("keepdims", 1)])
        .node("Constant", &[], "epsilon", vec![float("value_float", 1e-5)])
        .node("Add", &["mean", "epsilon"], "radicand", vec![])
        .node("Sqrt", &["radicand"], "root", vec![])
        .node("Constant", &[], "one", vec![float("value_float", 1.0)])
        .node("Div", &["one", "root"], "inverse", vec![])
        .node("Mul", &["h", "inverse"], "normal", vec![])
        .node("Mul", &["normal", "factors"], "y", vec![])
        .floats("factors", &[size], vec![1.0; size])
        .output("y");
    let found = error(&model, &[x]);
    assert!(found < 4e-3, "{found}");
}
