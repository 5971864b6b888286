//! What can be proved at once. A key is hostile input: these limits are checked before anything is allocated by them, and keep a
//! verifier's time and memory bounded whatever a valid graph says.

use std::collections::BTreeSet;

use zktorch_commit::MIN_LOG_SIZE;
use zktorch_graph::layout::{ArenaKind, Layout, LookupKind};
use zktorch_graph::{AxisMap, Constraint, Graph, Slot, View};

use crate::{BlockError, reindex};

/// log2 of the largest chunk: the tables' column has at least one chunk of cells, which the verifier reads.
pub(crate) const MAX_K: usize = 24;
/// Padded cells of all tensors: offsets fit the 32-bit machine words of wasm32.
pub(crate) const CELLS: u64 = 1 << 31;
/// Lookup tables: tags are 16-bit integers in the prover's columns.
pub(crate) const TABLES: u64 = 1 << 14;
/// Padded cells of all lookup tables.
pub(crate) const TABLE_CELLS: u64 = 1 << 24;
/// Chunks of all columns, W, V and H.
pub(crate) const CHUNKS: u64 = 1 << 15;
/// Evaluations of chunks that views ask for: the size of the fold plan.
pub(crate) const CLAIM_TERMS: u64 = 1 << 18;
/// Cells of public tensors that the verifier reads, once for every view.
pub(crate) const PUBLIC_CELLS: u64 = 1 << 28;

/// Readings of committed tensors: most have a point of their own, which the verifier keeps.
pub(crate) const READINGS: u64 = 1 << 15;
/// Readings that need a sum: instances of sumcheck B.
pub(crate) const SUMS: u64 = 1 << 14;
/// Contractions: instances of sumcheck A.
pub(crate) const CONTRACTIONS: u64 = 1 << 14;
/// Factors of all views.
pub(crate) const FACTORS: u64 = 1 << 18;
/// Multiplications that evaluating the maps of all views takes, about: a second's.
pub(crate) const MAP_WORK: u64 = 1 << 25;

fn at_most(what: &'static str, max: u64, got: u64) -> Result<(), BlockError> {
    if got <= max { Ok(()) } else { Err(BlockError::Limit { what, max, got }) }
}

/// What has to hold before a valid graph is laid out in chunks of `2^k` cells.
pub(super) fn check_graph(graph: &Graph, k: usize) -> Result<(), BlockError> {
    if !(MIN_LOG_SIZE..=MAX_K).contains(&k) {
        return Err(BlockError::ChunkSize { min: MIN_LOG_SIZE, max: MAX_K, got: k });
    }
    let cells = graph.tensors.iter().map(|tensor| tensor.shape.padded_len() as u64);
    at_most("padded cells of all tensors", CELLS, cells.fold(0, u64::saturating_add))?;

    // Both scopes together: a graph is refused as a whole.
    let kinds: BTreeSet<LookupKind> = graph.tensors.iter().filter_map(LookupKind::of).collect();
    let keys = kinds.iter().map(|kind| match kind {
        LookupKind::Range(interval) => *interval,
        LookupKind::Function(table) => graph.table(*table).domain,
    });
    at_most("lookup tables", TABLES, kinds.len() as u64)?;
    at_most(
        "cells of all lookup tables",
        TABLE_CELLS,
        keys.map(|keys| keys.len().next_power_of_two() as u64).sum(),
    )
}

/// What has to hold before anything is allocated by a layout.
pub(super) fn check_layout(
    graph: &Graph,
    constraints: &[Constraint],
    layout: &Layout,
) -> Result<(), BlockError> {
    // Functions have three columns (x, y, h), the table two (m, h'), all others two.
    let chunks = |kind| layout.arena(kind).chunks() as u64;
    let arenas: u64 = ArenaKind::ALL.iter().map(|kind| 2 * chunks(*kind)).sum();
    let total = arenas + chunks(ArenaKind::Function) + 2 * layout.tables().chunks() as u64;
    at_most("chunks of all columns", CHUNKS, total)?;

    let (mut terms, mut public, mut contractions) = (0u64, 0u64, 0u64);
    let (mut readings, mut sums, mut factors, mut work) = (0u64, 0u64, 0u64, 0u64);
    let mut read = |view: &View| {
        let tensor = graph.tensor(view.tensor);
        sums += u64::from(reindex::needs_sum(view));
        factors += view.factors.len() as u64;
        for factor in view.factors.iter().filter(|factor| factor.map != AxisMap::Identity) {
            work = work.saturating_add(reindex::matrix_cost(factor, &tensor.shape, &view.shape));
        }
        if tensor.role.is_public() {
            public = public.saturating_add(tensor.shape.padded_len() as u64);
        } else {
            readings += 1;
            terms += 1 << tensor.shape.num_vars().saturating_sub(layout.k());
        }
    };
    for constraint in constraints {
        let Constraint::Zero { terms, .. } = constraint else { continue };
        for (_, slot) in terms {
            match slot {
                // At the relation's point: one for each size.
                Slot::Tensor(_) => {}
                Slot::View(view) => read(view),
                Slot::Contract(contract) => {
                    contractions += 1;
                    contract.a.views().chain(contract.b.views()).for_each(&mut read);
                }
            }
        }
    }
    at_most("contractions", CONTRACTIONS, contractions)?;
    at_most("factors of all views", FACTORS, factors)?;
    at_most("chunks that all views read", CLAIM_TERMS, terms)?;
    at_most("readings of committed tensors", READINGS, readings)?;
    at_most("readings with a sum", SUMS, sums)?;
    at_most("multiplications for the maps of all views", MAP_WORK, work)?;
    at_most("public cells that all views read", PUBLIC_CELLS, public)
}
