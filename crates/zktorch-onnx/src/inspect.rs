//! Reports about models, supported or not.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::expand::Expansion;
use crate::model::{Model, OPSETS};
use crate::problem::{ProblemKind, sort};
use crate::{Options, Result, Tensor};

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
    /// How often each core operator occurs in what the model becomes.
    pub core: BTreeMap<String, usize>,
    /// Numbers in float initialisers.
    pub parameters: usize,
    /// Multiplications per inference.
    pub multiplications: u64,
    /// Obstacles that belong to no node: element types, versions, tensors.
    pub problems: Vec<String>,
    /// Whether every node is supported, and nothing else stands in the way.
    pub supported: bool,
}

/// One node of a [`Report`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReport {
    /// Name.
    pub name: String,
    /// Operator.
    pub op: String,
    /// Names of the values that it reads: of constants too, and of those that its branches and bodies take from around them.
    pub inputs: Vec<String>,
    /// Names of the values that it makes.
    pub outputs: Vec<String>,
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
/// [`OnnxError`](crate::OnnxError) if the file itself is malformed: bytes, names, order.
pub fn inspect(bytes: &[u8], options: &Options) -> Result<Report> {
    let model = Model::decode(bytes, options)?;
    let opset = model.opset;
    let floats = |value: &Tensor| if let Tensor::Int(_) = value { 0 } else { value.len() };
    let parameters = model.constants.values().map(|(value, _)| floats(value)).sum();
    let inputs = model.inputs.iter().map(|(name, dims, _)| (name.clone(), dims.clone())).collect();
    let expansion = Expansion::survey(model, options);
    let mut operators: BTreeMap<String, usize> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(expansion.outcomes.len());
    for outcome in expansion.outcomes {
        *operators.entry(outcome.op.clone()).or_default() += 1;
        let (kind, cause) = outcome.result.as_ref().err().map(sort).unzip();
        nodes.push(NodeReport {
            name: outcome.name,
            op: outcome.op,
            inputs: outcome.inputs,
            outputs: outcome.outputs,
            dims: outcome.result.as_ref().ok().cloned(),
            constant: outcome.folded,
            multiplications: outcome.multiplications,
            problem: outcome.result.err().map(|error| error.to_string()),
            kind,
            cause,
        });
    }
    let mut program = expansion.program;
    program.simplify();
    program.fold_norms();
    let mut core: BTreeMap<String, usize> = BTreeMap::new();
    for node in &program.nodes {
        *core.entry(node.core.name().to_owned()).or_default() += 1;
    }
    let problems: Vec<String> = expansion.problems.iter().map(ToString::to_string).collect();
    Ok(Report {
        opset,
        opsets_supported: OPSETS,
        outputs: expansion.outputs,
        inputs,
        multiplications: nodes.iter().fold(0u64, |sum, node| sum.saturating_add(node.multiplications)),
        supported: problems.is_empty() && nodes.iter().all(|node| node.problem.is_none()),
        nodes,
        operators,
        core,
        parameters,
        problems,
    })
}
