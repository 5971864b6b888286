//! How much memory a proof takes at its peak, before it begins.
//!
//! The peak is in the first sumcheck or soon after it, or where inverse columns are committed. What is there then follows from
//! the layout: the columns and the tags of their cells, the field elements that lookups are bound to or the buckets that they were
//! sorted into, the factors of products and of views that need a sum. Constants were fitted to measured peaks
//! (docs/performance.md, *Memory*).

use core::ops::RangeInclusive;

use serde::Serialize;
use zktorch_graph::layout::{ArenaKind, Cut, Layout, Scope};
use zktorch_graph::{
    AxisMap, Constraint, Contract, Graph, MAX_PARTS, Role, Shape, Shard, Slot, View, WeightParts, shards,
};
use zktorch_verifier::MAX_SHARDS;

use crate::pipeline::KEPT;
use crate::{ProverError, choose_k, choose_shards_k};

/// Bytes of a cell of a column.
const COLUMN: u64 = 4;
/// Bytes of the tag of a looked-up cell.
const TAG: u64 = 1;
/// Variables that are bound when what is bound is stored, of lookups and of products of tensors.
const BOUND: [u32; 2] = [4, 5];
/// log2 of the distinct values of a looked-up chunk, about, and the bytes of a bucket.
const DISTINCT: usize = 15;
const BUCKET: u64 = 72;
/// Bytes that a looked-up cell leaves with the allocator, and the bytes that it keeps anyway.
const FREED: [u64; 2] = [2, 12 << 20];
/// Bytes of a point of the SRS.
const POINT: u64 = 64;
/// Bytes of a field element.
const FIELD: u64 = 32;
/// Bytes of a weight: as it is read, and in its column.
const WEIGHT: u64 = 2;
/// log2 of the cells that parts of the weights have at most, of which the largest is taken for which memory is enough.
const PARTS: RangeInclusive<u32> = 20..=28;
/// Bytes of a value that crosses shards, or is kept from the witness.
const VALUE: u64 = 4;
/// What a process of the prover has before it has read a key.
const PROCESS: u64 = 12 << 20;

/// Bytes of anonymous memory that a proof takes at its peak, about, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// The SRS, if it is computed; one in a file is mapped.
    pub srs: u64,
    /// The weights' columns, unless they are mapped; those that are put together; in a setup the weights of one part, too.
    pub weights: u64,
    /// Committed columns, and the tags of cells.
    pub columns: u64,
    /// What was freed before the peak, and is not given back to the system.
    pub freed: u64,
    /// Lookup tables, their inverses and multiplicities.
    pub tables: u64,
    /// What lookups are bound to, or the buckets of their cells, if these are more than all that is bound.
    pub lookups: u64,
    /// Factors of products.
    pub products: u64,
    /// Factors of views that need a sum.
    pub views: u64,
    /// The compiled model, during a setup.
    pub model: u64,
    /// In shards: what crosses them, and what is kept from the witness.
    pub run: u64,
    /// The process itself.
    pub process: u64,
}

impl Memory {
    /// Of a proof of a valid graph in chunks of `2^k` entries; `computed` says whether the SRS is made, not mapped.
    pub fn of_proof(graph: &Graph, k: usize, scope: Scope, computed: bool) -> Self {
        let layout = Layout::new(graph, k, scope);
        let cells = |kind: ArenaKind| (layout.arena(kind).chunks() as u64) << k;
        let active = |kind: ArenaKind| {
            let arena = layout.arena(kind);
            ((arena.chunks() - arena.quiet_chunks().len()) as u64) << k
        };
        let kinds =
            [ArenaKind::PrivateInputs, ArenaKind::PrivateOutputs, ArenaKind::Ranged, ArenaKind::Function];
        let looked_up: u64 = kinds.iter().copied().map(active).sum();
        let all: u64 = kinds.iter().copied().map(cells).sum::<u64>() + cells(ArenaKind::Function);
        let tables = (layout.tables().chunks() as u64) << k;
        // In one piece they stay in the key's file, but for one at a time that does not lie there as it is read.
        let weights =
            if scope == Scope::Shard { WEIGHT * cells(ArenaKind::Weights) } else { gathered(graph) };
        let (mut products, mut views, mut largest) = (0, 0, 0);
        for constraint in graph.steps.iter().flat_map(|step| step.constraints(graph)) {
            let Constraint::Zero { terms, .. } = &constraint else { continue };
            for (_, slot) in terms {
                match slot {
                    Slot::Tensor(_) => {}
                    Slot::View(view) => {
                        let entries = summed(graph, view);
                        views += 2 * FIELD * entries;
                        // Copied into vectors, one after the other.
                        largest = largest.max(FIELD * entries);
                    }
                    Slot::Contract(contract) => {
                        products += factors(contract);
                        let operands = contract.a.terms.iter().chain(&contract.b.terms);
                        views += 2 * FIELD * operands.map(|(_, view)| summed(graph, view)).sum::<u64>();
                    }
                }
            }
        }
        Self {
            srs: if computed { POINT << k } else { 0 },
            weights,
            columns: COLUMN * all + TAG * looked_up,
            freed: freed(looked_up),
            tables: 4 * FIELD * tables,
            lookups: lookups(looked_up, k, products + views + largest),
            products,
            views: views + largest,
            process: PROCESS,
            ..Self::default()
        }
    }

