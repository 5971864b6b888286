//! Views: reads a box of a view into a buffer, its axes in any order.

use std::ops::Range;

use zktorch_field::par;

use super::Entries;
use super::number::Number;
use super::stage::{Source, Stages};
use crate::entries::gathered;
use crate::{AxisMap, Factor, Graph, Indices, Shape, View};

/// Offset of a row without an entry.
const NONE: usize = usize::MAX;

/// A view whose rows have at most one entry, ready to be read. Factors with longer rows have been applied to the data.
pub(super) struct Prepared<'a, N> {
    source: Source<'a, N>,
    rows: Vec<Rows<N>>,
    /// Of every output axis: its factor, and its stride in the factor's rows.
    axes: Vec<(usize, usize)>,
}

/// The rows of a factor, over its real output indices: where it reads, and times what.
struct Rows<N> {
    offsets: Vec<usize>,
    /// Empty if all are one.
    coeffs: Vec<N>,
}

/// Rows some stride apart that read equidistant entries, or all of them none: how many from a row on, and how far apart.
#[derive(Clone, Copy)]
struct Run {
    len: usize,
    step: usize,
}

/// An output axis while a box is read.
struct Level {
    factor: usize,
    stride: usize,
    range: Range<usize>,
    /// Entries of the box per index of this axis.
    inner: usize,
    /// Factors whose row is known from this axis on.
    resolves: bool,
}

impl<'a, N: Number> Prepared<'a, N> {
    /// `values` are the real entries of the view's tensor.
    pub(super) fn new(graph: &Graph, view: &View, values: &'a Entries<'a>, indices: Indices<'_>) -> Self {
        let shape = &graph.tensor(view.tensor).shape;
        let mut stages = Stages::new(shape, &view.factors, values);
        let entries: Vec<Vec<(usize, usize, i32)>> =
            view.factors.iter().map(|factor| entries(factor, shape, &view.shape, indices)).collect();
        let counts: Vec<usize> = view.factors.iter().map(|f| extent(&f.out, &view.shape)).collect();
        let mut staged: Vec<usize> = (0..entries.len())
            .filter(|f| entries[*f].windows(2).any(|pair| pair[0].0 == pair[1].0))
            .collect();
        // Those that shrink the data most come first.
        let growth = |f: usize| counts[f] as f64 / extent(&view.factors[f].src, shape) as f64;
        staged.sort_by(|f, g| growth(*f).total_cmp(&growth(*g)));
        for f in &staged {
            stages.apply(*f, &entries[*f], counts[*f]);
        }
        let rows = entries.iter().enumerate().map(|(f, entries)| {
            if staged.contains(&f) {
                let stride = stages.row_stride(f);
                let offsets = (0..counts[f]).map(|row| row * stride).collect();
                return Rows { offsets, coeffs: Vec::new() };
            }
            let column = stages.columns(f);
            let mut offsets = vec![NONE; counts[f]];
            let mut coeffs = vec![N::ONE; counts[f]];
            for (row, src, coeff) in entries {
                offsets[*row] = column(*src);
                coeffs[*row] = N::from_i32(*coeff);
            }
            if coeffs.iter().all(|c| *c == N::ONE) {
                coeffs.clear();
            }
            Rows { offsets, coeffs }
        });
        let rows = rows.collect();
        let mut axes = vec![(0, 0); view.shape.rank()];
        for (f, factor) in view.factors.iter().enumerate() {
            let mut stride = 1;
            for axis in factor.out.iter().rev() {
                axes[*axis as usize] = (f, stride);
                stride *= view.shape.dims()[*axis as usize] as usize;
            }
        }
        Self { source: stages.into_source(), rows, axes }
    }

