//! Entries that move: reshapes, transposes, selections along axes, concatenation, broadcasts.

use std::sync::Arc;

use super::super::{AxisMatrix, Core, Id, Kind};
use super::Builder;
use crate::tensor::len;

impl Builder {
    /// The same entries with other extents of the same product.
    pub(crate) fn reshape(&mut self, x: Id, dims: &[usize]) -> Id {
        if self.dims(x) == dims {
            return x;
        }
        if len(self.dims(x)) != len(dims) {
            let got = format!("{:?} as {dims:?}", self.dims(x));
            self.fail("extents of the same product", got);
            return self.nothing(dims.len(), self.kind(x));
        }
        // What several readers reshape in the same way is stored once for all of them.
        if let Some(known) = self.reshaped.get(&(x, dims.to_vec())) {
            return *known;
        }
        let formula = self.value(x).formula.clone();
        let kind = self.kind(x);
        let id = self.push(Core::Reshape, &[x], dims.to_vec(), kind);
        // A function of the entries stays one: of the reshaped argument, where that exists or costs nothing.
        if let Some((root, formula)) = formula.filter(|_| self.constant(id).is_none()) {
            let root = self.reshape(root, dims);
            self.note_formula(id, root, formula);
        }
        self.note_masked_move(id, x, true, |builder, part| builder.reshape(part, dims));
        self.reshaped.insert((x, dims.to_vec()), id);
        id
    }

    /// Axis i of the result is axis `perm[i]`.
    pub(crate) fn transpose(&mut self, x: Id, perm: &[usize]) -> Id {
        if perm.iter().copied().eq(0..perm.len()) {
            return x;
        }
        let kind = self.kind(x);
        if perm.iter().any(|axis| !self.has_axis(x, *axis)) {
            return self.nothing(perm.len(), kind);
        }
        let dims = perm.iter().map(|axis| self.dims(x)[*axis]).collect();
        let id = self.push(Core::Transpose(perm.to_vec()), &[x], dims, kind);
        self.note_masked_move(id, x, true, |builder, part| builder.transpose(part, perm));
        id
    }

    /// A matrix along an axis.
    pub(crate) fn map(&mut self, x: Id, axis: usize, matrix: AxisMatrix) -> Id {
        if !self.has_axis(x, axis) {
            return x;
        }
        let mut dims = self.dims(x).to_vec();
        let identity = matrix.rows == dims[axis]
            && matrix.entries.len() == matrix.rows
            && matrix.is_selection()
            && matrix.entries.iter().all(|(row, column, _)| row == column);
        if identity {
            return x;
        }
        dims[axis] = matrix.rows;
        let kind = self.kind(x);
        self.push(Core::Map { axis, matrix: Arc::new(matrix) }, &[x], dims, kind)
    }

    /// Entries of an axis at the indices of a public input of the model, whose axes take the axis's place.
    pub(crate) fn gather(&mut self, x: Id, axis: usize, input: Id) -> Id {
        let mut dims = self.dims(x).to_vec();
        dims.splice(axis..=axis, self.dims(input).iter().copied());
        let kind = self.kind(x);
        self.push(Core::Gather { axis }, &[x, input], dims, kind)
    }

    /// Row p along an axis is entry `source(p)`, or zero.
    pub(crate) fn select(
        &mut self,
        x: Id,
        axis: usize,
        rows: usize,
        source: impl Fn(usize) -> Option<usize>,
    ) -> Id {
        self.map(x, axis, AxisMatrix::select(rows, source))
    }

    /// `count` entries of an axis from `start`.
    pub(crate) fn slice(&mut self, x: Id, axis: usize, start: usize, count: usize) -> Id {
        self.select(x, axis, count, |p| Some(start + p))
    }

    /// One after the other along an axis.
    pub(crate) fn concat(&mut self, parts: &[Id], axis: usize) -> Id {
        if let [one] = parts {
            return *one;
        }
        if parts.iter().any(|part| !self.has_axis(*part, axis)) {
            return parts[0];
        }
        let mut dims = self.dims(parts[0]).to_vec();
        dims[axis] = parts.iter().map(|part| self.dims(*part)[axis]).sum();
        let kind = self.joint_kind(parts);
        self.push(Core::Concat(axis), parts, dims, kind)
    }

    /// Float if one of them is, else Int if one of them is.
    pub(super) fn joint_kind(&self, ids: &[Id]) -> Kind {
        let any = |kind: Kind| ids.iter().any(|id| self.kind(*id) == kind);
        if any(Kind::Float) {
            Kind::Float
        } else if any(Kind::Int) {
            Kind::Int
        } else {
            Kind::Bool
        }
    }

    /// Repeats along new leading axes and axes of extent 1, as numpy does.
    pub(crate) fn broadcast(&mut self, x: Id, dims: &[usize]) -> Id {
        if self.dims(x) == dims {
            return x;
        }
        if Self::broadcast_dims(self.dims(x), dims).as_deref() != Some(dims) {
            let got = format!("{:?}", self.dims(x));
            self.fail(format!("extents that broadcast to {dims:?}"), got);
            return self.nothing(dims.len(), self.kind(x));
        }
        let mut full = vec![1; dims.len() - self.rank(x)];
        full.extend(self.dims(x));
        let x = self.reshape(x, &full);
        if full == dims {
            return x;
        }
        let kind = self.kind(x);
        let id = self.push(Core::Broadcast, &[x], dims.to_vec(), kind);
        self.note_masked_move(id, x, false, |builder, part| builder.broadcast(part, dims));
        id
    }
}
