//! With `saturate` no real input is out of range: what leaves its range is clamped, and what does not is as before.
#![allow(clippy::unwrap_used, reason = "an error is a failure")]

mod common;

use common::cases::cases;
use common::{Builder, Random, max_error};
use zktorch_graph::Step;
use zktorch_onnx::{Compiled, FloatModel, FloatTensor, Options, Tensor, compile};

fn samples(bytes: &[u8], factor: f32, seed: u64) -> Vec<Tensor> {
    let model = FloatModel::new(bytes, &Options::default()).unwrap();
    let mut random = Random::new(seed);
    model.inputs().iter().map(|(_, dims)| random.tensor(dims, factor).into()).collect()
}

fn compiled(bytes: &[u8], saturate: bool, guard_bits: Option<u32>) -> Compiled {
    let calibration = (0..16).map(|seed| samples(bytes, 1.0, seed)).collect();
    compile(bytes, &Options { calibration, saturate, guard_bits, ..Options::default() }).unwrap()
}

fn clamps(compiled: &Compiled) -> usize {
    compiled.graph.steps.iter().filter(|step| matches!(step, Step::Saturate { .. })).count()
}

#[test]
fn what_is_clamped_is_the_end_of_its_range() {
    let bytes = Builder::new(13)
        .input("x", &[1, 4])
        .floats("w", &[4, 1], vec![1.0; 4])
        .node("MatMul", &["x", "w"], "h", vec![])
        .node("Relu", &["h"], "y", vec![])
        .output("y")
        .bytes();
    let row = |x: [f32; 4]| -> Vec<Tensor> { vec![FloatTensor::from_fn([1, 4], |i| x[i]).into()] };
    let calibration = vec![row([1.0, -0.45, 1.0, -0.45]); 16];
    let options = Options { calibration, saturate: true, ..Options::default() };
    let compiled = compile(&bytes, &options).unwrap();
    assert!(compiled.saturate && compiled.inputs[0].saturates);
    let [input, output] = [&compiled.inputs[0], &compiled.outputs[0]];
    let end = |port: &zktorch_onnx::PortInfo| port.real(compiled.graph.tensor(port.tensor).range.hi);
    let y = |x| f64::from(compiled.run(&row(x)).unwrap()[0].data()[0]);
    // Inside of all ranges nothing changes.
    assert!((y([1.0, 0.5, -0.25, 0.125]) - 1.375).abs() < 1e-3);
    // h is out of its range, x is not; then x is, and counts as the end of its own.
    let largest = y([7.0; 4]);
    assert!(largest > 4.0 && largest <= end(output), "{largest}");
    assert_eq!(y([100.0; 4]), largest);
    assert!((y([1000.0, -7.0, 0.0, 0.0]) - (end(input) - 7.0)).abs() < 1e-2);
    assert_eq!(input.count_outside([1.0, 1000.0, -1000.0], compiled.graph.tensor(input.tensor).range), 2);
}

#[test]
fn no_input_is_refused() {
    let mut clamped = 0;
    for case in cases() {
        for guard in [None, Some(8)] {
            let [plain, saturating] = [false, true].map(|saturate| compiled(&case.bytes, saturate, guard));
            let inside = samples(&case.bytes, 1.0, 99);
            let [a, b] = [&plain, &saturating].map(|compiled| compiled.run(&inside).unwrap());
            assert!(max_error(&a, &b) <= case.tolerance, "{}, guard bits {guard:?}", case.name);
            for factor in [10.0, 100.0, 1e6] {
                let outside = samples(&case.bytes, factor, 100);
                let run = saturating.run(&outside);
                assert!(run.is_ok(), "{}, guard bits {guard:?}, {factor}: {}", case.name, run.unwrap_err());
            }
            clamped += usize::from(clamps(&saturating) > clamps(&plain));
        }
    }
    assert!(clamped > 50, "{clamped} models clamp");
}

#[test]
fn functions_that_end_flat_are_clamped_anyway() {
    for (name, flat) in [("Sigmoid", true), ("Tanh", true), ("Erf", true), ("Exp", false), ("Relu", false)] {
        let bytes = Builder::new(13).input("x", &[8]).node(name, &["x"], "y", vec![]).output("y").bytes();
        let calibration = vec![samples(&bytes, 4000.0, 1); 16];
        let calibrated = compile(&bytes, &Options { calibration, ..Options::default() });
        // An exponential of thousands is no number.
        let Ok(compiled) = calibrated else { continue };
        assert_eq!(clamps(&compiled) > 0, flat, "{name}");
    }
}
