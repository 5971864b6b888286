//! Scales, rescaling and weights: the only place where numbers are chosen.

use zktorch_graph::{Interval, Operand, Role, Step, Tensor};

use super::{Lowering, Value, shape};
use crate::Result;
use crate::program::Id;

/// Divisors are at most 2^16: remainders have 16 bits.
const MAX_DIVISOR: u64 = 1 << 16;
/// Scales beyond this gain nothing.
const MAX_SCALE: i32 = 40;

/// Largest f with `max_abs 2^f <= 2^15 - 1`.
pub(crate) fn fit(max_abs: f64) -> i32 {
    if max_abs <= 0.0 {
        return MAX_SCALE;
    }
    let mut scale = (32767.0 / max_abs).log2().floor() as i32;
    // The logarithm is inexact near powers of two.
    while scale > -MAX_SCALE && max_abs * f64::powi(2.0, scale) > 32767.0 {
        scale -= 1;
    }
    scale.clamp(-MAX_SCALE, MAX_SCALE)
}

fn log2_ceil(x: u32) -> i32 {
    x.max(1).next_power_of_two().trailing_zeros() as i32
}

impl Lowering<'_> {
    /// The scale of an input of the network.
    pub(super) fn input_scale(&self, id: Id) -> i32 {
        fit(self.max_abs(id).max(1e-6)) - self.headroom as i32
    }

    /// The scale that calibration gives a value: 16 bits with some room, but no more than the value has.
    pub(super) fn own_scale(&self, value: &Value) -> i32 {
        let most = value.scale + log2_ceil(value.div);
        let least = value.scale + log2_ceil(value.div) - 16;
        let mut max_abs = value.max_abs;
        if max_abs <= 0.0 {
            // Dead in all samples: what the bounds allow, reduced because they are pessimistic.
            let bound = value.bounds.0.unsigned_abs().max(value.bounds.1.unsigned_abs()) as f64;
            max_abs = bound / f64::from(value.div) / f64::powi(2.0, value.scale) / 16.0;
        }
        let scale = fit(max_abs) - self.headroom as i32;
        if scale < least && fit(max_abs) > least { least } else { scale.min(most) }
    }

    /// The scale at which the value that is computed will be stored: its own, or that of the sum in which it ends.
    pub(super) fn target_scale(&self) -> i32 {
        let max_abs = self.sums[self.current.0];
        if max_abs <= 0.0 { 12 } else { fit(max_abs) - self.headroom as i32 }
    }

    /// Stores `value` at a scale as a tensor of its own; a plain tensor that may stand for itself is returned as it is.
    pub(super) fn rescale(
        &mut self,
        value: &Value,
        scale: i32,
        range: Interval,
        role: Role,
        id: Id,
    ) -> Result<Value> {
        let up = u32::try_from(scale - value.scale).unwrap_or_default();
        let down = u32::try_from(value.scale - scale).unwrap_or_default();
        let raised = value.raised(up).ok_or_else(|| self.error("shift", "at most 61 bits", up))?;
        let divisor = if down < 32 { u64::from(value.div) << down } else { u64::MAX };
        if divisor > MAX_DIVISOR {
            // In two steps, the first one as large as possible.
            let least = value.scale - 16 + log2_ceil(value.div);
            let first = least.max(fit(value.max_abs) - self.headroom as i32).min(value.scale);
            if first <= scale || fit(value.max_abs) < first {
                let got = format!("2^{down} times {}, for values up to {}", value.div, value.max_abs);
                return Err(self.error("divisor", MAX_DIVISOR, got));
            }
            let stored = self.rescale(value, first, Interval::I16, Role::Ranged, id)?;
            return self.rescale(&stored, scale, range, role, id);
        }
        if divisor == 1 && role == Role::Ranged && self.is_plain(&raised) {
            return Ok(raised);
        }
        let name = self.name(id);
        let tensor = |name: String, scale, range, role| Tensor {
            name,
            shape: raised.expr.shape.clone(),
            scale,
            range,
            role,
        };
        let (y, r) = (
            tensor(name.to_owned(), scale, range, role),
            tensor(
                format!("{name} (remainder)"),
                raised.scale,
                Interval::new(0, (divisor - 1) as i32),
                Role::Ranged,
            ),
        );
        let y = self.add_tensor(y);
        let r = (divisor > 1).then(|| self.add_tensor(r));
        self.graph.steps.push(Step::rescale(raised.expr.clone(), divisor, y, r));
        let mut stored = self.tensor_value(y, value.axes.clone(), value.max_abs);
        // What the accumulator cannot exceed, its quotient cannot either.
        let round = |bound: i128| (bound + divisor as i128 / 2).div_euclid(divisor as i128);
        stored.bounds =
            (stored.bounds.0.max(round(raised.bounds.0)), stored.bounds.1.min(round(raised.bounds.1)));
        Ok(stored)
    }

    /// Whether a value is one committed tensor, read as it is.
    pub(super) fn is_plain(&self, value: &Value) -> bool {
        let [term] = &value.expr.terms[..] else { return false };
        let Operand::View(view) = &term.operand else { return false };
        let tensor = self.graph.tensor(view.tensor);
        let untouched = *view == zktorch_graph::View::identity(view.tensor, &tensor.shape);
        term.coeff == 1 && value.div == 1 && untouched
    }

    /// A constant as a private weight with this layout, at most at `max_scale`.
    pub(super) fn weight(&mut self, id: Id, axes: Vec<Vec<u32>>, max_scale: i32) -> Result<Value> {
        let constant =
            self.program.constant(id).ok_or_else(|| self.bug("a constant", "a value of the run"))?;
        constant.check_finite(self.name(id))?;
        let max_abs = constant.max_abs();
        let scale = fit(max_abs).min(max_scale);
        let shape = shape(&axes);
        if shape.len() != constant.len() {
            return Err(self.bug("a layout of the constant", "another number of entries"));
        }
        let key = (id, shape.dims().to_vec(), scale);
        let tensor = match self.stored.get(&key) {
            Some(tensor) => *tensor,
            None => {
                let factor = f64::powi(2.0, scale);
                let data = constant.iter().map(|x| (x * factor).round() as i32).collect::<Vec<_>>();
                let name = self.name(id).into();
                let tensor = self.add_tensor(Tensor {
                    name,
                    shape,
                    scale,
                    range: Interval::I16,
                    role: Role::Weight,
                });
                self.weights.push((tensor, data));
                self.stored.insert(key, tensor);
                tensor
            }
        };
        let mut value = self.tensor_value(tensor, axes, max_abs);
        value.bounds = (-32767, 32767);
        Ok(value)
    }

    /// A constant weight for a product with `other`: as precise as 16 bits and the shift of 16 that follows allow.
    pub(super) fn factor_weight(&mut self, id: Id, axes: Vec<Vec<u32>>, other: &Value) -> Result<Value> {
        let max_scale = self.target_scale() + 16 - other.scale;
        self.weight(id, axes, max_scale)
    }
}
