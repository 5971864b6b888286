//! How the padded cube of a tensor is cut: blocks that are padding alone take no cells.
//!
//! An axis that is far from a power of two (768, 12, 11008) is seen as a few blocks of a power of two: the first variables of
//! its index choose the block, and blocks beyond the last real entry are left out. The cells of a tensor lie in the order of
//! an index that has all of these variables first, so that the real blocks of all axes are few aligned runs: *pieces*, each
//! a cube again, whose first variables are fixed.

use crate::Shape;

/// log2 of the blocks that an axis is cut into, at most.
const MOST_VARS: usize = 4;
/// Pieces of a tensor at most: each is a term of every claim on it.
const MOST_PIECES: usize = 12;
/// Tensors of fewer cells are not worth it.
const LEAST_CELLS: usize = 1 << 10;

/// A run of cells: `2^vars` of them from number `slice 2^vars` of the tensor's index on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// log2 of the number of cells.
    pub vars: usize,
    /// What the first variables of the index are.
    pub slice: usize,
}

/// The order of a tensor's cells, and its pieces: a function of its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Of every axis its extent, the variables that choose a block, and those within one.
    axes: Vec<Axis>,
    /// The axes that are cut, in the order in which the variables that choose their blocks come.
    cut: Vec<usize>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    dim: usize,
    high: usize,
    low: usize,
}

impl Axis {
    /// Blocks with real entries.
    fn blocks(self) -> usize {
        self.dim.div_ceil(1 << self.low)
    }

    /// Cut into as few blocks as leave a sixteenth of padding at most.
    fn cut(dim: u32) -> Self {
        let (vars, dim) = (Shape::axis_vars(dim), dim as usize);
        let whole = Self { dim, high: 0, low: vars };
        let cuts = (0..=MOST_VARS.min(vars)).map(|high| Self { high, low: vars - high, ..whole });
        let least = cuts.clone().map(Self::cells).min().unwrap_or(1 << vars);
        // In 64 bits: cells of one axis go up to 2^28, and usize has 32 on some machines.
        let little = |cells: usize| 16 * cells as u64 <= 17 * dim as u64;
        let mut good = cuts.filter(|cut| cut.cells() == least || little(cut.cells()));
        good.next().unwrap_or(whole)
    }

    fn cells(self) -> usize {
        self.blocks() << self.low
    }

    fn whole(self) -> Self {
        Self { high: 0, low: self.high + self.low, ..self }
    }
}

impl Cut {
    /// The cut of a shape.
    pub fn new(shape: &Shape) -> Self {
        let cut: Vec<Axis> = shape.dims().iter().map(|dim| Axis::cut(*dim)).collect();
        let mut axes: Vec<Axis> = cut.iter().map(|axis| axis.whole()).collect();
        // The axis with most padding first, as long as there are few pieces.
        let saved = |i: &usize| (cut[*i].blocks() << 16) >> cut[*i].high;
        let mut order: Vec<usize> = (0..cut.len()).filter(|i| cut[*i].high > 0).collect();
        order.sort_by_key(saved);
        let mut pieces = vec![Piece { vars: shape.num_vars(), slice: 0 }];
        let mut chosen: Vec<usize> = Vec::new();
        if shape.padded_len() >= LEAST_CELLS {
            for i in order {
                let mut more = chosen.clone();
                more.push(i);
                // Blocks of the last axis follow each other: it is the one with most blocks for every run of them.
                more.sort_by_key(|i| (cut[*i].blocks() << 16) / cut[*i].blocks().count_ones() as usize);
                let whole = std::mem::replace(&mut axes[i], cut[i]);
                match runs(&axes, &more) {
                    Some(found) => (pieces, chosen) = (found, more),
                    None => axes[i] = whole,
                }
            }
        }
        Self { axes, cut: chosen, pieces }
    }

    /// The pieces, in the order of their cells.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The same with pieces of at most `2^most` cells each: runs of the pieces here.
    pub(super) fn split(&self, most: usize) -> Self {
        let parts = |piece: &Piece| {
            let more = piece.vars.saturating_sub(most);
            let (vars, first) = (piece.vars - more, piece.slice << more);
            (0..1 << more).map(move |part| Piece { vars, slice: first + part })
        };
        let pieces = self.pieces.iter().flat_map(parts).collect();
        Self { axes: self.axes.clone(), cut: self.cut.clone(), pieces }
    }

