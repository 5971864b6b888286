//! The data a view reads: a tensor, or a tensor to which the factors that sum entries have been applied.

use zktorch_field::par;

use super::Entries;
use super::number::Number;
use crate::{Factor, Shape};

/// Entries of a tensor, or computed ones.
pub(super) enum Source<'a, N> {
    Tensor(&'a Entries<'a>),
    Computed(Vec<N>),
}

impl<N: Number> Source<'_, N> {
    pub(super) fn get(&self, at: usize) -> N {
        match self {
            Self::Tensor(values) => N::from_i32(values.get(at)),
            Self::Computed(values) => values[at],
        }
    }

    /// Entries `step` apart.
    pub(super) fn read_step(&self, from: usize, step: usize, out: &mut [N]) {
        match self {
            Self::Tensor(values) => values.read_step(from, step, out),
            Self::Computed(values) if step == 1 => out.copy_from_slice(&values[from..from + out.len()]),
            Self::Computed(values) => {
                out.iter_mut().enumerate().for_each(|(i, out)| *out = values[from + i * step]);
            }
        }
    }
}

/// What an axis of the data is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Axis {
    /// An axis of the tensor.
    Source(u32),
    /// The rows of a factor that has been applied.
    Rows(usize),
}

/// Data on the way from a tensor to what a view reads: row-major over `axes`.
pub(super) struct Stages<'v, 'a, N> {
    factors: &'v [Factor],
    axes: Vec<(Axis, usize)>,
    source: Source<'a, N>,
}

/// Entries a task handles at once.
const PIECE: usize = 1 << 12;

impl<'v, 'a, N: Number> Stages<'v, 'a, N> {
    pub(super) fn new(shape: &Shape, factors: &'v [Factor], values: &'a Entries<'a>) -> Self {
        let axes =
            shape.dims().iter().zip(0..).map(|(dim, axis)| (Axis::Source(axis), *dim as usize)).collect();
        Self { factors, axes, source: Source::Tensor(values) }
    }

    pub(super) fn into_source(self) -> Source<'a, N> {
        self.source
    }

    fn stride(&self, axis: Axis) -> usize {
        self.axes.iter().rev().take_while(|(other, _)| *other != axis).map(|(_, dim)| dim).product()
    }

    /// Extents and strides of a factor's source axes, in its order.
    fn source_axes(&self, factor: usize) -> Vec<(usize, usize)> {
        let dim = |axis| self.axes.iter().find(|(other, _)| *other == axis).map_or(1, |(_, dim)| *dim);
        let axes = self.factors[factor].src.iter().map(|axis| Axis::Source(*axis));
        axes.map(|axis| (dim(axis), self.stride(axis))).collect()
    }

    /// Offset in the data of a column of a factor that is not applied.
    pub(super) fn columns(&self, factor: usize) -> impl Fn(usize) -> usize + use<N> {
        let axes = self.source_axes(factor);
        move |column| {
            let (mut rest, mut offset) = (column, 0);
            for (dim, stride) in axes.iter().rev() {
                offset += rest % dim * stride;
                rest /= dim;
            }
            offset
        }
    }

    /// Distance in the data of the rows of a factor that has been applied.
    pub(super) fn row_stride(&self, factor: usize) -> usize {
        self.stride(Axis::Rows(factor))
    }

    /// Applies a factor: its source axes give way to one axis, the outermost, for its rows.
    pub(super) fn apply(&mut self, factor: usize, entries: &[(usize, usize, i32)], rows: usize) {
        let columns = self.source_axes(factor);
        let of_factor = |axis: Axis| matches!(axis, Axis::Source(a) if self.factors[factor].src.contains(&a));
        let rest: Vec<(Axis, usize)> =
            self.axes.iter().copied().filter(|(axis, _)| !of_factor(*axis)).collect();
        // The data by columns of the factor: [column][rest].
        let strided = rest.iter().map(|(axis, dim)| (*dim, self.stride(*axis)));
        let order: Vec<(usize, usize)> = columns.iter().copied().chain(strided).collect();
        let mut by_column = vec![N::default(); order.iter().map(|(dim, _)| dim).product()];
        self.transpose(&order, 0, &mut by_column);
        let len: usize = rest.iter().map(|(_, dim)| dim).product();
        let mut out = vec![N::default(); rows * len];
        par::for_each_chunk_mut(&mut out, len, |row, out| {
            let from = entries.partition_point(|entry| entry.0 < row);
            let until = entries.partition_point(|entry| entry.0 <= row);
            par::for_each_chunk_mut(out, PIECE, |piece, out| {
                for (_, column, coeff) in &entries[from..until] {
                    let (source, coeff) = (&by_column[column * len + piece * PIECE..], N::from_i32(*coeff));
                    out.iter_mut().zip(source).for_each(|(out, x)| *out += *x * coeff);
                }
            });
        });
        self.axes = std::iter::once((Axis::Rows(factor), rows)).chain(rest).collect();
        self.source = Source::Computed(out);
    }

    /// The data with these extents and strides, row-major.
    fn transpose(&self, axes: &[(usize, usize)], from: usize, out: &mut [N]) {
        match axes {
            [] => out[0] = self.source.get(from),
            [(_, stride)] => self.source.read_step(from, *stride, out),
            [(dim, stride), inner @ ..] => {
                let size = out.len() / dim;
                out.chunks_mut(size)
                    .enumerate()
                    .for_each(|(i, out)| self.transpose(inner, from + i * stride, out));
            }
        }
    }
}
