//! The chunk size: a model of what a proof costs.

use zktorch_blocks::Network;
use zktorch_graph::layout::{ArenaKind, Layout, Scope};
use zktorch_graph::{Graph, Role, Shard, shards};
use zktorch_verifier::MAX_SHARDS;

use crate::ProverError;

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
/// Seconds per cell: bucket additions, zero-check, folds.
const PER_CELL: f64 = 60e-9;

/// log2 of the chunk size with the least estimated proving time.
///
/// Opening and mask cost a few full-width terms per entry of one chunk; every looked-up chunk and every table chunk costs one
/// full-width term per distinct value, and something for itself. So small networks want small chunks, and large networks
/// chunks of 2^19 or 2^20. Where both are cheap, the smaller proof counts.
pub fn choose_k(graph: &Graph) -> usize {
    least(|k| cost(graph, k, Scope::Inference))
}

/// [`choose_k`] for the shards of a graph, which have one chunk size.
pub fn choose_shards_k(shards: &[Shard]) -> usize {
    least(|k| shards.iter().map(|shard| cost(&shard.graph, k, Scope::Shard)).sum())
}

/// Seconds that a proof takes, about.
fn cost(graph: &Graph, k: usize, scope: Scope) -> f64 {
    let layout = Layout::new(graph, k, scope);
    let n = (1usize << k) as f64;
    let chunks = |kind| layout.arena(kind).chunks() as f64;
    let looked_up = chunks(ArenaKind::PrivateInputs)
        + chunks(ArenaKind::PrivateOutputs)
        + chunks(ArenaKind::Ranged)
        + chunks(ArenaKind::Function);
    let tables = layout.tables().chunks() as f64;
    let all = chunks(ArenaKind::Weights) + 2.0 * looked_up + chunks(ArenaKind::Function) + 2.0 * tables;
    FULL_WIDTH * n * TERM
        + looked_up * n.min(DISTINCT) * TERM
        + all * if k < DEAR_BELOW { PER_CHUNK + DEAR } else { PER_CHUNK }
        + (looked_up + tables) * n * PER_CELL
}

fn least(cost: impl Fn(usize) -> f64) -> usize {
    let mut best = (f64::INFINITY, 12);
    for k in 12..=20 {
        let cost = cost(k);
        if cost < best.0 {
            best = (cost, k);
        }
    }
    best.1
}

/// Cells that a proof commits: those of tensors (x, y, r and private IO, real entries) and of their inverse columns.
pub fn committed_values(graph: &Graph) -> usize {
    graph
        .tensors
        .iter()
        .map(|tensor| match tensor.role {
            Role::Ranged | Role::LookupInput(_) => 2 * tensor.shape.len(),
            Role::LookupOutput(_) => tensor.shape.len(),
            Role::Input(zktorch_graph::Visibility::Private)
            | Role::Output(zktorch_graph::Visibility::Private) => 2 * tensor.shape.len(),
            Role::Weight | Role::Input(_) | Role::Output(_) | Role::One => 0,
        })
        .sum()
}

/// Whether a graph can be proved: before weights are committed to and keys are written.
///
/// # Errors
/// [`ProverError::Block`] if the graph is not valid, or asks for more than a verifier does.
pub fn check_size(graph: &Graph) -> Result<(), ProverError> {
    Network::new(graph.clone(), choose_k(graph), Scope::Inference)?;
    Ok(())
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
