//! Quotients and square roots of values of the run.

use zktorch_graph::{Interval, Role, Step};

use super::quantise::{fit, is_narrow};
use super::{Lowering, Value};
use crate::Result;
use crate::program::{CHANNEL, Core, Id, Kind};

/// A denominator or a radicand whose smallest value is this much below the largest one is kept in two limbs.
const SPREAD: f64 = 16.0;
/// Most bits between the scales of a dividend and of its divisor times the quotient.
const MAX_APART: i32 = 45;

impl Lowering<'_> {
    /// An operand with the layout of another one, which may be a constant.
    fn beside(&mut self, id: Id, like: &Value) -> Result<Value> {
        if self.program.constant(id).is_none() {
            return self.precise(id);
        }
        let dims = &self.program.value(id).dims;
        let axes = self.axes_like(like, dims, like.axes.len());
        let value = self.weight(id, axes, i32::MAX)?;
        self.broadcast(value, &like.axes)
    }

    /// A value as a sum of views with as many bits as its smallest entries need.
    fn precise(&mut self, id: Id) -> Result<Value> {
        let value = self.views(id)?;
        if value.div == 1 && value.linear().is_some() && value.expr.terms.len() <= super::MAX_TERMS {
            return Ok(value);
        }
        let (lo, _) = self.statistics.range(id);
        let spread = value.max_abs > SPREAD * lo.max(0.0);
        let bits = (self.guard as i32).max(if spread { 14 } else { 0 });
        let scale = self.own_scale(&value) + bits;
        let scale = scale.min(value.scale);
        let stored = self.wide(&value, scale, id)?;
        self.replace(id, stored.clone());
        Ok(stored)
    }

    /// Largest absolute value; 1 for what was always zero, so that its scale leaves room for anything else.
    fn nonzero(&self, id: Id) -> f64 {
        Some(self.max_abs(id)).filter(|max| *max > 0.0).unwrap_or(1.0)
    }

    /// Whether b is a sum of entries of a that are not negative, so that a / b is at most 1.
    fn is_share(&self, a: Id, b: Id) -> bool {
        let (mut part, positive) = (b, self.values[a.0].as_ref().is_some_and(|value| value.bounds.0 >= 0));
        while positive && let Some(node) = self.program.maker(part).filter(|_| part != a) {
            let sums = match &node.core {
                Core::Broadcast | Core::Reshape => true,
                Core::Map { axis, matrix } => {
                    let all = self.program.value(node.inputs[0]).dims[*axis] == matrix.entries.len();
                    let ones = matrix.divisor == 1 && matrix.entries.iter().all(|entry| entry.2 == 1);
                    all && ones && matrix.rows == 1
                }
                _ => false,
            };
            match sums {
                true => part = node.inputs[0],
                false => return false,
            }
        }
        positive && part == a
    }

    /// The scale of factors of channels, where only a product reads them, for many entries each: their rounding changes no entry of
    /// the product by more than a quarter of what that is rounded to. Not of reciprocals of rows, which may lie a thousand times apart
    /// ([`Self::small`]).
    pub(super) fn factor_scale(&self, id: Id) -> Option<i32> {
        let mut made = self.program.maker(id);
        while let Some(node) = made.filter(|node| node.core.moves()) {
            made = self.program.maker(node.inputs[0]);
        }
        made.filter(|node| self.program.value(node.output).of_channels)?;
        let mut factor = id;
        loop {
            let node = self.program.only_reader(factor)?;
            match node.core {
                _ if node.core.moves() => factor = node.output,
                Core::Einsum { .. } => {
                    let other = *node.inputs.iter().find(|input| **input != factor)?;
                    let entries = |id: Id| crate::tensor::len(&self.program.value(id).dims);
                    let few = entries(id).saturating_mul(CHANNEL) <= entries(other);
                    let runs = few && self.program.constant(other).is_none();
                    let bits = self.max_abs(other).log2().ceil();
                    return (runs && bits.is_finite())
                        .then(|| self.scale_of_sum(node.output) + bits as i32 + 1);
                }
                _ => return None,
            }
        }
    }

    /// a / b, where b is positive.
    pub(super) fn quotient(&mut self, a: Id, b: Id, y: Id) -> Result<Value> {
        let exact = self.program.value(y).kind != Kind::Float;
        // The runtime operand gives the layout.
        let (dividend, divisor) = if self.program.constant(a).is_some() {
            let divisor = self.precise(b)?;
            (self.beside(a, &divisor)?, divisor)
        } else {
            let mut dividend = self.value(a)?;
            if dividend.div != 1 {
                dividend = self.store(&dividend, a)?;
            }
            let divisor = self.beside(b, &dividend)?;
            (dividend, divisor)
        };
        let (dividend, divisor) = self.aligned(dividend, divisor, (a, b))?;
        let own = fit(self.nonzero(y)) - self.headroom as i32;
        // The factors of rows or channels: a smaller divisor than any that was seen makes a larger one, and no larger product.
        let factor = self.factor_scale(y);
        // As many guard bits as the shift below has room for.
        let guard = self.guard.max(self.small[y.0]) as i32;
        let guard = guard.max(factor.map_or(0, |scale| scale - own));
        let guard = guard.min(MAX_APART - (divisor.scale - dividend.scale + own)).max(0);
        let scale = if exact { 0 } else { own + guard };
        // q 2^-scale = a 2^-a.scale / (b 2^-b.scale): one of the two is multiplied by the missing power of two.
        let shift = divisor.scale - dividend.scale + scale;
        let power = |bits: i32| {
            let bits = u32::try_from(bits).unwrap_or_default();
            1i64.checked_shl(bits).filter(|_| bits <= MAX_APART as u32)
        };
        let unit = |bits: i32| {
            power(bits).ok_or_else(|| self.error("scales of a quotient", "at most 45 bits apart", bits))
        };
        let (up, down) = (unit(shift.max(0))?, unit((-shift).max(0))?);
        let (mut dividend, mut divisor) = (dividend.times(up), divisor.times(down));
        // Of quotients by any positive integer.
        let all = (dividend.bounds.0.min(0), dividend.bounds.1.max(0) + 1);
        if !exact {
            // Rounded to the nearest: floor((2 a + b) / (2 b)).
            let half = divisor.clone();
            divisor = divisor.times(2);
            dividend = dividend.times(2);
            dividend = Value { scale: half.scale, ..dividend }.plus(&half);
        }
        let name = self.name(y);
        let largest = divisor.bounds.1.max(2) - 1;
        let range = |lowering: &Self| -> (i128, i128) {
            if !exact {
                return (i128::from(Interval::I16.lo) << guard, i128::from(Interval::I16.hi) << guard);
            }
            let (lo, hi) = lowering.statistics.range(y);
            let room = |x: f64| (x * f64::from(1u32 << lowering.headroom)) as i128;
            match is_narrow(dividend.bounds.0, dividend.bounds.1) {
                true => (dividend.bounds.0, dividend.bounds.1),
                false => (room(lo.min(-1.0)), room(hi.max(1.0))),
            }
        };
        let usual = range(self);
        // Beyond them is what a smaller divisor than any that was seen makes: with clamps, as large as it gets.
        let clamps = factor.is_none() && self.clamps(y) && !self.is_share(a, b);
        let bounds = match (factor.is_some(), clamps) {
            (true, _) => (all.0.min(usual.0), all.1.max(usual.1)),
            (_, true) => (dividend.bounds.0.min(usual.0), dividend.bounds.1.max(usual.1)),
            _ => usual,
        };
        let q = self.limbs(name, &dividend, scale, bounds, |_| Role::Ranged)?;
        let r =
            self.limbs(&format!("{name} (remainder)"), &dividend, scale, (0, largest), |_| Role::Ranged)?;
        let slack =
            self.limbs(&format!("{name} (slack)"), &dividend, scale, (0, largest), |_| Role::Ranged)?;
        let b = divisor.linear().ok_or_else(|| self.bug("a sum of views", "a contraction"))?;
        self.graph.steps.push(Step::Quotient { a: dividend.expr.clone(), b, q: q.clone(), r, slack });
        let value = self.limbs_value(&q, &dividend, scale, bounds);
        let value = if clamps { self.clamped(value, usual, y)? } else { value };
        Ok(Value { max_abs: self.max_abs(y), ..value })
    }

    /// The square root; what is below zero is an error of the run.
    pub(super) fn root(&mut self, x: Id, y: Id) -> Result<Value> {
        let value = self.value(x)?;
        let (lo, _) = self.statistics.range(x);
        let max = self.nonzero(y);
        // Small roots next to large ones keep their bits in a second limb.
        let spread = lo <= 0.0 || value.max_abs > SPREAD * lo;
        let own = fit(max) + 1 - self.headroom as i32;
        // Beyond half the radicand's bits, and some more, there is nothing to know.
        let known = (value.scale + 16) / 2 - own;
        let bits = (self.guard as i32).min(known).max(if spread { 12 } else { 0 });
        // y 2^-scale squared is x: x at twice the scale, in 64 bits.
        let magnitude = value.bounds.1.max(1) as f64 / f64::from(value.div) * f64::powi(0.5, value.scale);
        let scale = (own + bits).min((62 - magnitude.log2().ceil() as i32).div_euclid(2));
        let value = if value.div != 1 || value.scale > 2 * scale {
            let coarse = (2 * scale).min(value.scale);
            self.wide(&value, coarse, x)?
        } else {
            value
        };
        let radicand = value.raised((2 * scale - value.scale) as u32).ok_or_else(|| {
            self.error("scales of a root", "at most 61 bits apart", 2 * scale - value.scale)
        })?;
        let name = self.name(y);
        let (usual, bound) =
            (i128::from(u16::MAX) << (scale - own).max(0), sqrt(radicand.bounds.1.max(1)) + 1);
        let largest = if self.clamps(y) { bound } else { usual.min(bound) };
        let root = self.limbs(name, &radicand, scale, (0, largest), |_| Role::Ranged)?;
        let r =
            self.limbs(&format!("{name} (remainder)"), &radicand, scale, (0, 2 * largest), |_| Role::Ranged)?;
        let slack =
            self.limbs(&format!("{name} (slack)"), &radicand, scale, (0, 2 * largest), |_| Role::Ranged)?;
        self.graph.steps.push(Step::Root { a: radicand.expr.clone(), y: root.clone(), r, slack });
        let stored = self.limbs_value(&root, &radicand, scale, (0, largest));
        let stored = self.clamped(stored, (0, usual.min(bound)), y)?;
        Ok(Value { max_abs: max, ..stored })
    }

    /// The elementwise product of two sums of views with one layout.
    pub(super) fn times_entries(&self, a: &Value, b: &Value) -> Result<Value> {
        let mut next = 0u32;
        let labels: Vec<Vec<u32>> = a
            .axes
            .iter()
            .map(|sub| {
                let start = next;
                next += sub.len() as u32;
                (start..next).collect()
            })
            .collect();
        self.contract((a, &labels), (b, &labels), &labels)
    }
}

fn sqrt(x: i128) -> i128 {
    (x as f64).sqrt() as i128
}
