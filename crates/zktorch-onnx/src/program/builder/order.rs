//! What the order of entries decides: ranks, the first largest one, indicators of indices.

use zktorch_graph::{Formula, Unary};

use super::super::{AxisMatrix, Id, Kind};
use super::Builder;
use crate::IntTensor;

/// Longest axis whose entries are compared in pairs.
const MAX_PAIRED: usize = 2048;
/// Up to here pairs cost less than a maximum.
const FEW: usize = 8;

impl Builder {
    /// Public integers f(0), f(1), .. along one of `rank` axes.
    pub(crate) fn count_along(
        &mut self,
        rank: usize,
        axis: usize,
        extent: usize,
        f: impl Fn(i64) -> i64,
    ) -> Id {
        let mut dims = vec![1; rank];
        dims[axis] = extent;
        let tensor = IntTensor::from_fn(dims, |i| f(i as i64));
        let name = self.label.clone();
        self.constant_of(&name, tensor.into(), Kind::Int, true)
    }

    /// [index = q] for q below `depth` along a new axis; all zero for an index out of range.
    pub(crate) fn one_hot(&mut self, index: Id, axis: usize, depth: usize) -> Id {
        let mut dims = self.dims(index).to_vec();
        dims.insert(axis, 1);
        let column = self.reshape(index, &dims);
        let count = self.count_along(dims.len(), axis, depth, |q| q);
        self.equal(column, count)
    }

    /// The place of every entry along an axis when the largest (or smallest) comes first and equal ones keep
    /// their order: every pair is compared once.
    pub(crate) fn ranks(&mut self, x: Id, axis: usize, largest: bool) -> Id {
        let (rank, extent) = (self.rank(x), self.dims(x)[axis]);
        if extent > MAX_PAIRED {
            self.fail(format!("an axis of at most {MAX_PAIRED} entries to be ordered"), extent.to_string());
            return x;
        }
        let own = self.count_along(rank, axis, extent, |i| i);
        let pairs: Vec<(usize, usize)> = (0..extent).flat_map(|j| (0..j).map(move |i| (i, j))).collect();
        if pairs.is_empty() {
            let dims = self.dims(x).to_vec();
            return self.broadcast(own, &dims);
        }
        let first = self.select(x, axis, pairs.len(), |p| Some(pairs[p].0));
        let second = self.select(x, axis, pairs.len(), |p| Some(pairs[p].1));
        let swapped = if largest { self.less(first, second) } else { self.less(second, first) };
        let swapped = self.cast(swapped, Kind::Int);
        // In order, j comes after the j entries before it; every swap moves one of both up and the other one
        // down.
        let moves = pairs
            .iter()
            .enumerate()
            .flat_map(|(p, (i, j))| [(*i as u32, p as u32, 1), (*j as u32, p as u32, -1)]);
        let moved = self.map(swapped, axis, AxisMatrix::new(extent, moves.collect(), 1));
        self.add(moved, own)
    }

    /// The index of the first largest (or smallest) entry along an axis, which is kept.
    pub(crate) fn first_index(&mut self, x: Id, axis: usize, largest: bool) -> Id {
        let (rank, extent) = (self.rank(x), self.dims(x)[axis]);
        if extent <= FEW {
            let ranks = self.ranks(x, axis, largest);
            let first = self.function(ranks, Formula::argument().then(Unary::IsZero), Kind::Bool);
            let first = self.cast(first, Kind::Int);
            let entries = (0..extent).map(|q| (0, q as u32, q as i32)).collect();
            return self.map(first, axis, AxisMatrix::new(1, entries, 1));
        }
        let x = if largest { x } else { self.scale(x, -1.0) };
        let max = self.reduce_max(x, &[axis], true);
        let found = self.equal(x, max);
        // The first one has the largest distance to the end.
        let distance = self.count_along(rank, axis, extent, |i| extent as i64 - i);
        let distance = self.mul(found, distance);
        let last = self.reduce_max(distance, &[axis], true);
        let end = self.scalar(extent as f64, Kind::Int);
        self.sub(end, last)
    }
}
