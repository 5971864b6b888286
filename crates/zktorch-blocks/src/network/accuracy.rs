//! The network of a claim about a labelled set: both sides derive it from the key and the claim.
//!
//! The set was committed to for any network: its chunks have a size of its own ([`LabelledSet::chunk_vars`]), and each is the
//! beginning of a chunk here, of which the rest is padding.

use sha2::{Digest, Sha256};
use zktorch_graph::layout::{ArenaKind, ChunkSize, Region, Scope};
use zktorch_graph::{Accuracy, Graph, LabelledSet, TensorId, ValidGraph};
use zktorch_mutants::enforced;

use super::batch::chunk_vars;
use super::description::Network;
use crate::BlockError;

impl Network {
    /// The network of a set alone, in its own chunks: what is committed to are its private inputs.
    ///
    /// # Errors
    /// [`BlockError::Graph`] for a set that there cannot be.
    pub fn of_set(set: &LabelledSet) -> Result<Self, BlockError> {
        set.check()?;
        Self::of_valid(ValidGraph::new(set.graph())?, set.chunk_vars(), Scope::Inference)
    }

    /// The network of a claim about a labelled set ([`Graph::accuracy`]): derived from this one and the claim alone. Its private inputs
    /// are the set's chunks. Its proofs are bound to `about`, the caller's digest of what it says of the set. `check` looks at the graph and the log2 of the chunk size before anything is laid out.
    ///
    /// # Errors
    /// Those of the graph, of `check`, and of a network that is one of several inferences, or a shard's.
    pub fn accuracy(
        &self,
        claim: &Accuracy,
        about: [u8; 32],
        check: impl FnOnce(&Graph, usize) -> Result<(), BlockError>,
    ) -> Result<Self, BlockError> {
        let graph = ValidGraph::new(self.graph().accuracy(claim)?)?;
        let inputs = claim.set.chunk_vars();
        let k = chunk_vars(graph.graph()).max(self.k()).max(inputs);
        check(graph.graph(), k)?;
        self.of_claim(graph, k, claim, about)
    }

    /// The network of a graph of a claim, in chunks of `2^k` cells.
    ///
    /// # Errors
    /// [`BlockError::Set`] unless the chunks of its private inputs hold what the set's do; those of a batch.
    pub(crate) fn of_claim(
        &self,
        graph: ValidGraph,
        k: usize,
        claim: &Accuracy,
        about: [u8; 32],
    ) -> Result<Self, BlockError> {
        let (weights, inputs) = (self.layout().chunk_size().weights, claim.set.chunk_vars());
        if k < inputs && enforced() {
            return Err(BlockError::ChunkSize { min: inputs, max: super::limits::MAX_K, got: k });
        }
        let network = self.of_sizes(graph, ChunkSize { k, weights, inputs }, claim.set.images)?;
        network.check_set(&Self::of_set(&claim.set)?)?;
        Ok(network.with_claim(digest(claim, about)))
    }

    /// That what a set was committed to is what this network reads: in every chunk the same parts of the same tensors, with the same
    /// ranges, in the same cells.
    fn check_set(&self, set: &Self) -> Result<(), BlockError> {
        let kind = ArenaKind::PrivateInputs;
        let chunks = [self, set].map(|network| network.layout().arena(kind).chunks());
        let differs = |chunk: &usize| {
            let [own, others] = [self, set].map(|network| -> Vec<_> {
                let regions = network.layout().regions(kind, *chunk);
                regions.iter().map(|region| network.part(region)).collect()
            });
            own != others
        };
        if let Some(chunk) = (0..chunks[0].max(chunks[1])).find(differs)
            && enforced()
        {
            return Err(BlockError::Set { chunk });
        }
        Ok(())
    }

    /// What a region of a chunk of private inputs is, whatever the network: which input, its range, which of its cells, and where.
    fn part(&self, region: &Region) -> impl PartialEq + use<> {
        let Region { start, low, slice, high, tensor, padded, .. } = *region;
        let input = self.graph().inputs.iter().position(|id: &TensorId| *id == tensor);
        let tensor = self.graph().tensor(tensor);
        let cells = (start, low, slice, high, padded, region.cut.order());
        (input, tensor.shape.clone(), tensor.range, cells)
    }
}

/// SHA-256 of all of a claim, and of what the caller says that it is about.
fn digest(claim: &Accuracy, about: [u8; 32]) -> [u8; 32] {
    let Accuracy { set, order, channels, values, top, at_least } = claim;
    let mut hash = Sha256::new_with_prefix(b"zktorch accuracy claim v1");
    hash.update(about);
    for number in [set.images, set.pixels, set.classes, *top, *at_least, *channels] {
        hash.update(number.to_le_bytes());
    }
    // As many values as channels say, and as many pixels.
    values.iter().for_each(|value| hash.update(value.to_le_bytes()));
    order.iter().for_each(|pixel| hash.update(pixel.to_le_bytes()));
    hash.finalize().into()
}
