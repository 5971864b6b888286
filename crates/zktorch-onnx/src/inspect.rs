//! Reports about models, supported or not.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Model, OPSETS};
use crate::problem::{ProblemKind, sort};
use crate::program::Program;
use crate::tensor::{Const, len};
use crate::{Options, Result};

/// What a model consists of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Version of the operator set.
    pub opset: i64,
    /// Versions that are supported.
    pub opsets_supported: (i64, i64),
    /// Inputs with their extents.
    pub inputs: Vec<(String, Vec<usize>)>,
    /// Outputs with their extents, if known.
    pub outputs: Vec<(String, Option<Vec<usize>>)>,
    /// All nodes in the order of computation.
    pub nodes: Vec<NodeReport>,
    /// How often each operator occurs.
    pub operators: BTreeMap<String, usize>,
    /// Numbers in float initialisers.
    pub parameters: usize,
    /// Multiplications per inference.
    pub multiplications: u64,
    /// What is wrong with the model as a whole.
    pub problems: Vec<String>,
    /// Whether every node is supported, and nothing is wrong with the model as a whole.
    pub supported: bool,
}

/// One node of a [`Report`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReport {
    /// Name.
    pub name: String,
    /// Operator.
    pub op: String,
    /// Extents of the output, if they could be inferred.
    pub dims: Option<Vec<usize>>,
    /// Whether the node is computed at compile time.
    pub constant: bool,
    /// Multiplications per inference.
    pub multiplications: u64,
    /// Why the node is not supported.
    pub problem: Option<String>,
    /// What kind of problem that is.
    pub kind: Option<ProblemKind>,
    /// The problem without the names of nodes and values: equal for nodes that have the same one.
    pub cause: Option<String>,
}

/// Lists every node of a model with its inferred shape or what is wrong with it, all at once.
///
/// # Errors
/// [`OnnxError`](crate::OnnxError) if the file itself is malformed: bytes, names, initialisers, inputs, version.
pub fn inspect(bytes: &[u8], options: &Options) -> Result<Report> {
    let model = Model::decode(bytes, options)?;
    let opset = model.opset;
    let floats = |value: &Const| matches!(value, Const::Float(_));
    let parameters = model.consts.values().filter(|value| floats(value)).map(|value| len(value.dims())).sum();
    let (program, outcomes) = Program::survey(model, options);
    let mut operators: BTreeMap<String, usize> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        *operators.entry(outcome.op.clone()).or_default() += 1;
        let (kind, cause) = outcome.result.as_ref().err().map(sort).unzip();
        nodes.push(NodeReport {
            name: outcome.name,
            op: outcome.op,
            dims: outcome.result.as_ref().ok().cloned(),
            constant: outcome.folded,
            multiplications: outcome.multiplications,
            problem: outcome.result.err().map(|error| error.to_string()),
            kind,
            cause,
        });
    }
    let problems = Vec::new();
    let dims =
        |name: &String| program.nodes.iter().find(|node| node.output == *name).map(|node| node.dims.clone());
    Ok(Report {
        opset,
        opsets_supported: OPSETS,
        outputs: program.outputs.iter().map(|name| (name.clone(), dims(name))).collect(),
        inputs: program.inputs.clone(),
        multiplications: program
            .nodes
            .iter()
            .fold(0u64, |sum, node| sum.saturating_add(node.multiplications)),
        supported: problems.is_empty() && nodes.iter().all(|node| node.problem.is_none()),
        problems,
        nodes,
        operators,
        parameters,
    })
}
