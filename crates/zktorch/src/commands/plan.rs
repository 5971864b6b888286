//! What the commands do, step by step, for their progress: the spans they open, and about how many seconds each takes on two cores
//! with AVX-512 IFMA. Other machines differ by a factor, which the estimate of what is left learns while it runs.

use zktorch::progress::Step;
use zktorch_graph::layout::{ArenaKind, Layout, Scope};
use zktorch_graph::{Constraint, Contract, Graph, Slot};

/// Samples for calibration, if their number is not known.
pub(super) const SAMPLES: usize = 16;

/// Seconds per byte of an ONNX file to read and decode it.
const DECODE_BYTE: f64 = 3e-9;
/// Seconds per byte of an ONNX file to run its model in floats: a convolutional network multiplies each weight dozens of times.
const RUN_BYTE: f64 = 10e-9;
/// Seconds per multiplication of the integer executor.
const MULTIPLICATION: f64 = 0.15e-9;
/// Seconds per term of a full-width multi-scalar multiplication.
const TERM: f64 = 0.28e-6;
/// Distinct values of a full chunk of activations.
const DISTINCT: f64 = 25_000.0;

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
    let layout = Layout::new(graph, k, Scope::Weights);
    let n = (1u64 << k) as f64;
    let weights = layout.arena(ArenaKind::Weights).chunks();
    let mut steps = vec![
        Step::new("SRS", 0.4e-6 * n),
        Step::new("commit chunk", weights as f64 * (0.05e-6 * n)).times(weights as u64),
    ];
    steps.extend(proof(graph, &layout, &[ArenaKind::Weights]));
    steps.push(Step::new("write keys", 5e-9 * n * weights as f64));
    steps
}

/// What comes before a proof.
pub(super) fn read_key() -> Vec<Step> {
    vec![Step::new("read key", 1.0), Step::new("SRS", 0.2)]
}

/// `prove` in chunks of 2^k entries, files included.
pub(super) fn prove(graph: &Graph, k: usize) -> Vec<Step> {
    let layout = Layout::new(graph, k, Scope::Inference);
    let mut steps = vec![Step::new("witness", MULTIPLICATION * multiplications(graph))];
    let kinds = [ArenaKind::PrivateInputs, ArenaKind::PrivateOutputs, ArenaKind::Ranged, ArenaKind::Function];
    steps.extend(proof(graph, &layout, &kinds));
    steps.push(Step::new("write proof", 0.01));
    steps
}

/// A proof in which the columns of these kinds are looked up.
fn proof(graph: &Graph, layout: &Layout, looked_up: &[ArenaKind]) -> Vec<Step> {
    let n = (1u64 << layout.k()) as f64;
    let chunks = |kind: &ArenaKind| layout.arena(*kind).chunks();
    let columns: usize = looked_up.iter().map(chunks).sum();
    let tables = layout.tables().chunks() as f64;
    // Table functions have a y beside the x, and every column an inverse one.
    let all = 2.0 * columns as f64 + chunks(&ArenaKind::Weights) as f64 + tables;
    let (cells, points) = (columns as f64 * n, columns as f64 * n.min(DISTINCT) * TERM);
    let multiplications = multiplications(graph);
    vec![
        Step::new("commit column", 15e-9 * cells).times(columns as u64),
        Step::new("commit V", 0.5 * tables * n * TERM),
        Step::new("inverse columns", tables * n * 20e-9),
        Step::new("commit inverse column", 4e-9 * cells + points).times(columns as u64),
        Step::new("commit H", tables * n * TERM),
        Step::new("relations", 10e-9 * cells + 0.01e-9 * multiplications),
        Step::new("sumcheck A", 20e-9 * cells + 0.01e-9 * multiplications),
        Step::new("sumcheck B", 5e-9 * cells),
        Step::new("mira", 5e-9 * all * n),
        Step::new("mask", 1.5 * n * TERM),
        Step::new("channel fold", 0.01),
        Step::new("spartan", 0.005),
        Step::new("mira reduction", 20e-9 * n),
        Step::new("mira opening", 1.8 * n * TERM),
    ]
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

/// Multiplications of all contractions of a graph.
fn multiplications(graph: &Graph) -> f64 {
    let constraints = graph.steps.iter().flat_map(|step| step.constraints(graph));
    let slots = constraints.flat_map(|constraint| match constraint {
        Constraint::Zero { terms, .. } => terms,
        Constraint::Lookup { .. } => Vec::new(),
    });
    let products = slots.map(|(_, slot)| match slot {
        Slot::Contract(contract) => products(&contract),
        Slot::Tensor(_) | Slot::View(_) => 0.0,
    });
    products.sum()
}

/// The product of the extents of all labels.
fn products(contract: &Contract) -> f64 {
    let a = contract.a_axes.iter().zip(contract.a.shape.dims());
    let new = |(label, _): &(&u32, &u32)| !contract.a_axes.contains(label);
    let b = contract.b_axes.iter().zip(contract.b.shape.dims()).filter(new);
    a.chain(b).map(|(_, extent)| f64::from(*extent)).product()
}
