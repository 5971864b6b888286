//! A random well-typed model, built node by node.
//!
//! Every node is run at once, alone, on all samples: the next one is chosen knowing what its operands are, so that no root is
//! taken of what is negative and nothing grows without bound. So a model also comes with the values of all its nodes, which
//! were not computed by the model as a whole.

use std::collections::BTreeSet;

use prost::Message;
use zktorch_onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use zktorch_onnx::{FloatModel, FloatTensor, IntTensor, OnnxError, Options, Tensor};

use super::operators;
use super::random::Random;

/// Samples for calibration, and more that are proved and compared.
pub const CALIBRATION: usize = 16;
/// Samples that calibration does not see.
pub const FRESH: usize = 3;
/// Largest value in entries.
pub(super) const MAX_ENTRIES: usize = 600;
/// Floats beyond this are scaled down.
const MAX_FLOAT: f64 = 60.0;
/// Integers beyond this are reduced.
const MAX_INT: f64 = 2000.0;
/// A choice between numbers that are closer than this part of the largest one may be made either way.
const TIE: f64 = 1.0 / 128.0;
const OPSET: i64 = 18;

/// What a value's entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers.
    Float,
    /// Integers.
    Int,
    /// 0 and 1.
    Bool,
}

impl Kind {
    fn element(self) -> i32 {
        match self {
            Self::Float => 1,
            Self::Int => 7,
            Self::Bool => 9,
        }
    }
}

/// What decides what becomes of a float: which side it is on, or which number is the largest.
#[derive(Clone, Copy, Debug)]
pub(super) enum Choice {
    /// Sides of a number.
    Threshold(f64),
    /// Sides of the integers plus a number: floors, roundings.
    Steps(f64),
    /// The order along an axis.
    Order(usize),
}

impl Choice {
    /// Whether a choice may be made either way on this value.
    fn is_tie(self, value: &Tensor) -> bool {
        let near = TIE * value.max_abs().max(1e-3);
        match self {
            Self::Threshold(threshold) => value.iter().any(|x| (x - threshold).abs() <= near),
            Self::Steps(offset) => value.iter().any(|x| {
                let x = x - offset;
                (x - x.round()).abs() <= near
            }),
            Self::Order(axis) => {
                let dims = value.dims();
                let inner: usize = dims[axis + 1..].iter().product();
                (0..value.len()).any(|i| {
                    let others = (0..dims[axis]).map(|step| step * inner);
                    let first = i - i / inner % dims[axis] * inner;
                    others
                        .map(|step| first + step)
                        .any(|j| j > i && (value.get(i) - value.get(j)).abs() <= near)
                })
            }
        }
    }
}

/// A value of the model.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// What it is on every sample.
    pub(super) data: Vec<Tensor>,
    /// For each sample, whether a choice that it depends on may be made either way.
    tie: Vec<bool>,
    /// Whether a node reads it.
    used: bool,
}

impl Value {
    pub(super) fn dims(&self) -> &[usize] {
        self.data[0].dims()
    }

    pub(super) fn rank(&self) -> usize {
        self.dims().len()
    }

    pub(super) fn max_abs(&self) -> f64 {
        self.data.iter().map(Tensor::max_abs).fold(0.0, f64::max)
    }
}

/// A value of a [`Generator`].
pub(super) type Id = usize;

/// An operand of a node: a value of the run, or a constant by its name.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Value(Id),
    Constant(String),
}

impl From<Id> for Operand {
    fn from(id: Id) -> Self {
        Self::Value(id)
    }
}

/// A model in the making.
pub(super) struct Generator {
    pub(super) random: Random,
    graph: GraphProto,
    pub(super) values: Vec<Value>,
    inputs: usize,
    /// What went wrong: a node that the float interpreter refuses.
    error: Option<String>,
}

/// An output of a random model.
#[derive(Clone, Debug)]
pub struct Output {
    /// What it consists of.
    pub kind: Kind,
    /// What the nodes make of it, one after the other, by sample.
    pub expected: Vec<Tensor>,
    /// Whether a sample has a tie in a choice on which it depends.
    pub tie: Vec<bool>,
}

