//! Sums: linear combinations, constants, concatenation.

use zktorch_graph::Factor;

use super::{Lowering, Value, along, gap, identity, sparse, sub_axes};
use crate::Result;
use crate::program::{Core, Id, Kind};

/// Coefficients are exact multiples of 2^-k with this many bits at most.
const COEFFICIENT_BITS: i32 = 16;

impl Lowering<'_> {
    /// `sum_i c_i x_i`; constants may have extents of 1.
    pub(super) fn sum(&mut self, coefficients: &[f64], ids: &[Id]) -> Result<Value> {
        let terms: Vec<(f64, Id)> = coefficients.iter().copied().zip(ids.iter().copied()).collect();
        let is_constant = |id: Id| self.program.constant(id).is_some();
        let (constants, values): (Vec<_>, Vec<_>) = terms.into_iter().partition(|(_, id)| is_constant(*id));
        let mut sum: Option<Value> = None;
        let mut first = None;
        let alone = values.len() == 1;
        for (coefficient, id) in values {
            let value = if alone { self.value(id)? } else { self.addend(id)? };
            let term = self.scaled(value, coefficient)?;
            sum = Some(match sum {
                None => {
                    first = Some(id);
                    term
                }
                Some(sum) => {
                    let ids = (first.unwrap_or(id), id);
                    let (a, b) = self.aligned(sum, term, ids)?;
                    let (a, b) = self.same_scale(a, b)?;
                    a.plus(&b)
                }
            });
        }
        let mut sum = sum.ok_or_else(|| self.bug("a value of the run", "constants alone"))?;
        for (coefficient, id) in constants {
            sum = self.add_constant(sum, coefficient, id)?;
        }
        Ok(sum)
    }

    /// An operand of a sum. Divisions are carried out, and so are contractions whose scale is too fine for the sum.
    fn addend(&mut self, id: Id) -> Result<Value> {
        let value = self.value(id)?;
        if self.is_exact(id) {
            return if value.div == 1 { Ok(value) } else { self.store(&value, id) };
        }
        // What a gap reads is divided by up to 2^48 there, and not before.
        let room = if self.feeds_gap[self.current.0] { gap::FINEST } else { self.target_scale() + 16 };
        if value.div == 1 && value.scale <= room {
            return Ok(value);
        }
        if let Some(zero) = value.negligible(room) {
            return Ok(zero);
        }
        if value.div == 1 && !value.is_pending() && value.scale <= room + 24 {
            return Ok(value);
        }
        let scale = self.stored_scale(&value, id).min(room);
        let stored = self.coarser(&value, scale, id)?;
        self.replace(id, stored.clone());
        Ok(stored)
    }

    /// c x for a public number: exact where c is a power of two or a small integer.
    pub(super) fn scaled(&self, value: Value, c: f64) -> Result<Value> {
        if c == 1.0 {
            return Ok(value);
        }
        let mut value = if c < 0.0 { value.negated() } else { value };
        let c = c.abs();
        if c == 0.0 || !c.is_finite() {
            return Ok(Value { bounds: (0, 0), ..value.times(0) });
        }
        // c = m 2^-k with the smallest m of at most COEFFICIENT_BITS bits.
        let mut k = COEFFICIENT_BITS - 1 - c.log2().floor() as i32;
        let mut m = (c * f64::powi(2.0, k)).round() as i64;
        while m % 2 == 0 && m > 0 {
            (m, k) = (m / 2, k - 1);
        }
        value = value.times(m);
        value.scale += k;
        Ok(value)
    }

    /// Brings two values to the finer of their scales.
    pub(super) fn same_scale(&self, a: Value, b: Value) -> Result<(Value, Value)> {
        let scale = a.scale.max(b.scale);
        let raise = |value: Value| {
            let bits = (scale - value.scale) as u32;
            value.raised(bits).ok_or_else(|| self.error("scales of a sum", "at most 61 bits apart", bits))
        };
        Ok((raise(a)?, raise(b)?))
    }

    /// value + c constant, the constant repeated where its extents are 1.
    fn add_constant(&mut self, value: Value, c: f64, id: Id) -> Result<Value> {
        let current = self.current;
        let mut value = if value.div == 1 { value } else { self.store(&value, current)? };
        let dims = self.program.value(id).dims.clone();
        let rank = value.axes.len().max(dims.len());
        value = self.with_rank(value, rank);
        let axes = self.axes_like(&value, &dims, rank);
        let max_scale = value.scale.max(self.target_scale());
        let weight = self.weight(id, axes, max_scale)?;
        let joint = value.axes.clone();
        let weight = self.broadcast(weight, &joint)?;
        let weight = self.scaled(weight, c)?;
        let (value, weight) = self.same_scale(value, weight)?;
        Ok(value.plus(&weight))
    }

    /// value + a bias of one number per entry of an axis.
    pub(super) fn add_channels(&mut self, value: Value, bias: Id, axis: usize) -> Result<Value> {
        let rank = value.axes.len();
        let max_scale = value.scale.max(self.target_scale());
        let mut axes = vec![vec![]; rank];
        axes[axis] = value.axes[axis].clone();
        let weight = self.weight(bias, axes, max_scale)?;
        let weight = self.broadcast(weight, &value.axes)?;
        let (value, weight) = self.same_scale(value, weight)?;
        Ok(value.plus(&weight))
    }

    /// The layout of a constant that meets `value` elementwise.
    pub(super) fn axes_like(&self, value: &Value, dims: &[usize], rank: usize) -> Vec<Vec<u32>> {
        let value_dims = value.dims();
        let skip = rank - dims.len();
        (0..rank)
            .map(|axis| match axis.checked_sub(skip).map(|axis| dims[axis]) {
                None | Some(1) => vec![],
                Some(dim) if dim == value_dims[axis] => value.axes[axis].clone(),
                Some(dim) => sub_axes(dim),
            })
            .collect()
    }

    /// Whether all that reads the value that is computed sums over an axis: others may have it in another layout.
    fn is_summed_over(&self, axis: usize) -> bool {
        let current = self.current;
        let is_output = self.program.outputs.iter().any(|(_, id)| *id == current);
        let mut readers = self.program.nodes.iter().filter(|node| node.inputs.contains(&current));
        !is_output
            && readers.all(|node| match &node.core {
                Core::Conv { .. } => axis == 1 && node.inputs[0] == current,
                Core::Einsum { a, b, out } => {
                    let labels = if node.inputs[0] == current { a } else { b };
                    node.inputs[0] != node.inputs[1] && !out.contains(&labels[axis])
                }
                _ => false,
            })
    }

    /// One after the other along an axis: a sum of views that are zero elsewhere.
    pub(super) fn concat(&mut self, ids: &[Id], axis: usize) -> Result<Value> {
        let mut values = Vec::with_capacity(ids.len());
        for id in ids {
            let value = if self.program.constant(*id).is_some() {
                let axes = super::plain_axes(&self.program.value(*id).dims);
                let scale = self.target_scale();
                self.weight(*id, axes, scale)?
            } else {
                let value = self.linear(*id)?;
                let room = self.target_scale() + 16;
                let exact = self.program.value(*id).kind != Kind::Float;
                match value.negligible(room).filter(|_| !exact) {
                    Some(zero) => zero,
                    None if value.scale > room + 24 && !exact => self.coarser(&value, room, *id)?,
                    None => value,
                }
            };
            values.push(self.merged(value, axis, *id)?);
        }
        let total: usize = values.iter().map(|value| value.dims()[axis]).sum();
        let scale = values.iter().map(|value| value.scale).max().unwrap_or_default();
        let mut sum: Option<Value> = None;
        let mut start = 0;
        let layout = values.first().map(|value| value.axes.clone()).unwrap_or_default();
        let extent = values.first().map_or(0, |value| value.dims()[axis]);
        let alike = extent > 1 && values.len() > 1 && values.iter().all(|value| value.dims()[axis] == extent);
        let alike = alike && self.is_summed_over(axis);
        let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
        for ((value, id), part) in values.into_iter().zip(ids).zip(0..) {
            let extent = value.dims()[axis];
            let mut axes = layout.clone();
            axes[axis] = sub_axes(extent);
            let value = self.relayout(value, axes.clone(), *id)?;
            let placed = if alike {
                // Parts of one extent are entries of an axis of their own: whoever reads one part sums over nothing.
                axes[axis].insert(0, count);
                self.apply(&value, axes, &part_factors(&value, axis, part))?
            } else {
                axes[axis] = sub_axes(total);
                let entries: Vec<_> = (0..extent).map(|i| ((start + i) as u32, i as u32, 1)).collect();
                let factors = along(&value, &axes, axis, &entries);
                self.apply(&value, axes, &factors)?
            };
            start += extent;
            let bits = (scale - placed.scale) as u32;
            let placed = placed
                .raised(bits)
                .ok_or_else(|| self.error("scales of a concatenation", "at most 61 bits apart", bits))?;
            sum = Some(match sum {
                None => placed,
                // The parts do not overlap.
                Some(sum) => {
                    let bounds = (sum.bounds.0.min(placed.bounds.0), sum.bounds.1.max(placed.bounds.1));
                    Value { bounds, ..sum.plus(&placed) }
                }
            });
        }
        sum.ok_or_else(|| self.bug("parts", "none"))
    }

    /// The value stored at a coarser scale; integers as they are.
    pub(super) fn coarser(&mut self, value: &Value, scale: i32, id: Id) -> Result<Value> {
        if self.program.value(id).kind != Kind::Float {
            return self.wide(value, 0, id);
        }
        if self.more_bits(id) > 0 {
            return self.store_guarded(value, scale, id);
        }
        self.rescale(value, scale, zktorch_graph::Interval::I16, zktorch_graph::Role::Ranged, id)
    }
}

/// The map from a part to the concatenation along an axis: entry `part` of a new sub-axis before the axis's own.
fn part_factors(value: &Value, axis: usize, part: u32) -> Vec<Factor> {
    let before: u32 = value.axes[..axis].iter().map(|sub| sub.len() as u32).sum();
    let all = value.axes.concat().len() as u32;
    let kept = (0..all).map(|src| identity(src, if src < before { src } else { src + 1 }));
    kept.chain([sparse(vec![], vec![before], [(part, 0, 1)])]).collect()
}
