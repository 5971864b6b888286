//! Reductions along axes.

use zktorch_graph::{Formula, Unary};

use super::super::{AxisMatrix, Id, Kind};
use super::Builder;

impl Builder {
    /// Removes axes of extent 1, unless they are kept.
    fn dropped(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
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
        self.total(x, axes, keep, false)
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

    pub(crate) fn reduce_min(&mut self, x: Id, axes: &[usize], keep: bool) -> Id {
        let negative = self.scale(x, -1.0);
        let max = self.reduce_max(negative, axes, keep);
        self.scale(max, -1.0)
    }

    /// exp(x - max) / sum exp(x - max) along an axis.
    pub(crate) fn softmax(&mut self, x: Id, axes: &[usize]) -> Id {
        let (exponentials, sum) = self.exponentials(x, axes);
        self.div_positive(exponentials, sum)
    }

    /// exp(x - max), and its sum along the axes, which are kept.
    pub(crate) fn exponentials(&mut self, x: Id, axes: &[usize]) -> (Id, Id) {
        let max = self.reduce_max(x, axes, true);
        let difference = self.sub(x, max);
        let exponentials = self.function(difference, Formula::argument().then(Unary::Exp), Kind::Float);
        let sum = self.reduce_sum(exponentials, axes, true);
        (exponentials, sum)
    }
}