    /// Whether the cells are those of the whole cube, in the tensor's own order.
    pub fn is_whole(&self) -> bool {
        self.cut.is_empty()
    }

    /// The first entry on every axis of a block, by what the variables that choose it are.
    fn block(&self, mut choice: usize) -> Vec<usize> {
        let mut starts = vec![0; self.axes.len()];
        for i in self.cut.iter().rev() {
            let Axis { high, low, .. } = self.axes[*i];
            starts[*i] = (choice & ((1 << high) - 1)) << low;
            choice >>= high;
        }
        starts
    }

    /// Variables of the index: those of the shape.
    pub fn num_vars(&self) -> usize {
        self.axes.iter().map(|axis| axis.high + axis.low).sum()
    }

    /// Variables within a block.
    fn inner(&self) -> usize {
        self.axes.iter().map(|axis| axis.low).sum()
    }

    /// Which variable of the tensor's own index every variable of the cells' index is.
    pub fn order(&self) -> Vec<usize> {
        let mut next = 0;
        let starts: Vec<usize> = (self.axes.iter())
            .map(|axis| {
                next += axis.high + axis.low;
                next - axis.high - axis.low
            })
            .collect();
        let high = self.cut.iter().flat_map(|i| starts[*i]..starts[*i] + self.axes[*i].high);
        let low = starts.iter().zip(&self.axes);
        let low = low.flat_map(|(start, axis)| start + axis.high..start + axis.high + axis.low);
        high.chain(low).collect()
    }

    /// The rows of a piece: cells that follow each other along the last axis, as many as lie in one block, and of which the first
    /// ones are real. Calls `visit` with the row's first cell in the piece, the index of its first entry on every axis,
    /// and how many entries are real; rows without any are left out.
    pub fn rows(&self, piece: Piece, mut visit: impl FnMut(usize, &[usize], usize)) {
        let inner = self.inner();
        let Some((last, outer)) = self.axes.split_last() else { return visit(0, &[], 1) };
        if piece.vars < inner {
            return self.rows_within(piece, visit);
        }
        let mut index = vec![0; self.axes.len()];
        for block in 0..1usize << (piece.vars - inner) {
            let starts = self.block((piece.slice << (piece.vars - inner)) + block);
            let real = |i: usize| self.axes[i].dim.saturating_sub(starts[i]).min(1 << self.axes[i].low);
            let extents: Vec<usize> = (0..self.axes.len()).map(real).collect();
            if extents.contains(&0) {
                continue;
            }
            let width = extents.last().copied().unwrap_or(1);
            let mut within = vec![0usize; outer.len()];
            loop {
                let row = within.iter().zip(outer).fold(0, |row, (i, axis)| (row << axis.low) + i);
                index.iter_mut().zip(&starts).for_each(|(index, start)| *index = *start);
                index.iter_mut().zip(&within).for_each(|(index, i)| *index += i);
                visit((block << inner) + (row << last.low), &index, width);
                let Some(axis) = (0..outer.len()).rev().find(|axis| within[*axis] + 1 < extents[*axis])
                else {
                    break;
                };
                within[axis] += 1;
                within[axis + 1..].fill(0);
            }
        }
    }

    /// [`rows`](Self::rows) of a piece that is a part of one block.
    fn rows_within(&self, piece: Piece, mut visit: impl FnMut(usize, &[usize], usize)) {
        let Some(last) = self.axes.last() else { return };
        let (first, width) = (piece.slice << piece.vars, 1usize << last.low.min(piece.vars));
        let starts = self.block(first >> self.inner());
        let mut index = starts.clone();
        for cell in (0..1usize << piece.vars).step_by(width) {
            let mut rest = first + cell;
            for ((axis, index), start) in self.axes.iter().zip(&mut index).zip(&starts).rev() {
                *index = start + (rest & ((1 << axis.low) - 1));
                rest >>= axis.low;
            }
            let real = self.axes.iter().zip(&index).all(|(axis, index)| *index < axis.dim);
            if let (true, Some(at)) = (real, index.last()) {
                visit(cell, &index, (last.dim - at).min(width));
            }
        }
    }

