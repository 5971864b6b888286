//! Values that say nothing: sums that cancel, functions that are zero wherever they were calibrated, or flat almost everywhere.
#![allow(clippy::unwrap_used, reason = "an error is a failure")]

mod common;

use common::{Builder, max_error};
use zktorch_onnx::{FloatModel, FloatTensor, Options, Tensor, compile};

/// The largest error of a model that is calibrated on these samples, on another one.
fn error(builder: &Builder, calibration: impl Fn(usize) -> f32, sample: impl Fn(usize) -> f32) -> f32 {
    let bytes = builder.bytes();
    let model = FloatModel::new(&bytes, &Options::default()).unwrap();
    let dims = model.inputs()[0].1.clone();
    let tensor = |entry: &dyn Fn(usize) -> f32| -> Vec<Tensor> {
        vec![FloatTensor::from_fn(dims.clone(), entry).into()]
    };
    let options = Options { calibration: vec![tensor(&calibration); 16], ..Options::default() };
    let compiled = compile(&bytes, &options).unwrap();
    let sample = tensor(&sample);
    max_error(&compiled.run(&sample).unwrap(), &model.run(&sample).unwrap())
}

#[test]
fn sums_that_cancel_are_operands() {
    let model = Builder::new(13)
        .input("x", &[2, 3])
        .weight("w", &[2, 3], 1.0)
        .node("Add", &["x", "w"], "a", vec![])
        .node("Sub", &["a", "a"], "zero", vec![])
        .node("Mul", &["zero", "x"], "none", vec![])
        .node("Add", &["none", "x"], "y", vec![])
        .output("y");
    assert!(error(&model, |i| i as f32 / 5.0, |i| 1.0 - i as f32 / 4.0) < 1e-3);
}

#[test]
fn a_function_that_was_zero_has_a_scale() {
    // Beside other values, and elsewhere than where it was calibrated.
    let model = Builder::new(13)
        .input("x", &[6])
        .weight("w", &[6], 1.0)
        .node("Floor", &["x"], "floor", vec![])
        .node("Add", &["floor", "w"], "y", vec![])
        .output("y");
    let inside = |i: usize| 0.1 + i as f32 / 8.0;
    let error_outside = error(&model, inside, |i| 0.05 + i as f32 / 3.0);
    assert!(error_outside < 1e-3, "{error_outside}");
    let zero = Builder::new(13)
        .input("x", &[6])
        .weight("w", &[6], 1.0)
        .node("Sub", &["x", "x"], "zero", vec![])
        .node("Sign", &["zero"], "sign", vec![])
        .node("Add", &["sign", "w"], "y", vec![])
        .output("y");
    assert!(error(&zero, inside, inside) < 1e-3);
}

#[test]
fn a_clamped_argument_ends_where_the_function_is_flat() {
    // Steps at 0 and at 0.85, between which a table has 17 bits: its rough ends are just too far apart.
    let model = Builder::new(13)
        .input("x", &[64])
        .node("Tanh", &["x"], "t", vec![])
        .node("Exp", &["t"], "e", vec![])
        .node("Floor", &["e"], "y", vec![])
        .output("y");
    for end in [1.3, 1.3835, 1.45, 1.6, 2.0, 3.0] {
        let x = |i: usize| -0.48 + (end + 0.48) * (i as f32 + 0.5) / 64.0;
        assert_eq!(error(&model, x, x), 0.0, "{end}");
    }
}

/// An instance normalisation of two channels of so many entries squared, with gains of both signs.
fn instance(side: usize) -> Builder {
    Builder::new(13)
        .input("x", &[1, 2, side, side])
        .floats("gain", &[2], vec![1.0, -0.75])
        .floats("offset", &[2], vec![0.25, -0.5])
        .node("InstanceNormalization", &["x", "gain", "offset"], "y", vec![])
        .output("y")
}

fn wave(i: usize) -> f32 {
    (i as f32 * 0.37).sin() + 0.3
}

#[test]
fn a_channel_that_is_constant_is_normalised() {
    // Its factor is a hundred times what any sample had.
    for (flat, side) in [(0, 8), (1, 8), (0, 3), (1, 3)] {
        let sample = |i| if i / (side * side) == flat { 0.4 } else { wave(i) };
        let found = error(&instance(side), wave, sample);
        // What rounding x changes, divided by the root of epsilon.
        assert!(found < 1e-2, "channel {flat} of {side}: {found}");
    }
}

#[test]
fn channels_of_other_deviations_keep_their_bits() {
    for small in [0.5, 0.1, 0.02] {
        let sample = |i| if i < 64 { wave(i) } else { small * wave(i) };
        for calibration in [&wave as &dyn Fn(usize) -> f32, &sample] {
            let found = error(&instance(8), calibration, sample);
            assert!(found < 0.06 * 0.02 / small + 2e-3, "{small}: {found}");
        }
    }
}

#[test]
fn a_small_multiple_that_is_repeated_keeps_its_bits() {
    let model = Builder::new(13)
        .input("x", &[3, 1])
        .floats("small", &[1], vec![1e-3])
        .floats("large", &[1], vec![1e3])
        .floats("zeros", &[3, 64], vec![0.0; 192])
        .node("Mul", &["x", "small"], "s", vec![])
        .node("Add", &["s", "zeros"], "repeated", vec![])
        .node("Mul", &["repeated", "large"], "y", vec![])
        .output("y");
    let found = error(&model, |i| 1.0 - i as f32 / 3.0, |i| i as f32 / 4.0);
    assert!(found < 1e-3, "{found}");
}