    /// Of a setup in chunks of `2^k` entries, with parts of the weights of so many cells at most: that of the largest.
    pub fn of_setup(graph: &Graph, k: usize, computed: bool, part_cells: u64) -> Self {
        let weights = WeightParts::within(graph, part_cells);
        let parts = (0..weights.parts.len()).map(|part| Self::of_part(&weights.graph(part), k));
        let largest = parts.max_by_key(Self::total).unwrap_or_default();
        Self { srs: if computed { POINT << k } else { 0 }, process: PROCESS, ..largest }
    }

    /// Of committing to weights, and proving their ranges.
    fn of_part(part: &Graph, k: usize) -> Self {
        let layout = Layout::new(part, k, Scope::Weights);
        let cells = (layout.arena(ArenaKind::Weights).chunks() as u64) << k;
        Self {
            weights: WEIGHT * (entries(part, |_| true) + cells),
            columns: TAG * cells,
            freed: freed(cells),
            tables: 4 * FIELD * ((layout.tables().chunks() as u64) << k),
            lookups: lookups(cells, k, 0),
            ..Self::default()
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        let Self { srs, weights, columns, freed, tables, lookups, products, views, model, run, process } =
            self;
        srs + weights + columns + freed + tables + lookups + products + views + model + run + process
    }
}

/// A graph that is cut into shards, or not.
struct Parts<'a> {
    k: usize,
    scope: Scope,
    graphs: Vec<&'a Graph>,
}

impl<'a> Parts<'a> {
    fn new(graph: &'a Graph, cut: &'a [Shard]) -> Self {
        match cut {
            [] | [_] => Self { k: choose_k(graph), scope: Scope::Inference, graphs: vec![graph] },
            cut => {
                let graphs = cut.iter().map(|shard| &shard.graph).collect();
                Self { k: choose_shards_k(cut), scope: Scope::Shard, graphs }
            }
        }
    }
}

impl Memory {
    /// Of proving a graph in these shards (none, if it is proved in one piece), one after the other: that of the largest.
    pub fn of_proofs(graph: &Graph, cut: &[Shard], computed: bool) -> Self {
        let Parts { k, scope, graphs } = Parts::new(graph, cut);
        Self::of_graphs(&graphs, k, scope == Scope::Shard, computed)
    }

    /// Of proving these graphs, which are shards or one alone, in chunks of `2^k` entries.
    pub fn of_graphs(graphs: &[&Graph], k: usize, in_shards: bool, computed: bool) -> Self {
        let (scope, run) = if in_shards { (Scope::Shard, run(graphs)) } else { (Scope::Inference, 0) };
        let each = graphs.iter().map(|graph| Self::of_proof(graph, k, scope, computed));
        Self { run, ..each.max_by_key(Self::total).unwrap_or_default() }
    }

    /// Of setting it up in parts of so many cells at most, beside a compiled model that takes so many bytes.
    pub fn of_setups(graph: &Graph, cut: &[Shard], computed: bool, model: u64, part_cells: u64) -> Self {
        let Parts { k, graphs, .. } = Parts::new(graph, cut);
        let each = graphs.iter().map(|graph| Self::of_setup(graph, k, computed, part_cells));
        Self { model, ..each.max_by_key(Self::total).unwrap_or_default() }
    }
}

/// Bytes of the largest weight that is put together from pieces.
fn gathered(graph: &Graph) -> u64 {
    let weights = graph.tensors.iter().filter(|tensor| tensor.role == Role::Weight);
    let cut = weights.filter(|tensor| !Cut::new(&tensor.shape).is_whole());
    cut.map(|tensor| WEIGHT * tensor.shape.padded_len() as u64).max().unwrap_or(0)
}

