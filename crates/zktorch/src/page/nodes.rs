//! What is drawn.

use std::collections::BTreeMap;

use zktorch_graph::layout::{Layout, Scope};
use zktorch_graph::{Function, Graph, Operand, Role, Step, TensorId};
use zktorch_onnx::{Compiled, Report, ValueError};
use zktorch_prover::{Cost, profile};

/// What a box is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// An input of the network.
    Input,
    /// Something that is computed.
    #[default]
    Node,
    /// An output of the network.
    Output,
}

/// How far a node's values are from the float model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeError {
    /// Largest absolute difference.
    pub absolute: f64,
    /// The same as a part of the largest value.
    pub relative: f64,
}

/// A box of the drawn network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its name in the file.
    pub name: String,
    /// Operator.
    pub operator: String,
    /// Extents of its result, if they are known.
    pub extents: Option<Vec<usize>>,
    /// The boxes before this one whose results it reads.
    pub reads: Vec<usize>,
    /// Multiplications of the float model.
    pub multiplications: u64,
    /// What it adds to a proof; none if that is not known.
    pub cost: Option<Cost>,
    /// None where nothing of it is stored, or no sample was compared.
    pub error: Option<NodeError>,
    /// Why it cannot be proved.
    pub problem: Option<String>,
}

impl Node {
    /// A node.
    pub fn new(name: impl Into<String>, operator: impl Into<String>) -> Self {
        Self { name: name.into(), operator: operator.into(), ..Self::default() }
    }

    /// An input of the network.
    pub fn input(name: impl Into<String>, extents: &[usize]) -> Self {
        Self { kind: Kind::Input, extents: Some(extents.to_vec()), ..Self::new(name, "input") }
    }

    /// An output of the network.
    pub fn output(name: impl Into<String>, extents: Option<Vec<usize>>) -> Self {
        Self { kind: Kind::Output, extents, ..Self::new(name, "output") }
    }

    /// With the boxes that it reads.
    #[must_use]
    pub fn reading(self, reads: impl IntoIterator<Item = usize>) -> Self {
        let mut reads: Vec<usize> = reads.into_iter().collect();
        reads.sort_unstable();
        reads.dedup();
        Self { reads, ..self }
    }
}

/// What every node of a model adds to a proof in chunks of `2^k` entries.
pub fn costs(report: &Report, compiled: &Compiled, k: usize) -> Vec<Cost> {
    let layout = Layout::new(&compiled.graph, k, Scope::Inference);
    profile(&compiled.graph, &layout, &compiled.origins, report.nodes.len())
}

/// The largest of the errors that belong to every node of a model, by the names of what it makes.
pub fn errors<'e>(report: &Report, errors: &'e [ValueError]) -> Vec<Option<&'e ValueError>> {
    let named: BTreeMap<&str, &ValueError> =
        errors.iter().map(|error| (error.name.as_str(), error)).collect();
    let worst = |outputs: &[String]| {
        let own = outputs.iter().filter_map(|name| named.get(name.as_str()).copied());
        own.max_by(|a, b| a.relative().total_cmp(&b.relative()))
    };
    report.nodes.iter().map(|node| worst(&node.outputs)).collect()
}

/// The boxes of a model, with what each node adds to a proof and how far it is off, if that is known. Also the number of nodes that are
/// computed at compile time, and are not drawn.
pub fn of_model(
    report: &Report,
    costs: Option<&[Cost]>,
    errors: &[Option<&ValueError>],
) -> (Vec<Node>, usize) {
    let mut makers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut nodes = Vec::new();
    for (name, dims) in &report.inputs {
        makers.insert(name, nodes.len());
        nodes.push(Node::input(name, dims));
    }
    let mut constants = 0;
    for (index, found) in report.nodes.iter().enumerate() {
        if found.constant {
            constants += 1;
            continue;
        }
        let reads = found.inputs.iter().filter_map(|name| makers.get(name.as_str()).copied());
        let node = Node::new(&found.name, &found.op).reading(reads);
        let error = errors.get(index).copied().flatten();
        let node = Node {
            extents: found.dims.clone(),
            multiplications: found.multiplications,
            cost: costs.and_then(|costs| costs.get(index)).copied(),
            error: error
                .map(|error| NodeError { absolute: error.max_error.into(), relative: error.relative() }),
            problem: found.problem.clone(),
            ..node
        };
        found.outputs.iter().for_each(|name| {
            makers.insert(name, nodes.len());
        });
        nodes.push(node);
    }
    for (name, dims) in &report.outputs {
        nodes.push(Node::output(name, dims.clone()).reading(makers.get(name.as_str()).copied()));
    }
    (nodes, constants)
}