    /// Writes the box with these ranges, one per axis, into `out`; the axes vary in the given order, the last fastest.
    pub(super) fn read(&self, order: &[usize], ranges: &[Range<usize>], out: &mut [N]) {
        let mut inner = 1;
        let mut seen = vec![false; self.rows.len()];
        let mut levels = Vec::with_capacity(order.len());
        // Axes with one index do not matter for the order; innermost they would make lines of one entry.
        let (one, more): (Vec<usize>, Vec<usize>) = order.iter().partition(|axis| ranges[**axis].len() == 1);
        for axis in more.iter().rev().chain(&one) {
            let ((factor, stride), range) = (self.axes[*axis], ranges[*axis].clone());
            let resolves = !std::mem::replace(&mut seen[factor], true);
            let len = range.len();
            levels.push(Level { factor, stride, range, inner, resolves });
            inner *= len;
        }
        levels.reverse();
        // Factors without output axes have one row.
        let start =
            (0..self.rows.len()).filter(|f| !seen[*f]).try_fold((0, N::ONE), |at, f| self.resolve(f, 0, at));
        let Some(start) = start else { return out.fill(N::default()) };
        let [Some(first), Some(last)] = [levels.first(), levels.last()] else {
            return out[0] = self.source.get(start.0) * start.1;
        };
        let runs = self.rows[last.factor].runs(last.stride);
        // Enough outer axes that every thread has work.
        let wanted = 4 * par::current_num_threads();
        let mut outer = 0;
        let mut tasks = 1;
        while outer + 1 < levels.len() && (tasks < wanted || levels[outer].range.len() == 1) {
            tasks *= levels[outer].range.len();
            outer += 1;
        }
        let size = if outer == 0 { first.inner * first.range.len() } else { levels[outer - 1].inner };
        par::for_each_chunk_mut(out, size, |task, out| {
            let mut partial = vec![0; self.rows.len()];
            let (mut at, mut rest) = (Some(start), task);
            for level in levels[..outer].iter().rev() {
                partial[level.factor] += (level.range.start + rest % level.range.len()) * level.stride;
                rest /= level.range.len();
            }
            for level in levels[..outer].iter().filter(|level| level.resolves) {
                at = at.and_then(|at| self.resolve(level.factor, partial[level.factor], at));
            }
            match at {
                Some(at) => self.fill(&levels[outer..], &runs, &mut partial, at, out),
                None => out.fill(N::default()),
            }
        });
    }

    /// How far apart neighbours along an axis lie in the data, where two of them are read.
    pub(super) fn step(&self, axis: usize) -> usize {
        let (factor, stride) = self.axes[axis];
        let offsets = &self.rows[factor].offsets;
        let pairs = offsets.iter().zip(offsets.iter().skip(stride));
        pairs.into_iter().find(|(a, b)| **a != NONE && **b != NONE).map_or(0, |(a, b)| a.abs_diff(*b))
    }

    /// Adds a factor's row to the offset and coefficient; `None` if the row is empty.
    fn resolve(&self, factor: usize, row: usize, (offset, coeff): (usize, N)) -> Option<(usize, N)> {
        let rows = &self.rows[factor];
        let at = rows.offsets[row];
        let coeff = rows.coeffs.get(row).map_or(coeff, |c| coeff * *c);
        (at != NONE).then(|| (offset + at, coeff))
    }

    fn fill(&self, levels: &[Level], runs: &[Run], partial: &mut [usize], at: (usize, N), out: &mut [N]) {
        let Some((level, inner)) = levels.split_first() else { return };
        if inner.is_empty() {
            return self.line(level, runs, partial[level.factor], at, out);
        }
        let row = partial[level.factor];
        for (i, out) in level.range.clone().zip(out.chunks_mut(level.inner)) {
            partial[level.factor] = row + i * level.stride;
            let at =
                if level.resolves { self.resolve(level.factor, partial[level.factor], at) } else { Some(at) };
            match at {
                Some(at) => self.fill(inner, runs, partial, at, out),
                None => out.fill(N::default()),
            }
        }
        partial[level.factor] = row;
    }