/// A random model.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The ONNX file.
    pub bytes: Vec<u8>,
    /// Operators in the order of computation.
    pub operators: Vec<String>,
    /// Inputs by sample: first those for calibration.
    pub samples: Vec<Vec<Tensor>>,
    /// The outputs.
    pub outputs: Vec<Output>,
    /// Whether there are only floats.
    pub floats: bool,
}

/// The model of a number.
///
/// # Errors
/// What the float interpreter says of a node that it refuses.
pub fn generate(case: u64) -> Result<Graph, String> {
    let mut generator = Generator {
        random: Random::new(case.wrapping_mul(0x2545_f491_4f6c_dd1d)),
        graph: GraphProto::default(),
        values: Vec::new(),
        inputs: 0,
        error: None,
    };
    generator.declare_inputs();
    let nodes = generator.random.between(3, 14);
    let mut tried = 0;
    while generator.graph.node.len() < nodes && tried < 10 * nodes && generator.error.is_none() {
        operators::add(&mut generator);
        tried += 1;
    }
    generator.finish()
}

impl Generator {
    fn declare_inputs(&mut self) {
        let count = self.random.between(1, 3);
        for index in 0..count {
            // The first one is of floats: a model has something to calibrate.
            let kind =
                if index == 0 { Kind::Float } else { self.random.of(&[Kind::Float, Kind::Int, Kind::Bool]) };
            let rank = self.random.between(1, 4);
            let mut dims: Vec<usize> = (0..rank).map(|_| self.random.between(1, 5)).collect();
            // Sometimes shapes that broadcast together.
            if index > 0 && self.random.once_in(2) {
                dims = self.values[0].dims().to_vec();
            }
            let magnitude = self.random.of(&[1.0, 1.0, 3.0, 0.05, 20.0]);
            // Some integers are indices of axes of two and more entries.
            let small = self.random.once_in(2);
            let centre = self.random.of(&[0.0, 0.0, 0.5]);
            let data = (0..CALIBRATION + FRESH).map(|_| match kind {
                Kind::Float => {
                    let draw = |_| magnitude * (centre + self.random.real(-1.0, 1.0));
                    FloatTensor::from_fn(dims.clone(), draw).into()
                }
                Kind::Int if small => {
                    IntTensor::from_fn(dims.clone(), |_| self.random.below(4) as i64 - 2).into()
                }
                Kind::Int => IntTensor::from_fn(dims.clone(), |_| self.random.below(17) as i64 - 8).into(),
                Kind::Bool => IntTensor::from_fn(dims.clone(), |_| self.random.below(2) as i64).into(),
            });
            let data: Vec<Tensor> = data.collect();
            let name = format!("input{index}");
            self.graph.input.push(value_info(&name, kind, Some(&dims)));
            self.values.push(Value { name, kind, tie: vec![false; data.len()], data, used: false });
        }
        self.inputs = count;
    }

    /// A value of a kind, more likely one that nothing reads yet.
    pub(super) fn pick(&mut self, kinds: &[Kind]) -> Option<Id> {
        let fits = |id: &Id| kinds.contains(&self.values[*id].kind) && !self.values[*id].data[0].is_empty();
        let all: Vec<Id> = (0..self.values.len()).filter(fits).collect();
        let unused: Vec<Id> = all.iter().copied().filter(|id| !self.values[*id].used).collect();
        let pool = if unused.is_empty() || self.random.once_in(4) { all } else { unused };
        (!pool.is_empty()).then(|| self.random.of(&pool))
    }

    pub(super) fn dims(&self, id: Id) -> Vec<usize> {
        self.values[id].dims().to_vec()
    }

    fn fresh_name(&self, what: &str) -> String {
        format!("{what}{}", self.graph.node.len() + self.graph.initializer.len())
    }

