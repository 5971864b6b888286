//! Dense arrays whose axes are contracted with sparse matrices: partial evaluation of tensors.

use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed, dispatch, par};

/// Name of an axis while an array is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// A source axis of a view.
    Source(u32),
    /// An output axis of a view.
    Output(u32),
}

/// `M[row, column] = weight`, sorted by row.
#[derive(Clone, Debug)]
pub(crate) struct SparseMatrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) entries: Vec<(usize, usize, Fr)>,
}

/// The entries: small integers until the first contraction.
#[derive(Clone, Debug)]
enum Data<'a> {
    Ints(std::borrow::Cow<'a, [i32]>),
    Field(Vec<Fr>),
}

/// A row-major array with named axes.
#[derive(Clone, Debug)]
pub(crate) struct Array<'a> {
    axes: Vec<(Axis, usize)>,
    data: Data<'a>,
}

impl<'a> Array<'a> {
    /// A tensor's cells, with its source axes of these sizes.
    pub(crate) fn new(cells: &'a [i32], sizes: impl IntoIterator<Item = usize>) -> Self {
        let axes = (0u32..).map(Axis::Source).zip(sizes).collect();
        Self { axes, data: Data::Ints(cells.into()) }
    }

    fn position(&self, axis: Axis) -> Option<usize> {
        self.axes.iter().position(|(other, _)| *other == axis)
    }

    /// Gives an axis another name.
    pub(crate) fn rename(&mut self, from: Axis, to: Axis) {
        self.axes.iter_mut().filter(|(axis, _)| *axis == from).for_each(|(axis, _)| *axis = to);
    }

    /// Replaces adjacent axes by new ones: `out[o, row, i] = sum_column M[row, column] in[o, column, i]`. The column index is
    /// row-major over `from`, the row index over `to`.
    pub(crate) fn contract(&mut self, from: &[Axis], to: &[(Axis, usize)], matrix: &SparseMatrix) {
        self.make_adjacent(from);
        let at = from.first().and_then(|axis| self.position(*axis)).unwrap_or(self.axes.len());
        let outer: usize = self.axes[..at].iter().map(|(_, size)| size).product();
        let inner: usize = self.axes[at + from.len()..].iter().map(|(_, size)| size).product();
        let out = match &self.data {
            Data::Ints(cells) => apply(matrix, outer, inner, cells.as_ref()),
            Data::Field(cells) => apply(matrix, outer, inner, cells.as_slice()),
        };
        self.data = Data::Field(out);
        self.axes.splice(at..at + from.len(), to.iter().copied());
    }

    fn make_adjacent(&mut self, axes: &[Axis]) {
        let positions: Vec<usize> = axes.iter().filter_map(|axis| self.position(*axis)).collect();
        if positions.windows(2).all(|pair| pair[1] == pair[0] + 1) {
            return;
        }
        let at = positions.iter().copied().min().unwrap_or(0);
        let mut order: Vec<Axis> =
            self.axes.iter().map(|(axis, _)| *axis).filter(|axis| !axes.contains(axis)).collect();
        let before = self.axes[..at].iter().filter(|(axis, _)| !axes.contains(axis)).count();
        order.splice(before..before, axes.iter().copied());
        self.permute(&order);
    }

    /// Brings the axes into this order.
    pub(crate) fn permute(&mut self, order: &[Axis]) {
        let positions: Vec<usize> = order.iter().filter_map(|axis| self.position(*axis)).collect();
        // Axes of one entry may be anywhere.
        let mut strides = vec![1usize; self.axes.len()];
        for i in (1..self.axes.len()).rev() {
            strides[i - 1] = strides[i] * self.axes[i].1;
        }
        let moved: Vec<(usize, usize)> =
            positions.iter().map(|p| (self.axes[*p].1, strides[*p])).filter(|(size, _)| *size > 1).collect();
        let sorted = moved.windows(2).all(|pair| pair[0].1 > pair[1].1);
        let axes: Vec<(Axis, usize)> = positions.iter().map(|p| self.axes[*p]).collect();
        if !sorted {
            self.data = match &self.data {
                Data::Ints(cells) => Data::Ints(gather(cells, &moved).into()),
                Data::Field(cells) => Data::Field(gather(cells, &moved)),
            };
        }
        self.axes = axes;
    }