    /// The innermost axis, which resolves its factor.
    fn line(&self, level: &Level, runs: &[Run], row: usize, (offset, coeff): (usize, N), out: &mut [N]) {
        let rows = &self.rows[level.factor];
        let first = row + level.range.start * level.stride;
        let (mut row, mut rest) = (first, &mut *out);
        while !rest.is_empty() {
            let run = runs[row];
            let len = run.len.min(rest.len());
            let (now, later) = std::mem::take(&mut rest).split_at_mut(len);
            match rows.offsets[row] {
                NONE => now.fill(N::default()),
                at => self.source.read_step(offset + at, run.step, now),
            }
            row += len * level.stride;
            rest = later;
        }
        if coeff != N::ONE {
            out.iter_mut().for_each(|out| *out = *out * coeff);
        }
        if !rows.coeffs.is_empty() {
            let coeffs = rows.coeffs[first..].iter().step_by(level.stride);
            out.iter_mut().zip(coeffs).for_each(|(out, coeff)| *out = *out * *coeff);
        }
    }
}

impl<N> Rows<N> {
    /// The runs from every row on, for rows `stride` apart.
    fn runs(&self, stride: usize) -> Vec<Run> {
        let mut runs = vec![Run { len: 1, step: 1 }; self.offsets.len()];
        for row in (0..runs.len().saturating_sub(stride)).rev() {
            let next = runs[row + stride];
            runs[row] = match [self.offsets[row], self.offsets[row + stride]] {
                [NONE, NONE] => Run { len: next.len + 1, step: 1 },
                [at, after] if at != NONE && after != NONE && at <= after => {
                    let step = after - at;
                    Run { len: if next.len == 1 || next.step == step { next.len + 1 } else { 2 }, step }
                }
                _ => Run { len: 1, step: 1 },
            };
        }
        runs
    }
}

fn extent(axes: &[u32], shape: &Shape) -> usize {
    axes.iter().map(|axis| shape.dims()[*axis as usize] as usize).product()
}

/// The entries (row, column, coefficient) of a factor's matrix by rows, with row-major indices over the *real* extents.
fn entries(
    factor: &Factor,
    source: &Shape,
    output: &Shape,
    indices: Indices<'_>,
) -> Vec<(usize, usize, i32)> {
    let (src, out) = (Axes::new(&factor.src, source), Axes::new(&factor.out, output));
    match &factor.map {
        AxisMap::Identity => (0..extent(&factor.src, source)).map(|i| (i, i, 1)).collect(),
        AxisMap::Window { stride, dilation, pad } => {
            let (len, taps) = (i64::from(src.0[0].1), i64::from(out.0[0].1));
            let positions = i64::from(out.0[1].1);
            let rows = (0..positions).flat_map(|p| (0..taps).map(move |k| (p, k)));
            rows.filter_map(|(p, k)| {
                let q = i64::from(*stride) * p + i64::from(*dilation) * k - i64::from(*pad);
                (0..len).contains(&q).then_some(((p * taps + k) as usize, q as usize, 1))
            })
            .collect()
        }
        AxisMap::Gather { indices: id } => {
            // Rows are row-major over the real extents, as the indices are.
            let row = |(row, index)| gathered(index, src.0[0].1).map(|column| (row, column as usize, 1));
            indices(*id).into_iter().enumerate().filter_map(row).collect()
        }
        AxisMap::Sparse(entries) => {
            entries.iter().map(|e| (out.real(e.out), src.real(e.src), e.coeff)).collect()
        }
    }
}

/// Axes of a factor, last first: variables and extent.
struct Axes(Vec<(usize, u32)>);

impl Axes {
    fn new(axes: &[u32], shape: &Shape) -> Self {
        let dim = |axis: &u32| shape.dims()[*axis as usize];
        Self(axes.iter().rev().map(dim).map(|dim| (Shape::axis_vars(dim), dim)).collect())
    }

    /// The index over the real extents of an index over the padded ones.
    fn real(&self, padded: u32) -> usize {
        let (mut rest, mut stride, mut real) = (u64::from(padded), 1, 0);
        for (vars, dim) in &self.0 {
            real += (rest & ((1 << vars) - 1)) as usize * stride;
            rest >>= vars;
            stride *= *dim as usize;
        }
        real
    }
}
