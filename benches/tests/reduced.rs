//! Small networks of every kind, proved and verified, and compared with what they are in floats.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "an error is a failure")]

use std::collections::BTreeMap;
use std::time::Instant;

use benches::networks::{Example, reduced};
use benches::proofs::{Setups, prove as prove_run};
use prost::Message;
use zktorch_onnx::{FloatModel, Options, compile};
use zktorch_prover::committed_values;

/// Samples that scales are chosen from.
const CALIBRATION: u64 = 16;
/// The largest difference of an output from the float model's, over the largest entry of that output.
const BOUND: f64 = 0.004;

/// Proves an input that was not calibrated on, verifies the proof, and compares.
fn prove(name: &str, example: &Example, guard_bits: Option<u32>, setups: &Setups) {
    let start = Instant::now();
    let bytes = example.model.encode_to_vec();
    let calibration = (1..=CALIBRATION).map(|seed| example.sample(seed)).collect();
    let compiled = compile(&bytes, &Options { calibration, guard_bits, ..Options::default() })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let sample = example.sample(0);
    let outputs =
        prove_run(&compiled, &sample, setups).unwrap_or_else(|failure| panic!("{name}: {failure:?}"));

    let float = FloatModel::new(&bytes, &Options::default()).unwrap().run(&sample).unwrap();
    assert_eq!(float.len(), outputs.len(), "{name}");
    for ((port, integers), float) in compiled.outputs.iter().zip(&outputs).zip(&float) {
        assert_eq!(port.dims, float.dims(), "{name}: {}", port.name);
        let largest = f64::from(float.max_abs());
        let errors = integers.iter().zip(float.data()).map(|(x, y)| (port.real(*x) - f64::from(*y)).abs());
        let error = errors.fold(0.0, f64::max);
        println!(
            "{name}: {}: error {error:.5} of {largest:.3} ({:.5}), {} committed values, {} guard bits, {:.2} s",
            port.name,
            error / largest,
            committed_values(&compiled.graph),
            compiled.guard_bits,
            start.elapsed().as_secs_f64()
        );
        assert!((0.1..100.0).contains(&largest), "{name}: {}: {largest}", port.name);
        assert!(error <= BOUND * largest, "{name}: {}: {error} of {largest}", port.name);
    }
}

#[test]
fn proved_and_right() {
    let setups = Setups::default();
    for (name, example) in reduced() {
        prove(name, &example, None, &setups);
    }
}

/// What a causal mask takes away is further from the maximum than any gap that was seen, with guard bits, too.
#[test]
fn masked_with_guard_bits() {
    let (name, example) = reduced().into_iter().find(|(name, _)| *name == "llama").unwrap();
    prove(name, &example, Some(8), &Setups::default());
}

/// Every initialiser and every value has its own name.
#[test]
fn names_are_different() {
    for (name, example) in reduced() {
        let graph = example.model.graph.unwrap();
        let values = graph.node.iter().flat_map(|node| &node.output);
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for value in values.chain(graph.initializer.iter().map(|tensor| &tensor.name)) {
            *count.entry(value).or_default() += 1;
        }
        count.retain(|_, count| *count > 1);
        assert!(count.is_empty(), "{name}: {count:?}");
    }
}