/// Entries of the tensors of some roles.
fn entries(graph: &Graph, of: fn(&Role) -> bool) -> u64 {
    graph.tensors.iter().filter(|tensor| of(&tensor.role)).map(|tensor| tensor.shape.len() as u64).sum()
}

/// What is kept of a run of these shards: what goes into them and out of them, and the values inside, up to a limit.
fn run(shards: &[&Graph]) -> u64 {
    let crossing = |graph: &&Graph| entries(graph, |role| matches!(role, Role::Input(_) | Role::Output(_)));
    let inside = |graph: &&Graph| entries(graph, |role| !matches!(role, Role::Weight | Role::One));
    let kept = shards.iter().map(inside).sum::<u64>().min(KEPT as u64);
    VALUE * (shards.iter().map(crossing).sum::<u64>() + kept)
}

/// The fewest shards in which a graph is set up and proved within so many bytes, how many to ask [`shards`] for to get
/// these, and how many cells the parts of their weights have at most ([`SetupOptions::part_cells`](crate::SetupOptions::part_cells)).
/// The compiled model takes so many bytes beside a setup.
///
/// # Errors
/// [`ProverError::Memory`] if as many shards as there may be are too few.
pub fn shards_within(
    graph: &Graph,
    bytes: u64,
    computed: bool,
    model: u64,
) -> Result<(Vec<Shard>, usize, u64), ProverError> {
    let mut least = u64::MAX;
    let mut count = 1;
    while count <= MAX_SHARDS {
        let cut = shards(graph, count);
        let proof = Memory::of_proofs(graph, &cut, computed).total();
        let graphs = Parts::new(graph, &cut).graphs;
        let mut fewest = u64::MAX;
        for part_cells in PARTS.rev().map(|bits| 1 << bits) {
            let parts = |graph: &&Graph| WeightParts::within(graph, part_cells).parts.len() <= MAX_PARTS;
            if !graphs.iter().all(parts) {
                break;
            }
            let setup = Memory::of_setups(graph, &cut, computed, model, part_cells).total();
            fewest = fewest.min(proof.max(setup));
            if fewest <= bytes {
                return Ok((cut, count, part_cells));
            }
        }
        least = least.min(fewest);
        // It cannot be cut into more.
        if cut.len() < count {
            break;
        }
        count += 1 + count / 4;
    }
    Err(ProverError::Memory { most: bytes, least })
}

/// What was freed before the peak, of so many looked-up cells.
fn freed(cells: u64) -> u64 {
    let [each, always] = FREED;
    each * cells + always
}

/// Both factors of the lookups of so many cells, or what their buckets take more than these and what `others` are bound to.
fn lookups(cells: u64, k: usize, others: u64) -> u64 {
    let bound = (2 * FIELD * cells) >> BOUND[0];
    let buckets = BUCKET * ((cells >> k) << k.min(DISTINCT));
    bound.max(buckets.saturating_sub(others))
}

/// Both factors of a product: of tensors and selections of their entries, entry by entry, small integers (with an addend that is
/// made while the others are summed up) and what is bound of them, else field elements.
fn factors(contract: &Contract) -> u64 {
    let axes = contract.a_axes.iter().zip(contract.a.shape.dims());
    let shared = axes.filter(|(label, _)| contract.b_axes.contains(label));
    let entries = 1 << shared.map(|(_, dim)| Shape::axis_vars(*dim)).sum::<usize>();
    let is_shared = |label: &u32| contract.a_axes.contains(label) && contract.b_axes.contains(label);
    let mut views = contract.a.terms.iter().chain(&contract.b.terms).map(|(_, view)| view);
    let addends = contract.a.terms.len() > 1 || contract.b.terms.len() > 1;
    let plain = contract.a_axes.iter().chain(&contract.b_axes).all(is_shared)
        && views.all(|view| view.factors.iter().all(|factor| factor.map.is_selection()));
    let each = if plain { (2 + u64::from(addends)) * VALUE + ((2 * FIELD) >> BOUND[1]) } else { 2 * FIELD };
    each * entries
}

/// Padded entries of the axes that a view sums over; none if it needs no sum.
fn summed(graph: &Graph, view: &View) -> u64 {
    let dims = graph.tensor(view.tensor).shape.dims();
    let factors = view.factors.iter().filter(|factor| factor.map != AxisMap::Identity);
    let axes: Vec<u32> = factors.flat_map(|factor| factor.src.iter().copied()).collect();
    if axes.is_empty() {
        return 0;
    }
    let vars = axes.iter().filter_map(|axis| dims.get(*axis as usize)).map(|dim| Shape::axis_vars(*dim));
    1 << vars.sum::<usize>()
}
