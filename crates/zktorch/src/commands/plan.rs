//! What the commands do, step by step, for their progress: the spans they open, the stages of proofs, and about how many seconds each
//! takes on two cores with AVX-512 IFMA. Other machines differ by a factor, which the estimate of what is left learns while it runs.

use zktorch::progress::Step;
use zktorch_graph::{Graph, Role};
use zktorch_prover::stages::{Planned, SRS, of_proof, of_setup};

/// Samples for calibration, if their number is not known.
pub(super) const SAMPLES: usize = 16;

/// Seconds per byte of an ONNX file to read and decode it.
const DECODE_BYTE: f64 = 3e-9;
/// Seconds per byte of an ONNX file to run its model in floats: a convolutional network multiplies each weight dozens of times.
const RUN_BYTE: f64 = 10e-9;

/// `compile` of an ONNX file of so many bytes, with so many samples.
pub(super) fn compile(bytes: u64, samples: usize) -> Vec<Step> {
    let (decode, run) = (DECODE_BYTE * bytes as f64, RUN_BYTE * bytes as f64);
    vec![
        Step::new("read model", decode),
        Step::new("read samples", decode),
        Step::new("check model", decode),
        Step::new("decode model", decode),
        Step::new("calibration sample", run * samples as f64).times(samples as u64),
        Step::new("lower", decode),
    ]
}

/// What comes after compiling.
pub(super) fn write_model() -> Vec<Step> {
    vec![Step::new("write model", 1.0)]
}

/// `setup` in chunks of 2^k entries, keys included.
pub(super) fn setup(graph: &Graph, k: usize) -> Vec<Step> {
    let weights = graph.tensors.iter().filter(|tensor| tensor.role == Role::Weight);
    let entries: usize = weights.map(|tensor| tensor.shape.len()).sum();
    let srs = Planned { stage: SRS, steps: 1, seconds: 0.4e-6 * (1u64 << k) as f64 };
    let mut steps = vec![Step::from(srs)];
    steps.extend(of_setup(graph, k).into_iter().map(Step::from));
    steps.push(Step::new("write keys", 5e-9 * entries as f64));
    steps
}

/// What comes before a proof.
pub(super) fn read_key() -> Vec<Step> {
    vec![Step::new("read key", 1.0), Step::new("SRS", 0.2)]
}

/// `prove` in chunks of 2^k entries, files included.
pub(super) fn prove(graph: &Graph, k: usize) -> Vec<Step> {
    let mut steps: Vec<Step> = of_proof(graph, k).into_iter().map(Step::from).collect();
    steps.push(Step::new("write proof", 0.01));
    steps
}

/// `verify`.
pub(super) fn verify() -> Vec<Step> {
    vec![
        Step::new("read key", 0.005),
        Step::new("check key", 0.02),
        Step::new("read statement", 0.005),
        Step::new("verify proof", 0.015),
    ]
}

/// `audit` with a proving key of so many bytes.
pub(super) fn audit(bytes: u64) -> Vec<Step> {
    let bytes = bytes as f64;
    vec![
        Step::new("read key", DECODE_BYTE * bytes),
        Step::new("read model", 2.0 * DECODE_BYTE * bytes),
        Step::new("decode model", 2.0 * DECODE_BYTE * bytes),
        Step::new("lower", 2.0 * DECODE_BYTE * bytes),
        Step::new("SRS", 0.1),
        Step::new("commit chunks", 25e-9 * bytes),
        Step::new("check key", 0.02),
    ]
}
