//! The network of many inferences under the weights of one: both sides derive it from the key and the number of inferences.

use std::sync::Arc;

use zktorch_graph::layout::{ChunkSize, Place, Scope};
use zktorch_graph::{Graph, Role, Tensor, TensorId, ValidGraph};
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
    /// The chunks of weights stay as they are: each is the beginning of one of `2^k` cells whose other cells no claim reads, for
    /// `Com` of a vector is that of the vector with zeros behind it.
    ///
    /// # Errors
    /// [`BlockError::Weights`] unless the graph's weights have the extents, ranges and places of this one's, in their order;
    /// [`BlockError::ChunkSize`], [`BlockError::Limit`]; [`BlockError::Shard`] for a shard, whose wires have no second inference.
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
        let ChunkSize { k, weights, .. } = size;
        if self.scope() != Scope::Inference && enforced() {
            return Err(BlockError::Shard);
        }
        if self.inferences() != 1 && enforced() {
            return Err(BlockError::Batched { inferences: self.inferences() });
        }
        let (graph, bounds, values) = graph.into_parts();
        limits::check_graph(&graph, k)?;
        if k < weights && enforced() {
            return Err(BlockError::ChunkSize { min: weights, max: limits::MAX_K, got: k });
        }
        let network = Self::build(Arc::new(graph), Arc::new(bounds), &values, size, Scope::Inference)?;
        self.check_weights(&network)?;
        Ok(network.with_hash(self.hash()).with_inferences(inferences))
    }

    /// That what this network's weights were committed to is what another one reads.
    fn check_weights(&self, other: &Self) -> Result<(), BlockError> {
        let (own, others): (Vec<_>, Vec<_>) = (self.weights().collect(), other.weights().collect());
        let shown = |weight: Option<&Weight<'_>>| weight.map_or_else(|| "none".to_owned(), Weight::show);
        let differs = |index: &usize| own.get(*index) != others.get(*index);
        match (0..own.len().max(others.len())).find(differs) {
            Some(index) if enforced() => {
                let (expected, got) = (shown(own.get(index)), shown(others.get(index)));
                Err(BlockError::Weights { index, expected, got })
            }
            _ => Ok(()),
        }
    }

    /// The weights in the order of their tensors.
    fn weights(&self) -> impl Iterator<Item = Weight<'_>> {
        let tensors = (0..).map(TensorId).zip(&self.graph().tensors);
        let weights = tensors.filter(|(_, tensor)| tensor.role == Role::Weight);
        weights.map(|(id, tensor)| Weight { tensor, place: self.layout().place(id) })
    }
}

/// A weight: what was proved of it, and where its cells lie.
struct Weight<'a> {
    tensor: &'a Tensor,
    place: Option<&'a Place>,
}

impl PartialEq for Weight<'_> {
    /// Names and scales mean nothing to a proof.
    fn eq(&self, other: &Self) -> bool {
        let said = |weight: &Self| (weight.tensor.range, weight.place.cloned());
        said(self) == said(other) && self.tensor.shape == other.tensor.shape
    }
}

impl Weight<'_> {
    fn show(&self) -> String {
        let Tensor { shape, range, .. } = self.tensor;
        let offset = self.place.and_then(|place| place.offsets.first().copied()).unwrap_or_default();
        format!("extents {:?} within [{}, {}] from cell {offset} on", shape.dims(), range.lo, range.hi)
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