    /// The cells from number `slice 2^vars` of the index on, `2^vars` of them, in runs: how many, and whether they are real.
    pub(super) fn runs(&self, vars: usize, slice: usize, mut visit: impl FnMut(usize, bool)) {
        // A row: the low variables of the last axis with padding in a block, and of all axes after it.
        let padded = self.axes.iter().rposition(|axis| axis.dim & ((1 << axis.low) - 1) != 0).unwrap_or(0);
        let row: usize = self.axes.iter().skip(padded).map(|axis| axis.low).sum();
        let (mut cell, end) = (slice << vars, (slice + 1) << vars);
        while cell < end {
            let start = cell >> row << row;
            let stop = end.min(start + (1 << row));
            let real_end = start + self.real_in_row(start, padded);
            let real = real_end.clamp(cell, stop) - cell;
            visit(real, true);
            visit(stop - cell - real, false);
            cell = stop;
        }
    }

    /// How many cells of the row from `start` on, over axis `padded` and all after it, are real: its first ones.
    fn real_in_row(&self, start: usize, padded: usize) -> usize {
        let starts = self.block(start >> self.inner());
        let mut rest = start;
        let mut real = 1;
        for (position, (axis, block)) in self.axes.iter().zip(starts).enumerate().rev() {
            let index = block + (rest & ((1 << axis.low) - 1));
            rest >>= axis.low;
            real *= match position < padded {
                true => usize::from(index < axis.dim),
                false => axis.dim.saturating_sub(block).min(1 << axis.low),
            };
        }
        real
    }
}

/// The aligned runs that the real blocks of axes are, which are chosen in this order; none if they are too many.
fn runs(axes: &[Axis], order: &[usize]) -> Option<Vec<Piece>> {
    let vars = axes.iter().map(|axis| axis.high + axis.low).sum();
    let cut: Vec<Axis> = order.iter().map(|i| axes[*i]).collect();
    let mut pieces = Vec::new();
    // Whole cubes whose halves are looked at next, the first one last.
    let mut open = vec![Piece { vars, slice: 0 }];
    while let Some(cube) = open.pop() {
        match coverage(&cut, cube, vars) {
            Coverage::None => {}
            Coverage::All => pieces.push(cube),
            Coverage::Some => {
                let half = |slice| Piece { vars: cube.vars - 1, slice };
                open.extend([half(2 * cube.slice + 1), half(2 * cube.slice)]);
            }
        }
        if pieces.len() > MOST_PIECES {
            return None;
        }
    }
    Some(pieces)
}

enum Coverage {
    None,
    Some,
    All,
}

