//! Tags of cells: which table each cell of an arena is looked up in.

use std::sync::Arc;

use super::{ArenaKind, Cut, Layout};
use crate::TensorId;

/// The part of one tensor's piece that lies in one chunk.
///
/// The index of the tensor's cells ([`Cut::order`]) has `high + low` variables, of which the `high` first are fixed to the bits of
/// `slice`; real entries have the table's tag, all others the padding's, but where the tensor's padding is zero by its step's
/// relation ([`Step::mostly_zero`](crate::Step::mostly_zero)): there all cells have the table's.
#[derive(Clone, Debug)]
pub struct Region {
    /// First cell within the chunk.
    pub start: usize,
    /// log2 of the number of cells.
    pub low: usize,
    /// What the first variables are.
    pub slice: usize,
    /// Number of first variables that are fixed.
    pub high: usize,
    /// The tensor.
    pub tensor: TensorId,
    /// The order of its cells.
    pub cut: Arc<Cut>,
    /// Index of its table.
    pub table: usize,
    /// Whether cells that are no real entries have the padding's tag.
    pub padded: bool,
}

/// Consecutive cells with the same table: (cells, table index).
pub type TagRuns = Vec<(usize, usize)>;

pub(super) fn regions(layout: &Layout, kind: ArenaKind, chunk: usize) -> Vec<Region> {
    let k = layout.size.of(kind);
    let n = 1usize << k;
    let range = chunk * n..(chunk + 1) * n;
    let mut regions = Vec::new();
    let pieces = layout.arena(kind).pieces();
    // Offsets ascend and pieces are disjoint: those that reach into the chunk are consecutive.
    let first = pieces.partition_point(|placed| placed.cells().end <= range.start);
    for placed in pieces.iter().skip(first).take_while(|placed| placed.offset < range.end) {
        let (Some(table), Some(place)) = (layout.table_of(placed.tensor), layout.place(placed.tensor)) else {
            continue;
        };
        let low = placed.piece.vars.min(k);
        let slice = (placed.piece.slice << (placed.piece.vars - low))
            + (range.start.saturating_sub(placed.offset) >> low);
        let start = placed.offset.saturating_sub(range.start);
        let (high, cut) = (place.cut.num_vars() - low, Arc::clone(&place.cut));
        let padded = !layout.quiet.contains(&placed.tensor);
        regions.push(Region { start, low, slice, high, tensor: placed.tensor, cut, table, padded });
    }
    regions
}

impl Region {
    /// The runs of its cells.
    pub fn runs(&self) -> TagRuns {
        let mut runs = TagRuns::new();
        if !self.padded {
            push(&mut runs, 1 << self.low, self.table);
            return runs;
        }
        self.cut.runs(self.low, self.slice, |count, real| {
            push(&mut runs, count, if real { self.table } else { 0 })
        });
        runs
    }
}

fn push(runs: &mut TagRuns, cells: usize, table: usize) {
    if cells == 0 {
        return;
    }
    match runs.last_mut() {
        Some((count, last)) if *last == table => *count += cells,
        _ => runs.push((cells, table)),
    }
}
