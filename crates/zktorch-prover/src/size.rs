//! The chunk size: a model of what a proof costs.

use std::ops::RangeInclusive;
use std::sync::Arc;

use zktorch_blocks::Network;
use zktorch_graph::layout::{ArenaKind, Layout, Scope};
use zktorch_graph::{Graph, Role, Shard, Tensor, ValidGraph, Visibility, WeightParts, shards};
use zktorch_verifier::{MAX_SHARDS, Part};

use crate::{PART_CELLS, ProverError};

/// Seconds per term of a full-width multi-scalar multiplication, one core.
const TERM: f64 = 0.55e-6;
/// Terms of a chunk's opening and mask, in chunk sizes, and other work on vectors of that size in the same unit.
const FULL_WIDTH: f64 = 2.6;
/// Distinct values that a full chunk of activations has, about.
const DISTINCT: f64 = 25_000.0;
/// Seconds per chunk that do not depend on its size: commitments, blinds, claims.
const PER_CHUNK: f64 = 0.4e-3;
/// What a commitment is worth beside the time it takes, for the 32 bytes that it adds to a proof and the multiplication that it
/// costs a verifier, while chunks are small: twice as large they cost the prover 20 ms at most.
const DEAR: f64 = 2e-3;
/// log2 of the chunk size from which on it is worth nothing.
const DEAR_BELOW: usize = 14;
/// log2 of the sizes that there are.
const SIZES: RangeInclusive<usize> = 12..=20;
/// Seconds per cell: bucket additions, zero-check, folds.
const PER_CELL: f64 = 60e-9;

/// log2 of the chunk size with the least estimated proving time.
///
/// Opening and mask cost a few full-width terms per entry of one chunk; every looked-up chunk and every table chunk costs one
/// full-width term per distinct value, and something for itself. So small networks want small chunks, and large networks
/// chunks of 2^19 or 2^20. Where both are cheap, the smaller proof counts.
pub fn choose_k(graph: &Graph) -> usize {
    least(&chunk_costs(graph)).map_or(*SIZES.start(), |size| size.k)
}

/// The chunk sizes that [`choose_k`] chooses from, and what a proof costs with each.
pub fn chunk_costs(graph: &Graph) -> Vec<ChunkCost> {
    SIZES.map(|k| cost(graph, k, Scope::Inference)).collect()
}

/// What a proof costs with chunks of `2^k` cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChunkCost {
    /// log2 of the chunk size.
    pub k: usize,
    /// Commitments in the proof: to chunks of values and of lookup tables, and to their inverse columns.
    pub commitments: usize,
    /// Seconds that proving takes, about, on one core with AVX-512 IFMA.
    pub seconds: f64,
    /// Seconds, and what the commitments are worth beside their time, while chunks are below 2^14 cells: 32 bytes and a verifier's
    /// multiplication each, counted as 2 ms. The least is chosen.
    pub weighed: f64,
}

/// [`choose_k`] for the shards of a graph, which have one chunk size.
pub fn choose_shards_k(shards: &[Shard]) -> usize {
    let sum = |k: usize| {
        shards.iter().map(|shard| cost(&shard.graph, k, Scope::Shard)).reduce(|a, b| ChunkCost {
            k,
            commitments: a.commitments + b.commitments,
            seconds: a.seconds + b.seconds,
            weighed: a.weighed + b.weighed,
        })
    };
    least(&SIZES.filter_map(sum).collect::<Vec<_>>()).map_or(*SIZES.start(), |size| size.k)
}

