//! Every case at magnitudes from 1e-40 to 1e30, zeros included: it compiles and is right, or it says why not. Never wrong in
//! silence, never a crash.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: an error is a failure")]

mod common;

use common::{Random, cases::cases};
use proptest::prelude::*;
use zktorch_onnx::{FloatModel, OnnxError, Options, Tensor, compile};

/// What a compilation may lose without a word.
const SILENT: f64 = 0.01;

/// Samples whose inputs have a magnitude each.
fn samples(model: &FloatModel, magnitudes: &[f32], count: usize, seed: u64) -> Vec<Vec<Tensor>> {
    let mut random = Random::new(seed);
    let mut sample = || {
        let inputs = model.inputs().iter().enumerate();
        inputs.map(|(i, (_, dims))| random.tensor(dims, magnitudes[i % magnitudes.len()]).into()).collect()
    };
    (0..count).map(|_| sample()).collect()
}

fn check(index: usize, magnitudes: &[f32]) -> Result<(), TestCaseError> {
    let all = cases();
    let case = &all[index % all.len()];
    let model = FloatModel::new(&case.bytes, &Options::default()).unwrap();
    let samples = samples(&model, magnitudes, 4, 11);
    // Numbers that floats do not have are the model's own affair.
    let Ok(float) = model.run(&samples[0]) else { return Ok(()) };
    let options = Options { calibration: samples.clone(), ..Options::default() };
    let compiled = match compile(&case.bytes, &options) {
        Ok(compiled) => compiled,
        Err(OnnxError::Quantise { .. } | OnnxError::NotFinite { .. }) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(format!("{} at {magnitudes:?}: {error}", case.name))),
    };
    let integer = match compiled.run(&samples[0]) {
        Ok(integer) => integer,
        Err(error) => {
            return Err(TestCaseError::fail(format!("{} at {magnitudes:?}: {error}", case.name)));
        }
    };
    for (float, integer) in float.iter().zip(&integer) {
        let largest = f64::from(float.max_abs());
        let pairs = float.data().iter().zip(integer.data());
        let error = pairs.fold(0f64, |max, (a, b)| max.max(f64::from((a - b).abs())));
        let said = compiled.warnings.iter().any(|warning| warning.contains("is off by"));
        let small = error <= SILENT * largest || error <= f64::from(f32::MIN_POSITIVE);
        prop_assert!(small || said, "{} at {magnitudes:?}: error {error} of {largest}", case.name);
    }
    Ok(())
}

#[test]
fn zeros_and_extremes() {
    for index in 0..cases().len() {
        for magnitudes in [[0.0, 0.0], [1e-40, 1e-40], [1e-8, 1e-8], [1e30, 1e30], [1.0, 1e-6], [1e4, 1e-3]] {
            if let Err(error) = check(index, &magnitudes) {
                panic!("{error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_magnitudes(index in 0usize..1000, exponents in prop::collection::vec(-40i32..30, 2)) {
        let magnitudes: Vec<f32> = exponents.iter().map(|e| 10f64.powi(*e) as f32).collect();
        check(index, &magnitudes)?;
    }
}