    /// A constant: an initialiser, which is private, or sometimes a node, which is public.
    pub(super) fn constant(
        &mut self,
        kind: Kind,
        dims: &[usize],
        mut entry: impl FnMut(&mut Random) -> f64,
    ) -> Operand {
        let public = self.random.once_in(4);
        let name = self.fresh_name("constant");
        let count: usize = dims.iter().product();
        let entries: Vec<f64> = (0..count).map(|_| entry(&mut self.random)).collect();
        let mut tensor = TensorProto {
            name: name.clone(),
            dims: dims.iter().map(|dim| *dim as i64).collect(),
            data_type: kind.element(),
            ..TensorProto::default()
        };
        match kind {
            Kind::Float => tensor.float_data = entries.iter().map(|x| *x as f32).collect(),
            Kind::Int => tensor.int64_data = entries.iter().map(|x| *x as i64).collect(),
            Kind::Bool => tensor.int32_data = entries.iter().map(|x| *x as i32).collect(),
        }
        match public {
            true => {
                let value =
                    AttributeProto { name: "value".into(), r#type: 4, t: Some(tensor), ..Default::default() };
                self.graph.node.push(NodeProto {
                    op_type: "Constant".into(),
                    name: name.clone(),
                    output: vec![name.clone()],
                    attribute: vec![value],
                    ..NodeProto::default()
                });
            }
            false => self.graph.initializer.push(tensor),
        }
        Operand::Constant(name)
    }

    /// Integers that say what an operator does: axes, extents, pads.
    pub(super) fn integers(&mut self, entries: &[i64]) -> Operand {
        let mut next = entries.iter();
        self.constant(Kind::Int, &[entries.len()], |_| next.next().copied().unwrap_or_default() as f64)
    }

    /// A node of one output.
    pub(super) fn node(
        &mut self,
        op: &str,
        operands: &[Operand],
        attributes: Vec<AttributeProto>,
        kind: Kind,
    ) -> Option<Id> {
        self.choice(op, operands, attributes, kind, &[])
    }

    /// A node that chooses by values: these operands.
    pub(super) fn choice(
        &mut self,
        op: &str,
        operands: &[Operand],
        attributes: Vec<AttributeProto>,
        kind: Kind,
        choices: &[(Id, Choice)],
    ) -> Option<Id> {
        self.nodes(op, operands, attributes, &[kind], choices).map(|ids| ids[0])
    }

    /// A node with these outputs, run on all samples. None, and nothing is added, if a result is too large.
    pub(super) fn nodes(
        &mut self,
        op: &str,
        operands: &[Operand],
        attribute: Vec<AttributeProto>,
        kinds: &[Kind],
        choices: &[(Id, Choice)],
    ) -> Option<Vec<Id>> {
        let base = self.fresh_name("value");
        let output: Vec<String> = (0..kinds.len()).map(|index| format!("{base}_{index}")).collect();
        let name = |operand: &Operand| match operand {
            Operand::Value(id) => self.values[*id].name.clone(),
            Operand::Constant(name) => name.clone(),
        };
        let node = NodeProto {
            op_type: op.into(),
            name: format!("{op}_{base}"),
            input: operands.iter().map(name).collect(),
            output: output.clone(),
            attribute,
            ..NodeProto::default()
        };
        let mut read: Vec<Id> = operands
            .iter()
            .filter_map(|operand| match operand {
                Operand::Value(id) => Some(*id),
                Operand::Constant(_) => None,
            })
            .collect();
        read.sort_unstable();
        read.dedup();
        let results = match self.run(&node, &read, kinds) {
            Ok(results) => results,
            // The largest of one entry is known: nothing of a run is left.
            Err(OnnxError::Model { field: "outputs", .. }) => return None,
            Err(error) => {
                let dims: Vec<&[usize]> = read.iter().map(|id| self.values[*id].dims()).collect();
                self.error.get_or_insert(format!("{op} of {dims:?} {:?}: {error}", node.attribute));
                return None;
            }
        };
        if results.iter().any(|data| data[0].len() > MAX_ENTRIES || data[0].is_empty()) {
            return None;
        }
        let samples = 0..CALIBRATION + FRESH;
        let tie: Vec<bool> = samples
            .map(|sample| {
                let chosen = |(id, choice): &(Id, Choice)| choice.is_tie(&self.values[*id].data[sample]);
                read.iter().any(|id| self.values[*id].tie[sample]) || choices.iter().any(chosen)
            })
            .collect();
        read.iter().for_each(|id| self.values[*id].used = true);
        self.graph.node.push(node);
        let mut ids = Vec::new();
        for ((name, kind), data) in output.into_iter().zip(kinds).zip(results) {
            self.values.push(Value { name, kind: *kind, data, tie: tie.clone(), used: false });
            ids.push(self.values.len() - 1);
        }
        Some(ids.into_iter().map(|id| self.moderate(id)).collect())
    }

    /// The value, or one that is made of it and is not as large.
    fn moderate(&mut self, id: Id) -> Id {
        let (max, kind) = (self.values[id].max_abs(), self.values[id].kind);
        let smaller = match kind {
            Kind::Float if max > MAX_FLOAT => {
                let factor = f64::powi(0.5, (max / 8.0).log2().ceil() as i32);
                let factor = self.constant(kind, &[], |_| factor);
                self.node("Mul", &[id.into(), factor], vec![], kind)
            }
            Kind::Int if max > MAX_INT => {
                let divisor = self.constant(kind, &[], |_| 97.0);
                self.node("Mod", &[id.into(), divisor], vec![], kind)
            }
            _ => None,
        };
        smaller.unwrap_or(id)
    }

    /// A node alone, on all samples: the values of each output.
    fn run(&self, node: &NodeProto, read: &[Id], kinds: &[Kind]) -> Result<Vec<Vec<Tensor>>, OnnxError> {
        let constants = self.graph.node.iter().filter(|other| other.op_type == "Constant");
        let mut nodes: Vec<NodeProto> =
            constants.filter(|other| node.input.contains(&other.output[0])).cloned().collect();
        nodes.push(node.clone());
        let initializers = self.graph.initializer.iter().filter(|tensor| node.input.contains(&tensor.name));
        let input = |id: &Id| {
            let value = &self.values[*id];
            value_info(&value.name, value.kind, Some(value.dims()))
        };
        let graph = GraphProto {
            node: nodes,
            initializer: initializers.cloned().collect(),
            input: read.iter().map(input).collect(),
            output: node.output.iter().zip(kinds).map(|(name, kind)| value_info(name, *kind, None)).collect(),
            ..GraphProto::default()
        };
        let model = FloatModel::new(&encoded(graph), &Options::default())?;
        let mut results = vec![Vec::new(); kinds.len()];
        for sample in 0..CALIBRATION + FRESH {
            let inputs: Vec<Tensor> = read.iter().map(|id| self.values[*id].data[sample].clone()).collect();
            let outputs = model.run(&inputs)?;
            for ((output, kind), results) in outputs.into_iter().zip(kinds).zip(&mut results) {
                results.push(match kind {
                    Kind::Float => output.into(),
                    Kind::Int | Kind::Bool => {
                        IntTensor::from_fn(output.dims(), |i| output.data()[i] as i64).into()
                    }
                });
            }
        }
        Ok(results)
    }

    /// The model, whose outputs are some of the values that nothing reads, and sometimes others.
    fn finish(mut self) -> Result<Graph, String> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let made = self.inputs..self.values.len();
        let mut outputs: Vec<Id> = made.clone().filter(|id| !self.values[*id].used).collect();
        while outputs.len() > 3 {
            let index = self.random.below(outputs.len());
            outputs.remove(index);
        }
        if self.random.once_in(3) && !made.is_empty() {
            outputs.push(made.start + self.random.below(made.len()));
        }
        let distinct: BTreeSet<Id> = outputs.into_iter().collect();
        let outputs: Vec<&Value> = distinct.iter().map(|id| &self.values[*id]).collect();
        if outputs.is_empty() {
            return Err("no node could be added".to_owned());
        }
        self.graph.output =
            outputs.iter().map(|value| value_info(&value.name, value.kind, Some(value.dims()))).collect();
        let outputs = outputs
            .into_iter()
            .map(|value| Output { kind: value.kind, expected: value.data.clone(), tie: value.tie.clone() })
            .collect();
        let inputs = &self.values[..self.inputs];
        let sample = |sample: usize| inputs.iter().map(|value| value.data[sample].clone()).collect();
        let samples = (0..CALIBRATION + FRESH).map(sample).collect();
        let floats = self.values.iter().all(|value| value.kind == Kind::Float);
        let operators = self.graph.node.iter().map(|node| node.op_type.clone()).collect();
        Ok(Graph { operators, samples, outputs, floats, bytes: encoded(self.graph) })
    }
}

fn encoded(graph: GraphProto) -> Vec<u8> {
    let model = ModelProto {
        ir_version: 8,
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

fn value_info(name: &str, kind: Kind, dims: Option<&[usize]>) -> ValueInfoProto {
    let dim = |dim: &usize| DimensionProto { dim_value: Some(*dim as i64), dim_param: None };
    let shape = dims.map(|dims| TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: kind.element(), shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}
