//! The program between ONNX and integers: values in single assignment, defined by core operators.
//!
//! [`Builder`] makes it: the expansions of the ONNX operators call it, and what depends on constants alone is computed at once.

mod builder;
mod contract;
mod core;
mod factors;
mod fuse;
mod weights;
mod window;

use std::sync::Arc;

use zktorch_graph::Formula;

pub(crate) use self::builder::Builder;
pub(crate) use self::core::{AxisMatrix, Core, FAR, exp_of_negative};
pub(crate) use self::window::Window;
use crate::Tensor;

/// A value of a program: an index into [`Program::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) usize);

/// What the entries of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Real numbers; approximated.
    Float,
    /// Integers; exact.
    Int,
    /// 0 and 1; exact.
    Bool,
}

/// What a masked value is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mask {
    /// What it is where it counts; finite everywhere.
    pub(crate) finite: Id,
    /// A boolean that broadcasts to its extents: 0 where it does not count.
    pub(crate) keep: Id,
    /// Whether what does not count is one finite number, so that a softmax of nothing else is uniform.
    pub(crate) uniform: bool,
}

/// A factor of channels has at least this many times fewer entries than what it is multiplied with.
pub(crate) const CHANNEL: usize = 16;

/// One value.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// For messages: the ONNX name, or what it is a part of.
    pub(crate) name: String,
    pub(crate) dims: Vec<usize>,
    pub(crate) kind: Kind,
    /// Its element type in the file (a number of `TensorProto.DataType`), where that is known: quantisation
    /// saturates at its bounds.
    pub(crate) element: Option<i32>,
    /// Its entries, if they are known.
    pub(crate) constant: Option<Arc<Tensor>>,
    /// Whether a constant may be stated to everybody: it stands in an operator's definition or in a Constant node. What comes
    /// from an initialiser is private, and committed.
    pub(crate) public: bool,
    /// As a function of another value, entry by entry.
    pub(crate) formula: Option<(Id, Formula)>,
    /// What it is where it is not minus infinity, and where that is: see `Builder::masked`.
    pub(crate) masked: Option<Mask>,
    /// If it is a sum of exponentials: of what, and over which axes.
    pub(crate) exponents: Option<(Id, Vec<usize>)>,
    /// Whether it is what whole channels are multiplied with: as large as a channel is flat.
    pub(crate) of_channels: bool,
}

impl Value {
    /// A value of which nothing else is known.
    fn new(name: String, dims: Vec<usize>, kind: Kind) -> Self {
        let (element, constant, public) = (None, None, false);
        let (formula, masked, exponents) = (None, None, None);
        let of_channels = false;
        Self { name, dims, kind, element, constant, public, formula, masked, exponents, of_channels }
    }
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) core: Core,
    pub(crate) inputs: Vec<Id>,
    pub(crate) output: Id,
    /// Which node of the file it belongs to.
    pub(crate) origin: usize,
}

/// A network whose shapes are all known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) values: Vec<Value>,
    /// In the order of computation.
    pub(crate) nodes: Vec<Node>,
    pub(crate) inputs: Vec<Id>,
    /// Names and values.
    pub(crate) outputs: Vec<(String, Id)>,
}

impl Program {
    pub(crate) fn value(&self, id: Id) -> &Value {
        &self.values[id.0]
    }

    pub(crate) fn constant(&self, id: Id) -> Option<&Tensor> {
        self.value(id).constant.as_deref()
    }

    /// What computes a value; none of inputs and constants.
    pub(crate) fn maker(&self, id: Id) -> Option<&Node> {
        self.nodes.iter().rfind(|node| node.output == id)
    }

    /// The node that reads a value, if it is one alone.
    pub(crate) fn only_reader(&self, id: Id) -> Option<&Node> {
        let mut readers = self.nodes.iter().filter(|node| node.inputs.contains(&id));
        readers.next().filter(|_| readers.next().is_none())
    }

    /// How often each value is read; outputs of the network once more.
    pub(crate) fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.values.len()];
        let outputs = self.outputs.iter().map(|(_, id)| id);
        for id in self.nodes.iter().flat_map(|node| &node.inputs).chain(outputs) {
            readers[id.0] += 1;
        }
        readers
    }

    /// Which node makes each value.
    pub(crate) fn made_by(&self) -> Vec<Option<usize>> {
        let mut made_by = vec![None; self.values.len()];
        self.nodes.iter().enumerate().for_each(|(index, node)| made_by[node.output.0] = Some(index));
        made_by
    }

    /// Multiplications of one node.
    pub(crate) fn multiplications(&self, node: &Node) -> u64 {
        let count = |dims: &[usize]| crate::tensor::len(dims) as u64;
        let dims = |index: usize| &self.value(node.inputs[index]).dims;
        match &node.core {
            Core::Conv { .. } => count(&self.value(node.output).dims).saturating_mul(count(&dims(1)[1..])),
            Core::Einsum { a, b, .. } => {
                let both = a.iter().zip(dims(0)).chain(b.iter().zip(dims(1)).filter(|(l, _)| !a.contains(l)));
                both.fold(1u64, |product, (_, dim)| product.saturating_mul(*dim as u64))
            }
            _ => 0,
        }
    }
}
