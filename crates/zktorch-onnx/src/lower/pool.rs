//! Maxima and means.

use zktorch_graph::{Function, Interval, Role, Table};

use super::{Lowering, Value};
use crate::Result;
use crate::ops::along;

impl Lowering<'_> {
    /// An activation whose differences have 17 bits: a sum of views that may have more is stored first.
    pub(crate) fn narrow(&mut self, name: &str) -> Result<Value> {
        let value = self.linear(name)?;
        if value.bounds.1 - value.bounds.0 < 1 << 16 {
            return Ok(value);
        }
        let scale = self.own_scale(&value);
        let stored = self.rescale(&value, scale, Interval::I16, Role::Ranged, name)?;
        self.replace(name, stored.clone());
        Ok(stored)
    }

    /// The maximum of values of one shape and scale, exactly: `max(a, b) = b + relu(a - b)`.
    pub(crate) fn maximum(&mut self, mut values: Vec<Value>) -> Result<Value> {
        while values.len() > 1 {
            let half = values.len().div_ceil(2);
            let others = values.split_off(half);
            // With an odd number the last of the first half is carried.
            for (value, other) in values.iter_mut().zip(others) {
                *value = self.larger(value, &other)?;
            }
        }
        values.pop().ok_or_else(|| self.bug("at least one value", "none"))
    }

    fn larger(&mut self, a: &Value, b: &Value) -> Result<Value> {
        let (a, b) = if b.expr.terms.len() <= a.expr.terms.len() { (a, b) } else { (b, a) };
        if a.expr == b.expr {
            return Ok(a.clone());
        }
        let difference = a.clone().plus(&b.negated());
        let (lo, hi) = (a.bounds.0 - b.bounds.1, a.bounds.1 - b.bounds.0);
        // After a ReLU differences have 16 bits, in general they have 17.
        let domains = [Interval::I16, Interval::new(-(1 << 16), (1 << 16) - 1)];
        let fits = |domain: &&Interval| i128::from(domain.lo) <= lo && hi <= i128::from(domain.hi);
        let Some(domain) = domains.iter().find(fits).copied() else {
            return Err(self.error("difference of a maximum", "17 bits", format!("[{lo}, {hi}]")));
        };
        let table = self.table(Table { function: Function::Relu, domain });
        let name = self.current().to_owned();
        let role = Role::LookupInput(table);
        let x = self.rescale(&difference, difference.scale, domain, role, &format!("{name} (difference)"))?;
        let range = Interval::new(0, domain.hi);
        let relu = self.look_up(&x, table, range, difference.scale, &format!("{name} (excess)"))?;
        let mut max = b.clone().plus(&relu);
        max.bounds = (a.bounds.0.max(b.bounds.0), a.bounds.1.max(b.bounds.1));
        Ok(max)
    }

    /// Replaces an axis (at most one sub-axis) by weighted sums of its entries divided by `divisor`.
    pub(crate) fn average(
        &mut self,
        value: Value,
        axes: Vec<Vec<u32>>,
        axis: usize,
        entries: Vec<(u32, u32, i32)>,
        divisor: u32,
        name: &str,
    ) -> Result<Value> {
        let odd = divisor >> divisor.trailing_zeros();
        let mut value = value;
        let joint = |value: &Value| u64::from(value.div) * u64::from(odd);
        if joint(&value) > 1 << 16 {
            value = self.store(&value, name)?;
        }
        if joint(&value) > 1 << 16 {
            return Err(self.error("divisor", "an odd part of at most 2^16", odd));
        }
        let (div, scale) = (value.div * odd, value.scale + divisor.trailing_zeros() as i32);
        let factors = along(&value, &axes, axis, entries);
        Ok(Value { div, scale, ..self.apply(&value, axes, &factors)? })
    }
}