/// A graph, whole or a shard, with the wires of its inputs and outputs.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// [`Scope::Inference`], or [`Scope::Shard`].
    pub scope: Scope,
    /// What each of its inputs is called by all pieces.
    pub inputs: Vec<u32>,
    /// What each of its outputs is called.
    pub outputs: Vec<u32>,
}

impl<'a> Piece<'a> {
    /// A graph that is proved in one piece.
    pub fn whole(graph: &'a Graph) -> Self {
        let inputs = graph.inputs.len() as u32;
        let outputs = (inputs..).take(graph.outputs.len()).collect();
        Self { graph, scope: Scope::Inference, inputs: (0..inputs).collect(), outputs }
    }
}

/// The boxes of graphs that are proved one after the other, in chunks of `2^k` entries: a box for every step. `inputs` and `outputs` are
/// names and extents of the model's, which are the first wires.
pub fn of_steps(
    pieces: &[Piece<'_>],
    k: usize,
    inputs: &[(String, Vec<usize>)],
    outputs: &[(String, Vec<usize>)],
) -> Vec<Node> {
    let mut nodes: Vec<Node> = inputs.iter().map(|(name, dims)| Node::input(name, dims)).collect();
    let mut wires: BTreeMap<u32, usize> = (0u32..).zip(0..inputs.len()).collect();
    for piece in pieces {
        let graph = piece.graph;
        let named = |ids: &[TensorId], wires: &[u32]| -> Vec<(TensorId, u32)> {
            ids.iter().copied().zip(wires.iter().copied()).collect()
        };
        let given = named(&graph.inputs, &piece.inputs);
        let mut makers: BTreeMap<TensorId, usize> =
            given.iter().filter_map(|(id, wire)| Some((*id, *wires.get(wire)?))).collect();
        let mut owners: Vec<Option<usize>> = vec![None; graph.tensors.len()];
        let first = nodes.len();
        for (index, step) in graph.steps.iter().enumerate() {
            let defines = step.defines();
            for id in &defines {
                makers.insert(*id, first + index);
                owners[id.0 as usize] = Some(index);
            }
            for id in step.reads() {
                let owner = &mut owners[id.0 as usize];
                if graph.tensor(id).role == Role::Weight && owner.is_none() {
                    *owner = Some(index);
                }
            }
            let result = defines.first().map(|id| graph.tensor(*id));
            let reads = step.reads().into_iter().filter_map(|id| makers.get(&id).copied());
            let dims = result.map(|result| result.shape.dims().iter().map(|dim| *dim as usize).collect());
            let name = result.map_or("", |result| &result.name);
            nodes.push(Node { extents: dims, ..Node::new(name, operator(graph, step)) }.reading(reads));
        }
        let layout = Layout::new(graph, k, piece.scope);
        let costs = profile(graph, &layout, &owners, graph.steps.len());
        for (node, cost) in nodes[first..].iter_mut().zip(costs) {
            (node.multiplications, node.cost) = (cost.multiplications, Some(cost));
        }
        for (id, wire) in named(&graph.outputs, &piece.outputs) {
            wires.extend(makers.get(&id).map(|maker| (wire, *maker)));
        }
    }
    for ((name, dims), wire) in outputs.iter().zip(inputs.len() as u32..) {
        nodes.push(Node::output(name, Some(dims.clone())).reading(wires.get(&wire).copied()));
    }
    nodes
}

/// What a step does, in a word or two.
fn operator(graph: &Graph, step: &Step) -> &'static str {
    match step {
        Step::Rescale { acc, divisor, .. } => {
            let products = acc.terms.iter().any(|term| matches!(term.operand, Operand::Contract(_)));
            match (products, acc.terms.len(), divisor) {
                (true, ..) => "product",
                (false, 1, 1) => "copy",
                (false, 1, _) => "rescale",
                (false, ..) => "sum",
            }
        }
        Step::Lookup { table, .. } => match &graph.table(*table).function {
            Function::Relu => "relu",
            Function::LeakyRelu { .. } => "leaky relu",
            Function::Clip { .. } => "clip",
            _ => "function",
        },
        Step::Quotient { .. } => "quotient",
        Step::Root { .. } => "square root",
        Step::Saturate { .. } => "saturate",
        Step::Gap { .. } => "maximum, gap",
    }
}
