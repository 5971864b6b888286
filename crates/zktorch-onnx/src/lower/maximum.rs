//! Maxima: `max(a, b) = b + relu(a - b)`, exactly.

use zktorch_graph::{Function, Interval, Role, Table};

use super::function::RELU;
use super::quantise::fit;
use super::{Lowering, MORE_BITS, Value};
use crate::Result;
use crate::program::Id;

/// Differences of 17 bits.
const WIDE: Interval = Interval { lo: -(1 << 16), hi: (1 << 16) - 1 };

impl Lowering<'_> {
    /// A value whose differences have 17 bits: a sum of views that may have more is stored first.
    pub(super) fn narrowed(&mut self, id: Id) -> Result<Value> {
        let value = self.linear(id)?;
        let exact = self.is_exact(id) || is_wide(&value);
        if exact || value.bounds.1 - value.bounds.0 < 1 << 16 {
            return Ok(value);
        }
        let scale = self.own_scale(&value);
        let stored = self.rescale(&value, scale, Interval::I16, Role::Ranged, id)?;
        self.replace(id, stored.clone());
        Ok(stored)
    }

    /// The larger one of two values.
    pub(super) fn max(&mut self, a: Id, b: Id) -> Result<Value> {
        let exact = self.is_exact(self.current);
        let max_abs = self.max_abs(a).max(self.max_abs(b));
        let common = fit(max_abs) - self.headroom as i32;
        // A maximum that is much smaller than what is compared (a lower bound's, of large numbers) keeps its bits.
        let wanted = self.wanted_scale();
        let (least, most) = (self.max_abs(a).min(self.max_abs(b)), max_abs);
        if exact || self.guard > 0 || wanted > common + 2 || (least > 0.0 && most > 16.0 * least) {
            return self.wide_max(a, b);
        }
        let (mut left, mut right) = (self.operand(a)?, self.operand(b)?);
        if is_wide(&left) || is_wide(&right) {
            return self.wide_max(a, b);
        }
        (left, right) = self.aligned(left, right, (a, b))?;
        // Both at the scale that the larger one needs.
        if left.scale != right.scale || !fits(&left, &right) {
            let scale = common.min(left.scale.max(right.scale));
            for (value, id) in [(&mut left, a), (&mut right, b)] {
                if value.scale != scale || value.bounds.1 - value.bounds.0 >= 1 << 16 {
                    *value = self.rescale(value, scale, Interval::I16, Role::Ranged, id)?;
                }
            }
            // What is stored already may have a range of its own.
            if !fits(&left, &right) {
                return self.wide_max(a, b);
            }
        }
        self.larger(&left, &right)
    }

    /// The larger one of two values of any width, exactly: `a - [a < b] (a - b)`.
    fn wide_max(&mut self, a: Id, b: Id) -> Result<Value> {
        let program = self.program;
        let constant = |id: Id| program.constant(id).is_some();
        let (left, right) = match (constant(a), constant(b)) {
            (true, _) => {
                let right = self.compared(b)?;
                (self.limit(a, &right)?, right)
            }
            (_, true) => {
                let left = self.compared(a)?;
                let right = self.limit(b, &left)?;
                (left, right)
            }
            _ => (self.compared(a)?, self.compared(b)?),
        };
        let (left, right) = self.aligned(left, right, (a, b))?;
        let (left, right) = self.same_scale(left, right)?;
        if fits(&left, &right) {
            return self.larger(&left, &right);
        }
        let difference = left.clone().plus(&right.negated());
        let current = self.current;
        let (difference, negative) = self.negative(&difference, current)?;
        let product = self.times_entries(&difference, &negative)?.negated();
        let product = Value { scale: left.scale, ..product };
        let bounds = (left.bounds.0.max(right.bounds.0), left.bounds.1.max(right.bounds.1));
        Ok(Value { bounds, ..left.plus(&product) })
    }

    /// The scale of the maximum that is computed, or that of the one in which it ends.
    fn wanted_scale(&self) -> i32 {
        fit(self.maxima[self.current.0]) - self.headroom as i32
    }

    /// A value as a sum of views. One that has to be stored, and is much larger than the maximum, keeps the bits of its
    /// small entries in a second limb.
    fn compared(&mut self, id: Id) -> Result<Value> {
        let value = self.value(id)?;
        let own = self.own_scale(&value);
        let scale = self.wanted_scale().min(value.scale).min(own + MORE_BITS);
        let stored = value.is_pending() || value.expr.terms.len() > super::MAX_TERMS;
        if self.is_exact(id) || !stored || scale <= own {
            return self.linear(id);
        }
        let stored = self.wide(&value, scale, id)?;
        self.replace(id, stored.clone());
        Ok(stored)
    }

    /// A constant beside a value, with as many bits as either of them needs.
    fn limit(&mut self, id: Id, like: &Value) -> Result<Value> {
        let axes = super::plain_axes(&self.program.value(id).dims);
        let wanted = if self.maxima[self.current.0] > 0.0 { self.wanted_scale() } else { like.scale };
        self.weight(id, axes, wanted.max(like.scale))
    }

    fn operand(&mut self, id: Id) -> Result<Value> {
        if self.program.constant(id).is_some() {
            let axes = super::plain_axes(&self.program.value(id).dims);
            let scale = self.target_scale();
            return self.weight(id, axes, scale);
        }
        self.narrowed(id)
    }

    fn larger(&mut self, a: &Value, b: &Value) -> Result<Value> {
        let (a, b) = if b.expr.terms.len() <= a.expr.terms.len() { (a, b) } else { (b, a) };
        if a.expr == b.expr {
            return Ok(a.clone());
        }
        let difference = a.clone().plus(&b.negated());
        let (lo, hi) = (a.bounds.0 - b.bounds.1, a.bounds.1 - b.bounds.0);
        // After a ReLU differences have 16 bits, in general they have 17.
        let domains = [RELU, WIDE];
        let fits = |domain: &&Interval| i128::from(domain.lo) <= lo && hi <= i128::from(domain.hi);
        let Some(domain) = domains.iter().find(fits).copied() else {
            return Err(self.error("difference of a maximum", "17 bits", format!("[{lo}, {hi}]")));
        };
        let table = self.table(Table { function: Function::Relu, domain });
        let name = self.name(self.current);
        let role = Role::LookupInput(table);
        let current = self.current;
        let x = self.rescale(&difference, difference.scale, domain, role, current)?;
        let range = Interval::new(0, domain.hi);
        let relu = self.look_up(&x, table, range, difference.scale, &format!("{name} (excess)"))?;
        let mut max = b.clone().plus(&relu);
        max.bounds = (a.bounds.0.max(b.bounds.0), a.bounds.1.max(b.bounds.1));
        Ok(max)
    }
}

fn fits(a: &Value, b: &Value) -> bool {
    let (lo, hi) = (a.bounds.0 - b.bounds.1, a.bounds.1 - b.bounds.0);
    i128::from(WIDE.lo) <= lo && hi <= i128::from(WIDE.hi)
}

/// Whether integers have many more bits than a tensor: public inputs, and what is read from them, keep them in a maximum.
fn is_wide(value: &Value) -> bool {
    value.bounds.0 < -(1 << 20) || value.bounds.1 > 1 << 20
}
