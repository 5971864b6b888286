//! The graph.

use serde::{Deserialize, Serialize};

use crate::{Expr, Table, TableId, Tensor, TensorId};

/// A quantised network. Made by a compiler, or read from a key: then it is hostile input until [`Graph::validate`] accepts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// All function tables.
    pub tables: Vec<Table>,
    /// The steps in order of execution: each reads only weights, inputs and tensors of earlier steps.
    pub steps: Vec<Step>,
    /// The inputs of the network, in the order of the ONNX model.
    pub inputs: Vec<TensorId>,
    /// The outputs of the network, in the order of the ONNX model.
    pub outputs: Vec<TensorId>,
}

/// One step of the computation and at the same time what is proved about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// `acc + floor(D/2) = D y + r` with `0 <= r < D`, on real entries: y is acc / D rounded to the nearest integer, halves up.
    /// Without r, D is 1 and y = acc. y and r have the shape of acc.
    Rescale {
        /// The accumulator.
        acc: Expr,
        /// D, from 1 to 2^17.
        divisor: u32,
        /// The quotient.
        y: TensorId,
        /// The remainder, a [`Role::Ranged`](crate::Role::Ranged) tensor with range exactly [0, D-1]; absent exactly if D = 1.
        r: Option<TensorId>,
    },
    /// `y = f(x)` on real entries. x is a [`Role::LookupInput`](crate::Role::LookupInput), y a [`Role::LookupOutput`](crate::Role::LookupOutput) of this table.
    Lookup {
        /// f.
        table: TableId,
        /// The arguments.
        x: TensorId,
        /// The values.
        y: TensorId,
    },
}

impl Graph {
    /// A tensor.
    ///
    /// # Panics
    /// If there is none with this id (validated graphs have no such ids).
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0 as usize]
    }

    /// A table.
    ///
    /// # Panics
    /// If there is none with this id (validated graphs have no such ids).
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0 as usize]
    }
}
