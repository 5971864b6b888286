//! Contractions as batched matrix products, in tiles that fit into memory.

use std::ops::Range;

use zktorch_field::par;

use super::number::Number;
use super::scratch::stale;
use super::view::Prepared;
use super::{Context, matmul};
use crate::{Contract, Linear};

/// A linear expression that is ready to be read.
struct Operand<'a, N> {
    terms: Vec<(N, Prepared<'a, N>)>,
}

impl<'a, N: Number> Operand<'a, N> {
    fn new(context: &Context<'a>, linear: &Linear) -> Self {
        let terms = linear.terms.iter().map(|(coeff, view)| (N::from_i64(*coeff), context.prepare(view)));
        Self { terms: terms.collect() }
    }

    /// How far apart the entries along an axis lie in the first term's data.
    fn step(&self, axis: usize) -> usize {
        self.terms.first().map_or(0, |(_, view)| view.step(axis))
    }

    fn read(&self, order: &[usize], ranges: &[Range<usize>], out: &mut [N]) {
        let mut buffer = Vec::new();
        for (i, (coeff, view)) in self.terms.iter().enumerate() {
            if i == 0 {
                view.read(order, ranges, out);
                if *coeff != N::ONE {
                    out.iter_mut().for_each(|out| *out = *out * *coeff);
                }
            } else {
                buffer.resize(out.len(), N::default());
                view.read(order, ranges, &mut buffer);
                out.iter_mut().zip(&buffer).for_each(|(out, x)| *out += *x * *coeff);
            }
        }
    }
}

/// A label: its axis in a, b and the result.
struct Label {
    axes: [Option<usize>; 3],
    range: Range<usize>,
}

/// Which axes of the three a group of labels has.
const BATCH: [bool; 3] = [true, true, true];
const M: [bool; 3] = [true, false, true];
const N_: [bool; 3] = [false, true, true];
const K: [bool; 3] = [true, true, false];

/// Entries of the result's last axis that are a long line, and how many times as long as other axes they may be when they are cut.
const LINE: usize = 256;
const CUT: usize = 32;

/// Adds coeff times a contraction to `acc`, row-major over the extents `dims`.
pub(super) fn add<N: Number>(
    context: &Context<'_>,
    contract: &Contract,
    coeff: i64,
    dims: &[u32],
    acc: &mut [N],
    buffers: &mut [Vec<N>; 3],
) {
    let lists = [&contract.out_axes, &contract.a_axes, &contract.b_axes];
    let extents = [dims, contract.a.shape.dims(), contract.b.shape.dims()];
    // In the order of the result, then of a: it decides the order within each group.
    let mut labels: Vec<(u32, Label)> = Vec::new();
    for (list, (axes, dims)) in lists.into_iter().zip(extents).enumerate() {
        for (axis, (label, dim)) in axes.iter().zip(dims).enumerate() {
            let known = labels.iter().position(|(other, _)| other == label).unwrap_or_else(|| {
                labels.push((*label, Label { axes: [None; 3], range: 0..*dim as usize }));
                labels.len() - 1
            });
            labels[known].1.axes[(list + 2) % 3] = Some(axis);
        }
    }
    let product = Product {
        a: Operand::new(context, &contract.a),
        b: Operand::new(context, &contract.b),
        coeff: N::from_i64(coeff),
        dims,
        tile: context.tile,
    };
    product.add(labels.into_iter().map(|(_, label)| label).collect(), acc, buffers);
}

struct Product<'a, 'd, N> {
    a: Operand<'a, N>,
    b: Operand<'a, N>,
    coeff: N,
    dims: &'d [u32],
    tile: usize,
}

impl<N: Number> Product<'_, '_, N> {
    /// Adds the part of the result in which the labels are in their ranges.
    fn add(&self, mut labels: Vec<Label>, acc: &mut [N], buffers: &mut [Vec<N>; 3]) {
        let sizes: [usize; 3] = std::array::from_fn(|list| {
            let inside = labels.iter().filter(|label| label.axes[list].is_some());
            inside.fold(1usize, |size, label| size.saturating_mul(label.range.len()))
        });
        // An operand that is much larger than the other one is cut to fit the cache: the other one is read again for every part.
        let [a, b, _] = sizes;
        let in_cache = |size, other: usize| if size > 8 * other { self.tile / 8 } else { self.tile };
        let limits = [in_cache(a, b), in_cache(b, a), self.tile];
        // Halves the longest axis of the result that makes something too large smaller.
        let helps =
            |label: &Label| (0..3).any(|list| sizes[list] > limits[list] && label.axes[list].is_some());
        // Lines of neighbours are read and written at once: they are cut last of all axes that are not much shorter.
        let last = self.dims.len().checked_sub(1);
        let length = |label: &Label| match label.range.len() {
            len if label.axes[2] == last && len <= LINE => len.div_ceil(CUT),
            len => len,
        };
        let halved = (0..labels.len())
            .filter(|i| labels[*i].range.len() > 1 && labels[*i].axes[2].is_some() && helps(&labels[*i]))
            .max_by_key(|i| length(&labels[*i]));
        match halved {
            Some(i) => {
                let Range { start, end } = labels[i].range;
                let half = start + (end - start) / 2;
                for range in [start..half, half..end] {
                    labels[i].range = range;
                    let part = labels.iter().map(|l| Label { axes: l.axes, range: l.range.clone() });
                    self.add(part.collect(), acc, buffers);
                }
            }
            None => self.tile(&labels, sizes, acc, buffers),
        }
    }

