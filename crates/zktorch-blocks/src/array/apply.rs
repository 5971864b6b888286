//! The product of a sparse matrix with the middle axis of an array, at the speed of memory where the entries are integers.

use std::ops::Range;

use ark_ff::AdditiveGroup;
use zktorch_field::{Backend, Fr, Ints, Kernel, LANES, Packed, dispatch, par};

use super::SparseMatrix;

/// Vectors of eight entries of a row that are summed up at a time: a stretch long enough for the prefetcher, sums that stay in the
/// second-level cache.
const TILE: usize = 32;
/// Source rows added at a time: loading and storing the sums costs little beside them.
const ROWS: usize = 8;
/// Vectors of eight weights of an inner product that are used for several rows, one after the other: they stay in the first-level
/// cache.
const WEIGHTS: usize = 64;
/// Rows of inner products per piece of parallel work.
const DOTS: usize = 32;

/// What can be multiplied with a weight.
pub(super) trait Cell: Copy + Send + Sync {
    /// A sum of products whose reduction is delayed.
    type Sum<B: Backend>: Copy;

    fn times(self, weight: Fr) -> Fr;
    fn zero<B: Backend>() -> Self::Sum<B>;
    /// Adds `weight * cells`.
    fn mul_add<B: Backend>(sum: &mut Self::Sum<B>, weight: B::Fr, cells: &[Self; LANES]);
    /// The sum, reduced, given the sum of its weights.
    fn reduce<B: Backend>(sum: Self::Sum<B>, weights: B::Fr) -> B::Fr;
}

macro_rules! integer_cells {
    ($($int:ty => $load:ident),*) => {$(
        impl Cell for $int {
            type Sum<B: Backend> = <B::Fr as Packed>::SmallAcc;

            fn times(self, weight: Fr) -> Fr {
                // Most values are small and many are zero.
                match self {
                    0 => Fr::ZERO,
                    value => weight * Fr::from(value),
                }
            }

            #[inline(always)]
            fn zero<B: Backend>() -> Self::Sum<B> {
                B::Fr::small_zero()
            }

            #[inline(always)]
            fn mul_add<B: Backend>(sum: &mut Self::Sum<B>, weight: B::Fr, cells: &[Self; LANES]) {
                B::Fr::small_mul_add_known(sum, weight, B::Ints::$load(cells));
            }

            #[inline(always)]
            fn reduce<B: Backend>(sum: Self::Sum<B>, weights: B::Fr) -> B::Fr {
                B::Fr::small_reduce_known(sum, weights)
            }
        }
    )*};
}
integer_cells!(i16 => load_i16, i32 => load_i32);

impl Cell for Fr {
    type Sum<B: Backend> = <B::Fr as Packed>::Acc;

    fn times(self, weight: Fr) -> Fr {
        weight * self
    }

    #[inline(always)]
    fn zero<B: Backend>() -> Self::Sum<B> {
        B::Fr::acc_zero()
    }

    #[inline(always)]
    fn mul_add<B: Backend>(sum: &mut Self::Sum<B>, weight: B::Fr, cells: &[Self; LANES]) {
        B::Fr::acc_mul_add(sum, B::Fr::load_slice(cells), weight);
    }

    #[inline(always)]
    fn reduce<B: Backend>(sum: Self::Sum<B>, _: B::Fr) -> B::Fr {
        B::Fr::acc_reduce(sum)
    }
}

/// `out[o, row, i] = sum over c of matrix[row, c] cells[o, c, i]` for `outer` times `inner` values of (o, i).
pub(super) fn apply<T: Cell>(matrix: &SparseMatrix, outer: usize, inner: usize, cells: &[T]) -> Vec<Fr> {
    let mut out = vec![Fr::ZERO; outer * matrix.rows * inner];
    if out.is_empty() {
        return out;
    }
    let rows = rows(matrix);
    let array = Source { cells, columns: matrix.columns, inner };
    match inner {
        1 => dots(&rows, &array, &mut out),
        _ if inner.is_multiple_of(LANES) => combinations(&rows, &array, &mut out),
        _ => par::for_each_chunk_mut(&mut out, inner, |at, out| {
            let (o, entries) = (at / rows.len(), rows[at % rows.len()]);
            for (i, out) in out.iter_mut().enumerate() {
                *out = entries.iter().map(|(_, c, w)| array.at(o, *c)[i].times(*w)).sum();
            }
        }),
    }
    out
}

