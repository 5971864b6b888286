//! What is public about a network.

use std::sync::Arc;

use zktorch_field::Fr;
use zktorch_graph::layout::{ArenaKind, ChunkSize, Layout, Place, Scope};
use zktorch_graph::{Bounds, Constraint, Graph, Role, TableValues, TensorId, ValidGraph, WeightParts};
use zktorch_mutants::enforced;
use zktorch_transcript::Hash;

use super::chunks::{Chunks, LookedUp};
use super::limits;
use crate::BlockError;
use crate::linear::{Relation, Slot, relations};
use crate::lookup::table::Runs;
use crate::point::{bits, box_eval, last};

/// What is public about a network: everything but weights and values. Both sides derive it from the key.
#[derive(Clone, Debug)]
pub struct Network {
    graph: Arc<Graph>,
    bounds: Arc<Bounds>,
    /// What its weights were committed to as.
    weights: Arc<WeightParts>,
    /// What all steps stand for, in their order; nothing for the weights.
    constraints: Vec<Constraint>,
    layout: Layout,
    scope: Scope,
    hash: Hash,
    /// How many inferences it is the network of.
    inferences: u32,
    /// Of the network of a claim about a set, the claim's digest.
    claim: Option<[u8; 32]>,
    /// Tag, key and value of every cell of the table column.
    tables: [Vec<i32>; 3],
    /// Where tags and keys, and where values are affine.
    table_runs: [Runs; 2],
    chunks: Chunks,
}

impl Network {
    /// From a graph, which is validated, and the chunk size `2^k`.
    ///
    /// # Errors
    /// [`BlockError::Graph`] for an invalid graph; [`BlockError::ChunkSize`]; [`BlockError::Limit`] for a graph whose proof could not
    /// be checked in bounded time and memory.
    pub fn new(graph: Graph, k: usize, scope: Scope) -> Result<Self, BlockError> {
        Self::of_valid(ValidGraph::new(graph)?, k, scope)
    }

    /// [`new`](Self::new) from a graph that was validated.
    ///
    /// # Errors
    /// [`BlockError::ChunkSize`], [`BlockError::Limit`].
    pub fn of_valid(graph: ValidGraph, k: usize, scope: Scope) -> Result<Self, BlockError> {
        let (graph, bounds, values) = graph.into_parts();
        limits::check_graph(&graph, k)?;
        let weights = Arc::new(WeightParts::of(&graph));
        Self::build(Arc::new(graph), Arc::new(bounds), &values, weights, k.into(), scope)
    }

    /// The network of an inference whose weights were committed to in parts, in chunks of their own size.
    ///
    /// A chunk of 2^k' entries, k' <= k, is the beginning of one of 2^k whose other cells no claim reads, for `Com` of a
    /// vector is that of the vector with zeros behind it.
    ///
    /// # Errors
    /// [`BlockError::Graph`] unless these are the graph's weights ([`WeightParts::check`]); [`BlockError::ChunkSize`],
    /// [`BlockError::Limit`].
    pub fn with_weights(
        graph: ValidGraph,
        size: ChunkSize,
        scope: Scope,
        weights: Arc<WeightParts>,
    ) -> Result<Self, BlockError> {
        let (graph, bounds, values) = graph.into_parts();
        limits::check_graph(&graph, size.k)?;
        if size.k < size.weights && enforced() {
            return Err(BlockError::ChunkSize { min: size.weights, max: limits::MAX_K, got: size.k });
        }
        weights.check(&graph)?;
        limits::check_parts(&weights, size.weights)?;
        Self::build(Arc::new(graph), Arc::new(bounds), &values, weights, size, scope)
    }

    /// The network of the ranges of one part of the weights.
    ///
    /// # Errors
    /// [`BlockError::Limit`].
    pub fn of_weights(&self, part: usize) -> Result<Self, BlockError> {
        let graph = self.weights.graph(part);
        Ok(Self::new(graph, self.layout.chunk_size().weights, Scope::Weights)?.with_hash(self.hash))
    }

