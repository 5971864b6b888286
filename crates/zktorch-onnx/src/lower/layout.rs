//! Changes of layout: reshapes, merged axes, broadcasts, aligned operands.

use zktorch_graph::{AxisMap, Factor, Operand};

use super::value::padded;
use super::{Lowering, Value, along, identity, plain_axes, sparse, sub_axes};
use crate::Result;
use crate::program::{AxisMatrix, Id};

/// A value that is repeated this many times is rounded first, if it is much finer than what it is a sum of, as a mean is.
const MANY_COPIES: usize = 16;
/// Bits that it then has beyond those.
const REPEATED_BITS: i32 = 2;

/// Splits two lists of extents (without ones) into the shortest groups of equal products.
pub(super) fn reshape_groups(
    from: &[u32],
    to: &[u32],
) -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut groups = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < from.len() && j < to.len() {
        let (start_i, start_j) = (i, j);
        let (mut a, mut b) = (u64::from(from[i]), u64::from(to[j]));
        i += 1;
        j += 1;
        while a != b {
            if a < b && i < from.len() {
                a = a.saturating_mul(u64::from(from[i]));
                i += 1;
            } else if b < a && j < to.len() {
                b = b.saturating_mul(u64::from(to[j]));
                j += 1;
            } else {
                break;
            }
        }
        groups.push((start_i..i, start_j..j));
    }
    groups
}