/// An entry of a matrix.
type Entry = (usize, usize, Fr);

/// The entries of every row.
fn rows(matrix: &SparseMatrix) -> Vec<&[Entry]> {
    let mut rest = matrix.entries.as_slice();
    let row = |row| {
        let (head, tail) = rest.split_at(rest.partition_point(|entry: &Entry| entry.0 <= row));
        rest = tail;
        head
    };
    (0..matrix.rows).map(row).collect()
}

/// The array that is read.
#[derive(Clone, Copy)]
struct Source<'a, T> {
    cells: &'a [T],
    columns: usize,
    inner: usize,
}

impl<'a, T> Source<'a, T> {
    /// `cells[o, c, ..]` and what follows.
    fn at(&self, o: usize, c: usize) -> &'a [T] {
        &self.cells[(o * self.columns + c) * self.inner..]
    }
}

/// The last axis: `out[o, row]` are inner products of adjacent entries, of a range of rows of the array at a time.
fn dots<T: Cell>(rows: &[&[Entry]], array: &Source<'_, T>, out: &mut [Fr]) {
    // A row without gaps is a vector of weights.
    let dense = |entries: &&[Entry]| {
        let adjacent = entries.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1);
        adjacent.then(|| entries.iter().map(|entry| entry.2).collect::<Vec<Fr>>())
    };
    let dense: Vec<Option<Vec<Fr>>> = rows.iter().map(dense).collect();
    par::for_each_chunk_mut(out, DOTS * rows.len(), |piece, out| {
        let first = piece * DOTS;
        for (row, (entries, dense)) in rows.iter().zip(&dense).enumerate() {
            let place = |i: usize| i * rows.len() + row;
            let count = out.len() / rows.len();
            match (dense, entries.first()) {
                (Some(weights), Some((_, start, _))) => {
                    let sums = dispatch(Dots { weights, array, outer: first..first + count, start: *start });
                    sums.into_iter().enumerate().for_each(|(i, sum)| out[place(i)] = sum);
                }
                _ => {
                    for i in 0..count {
                        let cells = array.at(first + i, 0);
                        out[place(i)] = entries.iter().map(|(_, c, w)| cells[*c].times(*w)).sum();
                    }
                }
            }
        }
    });
}

/// `sum over j of weights[j] cells[o, start + j]` for every o of a range.
struct Dots<'a, T> {
    weights: &'a [Fr],
    array: &'a Source<'a, T>,
    outer: Range<usize>,
    start: usize,
}

impl<T: Cell> Kernel for Dots<'_, T> {
    type Output = Vec<Fr>;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Vec<Fr> {
        let Self { weights, array, outer, start } = self;
        let (vectors, last) = weights.as_chunks::<LANES>();
        let mut sums = vec![B::Fr::zero(); outer.len()];
        let mut packed = Vec::with_capacity(WEIGHTS);
        for (block, vectors) in vectors.chunks(WEIGHTS).enumerate() {
            packed.clear();
            let mut total = B::Fr::zero();
            for vector in vectors {
                let weight = B::Fr::load_slice(vector);
                total = total.add(weight);
                packed.push(weight);
            }
            for (sum, o) in sums.iter_mut().zip(outer.clone()) {
                let cells = &array.at(o, start + block * WEIGHTS * LANES)[..packed.len() * LANES];
                let mut acc = T::zero::<B>();
                for (weight, cells) in packed.iter().zip(cells.as_chunks::<LANES>().0) {
                    T::mul_add::<B>(&mut acc, *weight, cells);
                }
                *sum = sum.add(T::reduce::<B>(acc, total));
            }
        }
        let mut out = Vec::with_capacity(sums.len());
        for (sum, o) in sums.into_iter().zip(outer) {
            let mut value = sum.sum_lanes();
            for (weight, cell) in last.iter().zip(array.at(o, start + vectors.len() * LANES)) {
                value += cell.times(*weight);
            }
            out.push(value);
        }
        out
    }
}