/// Which blocks of a cube are real, of axes in the order in which they are chosen.
fn coverage(cut: &[Axis], cube: Piece, vars: usize) -> Coverage {
    let mut fixed = vars - cube.vars;
    let mut all = true;
    for axis in cut {
        let known = fixed.min(axis.high);
        fixed -= known;
        let value = cube.slice >> fixed & ((1 << known) - 1);
        let (first, end) = (value << (axis.high - known), (value + 1) << (axis.high - known));
        if first >= axis.blocks() {
            return Coverage::None;
        }
        all &= end <= axis.blocks();
    }
    if all { Coverage::All } else { Coverage::Some }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Vec<Vec<u32>> {
        let long = [
            vec![12, 128, 128],
            vec![768, 768],
            vec![128, 384],
            vec![50_257, 4],
            vec![3, 11_008],
            vec![197, 197],
        ];
        let other =
            [vec![], vec![1], vec![5, 3], vec![16_385], vec![24_577], vec![64, 112, 112], vec![3, 5, 7, 200]];
        long.into_iter().chain(other).collect()
    }

    /// The index in the tensor's own order, of a cell.
    fn own_index(cut: &Cut, cell: usize, vars: usize) -> usize {
        let order = cut.order();
        (0..vars).fold(0, |own, i| own | (cell >> (vars - 1 - i) & 1) << (vars - 1 - order[i]))
    }

    /// Whether an entry of the padded cube is real.
    fn is_real(shape: &Shape, mut index: usize) -> bool {
        shape.dims().iter().rev().all(|dim| {
            let vars = Shape::axis_vars(*dim);
            let i = index & ((1 << vars) - 1);
            index >>= vars;
            i < *dim as usize
        })
    }

    #[test]
    fn pieces_hold_every_real_entry_once() {
        for dims in shapes() {
            let shape = Shape::new(dims);
            let (cut, vars) = (Cut::new(&shape), shape.num_vars());
            let mut seen = vec![false; shape.padded_len()];
            for piece in cut.pieces() {
                for cell in piece.slice << piece.vars..(piece.slice + 1) << piece.vars {
                    let index = own_index(&cut, cell, vars);
                    assert!(!std::mem::replace(&mut seen[index], true), "{shape:?}");
                }
            }
            let missing = (0..seen.len()).find(|index| !seen[*index] && is_real(&shape, *index));
            assert_eq!(missing, None, "{shape:?} {cut:?}");
        }
    }

    #[test]
    fn runs_and_rows_are_the_real_cells() {
        for dims in shapes() {
            let shape = Shape::new(dims);
            let (cut, vars) = (Cut::new(&shape), shape.num_vars());
            // Whole, and in parts that are smaller than blocks, or than rows.
            let cuts = [9, 5].map(|most| cut.split(most));
            let parts = cuts.iter().flat_map(Cut::pieces);
            for piece in cut.pieces().iter().chain(parts) {
                let first = piece.slice << piece.vars;
                let expected: Vec<bool> =
                    (0..1 << piece.vars).map(|i| is_real(&shape, own_index(&cut, first + i, vars))).collect();
                let mut by_rows = vec![false; 1 << piece.vars];
                cut.rows(*piece, |cell, index, count| {
                    by_rows[cell..cell + count].fill(true);
                    let own = index
                        .iter()
                        .zip(shape.dims())
                        .fold(0, |own, (i, dim)| (own << Shape::axis_vars(*dim)) + i);
                    assert_eq!(own, own_index(&cut, first + cell, vars));
                });
                assert_eq!(by_rows, expected, "{shape:?}");
                for low in [piece.vars, piece.vars.saturating_sub(3)] {
                    let mut by_runs = Vec::new();
                    for part in 0..1usize << (piece.vars - low) {
                        let slice = (piece.slice << (piece.vars - low)) + part;
                        cut.runs(low, slice, |count, real| by_runs.resize(by_runs.len() + count, real));
                    }
                    assert_eq!(by_runs, expected, "{shape:?}");
                }
            }
        }
    }

    /// Pinned: 16 times their cells are beyond 32 bits, and every machine has to cut them in the same way.
    #[test]
    fn wide_axes_are_cut_alike_everywhere() {
        let pieces = |dim: u32| -> Vec<[usize; 2]> {
            Cut::new(&Shape::new([dim])).pieces().iter().map(|piece| [piece.vars, piece.slice]).collect()
        };
        assert_eq!(pieces(134_217_729), [[27, 0], [24, 8]]);
        assert_eq!(pieces(251_658_240), [[27, 0], [26, 2], [25, 6], [24, 14]]);
        assert_eq!(pieces(1 << 28), [[28, 0]]);
    }

    #[test]
    fn little_padding_is_left_where_axes_are_cut() {
        let cells = |dims: &[u32]| -> usize {
            Cut::new(&Shape::new(dims)).pieces().iter().map(|piece| 1 << piece.vars).sum()
        };
        assert_eq!(cells(&[12, 128, 128]), 12 * 128 * 128);
        assert_eq!(cells(&[128, 384]), 128 * 384);
        assert_eq!(cells(&[768, 3072]), 768 * 3072);
        assert_eq!(cells(&[4096, 11_008]), 4096 * 11_264);
        assert_eq!(cells(&[50_257, 768]), 53_248 * 768);
        assert_eq!(Cut::new(&Shape::new([768, 3072])).pieces().len(), 6);
        // Small ones stay whole.
        assert_eq!(Cut::new(&Shape::new([12, 12])).pieces().len(), 1);
    }
}
