//! The network of many inferences under the weights of one: both sides derive it from the key and the number of inferences.

use std::sync::Arc;

use zktorch_graph::layout::{ChunkSize, Scope};
use zktorch_graph::{Graph, Role, Tensor, ValidGraph};
use zktorch_mutants::enforced;

use super::description::Network;
use super::limits;
use crate::BlockError;

/// log2 of the largest chunk that a batch is cut into, if the weights are not in larger ones.
const LARGEST_K: usize = 20;
/// A chunk of 2^k cells costs a prover the mask and the opening of one, and each of C / 2^k chunks its distinct values: together least
/// where 2^2k is about 2^13 C.
const BALANCE: usize = 13;

impl Network {
    /// The network of `count` inferences, two or more, of this one: derived from it and their number alone. `check` looks at the
    /// graph and the log2 of the chunk size before anything is laid out.
    ///
    /// # Errors
    /// Those of the graph, of `check`, and of a network that is one of several inferences, or a shard's.
    pub fn batch(
        &self,
        count: u32,
        check: impl FnOnce(&Graph, usize) -> Result<(), BlockError>,
    ) -> Result<Self, BlockError> {
        let (graph, k) = self.batched_graph(count)?;
        check(graph.graph(), k)?;
        self.of_batch(graph, k, count)
    }

    /// The graph of `count` inferences ([`Graph::batched`]), validated, and log2 of its chunk size: a function of the graph, not below
    /// that of the weights. Nothing of the graph's size was allocated yet but itself.
    ///
    /// # Errors
    /// [`BlockError::Graph`].
    pub(crate) fn batched_graph(&self, count: u32) -> Result<(ValidGraph, usize), BlockError> {
        let graph = ValidGraph::new(self.graph().batched(count)?)?;
        let k = chunk_vars(graph.graph()).max(self.k());
        Ok((graph, k))
    }

    /// The network of a graph with the weights of this one, of so many inferences, in chunks of `2^k` cells.
    ///
    /// # Errors
    /// Those of [`with_weights`](Self::with_weights); [`BlockError::Batched`]; [`BlockError::Shard`] for a shard, whose
    /// wires have no second inference.
    pub(crate) fn of_batch(&self, graph: ValidGraph, k: usize, inferences: u32) -> Result<Self, BlockError> {
        let weights = self.layout().chunk_size().weights;
        self.of_sizes(graph, ChunkSize { k, weights, inputs: k }, inferences)
    }

    /// [`of_batch`](Self::of_batch) in chunks of these sizes; the weights' is this network's.
    pub(super) fn of_sizes(
        &self,
        graph: ValidGraph,
        size: ChunkSize,
        inferences: u32,
    ) -> Result<Self, BlockError> {
        if self.scope() != Scope::Inference && enforced() {
            return Err(BlockError::Shard);
        }
        if self.inferences() != 1 && enforced() {
            return Err(BlockError::Batched { inferences: self.inferences() });
        }
        let weights = Arc::clone(self.weight_parts());
        let network = Self::with_weights(graph, size, Scope::Inference, weights)?;
        Ok(network.with_hash(self.hash()).with_inferences(inferences))
    }
}

/// log2 of the chunk size of a batch.
pub(super) fn chunk_vars(graph: &Graph) -> usize {
    let committed = |tensor: &&Tensor| {
        !tensor.role.is_public() && !matches!(tensor.role, Role::Weight | Role::LookupOutput(_))
    };
    let cells = graph.tensors.iter().filter(committed).map(|tensor| tensor.shape.padded_len() as u64);
    let cells = cells.fold(1, u64::saturating_add).min(limits::CELLS);
    ((cells.next_power_of_two().trailing_zeros() as usize + BALANCE) / 2).min(LARGEST_K)
}
