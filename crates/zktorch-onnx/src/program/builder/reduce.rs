//! Reductions along axes.

use super::super::{AxisMatrix, Id, Kind};
use super::Builder;

impl Builder {
    /// Removes axes of extent 1, unless they are kept.
    pub(crate) fn dropped(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        if keep {
            return x;
        }
        let all = self.dims(x).iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
        let dims: Vec<usize> = all.map(|(_, dim)| *dim).collect();
        self.reshape(x, &dims)
    }

    /// Sums over axes, divided by their joint extent for a mean.
    fn total(&mut self, x: Id, axes: &[usize], keep: bool, mean: bool) -> Id {
        let mut sum = match self.kind(x) {
            Kind::Bool => self.cast(x, Kind::Int),
            _ => x,
        };
        for axis in axes {
            let extent = self.dims(sum)[*axis];
            let entries = (0..extent as u32).map(|q| (0, q, 1)).collect();
            let divisor = if mean { extent.max(1) as u32 } else { 1 };
            sum = self.map(sum, *axis, AxisMatrix::new(1, entries, divisor));
        }
        self.dropped(sum, axes, keep)
    }

    pub(crate) fn reduce_sum(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        let id = self.total(x, axes, keep, false);
        self.note_exponentials(id, x, axes);
        id
    }

    pub(crate) fn reduce_mean(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        self.total(x, axes, keep, true)
    }

    /// The largest entry along axes: pairs, then pairs of pairs.
    pub(crate) fn reduce_max(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        let mut max = x;
        for axis in axes {
            while self.dims(max)[*axis] > 1 {
                let extent = self.dims(max)[*axis];
                let half = extent.div_ceil(2);
                let (low, high) =
                    (self.slice(max, *axis, 0, half), self.slice(max, *axis, extent - half, half));
                max = self.max(low, high);
            }
        }
        self.dropped(max, axes, keep)
    }

    /// The product of the entries along axes.
    pub(crate) fn reduce_prod(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        let dims = self.dims(x).to_vec();
        let mut product = match self.kind(x) {
            Kind::Bool => self.cast(x, Kind::Int),
            _ => x,
        };
        // One axis, if everything is multiplied.
        if axes.len() == dims.len() && !axes.is_empty() {
            let entries = crate::tensor::len(&dims);
            product = self.reshape(product, &[entries]);
            product = self.product_along(product, 0);
            return self.reshape(product, &vec![1; if keep { dims.len() } else { 0 }]);
        }
        for axis in axes {
            product = self.product_along(product, *axis);
        }
        self.dropped(product, axes, keep)
    }

    /// Pairs, then pairs of pairs; few factors are values of their own, so that each has the scale that it
    /// needs.
    fn product_along(&mut self, x: Id, axis: usize) -> Id {
        const FEW: usize = 16;
        let extent = self.dims(x)[axis];
        let half = extent / 2;
        if extent < 2 {
            return x;
        }
        let low = self.slice(x, axis, 0, half);
        if extent <= FEW {
            let high = self.slice(x, axis, half, extent - half);
            let (low, high) = (self.product_along(low, axis), self.product_along(high, axis));
            return self.mul(low, high);
        }
        let high = self.slice(x, axis, half, half);
        let mut pairs = self.mul(low, high);
        if !extent.is_multiple_of(2) {
            let last = self.slice(x, axis, extent - 1, 1);
            pairs = self.concat(&[pairs, last], axis);
        }
        self.product_along(pairs, axis)
    }

    pub(crate) fn reduce_min(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        let negative = self.scale(x, -1.0);
        let max = self.reduce_max(negative, axes, keep);
        self.scale(max, -1.0)
    }

    /// Sums of products `a b` of values of equal extents: one contraction, nothing between is stored.
    pub(crate) fn reduce_product(&mut self, a: Id, b: Id, axes: &[usize], keep: bool) -> Id {
        let mut dims = self.dims(a).to_vec();
        let labels: Vec<u32> = (0..dims.len() as u32).collect();
        let out: Vec<u32> = labels.iter().copied().filter(|axis| !axes.contains(&(*axis as usize))).collect();
        let sum = self.einsum((a, &labels), (b, &labels), &out);
        if keep {
            axes.iter().for_each(|axis| dims[*axis] = 1);
            return self.reshape(sum, &dims);
        }
        sum
    }
}
