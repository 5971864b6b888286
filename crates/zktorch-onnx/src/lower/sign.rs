//! Signs of values of any width: they are stored in limbs, and the top one has the sign.

use zktorch_graph::{Formula, Function, Interval, Role, Table, TableId};

use super::quantise::{limb_bounds, limb_range};
use super::{Lowering, Value};
use crate::Result;
use crate::program::Id;

impl Lowering<'_> {
    /// A value whose integers, divided, are between two bounds, stored at a scale, and `[x < 0]`.
    pub(super) fn stored_with_sign(
        &mut self,
        raised: &Value,
        divisor: u64,
        scale: i32,
        bounds: (i128, i128),
        id: Id,
    ) -> Result<(Value, Value)> {
        // The sign is looked up on both sides of zero.
        let bounds = (bounds.0.min(-1), bounds.1.max(1));
        let name = self.name(id);
        let sign = self.sign_table(limb_bounds(bounds).1);
        let limbs = self.storing(raised, id, |own| {
            own.limbs_within(raised, divisor, scale, bounds, |_| Role::LookupInput(sign), id)
        })?;
        let top = *limbs.0.last().ok_or_else(|| self.bug("limbs", "none"))?;
        let top = self.tensor_value(top, raised.axes.clone(), 0.0);
        let negative = self.look_up(&top, sign, Interval::new(0, 1), 0, &format!("{name} (sign)"))?;
        Ok((self.limbs_value(&limbs, raised, scale, limb_range(bounds)), negative))
    }

    /// A sum of views as it is, and `[x < 0]`.
    pub(super) fn negative(&mut self, value: &Value, id: Id) -> Result<(Value, Value)> {
        let (stored, negative) = self.stored_with_sign(value, 1, value.scale, value.bounds, id)?;
        Ok((Value { bounds: value.bounds, ..stored }, negative))
    }

    /// `min(x, 0) = [x < 0] x`, or `max(x, 0) = x - [x < 0] x`, of a stored value.
    pub(super) fn half(&self, stored: Value, negative: &Value, positive: bool) -> Result<Value> {
        let (lo, hi) = (stored.bounds.0.min(0), stored.bounds.1.max(0));
        let below = Value { scale: stored.scale, ..self.times_entries(&stored, negative)? };
        Ok(match positive {
            true => Value { bounds: (0, hi), ..stored.plus(&below.negated()) },
            false => Value { bounds: (lo, 0), ..below },
        })
    }

    /// `max(x, 0)` or `min(x, 0)` of a value of any width, exactly.
    pub(super) fn wide_half(&mut self, id: Id, positive: bool) -> Result<Value> {
        let value = self.linear(id)?;
        let (stored, negative) = self.negative(&value, id)?;
        self.half(stored, &negative, positive)
    }

    /// The table `v -> [v < 0]`.
    pub(super) fn sign_table(&mut self, domain: Interval) -> TableId {
        let formula = Formula::argument().with_constant(zktorch_graph::Binary::Less, 0.0);
        let function = Function::Formula { formula, input_scale: 0, output_scale: 0, lo: 0, hi: 1 };
        self.table(Table { function, domain })
    }
}
