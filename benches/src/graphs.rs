//! Random graphs: each a well-typed model with a number, compiled, proved, verified and compared with floats.
//!
//! What is compared: integers and booleans are exact; floats are as near as the compiler says of its own samples, or a
//! hundredth. A choice by floats that are hardly different (`x < 0` where x is almost 0) may be made either way, and what depends
//! on it is not compared on that sample.

mod generate;
mod operators;
mod random;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde::Serialize;
use zktorch_graph::Visibility;
use zktorch_onnx::{Compiled, FloatModel, FloatTensor, OnnxError, Options, Tensor, compile, inspect};

pub use self::generate::{CALIBRATION, FRESH, Graph, Kind, Output, generate};
use self::random::Random;
use crate::proofs::{Setups, prove};

/// Without a larger error on the compiler's own samples, floats may be off by this part of the largest one.
const BOUND: f64 = 0.01;
/// What a saturating model is proved on is so many times what it was calibrated with.
const BEYOND_CALIBRATION: f32 = 100.0;
/// What is further off is refused by default.
const ACCEPTED: f64 = 0.1;
/// Samples that calibration did not see may be further off by this factor.
const BEYOND: f64 = 2.0;
/// Two ways to compute the same in 32-bit floats.
const FLOATS: f64 = 1e-3;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Proved, verified and near enough to the floats.
    Right,
    /// Every output is a constant.
    Constant,
    /// A sample that calibration did not see leaves a range.
    OutOfRange,
    /// The compiler refuses.
    Refused,
    /// The compiler says that the integers are too far off.
    Imprecise,
    /// An output is not what it should be.
    Wrong,
    /// There is no proof, or the verifier rejects it.
    Unproved,
    /// A panic.
    Crashed,
}

/// The result of one case.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Its number.
    pub case: u64,
    /// How it ended.
    pub class: Class,
    /// Why, where it is not right.
    pub reason: String,
    /// The model's operators.
    pub operators: Vec<String>,
    /// How often each core operator occurs.
    pub core: BTreeMap<String, usize>,
    /// Largest error of a float output as a part of its largest entry, by the compiler's samples and by others.
    pub stated: f64,
    /// See `stated`.
    pub found: f64,
    /// Outputs of samples that were compared, and those that depend on ties.
    pub compared: usize,
    /// See `compared`.
    pub ties: usize,
    /// Committed values.
    pub committed: usize,
    /// Bits beyond 16 that its values have.
    pub guard_bits: u32,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Why a case is not right.
struct Stop(Class, String);

/// Runs a case.
pub fn run(case: u64, setups: &Setups) -> Outcome {
    let start = Instant::now();
    let mut outcome = Outcome {
        case,
        class: Class::Right,
        reason: String::new(),
        operators: Vec::new(),
        core: BTreeMap::new(),
        stated: 0.0,
        found: 0.0,
        compared: 0,
        ties: 0,
        committed: 0,
        guard_bits: 0,
        seconds: 0.0,
    };
    let done = catch_unwind(AssertUnwindSafe(|| attempt(case, setups, &mut outcome)));
    if let Err(Stop(class, reason)) = done.unwrap_or_else(|_| Err(Stop(Class::Crashed, "a panic".to_owned())))
    {
        (outcome.class, outcome.reason) = (class, reason);
    }
    outcome.seconds = start.elapsed().as_secs_f64();
    outcome
}

