//! Makes programs. What the expansions of the ONNX operators are written in.
//!
//! Whatever depends on constants alone is computed at once. Functions of functions become one function of the first argument
//! ([`Value::formula`]): exporters spell GELU, SiLU or a softplus in many nodes, and one lookup is what they cost.
//!
//! No method fails: the first mistake is kept ([`Builder::take_error`]), and what comes after it is harmless.

mod arithmetic;
mod exponentials;
mod integer;
mod logic;
mod mask;
mod movement;
mod order;
mod product;
mod reduce;
mod variance;

use std::collections::BTreeMap;
use std::sync::Arc;

use zktorch_graph::{Formula, Unary};

use super::{Core, Id, Kind, Node, Program, Value};
use crate::interpret::evaluate;
use crate::tensor::checked_len;
use crate::{FloatTensor, Tensor};

/// A program in the making.
pub(crate) struct Builder {
    program: Program,
    /// Which node of the file is expanded, and a name for what it makes.
    origin: usize,
    label: String,
    max_entries: usize,
    /// Work that is too large to be folded is left to the run.
    max_folded: u64,
    error: Option<(String, String)>,
    /// Reshapes by operand and extents.
    reshaped: BTreeMap<(Id, Vec<usize>), Id>,
}

impl Builder {
    pub(crate) fn new(max_entries: usize, max_folded: u64) -> Self {
        Self {
            program: Program::default(),
            origin: 0,
            label: String::new(),
            max_entries,
            max_folded,
            error: None,
            reshaped: BTreeMap::new(),
        }
    }