impl Lowering<'_> {
    /// The same entries with other extents. Free where whole sub-axes are merged; a sparse map where one is cut.
    /// `id` is the value, for the tensor that is stored if it is pending and has to be cut.
    pub(super) fn reshape(&mut self, value: Value, dims: &[usize], id: Id) -> Result<Value> {
        let from = value.axes.concat();
        let fine: Vec<u32> = plain_axes(dims).concat();
        // Sub-axes after the reshape: the old ones where a group is one new axis, else the new ones.
        let groups = reshape_groups(&from, &fine);
        let mut new_axes: Vec<Vec<u32>> = Vec::new();
        let mut cut = false;
        for (old, new) in &groups {
            if new.len() == 1 {
                new_axes.push(from[old.clone()].to_vec());
            } else {
                cut = true;
                new_axes.extend(fine[new.clone()].iter().map(|dim| vec![*dim]));
            }
        }
        let mut new_axes = new_axes.into_iter();
        let axes: Vec<Vec<u32>> = dims
            .iter()
            .map(|dim| if *dim == 1 { vec![] } else { new_axes.next().unwrap_or_default() })
            .collect();
        if !cut {
            return Ok(value.regrouped(axes));
        }
        self.relayout(value, axes, id)
    }

    /// The same entries in the same order over other sub-axes.
    pub(super) fn relayout(&mut self, value: Value, axes: Vec<Vec<u32>>, id: Id) -> Result<Value> {
        let (from, to) = (value.axes.concat(), axes.concat());
        if from == to {
            return Ok(value.regrouped(axes));
        }
        let value = self.settled(value, id)?;
        let mut factors = Vec::new();
        for (old, new) in reshape_groups(&from, &to) {
            let (src, out) = (old.clone().map(|i| i as u32), new.clone().map(|i| i as u32));
            let (old, new) = (&from[old], &to[new]);
            if old == new && old.len() == 1 {
                factors.extend(src.zip(out).map(|(src, out)| identity(src, out)));
                continue;
            }
            let len: usize = old.iter().map(|dim| *dim as usize).product();
            let entries = (0..len).map(|i| (padded(new, i), padded(old, i), 1));
            factors.push(sparse(src.collect(), out.collect(), entries));
        }
        self.apply(&value, axes, &factors)
    }

    /// Makes an ONNX axis one sub-axis.
    pub(super) fn merged(&mut self, value: Value, axis: usize, id: Id) -> Result<Value> {
        if value.axes[axis].len() <= 1 {
            return Ok(value);
        }
        let mut axes = value.axes.clone();
        axes[axis] = sub_axes(value.dims()[axis]);
        self.relayout(value, axes, id)
    }

    /// Gives two values the same sub-axes on the axes (of equal rank) where their extents agree.
    pub(super) fn aligned(&mut self, a: Value, b: Value, ids: (Id, Id)) -> Result<(Value, Value)> {
        let (mut a, mut b) = (a, b);
        let (a_dims, b_dims) = (a.dims(), b.dims());
        for axis in 0..a_dims.len().min(b_dims.len()) {
            if a_dims[axis] == b_dims[axis] && a.axes[axis] != b.axes[axis] {
                let mut axes = b.axes.clone();
                axes[axis] = a.axes[axis].clone();
                // The pending one keeps its layout if the other can follow.
                if b.is_pending() && !a.is_pending() {
                    let mut axes = a.axes.clone();
                    axes[axis] = b.axes[axis].clone();
                    a = self.relayout(a, axes, ids.0)?;
                } else {
                    b = self.relayout(b, axes, ids.1)?;
                }
            }
        }
        Ok((a, b))
    }

    /// Prepends axes of extent 1.
    pub(super) fn with_rank(&self, value: Value, rank: usize) -> Value {
        let mut axes = vec![vec![]; rank.saturating_sub(value.axes.len())];
        axes.extend(value.axes.iter().cloned());
        value.regrouped(axes)
    }

    /// Repeats a value that is not pending along the axes where its extent is 1.
    pub(super) fn broadcast(&mut self, value: Value, axes: &[Vec<u32>]) -> Result<Value> {
        if value.axes == axes {
            return Ok(value);
        }
        let mut factors = Vec::new();
        let (mut src, mut out) = (0u32, 0u32);
        for (old, new) in value.axes.iter().zip(axes) {
            if old.is_empty() && !new.is_empty() {
                for dim in new {
                    factors.push(sparse(vec![], vec![out], (0..*dim).map(|i| (i, 0, 1))));
                    out += 1;
                }
            } else {
                for _ in old {
                    factors.push(identity(src, out));
                    src += 1;
                    out += 1;
                }
            }
        }
        self.apply(&value, axes.to_vec(), &factors)
    }

    /// Repeats a value along its axes of extent 1.
    pub(super) fn repeat(&mut self, id: Id, dims: &[usize]) -> Result<Value> {
        let mut value = self.views(id)?;
        let copies = crate::tensor::len(dims) / crate::tensor::len(&value.dims()).max(1);
        let fine = self.finest(&value).max(self.wanted_of_copies(&value)) + REPEATED_BITS;
        // Divided once, and not in every copy.
        if value.div != 1 && copies > 1 {
            value = self.store(&value, id)?;
            self.replace(id, value.clone());
        } else if value.scale > fine && copies >= MANY_COPIES && !self.is_exact(id) {
            value = self.wide(&value, fine, id)?;
            self.replace(id, value.clone());
        }
        let pairs = value.axes.iter().zip(dims);
        let axes = pairs.map(|(old, dim)| if old.is_empty() { sub_axes(*dim) } else { old.clone() });
        let axes = axes.collect::<Vec<_>>();
        self.broadcast(value, &axes)
    }

    /// The scale that the copies of a value, the value that is computed, have to have: that of the sum in which they end, or their own.
    fn wanted_of_copies(&self, value: &Value) -> i32 {
        let own = self.own_scale(value);
        match self.program.only_reader(self.current) {
            Some(node) if node.core.is_sum() => self.scale_of_sum(node.output).min(own),
            _ => own,
        }
    }

    /// The finest scale of the tensors that a sum of views reads.
    fn finest(&self, value: &Value) -> i32 {
        let views = value.expr.terms.iter().filter_map(|term| match &term.operand {
            Operand::View(view) => Some(self.graph.tensor(view.tensor).scale),
            Operand::Contract(_) => None,
        });
        views.max().unwrap_or(value.scale)
    }

    /// A matrix along an axis.
    pub(super) fn map(&mut self, id: Id, axis: usize, matrix: &AxisMatrix) -> Result<Value> {
        let value = if self.narrow[id.0] { self.narrowed(id)? } else { self.views(id)? };
        let mut value = self.merged(value, axis, id)?;
        let odd = matrix.divisor >> matrix.divisor.trailing_zeros();
        if u64::from(value.div) * u64::from(odd) > 1 << 16 {
            value = self.store(&value, id)?;
        }
        if u64::from(value.div) * u64::from(odd) > 1 << 16 {
            return Err(self.error("divisor", "an odd part of at most 2^16", odd));
        }
        let mut axes = value.axes.clone();
        axes[axis] = sub_axes(matrix.rows);
        let (div, scale) = (value.div * odd, value.scale + matrix.divisor.trailing_zeros() as i32);
        let factors = along(&value, &axes, axis, &matrix.entries);
        Ok(Value { div, scale, ..self.apply(&value, axes, &factors)? })
    }

    /// Entries of an axis at the indices of a public input. Stored exactly: no later view can be multiplied with a map that is
    /// known with the statement only.
    pub(super) fn gather(&mut self, id: Id, axis: usize, input: Id) -> Result<Value> {
        let value = match self.program.constant(id) {
            Some(constant) => self.weight(id, plain_axes(constant.dims()), i32::MAX)?,
            None => self.linear(id)?,
        };
        let mut value = self.merged(value, axis, id)?;
        if !value.is_straight(axis) {
            value = self.wide(&value, value.scale, id)?;
        }
        let indices = self.last_tensor(&self.value(input)?)?;
        let mut axes = value.axes.clone();
        axes.splice(axis..=axis, plain_axes(&self.program.value(input).dims));
        let [source] = value.expr_axes(axis)[..] else {
            return Err(self.bug("an axis of more than one entry", "another"));
        };
        let taken = plain_axes(&self.program.value(input).dims).concat().len() as u32;
        let mut factors = vec![Factor {
            src: vec![source],
            out: (source..source + taken).collect(),
            map: AxisMap::Gather { indices },
        }];
        factors.extend((0..source).map(|axis| identity(axis, axis)));
        let rest = source + 1..value.expr.shape.rank() as u32;
        factors.extend(rest.map(|axis| identity(axis, axis + taken - 1)));
        let gathered = self.apply(&value, axes, &factors)?;
        let (scale, current) = (gathered.scale, self.current);
        self.wide(&gathered, scale, current)
    }
}
