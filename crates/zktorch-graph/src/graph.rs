//! The graph.

use serde::{Deserialize, Serialize};

use crate::{Step, Table, TableId, Tensor, TensorId};

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