    pub(super) fn build(
        graph: Arc<Graph>,
        bounds: Arc<Bounds>,
        values: &TableValues,
        weights: Arc<WeightParts>,
        size: ChunkSize,
        scope: Scope,
    ) -> Result<Self, BlockError> {
        // The weights' ranges are all there is to prove about them.
        let constraints = match scope {
            Scope::Inference | Scope::Shard => limits::constraints(&graph, size)?,
            Scope::Weights => Vec::new(),
        };
        let layout = Layout::with_weights(&graph, size, scope, &weights);
        limits::check_layout(&layout)?;
        limits::check_lookups(&graph, &constraints, &layout)?;
        let tables = layout.tables().columns(&graph, values);
        let [tags, keys, values] = &tables;
        let table_runs = [Runs::new(&[tags, keys]), Runs::new(&[values])];
        let chunks = Chunks::new(&layout, scope);
        let (hash, inferences, claim) = (Hash::default(), 1, None);
        Ok(Self {
            graph,
            bounds,
            weights,
            constraints,
            layout,
            scope,
            hash,
            inferences,
            claim,
            tables,
            table_runs,
            chunks,
        })
    }

    /// With transcripts on another hash.
    #[must_use]
    pub fn with_hash(mut self, hash: Hash) -> Self {
        self.hash = hash;
        self
    }

    /// As that of so many inferences.
    pub(super) fn with_inferences(mut self, inferences: u32) -> Self {
        self.inferences = inferences;
        self
    }

    /// As that of a claim about a set.
    pub(super) fn with_claim(mut self, digest: [u8; 32]) -> Self {
        self.claim = Some(digest);
        self
    }

    /// The digest of the claim about a set that it is the network of ([`accuracy`](Self::accuracy)).
    pub fn claim(&self) -> Option<&[u8; 32]> {
        self.claim.as_ref()
    }

    /// The hash of its transcripts.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// How many inferences it is the network of: several in a batch.
    pub fn inferences(&self) -> u32 {
        self.inferences
    }

    /// Nanoseconds, about, that reading this network and verifying a proof of it may take, whatever the lengths of key and proof.
    pub fn work(&self) -> u64 {
        // A range proof reads a chunk of table cells at least. One of them is counted with the network's own.
        let more = self.weights.parts.len().saturating_sub(1) << self.layout.chunk_size().weights;
        let cells = self.tables[0].len() + limits::part_cells(&self.weights) as usize + more;
        limits::work(&self.graph, self.layout.chunk_size(), &self.constraints, cells)
    }

    /// Upper bounds of the graph's integers.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is proved: an inference, or the ranges of the weights.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// log2 of the chunk size; in a batch, of everything but the weights.
    pub fn k(&self) -> usize {
        self.layout.k()
    }

    /// What its weights were committed to as.
    pub fn weight_parts(&self) -> &Arc<WeightParts> {
        &self.weights
    }

    /// Chunk commitments to the weights, of all parts.
    pub fn weight_chunks(&self) -> usize {
        self.chunks.weights.count
    }

    /// Chunk commitments to private inputs, and to private outputs.
    pub fn private_chunks(&self) -> [usize; 2] {
        [self.chunks.private_inputs.count, self.chunks.private_outputs.count]
    }

    /// Chunk commitments of a proof, V and H.
    pub fn proof_chunks(&self) -> [usize; 2] {
        [self.chunks.v_count(), self.chunks.h_count()]
    }

    /// The public inputs and outputs, inputs first, in the order of the graph's lists.
    pub fn public_tensors(&self) -> Vec<TensorId> {
        if self.scope == Scope::Weights {
            return Vec::new();
        }
        let all = self.graph.inputs.iter().chain(&self.graph.outputs).copied();
        all.filter(|id| self.graph.tensor(*id).role.is_public()).collect()
    }

    /// The numbers of the chunks.
    pub(crate) fn chunks(&self) -> &Chunks {
        &self.chunks
    }

    /// The chunks whose cells are looked up, in the order of their inverse columns.
    pub(crate) fn looked_up(&self) -> Vec<LookedUp> {
        self.chunks.looked_up(self.scope)
    }

    /// t~ of one chunk of the tables' columns at a point of k coordinates.
    pub(crate) fn table_eval(&self, chunk: usize, beta: Fr, z: &[Fr]) -> Result<Fr, BlockError> {
        let [tags, keys, values] = &self.tables;
        let (start, cells) = (chunk << self.k(), tags.len());
        if start + (1 << z.len()) > cells {
            let (expected, got) = (chunk + 1, cells >> self.k());
            return Err(BlockError::Length { what: "chunks of the tables", expected, got });
        }
        // Tags and keys of any table are affine; values of many functions are not.
        let [of_keys, of_values] = &self.table_runs;
        let of_keys = of_keys.evaluate(&[(tags, Fr::from(1u64)), (keys, beta)], start, z)?;
        Ok(of_keys + of_values.evaluate(&[(values, beta * beta)], start, z)?)
    }