/// Another axis: `out[o, row, ..]` are sums of weighted rows of the array.
fn combinations<T: Cell>(rows: &[&[Entry]], array: &Source<'_, T>, out: &mut [Fr]) {
    let stretch = array.inner.min(TILE * LANES);
    let per_row = array.inner / stretch;
    // Few sums of many rows: the threads share the rows instead.
    let longest = rows.iter().map(|entries| entries.len()).max().unwrap_or(0);
    let parts =
        (2 * par::current_num_threads()).div_ceil(out.len() / stretch).min(longest.div_ceil(64)).max(1);
    let sum = |at: usize, part: usize, out: &mut [Fr]| {
        let (row, start) = (at / per_row, at % per_row * stretch);
        let (o, entries) = (row / rows.len(), rows[row % rows.len()]);
        let size = entries.len().div_ceil(parts);
        let entries = entries.chunks(size.max(1)).nth(part).unwrap_or_default();
        dispatch(Combination { out, entries, array, o, start });
    };
    if parts == 1 {
        par::for_each_chunk_mut(out, stretch, |at, out| sum(at, 0, out));
        return;
    }
    let mut sums = vec![Fr::ZERO; out.len() * parts];
    par::for_each_chunk_mut(&mut sums, stretch, |task, sums| sum(task / parts, task % parts, sums));
    for (out, parts) in out.chunks_mut(stretch).zip(sums.chunks(stretch * parts)) {
        for part in parts.chunks(stretch) {
            out.iter_mut().zip(part).for_each(|(out, part)| *out += part);
        }
    }
}

/// `out[i] = sum of w cells[o, c, start + i]` over entries (., c, w), for whole vectors of eight.
struct Combination<'a, T> {
    out: &'a mut [Fr],
    entries: &'a [Entry],
    array: &'a Source<'a, T>,
    o: usize,
    start: usize,
}

impl<T: Cell> Kernel for Combination<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let Self { out, entries, array, o, start } = self;
        let width = out.len() / LANES;
        let mut sums = [T::zero::<B>(); TILE];
        let mut total = B::Fr::zero();
        let mut packed = Vec::with_capacity(ROWS);
        for entries in entries.chunks(ROWS) {
            packed.clear();
            for (_, c, weight) in entries {
                let weight = B::Fr::splat(*weight);
                total = total.add(weight);
                packed.push((weight, &array.at(o, *c)[start..start + width * LANES]));
            }
            for (t, sum) in sums[..width].iter_mut().enumerate() {
                let mut acc = *sum;
                for (weight, cells) in &packed {
                    if let Some(eight) = cells[t * LANES..].first_chunk::<LANES>() {
                        T::mul_add::<B>(&mut acc, *weight, eight);
                    }
                }
                *sum = acc;
            }
        }
        for (out, sum) in out.as_chunks_mut::<LANES>().0.iter_mut().zip(sums) {
            T::reduce::<B>(sum, total).store_slice(out);
        }
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
        let long = [(1, 600), (8, 300), (512, 130)];
        for (inner, columns) in
            [(1, 1), (1, 4), (1, 8), (1, 13), (1, 32), (2, 8), (8, 4), (16, 3)].into_iter().chain(long)
        {
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
            let short: Vec<i16> = cells.iter().map(|cell| *cell as i16).collect();
            let same: Vec<i32> = short.iter().map(|cell| (*cell).into()).collect();
            let expected = apply(&matrix, OUTER, inner, &same);
            assert_eq!(apply(&matrix, OUTER, inner, &short), expected, "16 bits, {columns} {inner}");
        }
    }
}
