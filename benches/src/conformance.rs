//! ONNX's own node tests, each compiled, proved, verified and compared with what ONNX expects.
//!
//! The tests lie in the folder that the Python package `onnx` ships; nothing of them is copied. Of each, variants are tried in
//! this order, and the first that the compiler supports counts: as shipped (A); with inputs that are not real numbers
//! (indices, axes, shapes, masks) folded in as initialisers (I); with all inputs but the first real one folded in (B).

pub mod case;
pub mod report;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use zktorch_onnx::{Options, Tensor, compile, inspect};

use self::case::{Case, Variant};
use crate::proofs::{Failure, Setups, prove};

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Proved, verified, and what ONNX expects.
    Right,
    /// Proved and verified, but something else.
    Wrong,
    /// Nothing depends on an input of the run.
    Constant,
    /// The compiler says that it does not support it.
    Unsupported,
    /// It compiles, but its own input is refused.
    Refused,
    /// The verifier rejects our own proof.
    Rejected,
    /// A panic.
    Crashed,
}

/// The result of one test.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Name of its folder.
    pub test: String,
    /// The operator that it is about.
    pub operator: String,
    /// How it ended.
    pub class: Class,
    /// Why, where it is not right.
    pub reason: String,
    /// The variant that counted.
    pub variant: char,
    /// Error over tolerance.
    pub error: f64,
    /// Committed values of its network.
    pub committed: usize,
    /// Seconds that it took.
    pub seconds: f64,
}

/// What stopped a test.
struct Stop(Class, String);

impl Stop {
    fn new(class: Class) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |error| Self(class, error.to_string())
    }
}

/// Runs the test in a folder.
pub fn run(folder: &Path, setups: &Setups) -> Outcome {
    let start = Instant::now();
    let test = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut outcome = Outcome {
        test,
        operator: String::new(),
        class: Class::Unsupported,
        reason: String::new(),
        variant: '-',
        error: 0.0,
        committed: 0,
        seconds: 0.0,
    };
    match catch_unwind(AssertUnwindSafe(|| Case::load(folder))) {
        Err(_) => outcome.class = Class::Crashed,
        Ok(Err(error)) => outcome.reason = error,
        Ok(Ok(case)) => {
            outcome.operator = case.operator.clone();
            for variant in case.variants() {
                outcome.variant = variant.tag;
                let tried = catch_unwind(AssertUnwindSafe(|| attempt(&case, &variant, setups, &mut outcome)));
                let stop = match tried {
                    Ok(Ok(())) => Stop(Class::Right, String::new()),
                    Ok(Err(stop)) => stop,
                    Err(_) => Stop(Class::Crashed, "a panic".into()),
                };
                (outcome.class, outcome.reason) = (stop.0, stop.1);
                if !matches!(outcome.class, Class::Unsupported | Class::Constant) {
                    break;
                }
            }
        }
    }
    outcome.seconds = start.elapsed().as_secs_f64();
    outcome
}

fn attempt(case: &Case, variant: &Variant, setups: &Setups, outcome: &mut Outcome) -> Result<(), Stop> {
    let bytes = variant.bytes();
    let report = inspect(&bytes, &Options::default()).map_err(|e| Stop(Class::Unsupported, e.to_string()))?;
    let own = |problem: &&String| !problem.contains("unknown ones of");
    let problems: Vec<&String> =
        report.problems.iter().chain(report.nodes.iter().filter_map(|node| node.problem.as_ref())).collect();
    let constant = variant.inputs.is_empty() || report.nodes.iter().all(|node| node.constant);
    let only_outputs = report.problems.iter().all(|problem| problem.contains("which is a constant"));
    if let Some(problem) = problems.iter().find(|problem| own(problem)).or(problems.first()) {
        let class = if constant && only_outputs { Class::Constant } else { Class::Unsupported };
        return Err(Stop(class, (*problem).clone()));
    }
    if constant {
        return Err(Stop(Class::Constant, String::new()));
    }
    let inputs: Vec<Tensor> = variant.inputs.iter().map(|(_, tensor)| tensor.clone()).collect();
    let options = Options { calibration: vec![inputs.clone()], ..Options::default() };
    let unsupported = Stop::new(Class::Unsupported);
    let compiled = compile(&bytes, &options).map_err(|e| unsupported(&e))?;
    outcome.committed = zktorch_prover::committed_values(&compiled.graph);
    let proved = prove(&compiled, &inputs, setups).map_err(|failure| match failure {
        Failure::Refused(reason) => Stop(Class::Refused, reason),
        Failure::Rejected(reason) => Stop(Class::Rejected, reason),
    })?;
    let outputs = compiled.outputs.iter().zip(&proved).map(|(port, integers)| {
        let real: Vec<f64> = integers.iter().map(|integer| port.real(*integer)).collect();
        (port.name.as_str(), port.dims.as_slice(), real)
    });
    let outputs: Vec<(&str, &[usize], Vec<f64>)> = outputs.collect();
    outcome.error = case.compare(&outputs).map_err(|reason| Stop(Class::Wrong, reason))?;
    Ok(())
}
