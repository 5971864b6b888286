//! From a decoded model to a program: every node is expanded into core operators.

pub(crate) mod control;
mod scope;

use std::collections::BTreeSet;

use self::scope::{Expander, Scope};
use crate::model::{Model, node_name};
use crate::program::{Builder, Id, Program};
use crate::proto::{GraphProto, NodeProto};
use crate::{OnnxError, Options, Result};

/// What became of one node of the file.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) op: String,
    /// The values that it reads, those that its branches and bodies take from around them included.
    pub(crate) inputs: Vec<String>,
    /// The values that it makes.
    pub(crate) outputs: Vec<String>,
    /// Extents of its first output, or what is wrong.
    pub(crate) result: Result<Vec<usize>>,
    pub(crate) multiplications: u64,
    pub(crate) folded: bool,
}

/// A model as far as it could be expanded.
pub(crate) struct Expansion {
    pub(crate) program: Program,
    pub(crate) outcomes: Vec<Outcome>,
    /// Obstacles that belong to no node.
    pub(crate) problems: Vec<OnnxError>,
    /// Extents of the outputs, where they are known.
    pub(crate) outputs: Vec<(String, Option<Vec<usize>>)>,
}

impl Expansion {
    /// Expands as many nodes as possible and tells what became of each.
    pub(crate) fn survey(model: Model, options: &Options) -> Self {
        let Model { opset: _, opsets, functions, nodes, constants, inputs, elements, outputs, mut problems } =
            model;
        let mut builder = Builder::new(options.max_entries, options.max_multiplications);
        let mut scope = Scope::new(&opsets);
        for (name, (tensor, kind)) in constants {
            let public = tensor.len() == 1 && is_well_known(tensor.get(0));
            let id = builder.constant_of(&name, tensor, kind, public);
            scope.define(&name, id);
        }
        for (name, dims, kind) in inputs {
            let id = builder.input(&name, &dims, kind);
            scope.define(&name, id);
        }
        for (name, element) in elements {
            if let Some(id) = scope.get(&name) {
                builder.set_element(id, element);
            }
        }
        let mut outcomes = Vec::with_capacity(nodes.len());
        let mut expander = Expander::new(options, &mut builder, &functions);
        for (origin, node) in nodes.iter().enumerate() {
            let name = node_name(node);
            expander.origin = origin;
            let result = expander.node(node, &mut scope);
            outcomes.push(Outcome {
                name,
                op: node.op_type.clone(),
                inputs: reads(node),
                outputs: node.output.iter().filter(|name| !name.is_empty()).cloned().collect(),
                result,
                multiplications: 0,
                folded: false,
            });
        }
        let mut dims = Vec::new();
        for name in outputs {
            let id = scope.get(&name);
            dims.push((name.clone(), id.map(|id| builder.dims(id).to_vec())));
            // The node that should have made what is missing says why it did not.
            if let Some(id) = id {
                builder.output(&name, id);
            }
        }
        let program = builder.finish();
        if !program.outputs.is_empty()
            && program.outputs.iter().all(|(_, id)| program.constant(*id).is_some())
        {
            problems.push(OnnxError::Model {
                field: "outputs",
                expected: "values that depend on an input".into(),
                got: format!("{}, which is a constant", program.outputs[0].0),
            });
        }
        let mut made = vec![false; outcomes.len()];
        for node in &program.nodes {
            let count = program.multiplications(node);
            let outcome = &mut outcomes[node.origin];
            made[node.origin] = true;
            outcome.multiplications = outcome.multiplications.saturating_add(count);
        }
        for ((outcome, made), node) in outcomes.iter_mut().zip(made).zip(&nodes) {
            let ids: Vec<Id> = node.output.iter().filter_map(|name| scope.get(name)).collect();
            let constant = !ids.is_empty() && ids.iter().all(|id| program.constant(*id).is_some());
            outcome.folded = outcome.result.is_ok() && !made && constant;
        }
        Self { program, outcomes, problems, outputs: dims }
    }

    /// The program, or the first obstacle.
    pub(crate) fn into_program(self, options: &Options) -> Result<Program> {
        if let Some(problem) = self.problems.into_iter().next() {
            return Err(problem);
        }
        let mut multiplications = 0u64;
        for outcome in self.outcomes {
            outcome.result?;
            multiplications = multiplications.saturating_add(outcome.multiplications);
            if multiplications > options.max_multiplications {
                return Err(OnnxError::Model {
                    field: "multiplications",
                    expected: format!("at most {}", options.max_multiplications),
                    got: format!("{multiplications} up to node {}", outcome.name),
                });
            }
        }
        let mut program = self.program;
        program.simplify();
        program.divide_products();
        program.contract_products();
        program.move_factors();
        program.fold_numbers();
        program.fold_affine();
        Ok(program)
    }
}

/// The values that a node reads, each once.
fn reads(node: &NodeProto) -> Vec<String> {
    let mut reads: Vec<String> = Vec::new();
    let bodies = node.attribute.iter().filter_map(|attribute| attribute.g.as_ref());
    for name in node.input.iter().cloned().chain(bodies.flat_map(captured)) {
        if !name.is_empty() && !reads.contains(&name) {
            reads.push(name);
        }
    }
    reads
}

/// The values that a branch or a body takes from around it.
fn captured(graph: &GraphProto) -> Vec<String> {
    let given =
        graph.input.iter().map(|info| &info.name).chain(graph.initializer.iter().map(|own| &own.name));
    let own: BTreeSet<&String> = given.chain(graph.node.iter().flat_map(|node| &node.output)).collect();
    let read = graph.node.iter().flat_map(reads);
    let passed = graph.output.iter().map(|info| info.name.clone());
    read.chain(passed).filter(|name| !own.contains(name)).collect()
}

/// Whether a number stands in the definitions of common functions, so that stating it tells nothing about a model's weights:
/// small multiples of 1/16, powers of two and of ten, and the constants of GELU.
fn is_well_known(x: f64) -> bool {
    let x = x.abs();
    let near = |y: f64| (x - y).abs() <= 1e-6 * y;
    let sixteenths = x <= 1024.0 && (x * 16.0).fract() == 0.0;
    let power =
        x > 0.0 && x.is_finite() && (near(x.log2().round().exp2()) || near(10f64.powf(x.log10().round())));
    let known = [
        core::f64::consts::SQRT_2,
        core::f64::consts::FRAC_1_SQRT_2,
        core::f64::consts::FRAC_2_SQRT_PI,
        (2.0 / core::f64::consts::PI).sqrt(),
        core::f64::consts::PI,
        core::f64::consts::E,
        core::f64::consts::LN_2,
        0.044715,
        0.035677408136300125,
        1.702,
        1.0 / 3.0,
        1.0 / 6.0,
    ];
    sixteenths || power || !x.is_finite() || known.into_iter().any(near)
}