    fn tile(&self, labels: &[Label], sizes: [usize; 3], acc: &mut [N], buffers: &mut [Vec<N>; 3]) {
        let group = |lists: [bool; 3]| -> Vec<&Label> {
            labels.iter().filter(|label| label.axes.map(|axis| axis.is_some()) == lists).collect()
        };
        let [batch, m, n, k] = [BATCH, M, N_, K].map(group);
        let operand = |list: usize, operand: &Operand<'_, N>, groups: [&[&Label]; 3], out: &mut [N]| {
            let axes: Vec<(usize, Range<usize>)> = groups
                .into_iter()
                .flatten()
                .filter_map(|label| label.axes[list].map(|axis| (axis, label.range.clone())))
                .collect();
            let order: Vec<usize> = axes.iter().map(|(axis, _)| *axis).collect();
            let mut ranges = vec![0..0; axes.len()];
            axes.into_iter().for_each(|(axis, range)| ranges[axis] = range);
            operand.read(&order, &ranges, out);
        };
        let [a, b, c] = buffers;
        let (a, b, c) = (stale(a, sizes[0]), stale(b, sizes[1]), stale(c, sizes[2]));
        operand(0, &self.a, [&batch, &m, &k], a);
        // The order in which b's innermost axis has its entries side by side.
        let step = |labels: &[&Label]| {
            let innermost = labels.iter().rev().find(|label| label.range.len() > 1);
            innermost.and_then(|label| label.axes[1]).map_or(usize::MAX, |axis| self.b.step(axis))
        };
        let transposed = step(&k) < step(&n);
        operand(1, &self.b, if transposed { [&batch, &n, &k] } else { [&batch, &k, &n] }, b);
        let size = |labels: &[&Label]| labels.iter().map(|label| label.range.len()).product();
        let size = matmul::Size { m: size(&m), k: size(&k), n: size(&n), transposed };
        matmul::batched(size, a, b, c);
        let axes: Vec<(Range<usize>, usize)> = [batch, m, n]
            .into_iter()
            .flatten()
            .filter_map(|label| label.axes[2].map(|axis| (label.range.clone(), self.stride(axis))))
            .collect();
        self.scatter_parallel(&axes, c, acc);
    }

    /// Stride of an axis of the result.
    fn stride(&self, axis: usize) -> usize {
        self.dims[axis + 1..].iter().map(|dim| *dim as usize).product()
    }

    /// Adds the tile c, whose axes have these ranges and strides in the result: the threads share the first axis if what lies at its
    /// indices is disjoint.
    fn scatter_parallel(&self, axes: &[(Range<usize>, usize)], c: &[N], acc: &mut [N]) {
        let (fixed, axes): (Vec<_>, Vec<_>) = axes.iter().cloned().partition(|(range, _)| range.len() == 1);
        let acc = &mut acc[fixed.iter().map(|(range, stride)| range.start * stride).sum::<usize>()..];
        let span = |(range, stride): &(Range<usize>, usize)| (range.end - 1) * stride;
        match axes.as_slice() {
            [(range, stride), inner @ ..] if inner.iter().map(span).sum::<usize>() < *stride => {
                let size = c.len() / range.len();
                let parts = acc.chunks_mut(*stride).skip(range.start).zip(c.chunks(size));
                par::map_vec(parts.collect(), |(acc, c)| self.scatter(inner, 0, c, acc));
            }
            axes => self.scatter(axes, 0, c, acc),
        }
    }

    /// Adds the tile c, whose axes have these ranges and strides in the result.
    fn scatter(&self, axes: &[(Range<usize>, usize)], from: usize, c: &[N], acc: &mut [N]) {
        match axes {
            [] => acc[from] += c[0] * self.coeff,
            [(range, 1)] => {
                let acc = &mut acc[from + range.start..from + range.end];
                acc.iter_mut().zip(c).for_each(|(acc, c)| *acc += *c * self.coeff);
            }
            [(range, stride)] => {
                range.clone().zip(c).for_each(|(i, c)| acc[from + i * stride] += *c * self.coeff);
            }
            [(range, stride), inner @ ..] => {
                let size = c.len() / range.len();
                for (i, c) in range.clone().zip(c.chunks(size)) {
                    self.scatter(inner, from + i * stride, c, acc);
                }
            }
        }
    }
}
