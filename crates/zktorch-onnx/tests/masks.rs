//! Entries that a softmax leaves out: they have no weight whatever they are, and a row without any other has no proof.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: an error is a failure")]

mod common;

use common::{Builder, Random, int, value_info};
use zktorch_onnx::{FloatTensor, IntTensor, Options, Tensor, compile};

const ROWS: usize = 3;
const ENTRIES: usize = 8;

/// `softmax(keep ? s : -inf)` of scores that are an input, or a product with weights.
fn model(product: bool) -> Vec<u8> {
    let mut builder = Builder::new(17).input("x", &[ROWS, ENTRIES]);
    let mut keep = value_info("keep", &[ROWS, ENTRIES]);
    keep.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().elem_type = 9;
    builder.graph().input.push(keep);
    builder = builder.floats("low", &[], vec![f32::NEG_INFINITY]).weight("w", &[ENTRIES, ENTRIES], 1.0);
    if product {
        builder = builder.node("MatMul", &["x", "w"], "scores", vec![]);
    }
    builder
        .node("Where", &["keep", if product { "scores" } else { "x" }, "low"], "masked", vec![])
        .node("Softmax", &["masked"], "y", vec![int("axis", -1)])
        .output("y")
        .bytes()
}

fn keep(of: impl Fn(usize, usize) -> bool) -> Tensor {
    IntTensor::from_fn([ROWS, ENTRIES], |i| i64::from(of(i / ENTRIES, i % ENTRIES))).into()
}

#[test]
fn masked_entries_have_no_weight_and_whole_rows_no_proof() {
    for product in [false, true] {
        let bytes = model(product);
        // Every shift between the scores' own scale and the gap's, with and without guard bits and saturation.
        for (exponent, guard, saturate) in (-6..10)
            .map(|exponent| (exponent, None, false))
            .chain([(-5, Some(8), false), (0, Some(8), false), (3, Some(16), false)])
            .chain([(-3, None, true), (2, None, true), (6, None, true)])
        {
            let magnitude = f32::powi(2.0, exponent);
            let mut random = Random::new(3);
            let mut sample = |keep: Tensor| -> Vec<Tensor> {
                vec![random.tensor(&[ROWS, ENTRIES], magnitude).into(), keep]
            };
            let calibration =
                (0..4).map(|i| sample(keep(|row, q| !(row + q + i).is_multiple_of(3)))).collect();
            let options = Options { calibration, guard_bits: guard, saturate, ..Options::default() };
            let compiled = compile(&bytes, &options).unwrap_or_else(|error| panic!("{exponent}: {error}"));
            let case = format!("product {product}, 2^{exponent}, guard {guard:?}, saturate {saturate}");
            // Half of the entries are left out, and the largest ones are among them.
            let kept = |q: usize| q.is_multiple_of(2);
            let scores = FloatTensor::from_fn([ROWS, ENTRIES], |i| {
                magnitude * if kept(i % ENTRIES) { -0.9 } else { 0.9 } * ((i % 5) as f32 / 5.0)
            });
            let y = compiled
                .run(&[scores.into(), keep(|_, q| kept(q))])
                .unwrap_or_else(|error| panic!("{case}: {error}"));
            for (i, y) in y[0].data().iter().enumerate().filter(|(i, _)| !kept(i % ENTRIES)) {
                assert!(y.abs() < 1e-3, "{case}: entry {i} is {y}");
            }
            let sums = y[0].data().chunks(ENTRIES).map(|row| row.iter().sum::<f32>());
            sums.for_each(|sum| assert!((sum - 1.0).abs() < 0.02, "{case}: {sum}"));
            // No entry of the second row counts.
            let nothing = compiled.run(&sample(keep(|row, _| row != 1)));
            assert!(nothing.is_err(), "{case}: {:?}", nothing.map(|y| y[0].data().to_vec()));
        }
    }
}
