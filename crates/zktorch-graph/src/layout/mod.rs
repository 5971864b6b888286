//! Where everything lies: tensors in arenas, arenas in chunks, lookup tables in one stacked column.
//!
//! A committed tensor is one piece, or a few where padding would be much ([`Cut`]). A piece occupies `2^vars` consecutive cells at an
//! offset that is a multiple of that, so the tensor's evaluation at z is a sum over its pieces of the stacked vector's at
//! (offset bits, last coordinates of z), times what z's first ones are at the piece. Arenas are cut into chunks of `n = 2^k` cells.
//! All of this is a deterministic function of the graph and k: prover and verifier compute it, no proof contains it.

mod cut;
mod place;
mod tables;
mod tags;

pub use cut::{Cut, Piece};
pub use place::{Arena, ArenaKind, Place, Placed};
pub use tables::{LookupKind, LookupTable, TableLayout};
pub use tags::{Region, TagRuns};

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{Graph, Interval, Role, Step, TensorId, Visibility, WeightParts};

/// Which tensors a lookup argument covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// An inference: everything committed but the weights.
    Inference,
    /// An inference that is one of several shards: every private input and output has chunks of its own, so that what
    /// one shard gives and another one takes has the same commitments in both.
    Shard,
    /// The setup: the weights.
    Weights,
}

/// log2 of the cells of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkSize {
    /// Of everything but the weights; also of what is proved and opened.
    pub k: usize,
    /// Of the weights, which were cut when they were committed to: at most k. In a batch it may be less, and then the rest of what a
    /// chunk could hold is no cell.
    pub weights: usize,
    /// Of what private inputs fill of their chunks: at most k. Where it is less, they were cut and committed to for other networks too,
    /// and the rest of every chunk is padding.
    pub inputs: usize,
}

impl ChunkSize {
    /// That of an arena.
    pub fn of(self, kind: ArenaKind) -> usize {
        if kind == ArenaKind::Weights { self.weights } else { self.k }
    }
}

impl From<usize> for ChunkSize {
    /// One size for everything.
    fn from(k: usize) -> Self {
        Self { k, weights: k, inputs: k }
    }
}

/// The layout of one [`Scope`].
#[derive(Clone, Debug)]
pub struct Layout {
    size: ChunkSize,
    arenas: Vec<Arena>,
    places: Vec<Option<Place>>,
    tables: TableLayout,
    table_of: Vec<Option<usize>>,
    /// The chunks of every part of the weights.
    parts: Vec<Range<usize>>,
    /// What is hardly ever anything but zero.
    quiet: BTreeSet<TensorId>,
}

impl Layout {
    /// Lays out a validated graph in chunks of `2^k` cells; its weights are one part.
    pub fn new(graph: &Graph, size: impl Into<ChunkSize>, scope: Scope) -> Self {
        Self::with_weights(graph, size, scope, &WeightParts::of(graph))
    }

