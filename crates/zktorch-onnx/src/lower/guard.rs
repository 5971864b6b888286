//! Guard bits: values between operators with more than 16 bits, for models whose layers amplify roundings.
//!
//! Such a value is two limbs instead of one tensor, and so is its remainder: about twice the committed values. Without guard
//! bits nothing here is reached.

use zktorch_graph::{Formula, Interval, Limbs, Role, Step};

use super::quantise::{limb_bounds, quotient_bounds};
use super::{Lowering, Value};
use crate::Result;
use crate::program::Id;

impl Lowering<'_> {
    /// The scale at which a value between operators is stored: its own, and the guard bits, but no more than the value has.
    pub(super) fn stored_scale(&self, value: &Value) -> i32 {
        let most = value.scale.max(self.own_scale(value));
        (self.own_scale(value) + self.guard as i32).min(most)
    }

    /// What the integers of a value may be at a scale: what 16 bits are at its own one.
    fn guarded_bounds(&self, value: &Value, raised: &Value, divisor: u64, scale: i32) -> (i128, i128) {
        let (lo, hi) = quotient_bounds(raised, divisor);
        let more = u32::try_from(scale - self.own_scale(value)).unwrap_or_default().min(64);
        ((i128::from(Interval::I16.lo) << more).max(lo), (i128::from(u16::MAX >> 1) << more).min(hi))
    }

    /// Stores a value at a scale in as many limbs as what was seen of it asks for. What has no more bits than that stays what it
    /// is.
    pub(super) fn store_guarded(&mut self, value: &Value, scale: i32, id: Id) -> Result<Value> {
        let (raised, divisor) = self.divided(value, scale, id)?;
        let bounds = self.guarded_bounds(value, &raised, divisor, scale);
        if divisor == 1 && self.is_plain(&raised) {
            return Ok(raised);
        }
        let name = self.name(id);
        let (r, slack) = self.remainder(name, &raised, divisor);
        let y = self.limbs(name, &raised, scale, bounds, |_| Role::Ranged)?;
        self.graph.steps.push(Step::Rescale { acc: raised.expr.clone(), divisor, y: y.clone(), r, slack });
        Ok(self.limbs_value(&y, value, scale, bounds))
    }

    /// `max(x, 0) = x - [x < 0] x`: the top limb has the sign.
    pub(super) fn relu_guarded(&mut self, x: Id) -> Result<Value> {
        let value = self.value(x)?;
        let scale = self.stored_scale(&value);
        let (raised, divisor) = self.divided(&value, scale, x)?;
        let (lo, hi) = self.guarded_bounds(&value, &raised, divisor, scale);
        if lo >= 0 {
            return Ok(value);
        }
        let name = self.name(x);
        let (r, slack) = self.remainder(name, &raised, divisor);
        let (_, domain) = limb_bounds((lo, hi));
        let sign = self.sign_table(domain);
        let limbs = self.limbs(name, &raised, scale, (lo, hi), |_| Role::LookupInput(sign))?;
        self.graph.steps.push(Step::Rescale {
            acc: raised.expr.clone(),
            divisor,
            y: limbs.clone(),
            r,
            slack,
        });
        let stored = self.limbs_value(&limbs, &value, scale, (lo, hi));
        self.replace(x, stored.clone());
        let Limbs(ids) = limbs;
        let top = *ids.last().ok_or_else(|| self.bug("limbs", "none"))?;
        let top = self.tensor_value(top, value.axes.clone(), 0.0);
        let negative = self.look_up(&top, sign, Interval::new(0, 1), 0, &format!("{name} (sign)"))?;
        let product = Value { scale, ..self.times_entries(&stored, &negative)?.negated() };
        Ok(Value { bounds: (0, hi.max(0)), ..stored.plus(&product) })
    }

    /// Whether a function is `max(x, 0)`.
    pub(super) fn is_relu(formula: &Formula) -> bool {
        *formula == Formula::argument().with_constant(zktorch_graph::Binary::Max, 0.0)
    }
}