    /// The entries as field elements.
    pub(crate) fn into_field(self) -> Vec<Fr> {
        match self.data {
            Data::Field(values) => values,
            Data::Ints(cells) => zktorch_mira::levels::Column::I32(&cells).to_field(),
        }
    }
}

/// All entries in the order of these (size, stride) axes.
fn gather<T: Copy>(cells: &[T], axes: &[(usize, usize)]) -> Vec<T> {
    let mut indices = vec![0usize];
    for (size, stride) in axes {
        let next: Vec<usize> =
            indices.iter().flat_map(|base| (0..*size).map(move |i| base + i * stride)).collect();
        indices = next;
    }
    indices.into_iter().map(|index| cells[index]).collect()
}

/// What can be multiplied with a weight.
trait Cell: Copy + Send + Sync {
    fn times(self, weight: Fr) -> Fr;
    /// `acc += weight * cells[0..8]`
    fn load<B: Backend>(cells: &[Self; LANES]) -> Loaded<B>;
}

/// Eight cells in a register.
enum Loaded<B: Backend> {
    Ints(B::Ints),
    Field(B::Fr),
}

impl Cell for i32 {
    fn times(self, weight: Fr) -> Fr {
        // Most values are small and many are zero.
        match self {
            0 => Fr::from(0u64),
            value => weight * Fr::from(value),
        }
    }

    #[inline(always)]
    fn load<B: Backend>(cells: &[Self; LANES]) -> Loaded<B> {
        Loaded::Ints(B::Ints::load_i32(cells))
    }
}

impl Cell for Fr {
    fn times(self, weight: Fr) -> Fr {
        weight * self
    }

    #[inline(always)]
    fn load<B: Backend>(cells: &[Self; LANES]) -> Loaded<B> {
        Loaded::Field(B::Fr::load_slice(cells))
    }
}

fn apply<T: Cell>(matrix: &SparseMatrix, outer: usize, inner: usize, cells: &[T]) -> Vec<Fr> {
    let mut out = vec![Fr::from(0u64); outer * matrix.rows * inner];
    let rows: Vec<&[(usize, usize, Fr)]> = {
        let mut rest = matrix.entries.as_slice();
        (0..matrix.rows)
            .map(|row| {
                let (head, tail) = rest.split_at(rest.partition_point(|entry| entry.0 <= row));
                rest = tail;
                head
            })
            .collect()
    };
    // Along the last axis a row that is full is an inner product of adjacent entries.
    let full: Vec<Option<Vec<Fr>>> = rows
        .iter()
        .map(|entries| {
            let adjacent = inner == 1 && entries.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1);
            adjacent.then(|| entries.iter().map(|entry| entry.2).collect())
        })
        .collect();
    let size = inner.max(1);
    // One row of the result at a time: out[o, row, ..].
    par::for_each_chunk_mut(&mut out, size * matrix.rows.max(1), |o, out| {
        let cells = &cells[o * matrix.columns * inner..(o + 1) * matrix.columns * inner];
        for ((out, entries), full) in out.chunks_mut(size).zip(&rows).zip(&full) {
            if inner.is_multiple_of(LANES) {
                dispatch(Rows { out, entries, cells, inner });
            } else if let (Some(weights), [out], Some((_, first, _))) = (full, &mut *out, entries.first()) {
                *out = dispatch(Dot { weights, cells: &cells[*first..first + weights.len()] });
            } else {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = entries.iter().map(|(_, c, w)| cells[c * inner + i].times(*w)).sum();
                }
            }
        }
    });
    out
}

/// `out[i] = sum of w cells[c, i]`, eight at a time.
struct Rows<'a, T> {
    out: &'a mut [Fr],
    entries: &'a [(usize, usize, Fr)],
    cells: &'a [T],
    inner: usize,
}

