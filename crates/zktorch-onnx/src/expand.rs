//! From a decoded model to a program: every node is expanded into core operators.

use std::collections::BTreeMap;

use crate::model::{Model, node_name};
use crate::ops::{Context, find, result_type};
use crate::program::{Builder, Id, Program};
use crate::proto::NodeProto;
use crate::{OnnxError, Options, Result};

/// What became of one node of the file.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) op: String,
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
        let Model { opset, nodes, constants, inputs, outputs, mut types, mut problems } = model;
        let mut builder = Builder::new(options.max_entries, options.max_multiplications);
        let mut values: BTreeMap<String, Id> = BTreeMap::new();
        for (name, (tensor, kind)) in constants {
            let public = tensor.len() == 1 && is_well_known(tensor.get(0));
            values.insert(name.clone(), builder.constant_of(&name, tensor, kind, public));
        }
        for (name, dims, kind) in inputs {
            values.insert(name.clone(), builder.input(&name, &dims, kind));
        }
        let mut outcomes = Vec::with_capacity(nodes.len());
        for (origin, node) in nodes.iter().enumerate() {
            let name = node_name(node);
            let label = node.output.iter().find(|name| !name.is_empty()).unwrap_or(&name);
            builder.begin(origin, label);
            let result = expand(node, opset, &types, &mut values, options, &mut builder);
            if let (Some(name), Some(found)) = (node.output.first(), result_type(node, &types)) {
                types.entry(name.clone()).or_insert(found);
            }
            outcomes.push(Outcome { name, op: node.op_type.clone(), result, multiplications: 0, folded: false });
        }
        let mut dims = Vec::new();
        for name in outputs {
            let id = values.get(&name).copied();
            dims.push((name.clone(), id.map(|id| builder.dims(id).to_vec())));
            match id {
                Some(id) if builder.constant(id).is_some() => problems.push(OnnxError::Model {
                    field: "outputs",
                    expected: "values that depend on an input".into(),
                    got: format!("{name}, which is a constant or an input"),
                }),
                Some(id) => builder.output(&name, id),
                // The node that should have made it says why it did not.
                None => {}
            }
        }
        let program = builder.finish();
        let mut made = vec![false; outcomes.len()];
        for node in &program.nodes {
            let count = program.multiplications(node);
            let outcome = &mut outcomes[node.origin];
            made[node.origin] = true;
            outcome.multiplications = outcome.multiplications.saturating_add(count);
        }
        for ((outcome, made), node) in outcomes.iter_mut().zip(made).zip(&nodes) {
            let ids: Vec<Id> = node.output.iter().filter_map(|name| values.get(name).copied()).collect();
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
        Ok(program)
    }
}

/// Expands one node and defines its outputs.
fn expand(
    node: &NodeProto,
    opset: i64,
    types: &BTreeMap<String, i64>,
    values: &mut BTreeMap<String, Id>,
    options: &Options,
    builder: &mut Builder,
) -> Result<Vec<usize>> {
    let Some(spec) = find(&node.op_type, &node.domain, opset) else {
        let prefix = if node.domain.is_empty() { String::new() } else { format!("{}.", node.domain) };
        return Err(OnnxError::UnsupportedOp {
            node: node_name(node),
            op: format!("{prefix}{}", node.op_type),
            opset,
        });
    };
    let before = builder.program().values.len();
    let mut cx = Context { node, opset, inputs: Vec::new(), types, options, b: builder };
    if node.output.iter().all(String::is_empty) {
        return Err(cx.error("output 0", "a name", "none"));
    }
    for attribute in &node.attribute {
        if !spec.attributes.contains(&attribute.name.as_str()) {
            let expected = format!("one of {:?}", spec.attributes);
            return Err(cx.error("attribute", expected, attribute.name.clone()));
        }
    }
    let given = node.input.len();
    if given < spec.arity.0 || given > spec.arity.1 {
        let expected = format!("from {} to {}", spec.arity.0, spec.arity.1);
        return Err(cx.error("number of inputs", expected, given.to_string()));
    }
    for name in &node.input {
        let id = values.get(name).copied();
        if id.is_none() && !name.is_empty() {
            return Err(cx.error("inputs", "known extents", format!("unknown ones of {name}")));
        }
        cx.inputs.push(id);
    }
    let outputs = (spec.expand)(&mut cx)?;
    if let Some((expected, got)) = cx.b.take_error() {
        return Err(cx.error("result", expected, got));
    }
    for (index, name) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let Some(id) = outputs.get(index).copied() else {
            return Err(cx.error(format!("output {index}"), "absent", name.clone()));
        };
        if id.0 >= before {
            cx.b.name(id, name);
        }
        values.insert(name.clone(), id);
    }
    Ok(outputs.first().map(|id| builder.dims(*id).to_vec()).unwrap_or_default())
}

/// Whether a number stands in the definitions of common functions, so that stating it tells nothing about a model's weights:
/// small multiples of 1/16, powers of two and of ten, and the constants of GELU.
fn is_well_known(x: f64) -> bool {
    let x = x.abs();
    let near = |y: f64| (x - y).abs() <= 1e-6 * y;
    let sixteenths = x <= 1024.0 && (x * 16.0).fract() == 0.0;
    let power = x > 0.0 && x.is_finite() && (near(x.log2().round().exp2()) || near(10f64.powf(x.log10().round())));
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