    /// Lays out a validated graph whose weights were committed to in parts, which were checked with it
    /// ([`WeightParts::check`]). In [`Scope::Weights`] the graph is itself a part, and the parts are not looked at.
    pub fn with_weights(
        graph: &Graph,
        size: impl Into<ChunkSize>,
        scope: Scope,
        weights: &WeightParts,
    ) -> Self {
        let size = size.into();
        let mut arenas: Vec<Arena> = ArenaKind::ALL.iter().map(|kind| Arena::new(*kind)).collect();
        let mut places = vec![None; graph.tensors.len()];
        let mut members: BTreeMap<ArenaKind, Vec<TensorId>> = BTreeMap::new();
        for (id, tensor) in tensor_ids(graph) {
            if let Some(kind) = arena_of(tensor.role) {
                members.entry(kind).or_default().push(id);
            }
        }
        // What is hardly ever anything but zero lies behind all others, from a chunk of its own on if there is a chunk of it: a
        // chunk of zeros costs a prover nothing.
        let quiet: BTreeSet<TensorId> = graph.steps.iter().flat_map(Step::mostly_zero).collect();
        // Tensors that are looked up in one table lie side by side: an inverse column costs a full-width term for every value
        // of every table that its chunk has. Among these, tensors of one shape: their pieces of one size are claimed at the same
        // points, so fewer instances fold.
        let mut tables: BTreeMap<LookupKind, usize> = BTreeMap::new();
        for kind in [ArenaKind::Ranged, ArenaKind::Function] {
            let Some(ids) = members.get_mut(&kind) else { continue };
            // Tables are numbered in the order of the tensors, which is part of the protocol: not while sorting.
            for kind in ids.iter().filter_map(|id| LookupKind::of(graph.tensor(*id))) {
                let next = tables.len();
                tables.entry(kind).or_insert(next);
            }
            let table = |id: &TensorId| LookupKind::of(graph.tensor(*id)).and_then(|kind| tables.get(&kind));
            ids.sort_by_key(|id| (quiet.contains(id), table(id), graph.tensor(*id).shape.dims()));
        }
        let given = if scope == Scope::Weights { None } else { members.remove(&ArenaKind::Weights) };
        let mut parts = Vec::new();
        if scope != Scope::Weights {
            let arena = &mut arenas[ArenaKind::Weights as usize];
            parts = place_weights(&given.unwrap_or_default(), size.weights, weights, &mut places, arena);
        }
        for (kind, ids) in &members {
            let k = size.of(*kind);
            let mut of_shape: BTreeMap<&[u32], Arc<Cut>> = BTreeMap::new();
            let mut pieces: Vec<(TensorId, Piece)> = Vec::new();
            for id in ids {
                let shape = &graph.tensor(*id).shape;
                let cut = of_shape.entry(shape.dims()).or_insert_with(|| Arc::new(Cut::new(shape)));
                let cut = Arc::clone(cut);
                pieces.extend(cut.pieces().iter().map(|piece| (*id, *piece)));
                places[id.0 as usize] = Some(Place { arena: *kind, cut, offsets: Vec::new(), output: false });
            }
            let apart =
                scope == Scope::Shard && matches!(kind, ArenaKind::PrivateInputs | ArenaKind::PrivateOutputs);
            let is_quiet = |(id, _): &(TensorId, Piece)| quiet.contains(id);
            let silence: usize =
                pieces.iter().filter(|p| is_quiet(p)).map(|(_, piece)| 1 << piece.vars).sum();
            let parted = silence >> k > 0;
            let together = |a: &(TensorId, Piece), b: &(TensorId, Piece)| {
                (!apart || a.0 == b.0) && (!parted || is_quiet(a) == is_quiet(b))
            };
            if *kind == ArenaKind::PrivateInputs && size.inputs < k {
                let ids: Vec<TensorId> = ids.clone();
                arenas[*kind as usize] = Self::apart(graph, size, &ids, &mut places);
                continue;
            }
            let (mut placed, mut chunks) = (Vec::with_capacity(pieces.len()), 0);
            let mut quiet_chunks = 0;
            for group in pieces.chunk_by(together) {
                let sizes: Vec<usize> = group.iter().map(|(_, piece)| piece.vars).collect();
                let (offsets, cells) = place::stack(&sizes);
                for ((tensor, piece), offset) in group.iter().zip(offsets) {
                    let (tensor, piece, offset) = (*tensor, *piece, (chunks << k) + offset);
                    if let Some(place) = &mut places[tensor.0 as usize] {
                        place.offsets.push(offset);
                    }
                    placed.push(Placed { tensor, piece, offset });
                }
                chunks += cells.div_ceil(1 << k);
                if group.iter().all(is_quiet) {
                    quiet_chunks += cells.div_ceil(1 << k);
                }
            }
            arenas[*kind as usize].fill(placed, chunks, quiet_chunks);
        }
        // The value of a lookup lies at the offset of its argument.
        for (_, x, y) in graph.steps.iter().filter_map(|step| step.lookup(graph)) {
            if let Some(place) = places[x.0 as usize].clone() {
                places[y.0 as usize] = Some(Place { output: true, ..place });
            }
        }
        let mut kinds: Vec<LookupKind> = Vec::new();
        let mut index_of: BTreeMap<LookupKind, usize> = BTreeMap::new();
        let mut table_of = vec![None; graph.tensors.len()];
        for (id, tensor) in tensor_ids(graph) {
            let covered = (tensor.role == Role::Weight) == (scope == Scope::Weights);
            let Some(kind) = LookupKind::of(tensor).filter(|_| covered) else { continue };
            // The padding table has index 0.
            let index = *index_of.entry(kind).or_insert_with(|| {
                kinds.push(kind);
                kinds.len()
            });
            table_of[id.0 as usize] = Some(index);
        }
        Self { size, arenas, places, tables: TableLayout::new(graph, size.k, &kinds), table_of, parts, quiet }
    }

    /// Private inputs, cut into chunks of `2^inputs` cells, each of which is the beginning of a chunk of `2^k`.
    fn apart(graph: &Graph, size: ChunkSize, ids: &[TensorId], places: &mut [Option<Place>]) -> Arena {
        let (own, mut placed, mut arena) = (size.inputs, Vec::new(), Arena::new(ArenaKind::PrivateInputs));
        let cuts: Vec<Cut> = ids.iter().map(|id| Cut::new(&graph.tensor(*id).shape)).collect();
        let sizes: Vec<usize> = cuts.iter().flat_map(|cut| cut.pieces()).map(|piece| piece.vars).collect();
        let (offsets, cells) = place::stack(&sizes);
        let mut offsets = offsets.into_iter();
        for (id, cut) in ids.iter().zip(cuts) {
            let mut starts = Vec::new();
            for (piece, offset) in cut.pieces().iter().zip(offsets.by_ref()) {
                let parts = 1usize << piece.vars.saturating_sub(own);
                starts.extend((0..parts).map(|part| offset + (part << own)));
            }
            let cut = Arc::new(cut.split(own));
            let offsets: Vec<usize> = (starts.into_iter())
                .map(|start| (start >> own << size.k) + (start & ((1 << own) - 1)))
                .collect();
            placed.extend((cut.pieces().iter().zip(&offsets)).map(|(piece, offset)| Placed {
                tensor: *id,
                piece: *piece,
                offset: *offset,
            }));
            let arena = ArenaKind::PrivateInputs;
            places[id.0 as usize] = Some(Place { arena, cut, offsets, output: false });
        }
        arena.fill(placed, cells.div_ceil(1 << own), 0);
        arena
    }