    /// Whether cells of a lookup table that are at rest are zero, and so is what is looked up with them: no column that is committed to
    /// has an entry there.
    #[cfg(feature = "prover")]
    pub(crate) fn rests_at_zero(&self, table: usize) -> bool {
        let table = &self.layout.tables().tables()[table];
        table.rest() == 0 && self.tables[2][table.cell(0)] == 0
    }

    /// All columns of the tables.
    #[cfg(feature = "prover")]
    pub(crate) fn tables(&self) -> &[Vec<i32>; 3] {
        &self.tables
    }

    /// The first chunk of the column that a tensor lies in, and its place there; none for a public tensor.
    pub(crate) fn location(&self, id: TensorId) -> Option<(usize, &Place)> {
        let place = self.layout.place(id)?;
        Some((self.chunks.column(place).first, place))
    }

    /// The relations to prove: those of the graph, for an inference.
    pub(crate) fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
        relations(&self.constraints)
    }

    /// Coordinates of the point r: the largest cube of a relation or a lookup.
    pub(crate) fn relation_vars(&self) -> usize {
        self.relations().map(|relation| relation.num_vars()).fold(self.k(), usize::max)
    }

    /// Whether a value of a relation or operand is a message: all are, but direct readings of public tensors.
    pub(crate) fn is_hidden(&self, slot: Slot<'_>) -> bool {
        match slot {
            Slot::Tensor(id) => !self.is_public(id),
            Slot::View(view) => crate::reindex::needs_sum(view) || !self.is_public(view.tensor),
            Slot::Contract(_) => true,
        }
    }

    /// Whether the verifier evaluates a tensor itself.
    pub(crate) fn is_public(&self, id: TensorId) -> bool {
        self.graph.tensor(id).role.is_public()
    }

    /// The entries of a tensor that no statement holds and everybody knows.
    pub(crate) fn known(&self, id: TensorId) -> Option<&'static [i32]> {
        (self.graph.tensor(id).role == Role::One).then_some(&[1])
    }

    /// The entry (tag, key, value) of every lookup table that its cells at rest are looked up in.
    pub(crate) fn rests(&self) -> impl Iterator<Item = [i32; 3]> {
        let [tags, keys, values] = &self.tables;
        let cells = self.layout.tables().tables().iter().map(|table| table.cell(table.rest()));
        cells.map(move |cell| [tags[cell], keys[cell], values[cell]])
    }

    /// Of columns that have one value on all cells of a lookup table, what they are in one chunk at a point of k coordinates, given
    /// these values: those of the padding, and on the cells of every tensor that have its own tag the differences to its own.
    pub(crate) fn eval_by_table<const N: usize>(
        &self,
        (arena, chunk): (ArenaKind, usize),
        values: &[[Fr; N]],
        z: &[Fr],
    ) -> Result<[Fr; N], BlockError> {
        let of = |table: usize| {
            let (expected, got) = (table + 1, values.len());
            values.get(table).ok_or(BlockError::Length { what: "lookup tables", expected, got })
        };
        let padding = of(0)?;
        let mut sums = *padding;
        for region in self.layout.regions(arena, chunk) {
            let low = last(z, region.low)?;
            let prefix = &z[..z.len() - low.len()];
            let mut inside =
                zktorch_sumcheck::eq_eval(&bits(region.start >> region.low, prefix.len()), prefix);
            if region.padded {
                let mut cells = bits(region.slice, region.high);
                cells.extend_from_slice(low);
                let mut point = vec![Fr::from(0u64); cells.len()];
                region.cut.order().iter().zip(cells).for_each(|(own, coordinate)| point[*own] = coordinate);
                inside *= box_eval(&self.graph.tensor(region.tensor).shape, &point)?;
            }
            let own = of(region.table)?;
            sums.iter_mut()
                .zip(own)
                .zip(padding)
                .for_each(|((sum, own), padding)| *sum += (*own - padding) * inside);
        }
        Ok(sums)
    }
}