fn attempt(case: u64, setups: &Setups, outcome: &mut Outcome) -> Result<(), Stop> {
    let graph = generate(case).map_err(|reason| Stop(Class::Refused, reason))?;
    outcome.operators = graph.operators.clone();
    let refused = |error: OnnxError| Stop(Class::Refused, error.to_string());
    let report = inspect(&graph.bytes, &Options::default()).map_err(refused)?;
    outcome.core = report.core;
    if report.problems.iter().any(|problem| problem.contains("which is a constant")) {
        return Err(Stop(Class::Constant, String::new()));
    }
    let mut random = Random::new(!case);
    let [input, output] = [(); 2].map(|()| random.of(&[Visibility::Public, Visibility::Private]));
    let calibration = graph.samples[..CALIBRATION].to_vec();
    let saturate = random.once_in(3);
    let mut options = Options { calibration, input, output, saturate, ..Options::default() };
    let mut compiled = compile(&graph.bytes, &options);
    let tied = graph.outputs.iter().any(|output| output.tie[..CALIBRATION].contains(&true));
    if tied && matches!(compiled, Err(OnnxError::Precision { .. })) {
        // Rightly refused: the outputs that depend on no tie are compared all the same.
        options.max_error = Some(f64::INFINITY);
        compiled = compile(&graph.bytes, &options);
    }
    let compiled = compiled.map_err(|error| match error {
        OnnxError::Precision { .. } => Stop(Class::Imprecise, error.to_string()),
        other => refused(other),
    })?;
    outcome.committed = zktorch_prover::committed_values(&compiled.graph);
    outcome.guard_bits = compiled.guard_bits;
    let stated = compiled.precision.outputs.iter().map(|output| output.relative());
    outcome.stated = stated.filter(|error| *error <= ACCEPTED).fold(0.0, f64::max);
    let model = FloatModel::new(&graph.bytes, &options).map_err(refused)?;
    for sample in CALIBRATION..CALIBRATION + FRESH {
        let floats = model.run(&graph.samples[sample]).map_err(refused)?;
        agree(&graph, sample, &floats)?;
        let integers = compiled
            .run(&graph.samples[sample])
            .map_err(|error| Stop(Class::OutOfRange, format!("sample {sample}: {error}")))?;
        compare(&graph, sample, &integers, outcome)?;
    }
    let mut sample = graph.samples[CALIBRATION].clone();
    if saturate && graph.floats {
        // Far beyond what calibration saw: clamped, and proved all the same.
        sample = sample.iter().map(|tensor| scaled(tensor, BEYOND_CALIBRATION)).collect();
    }
    let beyond = |error: OnnxError| Stop(Class::OutOfRange, format!("the sample that is proved: {error}"));
    let executed = run_integers(&compiled, &sample).map_err(beyond)?;
    let proved =
        prove(&compiled, &sample, setups).map_err(|failure| Stop(Class::Unproved, format!("{failure:?}")))?;
    let same = executed == proved;
    same.then_some(()).ok_or_else(|| Stop(Class::Wrong, "the proof is about other outputs".to_owned()))
}

fn scaled(tensor: &Tensor, factor: f32) -> Tensor {
    let floats = tensor.to_float();
    FloatTensor::from_fn(floats.dims(), |i| floats.data()[i] * factor).into()
}

/// The outputs in integers.
fn run_integers(compiled: &Compiled, inputs: &[Tensor]) -> Result<Vec<Vec<i32>>, OnnxError> {
    let values = compiled.execute(compiled.quantise(inputs)?)?;
    Ok(compiled.outputs.iter().map(|port| values[port.tensor.0 as usize].clone()).collect())
}

/// That the model as a whole, in floats, is what its nodes are one after the other.
fn agree(graph: &Graph, sample: usize, floats: &[FloatTensor]) -> Result<(), Stop> {
    for (index, (output, found)) in graph.outputs.iter().zip(floats).enumerate() {
        let error = distance(&output.expected[sample], found)?;
        let bound = if output.kind == Kind::Float { FLOATS * scale(output) } else { 0.0 };
        if error > bound && !output.tie[sample] {
            let reason = format!(
                "output {index}, sample {sample}: the float model is off by {error:.3e} from its nodes"
            );
            return Err(Stop(Class::Wrong, reason));
        }
    }
    Ok(())
}

fn compare(
    graph: &Graph,
    sample: usize,
    integers: &[FloatTensor],
    outcome: &mut Outcome,
) -> Result<(), Stop> {
    for (index, (output, found)) in graph.outputs.iter().zip(integers).enumerate() {
        let error = distance(&output.expected[sample], found)?;
        if output.tie[sample] {
            outcome.ties += 1;
            continue;
        }
        outcome.compared += 1;
        let (relative, bound) = match output.kind {
            Kind::Float => (error / scale(output), BOUND.max(BEYOND * outcome.stated)),
            Kind::Int | Kind::Bool => (error, 0.0),
        };
        if relative > bound {
            let kind = output.kind;
            let reason = format!(
                "output {index} ({kind:?}), sample {sample}: off by {relative:.3e}, allowed {bound:.3e}"
            );
            return Err(Stop(Class::Wrong, reason));
        }
        outcome.found = outcome.found.max(relative);
    }
    Ok(())
}

/// The largest entry on any sample: what the compiler's errors are parts of.
fn scale(output: &Output) -> f64 {
    let largest = output.expected.iter().map(Tensor::max_abs).fold(0.0, f64::max);
    if largest > 0.0 { largest } else { 1.0 }
}

fn distance(expected: &Tensor, found: &FloatTensor) -> Result<f64, Stop> {
    if expected.dims() != found.dims() {
        let reason = format!("extents {:?}, expected {:?}", found.dims(), expected.dims());
        return Err(Stop(Class::Wrong, reason));
    }
    let pairs = expected.iter().zip(found.data());
    Ok(pairs.fold(0.0, |max, (a, b)| f64::max(max, (a - f64::from(*b)).abs())))
}