    /// log2 of the chunk size, of everything but the weights.
    pub fn k(&self) -> usize {
        self.size.k
    }

    /// log2 of the cells of chunks.
    pub fn chunk_size(&self) -> ChunkSize {
        self.size
    }

    /// An arena.
    pub fn arena(&self, kind: ArenaKind) -> &Arena {
        &self.arenas[kind as usize]
    }

    /// The place of a committed tensor; none for public inputs and outputs.
    pub fn place(&self, id: TensorId) -> Option<&Place> {
        self.places.get(id.0 as usize)?.as_ref()
    }

    /// The chunks of its arena that a committed tensor reaches into; in [`Scope::Shard`] those of a private input or output
    /// are its own.
    pub fn chunks_of(&self, id: TensorId) -> Option<Range<usize>> {
        let pieces = || self.place(id).into_iter().flat_map(Place::pieces);
        let first = pieces().map(|(_, offset)| offset).min()?;
        let end = pieces().map(|(piece, offset)| offset + (1 << piece.vars)).max()?;
        let k = self.size.of(self.place(id)?.arena);
        Some(first >> k..end.div_ceil(1 << k))
    }

    /// The chunks of the weights that are those of each part; in [`Scope::Weights`], where the graph is a part, none.
    pub fn part_chunks(&self) -> &[Range<usize>] {
        &self.parts
    }

    /// The lookup tables and where they lie.
    pub fn tables(&self) -> &TableLayout {
        &self.tables
    }

    /// Index into [`TableLayout::tables`] of the table that a tensor is looked up in (an x column or a ranged tensor).
    pub fn table_of(&self, id: TensorId) -> Option<usize> {
        self.table_of.get(id.0 as usize).copied().flatten()
    }

    /// The regions of one chunk of an arena that carry tags, in order of their offsets.
    pub fn regions(&self, kind: ArenaKind, chunk: usize) -> Vec<Region> {
        tags::regions(self, kind, chunk)
    }
}

/// Puts the weights of a graph where their parts do; every part begins at a chunk of its own. Gives back the parts' chunks.
fn place_weights(
    ids: &[TensorId],
    k: usize,
    weights: &WeightParts,
    places: &mut [Option<Place>],
    arena: &mut Arena,
) -> Vec<Range<usize>> {
    let mut chunks = 0;
    let layouts = (0..weights.parts.len()).map(|part| {
        let layout = Layout::new(&weights.graph(part), k, Scope::Weights);
        let first = chunks;
        chunks += layout.arena(ArenaKind::Weights).chunks();
        (first..chunks, layout)
    });
    let layouts: Vec<(Range<usize>, Layout)> = layouts.collect();
    let mut pieces = Vec::new();
    for (tensor, found) in ids.iter().zip(&weights.refs) {
        let Some((own, layout)) = layouts.get(found.part as usize) else { continue };
        let Some(place) = layout.place(TensorId(found.index)) else { continue };
        let offsets = place.offsets.iter().map(|offset| (own.start << k) + offset).collect();
        let place = Place { offsets, ..place.clone() };
        let placed = place.pieces().map(|(piece, offset)| Placed { tensor: *tensor, piece, offset });
        pieces.extend(placed);
        places[tensor.0 as usize] = Some(place);
    }
    arena.fill(pieces, chunks, 0);
    layouts.into_iter().map(|(own, _)| own).collect()
}

/// The padding table {(0, 0)}: tag 1, table index 0.
pub const PADDING: Interval = Interval { lo: 0, hi: 0 };

fn tensor_ids(graph: &Graph) -> impl Iterator<Item = (TensorId, &crate::Tensor)> {
    (0u32..).map(TensorId).zip(&graph.tensors)
}

/// The arena of a role. The value of a lookup is placed with its argument.
fn arena_of(role: Role) -> Option<ArenaKind> {
    match role {
        Role::Weight => Some(ArenaKind::Weights),
        Role::Input(Visibility::Private) => Some(ArenaKind::PrivateInputs),
        Role::Output(Visibility::Private) => Some(ArenaKind::PrivateOutputs),
        Role::Ranged => Some(ArenaKind::Ranged),
        Role::LookupInput(_) => Some(ArenaKind::Function),
        Role::LookupOutput(_)
        | Role::Input(Visibility::Public)
        | Role::Output(Visibility::Public)
        | Role::One => None,
    }
}

#[cfg(test)]
mod tests;
