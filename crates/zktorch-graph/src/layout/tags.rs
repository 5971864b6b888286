//! Tags of cells: which table each cell of an arena is looked up in.

use super::{ArenaKind, Layout};
use crate::{Graph, Shape};

/// The part of one tensor that lies in one chunk.
///
/// The tensor's index has `high + low` variables, of which the `high` first are fixed to the bits of `slice`; its real entries
/// have the table's tag, all others the padding's.
#[derive(Clone, Debug)]
pub struct Region {
    /// First cell within the chunk.
    pub start: usize,
    /// log2 of the number of cells.
    pub low: usize,
    /// Which slice of the tensor: the value of its first variables.
    pub slice: usize,
    /// Number of first variables that are fixed.
    pub high: usize,
    /// Extents of the tensor.
    pub shape: Shape,
    /// Index of its table.
    pub table: usize,
}

/// Consecutive cells with the same table: (cells, table index).
pub type TagRuns = Vec<(usize, usize)>;

pub(super) fn regions(layout: &Layout, graph: &Graph, kind: ArenaKind, chunk: usize) -> Vec<Region> {
    let (k, n) = (layout.k, 1usize << layout.k);
    let range = chunk * n..(chunk + 1) * n;
    let mut regions = Vec::new();
    let tensors = layout.arena(kind).tensors();
    // Offsets ascend and tensors are disjoint: those that reach into the chunk are consecutive.
    let end = |(id, offset): &(crate::TensorId, usize)| offset + graph.tensor(*id).shape.padded_len();
    let first = tensors.partition_point(|tensor| end(tensor) <= range.start);
    for (id, offset) in tensors.iter().skip(first).take_while(|(_, offset)| *offset < range.end) {
        let shape = &graph.tensor(*id).shape;
        let vars = shape.num_vars();
        let Some(table) = layout.table_of(*id) else { continue };
        let low = vars.min(k);
        let high = vars - low;
        let slice = range.start.saturating_sub(*offset) >> low;
        let start = offset.saturating_sub(range.start);
        regions.push(Region { start, low, slice, high, shape: shape.clone(), table });
    }
    regions
}

impl Region {
    /// The runs of its cells.
    pub fn runs(&self) -> TagRuns {
        let mut runs = TagRuns::new();
        // A row: the last padded axis with all axes after it. Its real cells are its first ones.
        let dims = self.shape.dims();
        let padded = dims.iter().rposition(|dim| !dim.is_power_of_two()).unwrap_or(0);
        let real: usize = dims.iter().skip(padded).map(|dim| *dim as usize).product();
        let row: usize = dims.iter().skip(padded).map(|dim| dim.next_power_of_two() as usize).product();
        let (mut cell, end) = (self.slice << self.low, (self.slice + 1) << self.low);
        while cell < end {
            let start = cell - cell % row;
            let stop = end.min(start + row);
            let real_end = if self.row_is_real(start / row, padded) { start + real } else { start };
            let cells = real_end.clamp(cell, stop) - cell;
            push(&mut runs, cells, self.table);
            push(&mut runs, stop - cell - cells, 0);
            cell = stop;
        }
        runs
    }

    /// Whether row number `row` is real in all axes before `axis`.
    fn row_is_real(&self, row: usize, axis: usize) -> bool {
        let mut rest = row;
        self.shape.dims().iter().take(axis).rev().all(|dim| {
            let size = dim.next_power_of_two() as usize;
            let index = rest % size;
            rest /= size;
            index < *dim as usize
        })
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