    pub(crate) fn finish(self) -> Program {
        self.program
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// Tells which node of the file comes next.
    pub(crate) fn begin(&mut self, origin: usize, label: &str) {
        self.origin = origin;
        self.label = label.to_owned();
    }

    /// What went wrong since the last call: what was expected, and what was there.
    pub(crate) fn take_error(&mut self) -> Option<(String, String)> {
        self.error.take()
    }

    fn fail(&mut self, expected: impl Into<String>, got: impl Into<String>) {
        self.error.get_or_insert((expected.into(), got.into()));
    }

    pub(crate) fn dims(&self, id: Id) -> &[usize] {
        &self.program.value(id).dims
    }

    pub(crate) fn rank(&self, id: Id) -> usize {
        self.dims(id).len()
    }

    pub(crate) fn kind(&self, id: Id) -> Kind {
        self.program.value(id).kind
    }

    pub(crate) fn value(&self, id: Id) -> &Value {
        self.program.value(id)
    }

    /// Its entries, if they are known.
    pub(crate) fn constant(&self, id: Id) -> Option<&Tensor> {
        self.program.constant(id)
    }

    /// The entry of a public constant that has one entry, or many equal ones.
    pub(crate) fn public_scalar(&self, id: Id) -> Option<f64> {
        let value = self.value(id);
        let tensor = value.constant.as_deref().filter(|tensor| value.public && !tensor.is_empty())?;
        let first = tensor.get(0);
        let equal = tensor.len() <= 1 << 16 && tensor.iter().all(|x| x == first);
        equal.then_some(first)
    }

    /// Says that whole channels are multiplied with a value.
    pub(crate) fn note_of_channels(&mut self, id: Id) {
        self.program.values[id.0].of_channels = true;
    }

    /// Gives a value its ONNX name.
    pub(crate) fn name(&mut self, id: Id, name: &str) {
        self.program.values[id.0].name = name.to_owned();
    }

    /// Notes a value's element type in the file.
    pub(crate) fn set_element(&mut self, id: Id, element: i32) {
        self.program.values[id.0].element = Some(element);
    }

    fn add_value(&mut self, value: Value) -> Id {
        self.program.values.push(value);
        Id(self.program.values.len() - 1)
    }

    /// An input of the network.
    pub(crate) fn input(&mut self, name: &str, dims: &[usize], kind: Kind) -> Id {
        let (name, dims) = (name.to_owned(), dims.to_vec());
        let id = self.add_value(Value::new(name, dims, kind));
        self.program.inputs.push(id);
        id
    }

    /// Whether a value is an input of the network.
    pub(crate) fn is_input(&self, id: Id) -> bool {
        self.program.inputs.contains(&id)
    }

    /// Declares an output of the network.
    pub(crate) fn output(&mut self, name: &str, id: Id) {
        self.program.outputs.push((name.to_owned(), id));
    }

    /// A constant; `public` if it may be stated to everybody.
    pub(crate) fn constant_of(&mut self, name: &str, tensor: Tensor, kind: Kind, public: bool) -> Id {
        let (name, dims) = (name.to_owned(), tensor.dims().to_vec());
        let constant = Some(Arc::new(tensor));
        self.add_value(Value {
            name,
            dims,
            kind,
            element: None,
            constant,
            public,
            formula: None,
            masked: None,
            of_channels: false,
            exponents: None,
        })
    }

    /// A public number of a kind.
    pub(crate) fn scalar(&mut self, x: f64, kind: Kind) -> Id {
        let tensor = match kind {
            Kind::Float => FloatTensor::from_fn([], |_| x as f32).into(),
            Kind::Int | Kind::Bool => crate::IntTensor::from_fn([], |_| x as i64).into(),
        };
        let name = format!("{} ({x})", self.label);
        self.constant_of(&name, tensor, kind, true)
    }

    /// What stands for a result after a mistake: later calls can read it.
    fn nothing(&mut self, rank: usize, kind: Kind) -> Id {
        let (name, dims) = (self.label.clone(), vec![1; rank]);
        self.add_value(Value::new(name, dims, kind))
    }

    /// Whether an axis is there. Only after a mistake it may be missing.
    fn has_axis(&self, id: Id, axis: usize) -> bool {
        axis < self.rank(id)
    }

    /// The result of an operator. Folded if all inputs are constants.
    pub(crate) fn push(&mut self, core: Core, inputs: &[Id], dims: Vec<usize>, kind: Kind) -> Id {
        let entries = checked_len(&dims).filter(|len| *len <= self.max_entries);
        let constant = inputs.iter().all(|id| self.value(*id).constant.is_some());
        if entries.is_none() {
            let expected = format!("a result of at most {} entries", self.max_entries);
            self.fail(expected, format!("extents {dims:?}"));
        }
        if self.error.is_some() {
            return self.nothing(dims.len(), kind);
        }
        let moves = matches!(
            core,
            Core::Reshape
                | Core::Transpose(_)
                | Core::Map { .. }
                | Core::Gather { .. }
                | Core::Broadcast
                | Core::Concat(_)
        );
        let element = inputs.first().and_then(|id| self.value(*id).element).filter(|_| moves);
        let name = self.label.clone();
        if entries == Some(0) {
            // Nothing is known about nothing.
            let tensor = match kind {
                Kind::Float => FloatTensor::zeros(dims).into(),
                Kind::Int | Kind::Bool => crate::IntTensor::from_fn(dims, |_| 0).into(),
            };
            return self.constant_of(&name, tensor, kind, true);
        }
        let output = Id(self.program.values.len());
        let node = Node { core, inputs: inputs.to_vec(), output, origin: self.origin };
        let public = inputs.iter().all(|id| self.value(*id).public);
        let value = Value { element, ..Value::new(name, dims, kind) };
        self.add_value(value);
        if constant && self.program.multiplications(&node) <= self.max_folded {
            let tensors: Vec<&Tensor> = inputs.iter().filter_map(|id| self.constant(*id)).collect();
            let dims = &self.program.values[output.0].dims;
            let result = match (&node.core, &tensors[..]) {
                // What stays in a file need not be read to have other extents.
                (Core::Reshape, [Tensor::Stored(tensor)]) => Tensor::Stored(tensor.reshaped(dims.clone())),
                _ => evaluate(&node.core, &tensors, dims, kind),
            };
            let value = &mut self.program.values[output.0];
            (value.constant, value.public) = (Some(Arc::new(result)), public);
        } else {
            self.program.nodes.push(node);
        }
        output
    }

    /// A value as a function of another one; of itself if it is none.
    fn as_formula(&self, id: Id) -> (Id, Formula) {
        self.value(id).formula.clone().unwrap_or((id, Formula::argument()))
    }

    /// Notes that a value is a function of another one.
    fn note_formula(&mut self, id: Id, root: Id, formula: Formula) {
        let fits = formula.is_valid() && self.dims(root) == self.dims(id) && root != id;
        let value = &mut self.program.values[id.0];
        if fits && value.constant.is_none() {
            value.formula = Some((root, formula));
        }
    }

    /// f(x), entry by entry.
    pub(crate) fn function(&mut self, x: Id, formula: Formula, kind: Kind) -> Id {
        if formula == Formula::argument().then(Unary::Log)
            && let Some(id) = self.log_of_exponentials(x)
        {
            return id;
        }
        self.plain_function(x, formula, kind)
    }

    /// f(x), whatever x is.
    fn plain_function(&mut self, x: Id, formula: Formula, kind: Kind) -> Id {
        let (root, inner) = self.as_formula(x);
        let joint = formula.of(&inner);
        let (root, formula) = if joint.is_valid() { (root, joint) } else { (x, formula) };
        let dims = self.dims(x).to_vec();
        let id = self.push(Core::Function(formula.clone()), &[root], dims, kind);
        self.note_formula(id, root, formula);
        id
    }

    /// The numpy shape that two values broadcast to.
    pub(crate) fn broadcast_dims(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
        let rank = a.len().max(b.len());
        let dim = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |i| dims[i]);
        let joint = |axis| match (dim(a, axis), dim(b, axis)) {
            (a, b) if a == b || b == 1 => Some(a),
            (1, b) => Some(b),
            _ => None,
        };
        (0..rank).map(joint).collect()
    }

    /// Both values over their joint numpy shape.
    pub(crate) fn broadcast_pair(&mut self, a: Id, b: Id) -> (Id, Id) {
        let Some(dims) = Self::broadcast_dims(self.dims(a), self.dims(b)) else {
            let got = format!("{:?} and {:?}", self.dims(a), self.dims(b));
            self.fail("extents that broadcast", got);
            return (a, a);
        };
        (self.broadcast(a, &dims), self.broadcast(b, &dims))
    }
}