impl<T: Cell> Kernel for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let Self { out, entries, cells, inner } = self;
        let mut weights = Vec::with_capacity(entries.len());
        for entry in entries {
            weights.push((entry.1 * inner, B::Fr::splat(entry.2)));
        }
        for (b, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut small = B::Fr::small_zero();
            let mut acc = B::Fr::acc_zero();
            for (start, weight) in &weights {
                let start = start + b * LANES;
                if let Some(eight) = cells[start..].first_chunk::<LANES>() {
                    match T::load::<B>(eight) {
                        Loaded::Ints(ints) => B::Fr::small_mul_add(&mut small, *weight, ints),
                        Loaded::Field(field) => B::Fr::acc_mul_add(&mut acc, field, *weight),
                    }
                }
            }
            B::Fr::small_reduce(small).add(B::Fr::acc_reduce(acc)).store_slice(out);
        }
    }
}

/// `sum of weights[i] cells[i]`, eight at a time.
struct Dot<'a, T> {
    weights: &'a [Fr],
    cells: &'a [T],
}

impl<T: Cell> Kernel for Dot<'_, T> {
    type Output = Fr;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Fr {
        let (weights, last_weights) = self.weights.as_chunks::<LANES>();
        let (cells, last_cells) = self.cells.as_chunks::<LANES>();
        let mut small = B::Fr::small_zero();
        let mut acc = B::Fr::acc_zero();
        for (weights, cells) in weights.iter().zip(cells) {
            let weights = B::Fr::load_slice(weights);
            match T::load::<B>(cells) {
                Loaded::Ints(ints) => B::Fr::small_mul_add(&mut small, weights, ints),
                Loaded::Field(field) => B::Fr::acc_mul_add(&mut acc, field, weights),
            }
        }
        let mut lanes = [Fr::from(0u64); LANES];
        B::Fr::small_reduce(small).add(B::Fr::acc_reduce(acc)).store_slice(&mut lanes);
        let last: Fr = last_weights.iter().zip(last_cells).map(|(weight, cell)| cell.times(*weight)).sum();
        lanes.iter().sum::<Fr>() + last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Full rows and rows with gaps, over integers and over field elements, for every extent behind the axis.
    #[test]
    fn contractions_are_sums() {
        const OUTER: usize = 3;
        let extremes = [0, 1, -1, i32::MIN, i32::MAX, 65_535, -32_768];
        for (columns, inner) in [(1, 1), (4, 1), (8, 1), (13, 1), (32, 1), (8, 2), (4, 8), (3, 16)] {
            let cells: Vec<i32> = (0..OUTER * columns * inner).map(|i| extremes[i * i % 7]).collect();
            let weight = |row: usize, column: usize| -Fr::from((7 * row + column * column + 1) as u64);
            // The first row is full, the second begins later, the third has gaps, the fourth is empty.
            let has = |row: usize, column: usize| [true, column > 0, column % 3 != 1, false][row];
            let pairs = (0..4).flat_map(|row| (0..columns).map(move |column| (row, column)));
            let entries = pairs.filter(|(row, column)| has(*row, *column));
            let entries = entries.map(|(row, column)| (row, column, weight(row, column))).collect();
            let matrix = SparseMatrix { rows: 4, columns, entries };
            let expected: Vec<Fr> = (0..OUTER * 4 * inner)
                .map(|index| {
                    let (outer, row, i) = (index / inner / 4, index / inner % 4, index % inner);
                    let columns_of_row = (0..columns).filter(|column| has(row, *column));
                    let cell = |column: usize| Fr::from(cells[(outer * columns + column) * inner + i]);
                    columns_of_row.map(|column| weight(row, column) * cell(column)).sum()
                })
                .collect();
            let field: Vec<Fr> = cells.iter().map(|cell| Fr::from(*cell)).collect();
            assert_eq!(apply(&matrix, OUTER, inner, &cells), expected, "integers, {columns} {inner}");
            assert_eq!(apply(&matrix, OUTER, inner, &field), expected, "elements, {columns} {inner}");
        }
    }
}