fn cost(graph: &Graph, k: usize, scope: Scope) -> ChunkCost {
    let layout = Layout::new(graph, k, scope);
    let n = (1usize << k) as f64;
    let chunks = |kind| layout.arena(kind).chunks() as f64;
    let looked_up = chunks(ArenaKind::PrivateInputs)
        + chunks(ArenaKind::PrivateOutputs)
        + chunks(ArenaKind::Ranged)
        + chunks(ArenaKind::Function);
    let tables = layout.tables().chunks() as f64;
    let all = chunks(ArenaKind::Weights) + 2.0 * looked_up + chunks(ArenaKind::Function) + 2.0 * tables;
    let seconds = FULL_WIDTH * n * TERM
        + looked_up * n.min(DISTINCT) * TERM
        + all * PER_CHUNK
        + (looked_up + tables) * n * PER_CELL;
    let sent = ArenaKind::ALL.iter().filter(|kind| **kind != ArenaKind::Weights);
    let columns: usize = sent.map(|kind| layout.arena(*kind).chunks() * sent_columns(*kind)).sum();
    ChunkCost {
        k,
        commitments: columns + 2 * layout.tables().chunks(),
        seconds,
        weighed: if k < DEAR_BELOW { seconds + all * DEAR } else { seconds },
    }
}

/// Columns that a proof commits to for a chunk: the cells, where the statement does not hold their commitment, their inverses, and the
/// values of a function.
fn sent_columns(kind: ArenaKind) -> usize {
    match kind {
        ArenaKind::Weights => 0,
        ArenaKind::PrivateInputs | ArenaKind::PrivateOutputs => 1,
        ArenaKind::Ranged => 2,
        ArenaKind::Function => 3,
    }
}

fn least(sizes: &[ChunkCost]) -> Option<&ChunkCost> {
    sizes.iter().min_by(|a, b| a.weighed.total_cmp(&b.weighed))
}

/// Cells that a proof commits: those of tensors (x, y, r and private IO, real entries) and of their inverse columns.
pub fn committed_values(graph: &Graph) -> usize {
    let values = |tensor: &Tensor| columns(tensor.role) as usize * tensor.shape.len();
    graph.tensors.iter().map(values).sum()
}

/// How often a proof commits to the entries of a tensor: once for itself, and once for its inverse column.
pub(crate) fn columns(role: Role) -> u64 {
    match role {
        Role::Ranged | Role::LookupInput(_) => 2,
        Role::Input(Visibility::Private) | Role::Output(Visibility::Private) => 2,
        Role::LookupOutput(_) => 1,
        Role::Weight | Role::Input(_) | Role::Output(_) | Role::One => 0,
    }
}

/// What proofs of a graph in chunks of `2^k` entries consist of, before there is a key.
///
/// # Errors
/// [`ProverError::Block`] and [`ProverError::Key`] if the graph is not valid, or asks for more than a verifier does.
pub fn proof_parts(graph: &Graph, k: usize) -> Result<Vec<Part>, ProverError> {
    Ok(zktorch_verifier::proof_parts(&network(graph, k)?)?)
}

/// Whether a graph can be proved: before weights are committed to and keys are written.
///
/// # Errors
/// [`ProverError::Block`] if the graph is not valid, or asks for more than a verifier does.
pub fn check_size(graph: &Graph) -> Result<(), ProverError> {
    network(graph, choose_k(graph)).map(drop)
}

/// The network of a key that setup makes, if nothing else is said.
fn network(graph: &Graph, k: usize) -> Result<Network, ProverError> {
    let weights = Arc::new(WeightParts::within(graph, PART_CELLS));
    let graph = ValidGraph::new(graph.clone())?;
    Ok(Network::with_weights(graph, k.into(), Scope::Inference, weights)?)
}

/// The least power of two of shards in which a graph can be proved.
///
/// # Errors
/// [`ProverError::Block`] if the graph is not valid, or asks for more than a verifier does even in as many shards as there may be.
pub fn least_shards(graph: &Graph) -> Result<usize, ProverError> {
    let mut count = 1;
    loop {
        let cut = shards(graph, count);
        let k = choose_shards_k(&cut);
        let fits = |shard: &Shard| Network::new(shard.graph.clone(), k, Scope::Shard).map(drop);
        match cut.iter().try_for_each(fits) {
            Ok(()) => return Ok(count),
            Err(error) if 2 * count > MAX_SHARDS || cut.len() < count => return Err(error.into()),
            Err(_) => count *= 2,
        }
    }
}
