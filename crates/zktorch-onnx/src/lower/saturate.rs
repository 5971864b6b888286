//! Clamping: of arguments where a function is flat, and with `saturate` of everything that could leave its range.

use zktorch_graph::{Interval, Limbs, Role, Step, TensorId};

use super::quantise::{is_narrow, limb_bounds, limb_range, quotient_bounds};
use super::{Lowering, Value};
use crate::Result;
use crate::program::{Id, Kind};

/// Domains of 17 bits.
const WIDE: Interval = Interval { lo: -(1 << 16), hi: (1 << 16) - 1 };

impl Lowering<'_> {
    /// Whether a value has to be clamped: some input could take it out of a range at this scale, and that is no error.
    pub(super) fn leaves(&self, value: &Value, scale: i32, range: Interval, id: Id) -> bool {
        let down = u32::try_from(value.scale - scale).unwrap_or_default().min(100);
        let up = u32::try_from(scale - value.scale).unwrap_or_default().min(100);
        let at = |bound: i128| (bound.saturating_mul(1 << up) / i128::from(value.div)) >> down;
        // Roundings move a bound by one.
        let (lo, hi) = (at(value.bounds.0) - 1, at(value.bounds.1) + 1);
        self.clamps(id) && (lo < i128::from(range.lo) || hi > i128::from(range.hi))
    }

    /// Whether a value is clamped where it would leave a range: integers are exact.
    pub(super) fn clamps(&self, id: Id) -> bool {
        self.saturate && self.program.value(id).kind == Kind::Float
    }

    /// y = clamp(x), exactly where x is inside the domain.
    pub(super) fn saturate(
        &mut self,
        value: &Value,
        scale: i32,
        range: Interval,
        role: Role,
        id: Id,
    ) -> Result<Value> {
        let (raised, divisor) = self.divided(value, scale, id)?;
        let y = self.saturated(self.name(id), &raised, divisor, scale, range, role)?;
        Ok(self.tensor_value(y, value.axes.clone(), value.max_abs))
    }

    /// The tensor of a value's integers, divided and clamped.
    fn saturated(
        &mut self,
        name: &str,
        raised: &Value,
        divisor: u64,
        scale: i32,
        range: Interval,
        role: Role,
    ) -> Result<TensorId> {
        let bound = self.validated_bound(raised) / i128::from(divisor) + (1 << 17);
        let mut excess = Vec::new();
        let mut top = bound;
        while !is_narrow(-top - 1, top) {
            if excess.len() + 1 == Limbs::MAX {
                return Err(self.error("bits of a saturating value", "at most 64", format!("{bound}")));
            }
            let limb = format!("{name} (excess, limb {})", excess.len());
            excess.push(self.tensor(&limb, raised, 0, Limbs::LOW, Role::Ranged));
            top >>= Limbs::BITS;
        }
        let domain = if top < 1 << 15 { Interval::I16 } else { WIDE };
        let sign = self.sign_table(domain);
        let limb = format!("{name} (excess)");
        excess.push(self.tensor(&limb, raised, 0, domain, Role::LookupInput(sign)));
        let bit = Interval::new(0, 1);
        let negative =
            self.tensor(&format!("{name} (sign of the excess)"), raised, 0, bit, Role::LookupOutput(sign));
        let y = self.tensor(name, raised, scale, range, role);
        let (r, slack) = self.remainder(name, raised, divisor);
        let acc = raised.expr.clone();
        self.graph.steps.push(Step::Saturate { acc, divisor, y, r, slack, excess: Limbs(excess), negative });
        Ok(y)
    }

    /// A value's integers, divided, as limbs for what is between two bounds; `role` is that of the top limb. What is beyond them is
    /// an error of the run, or clamped: then it is the top limb that is, so that the others, which tell nothing any more, stay.
    pub(super) fn limbs_within(
        &mut self,
        raised: &Value,
        divisor: u64,
        scale: i32,
        bounds: (i128, i128),
        role: impl Fn(Interval) -> Role,
        id: Id,
    ) -> Result<Limbs> {
        let name = self.name(id);
        let (lo, hi) = quotient_bounds(raised, divisor);
        let held = limb_range(bounds);
        let (below, range) = limb_bounds(bounds);
        let clamped = self.clamps(id) && (lo < held.0 || hi > held.1);
        if clamped && below == 0 {
            return Ok(self.saturated(name, raised, divisor, scale, range, role(range))?.into());
        }
        let (r, slack) = self.remainder(name, raised, divisor);
        let acc = raised.expr.clone();
        if !clamped {
            let y = self.limbs(name, raised, scale, bounds, role)?;
            self.graph.steps.push(Step::Rescale { acc, divisor, y: y.clone(), r, slack });
            return Ok(y);
        }
        let mut all = self.limbs(name, raised, scale, (lo, hi), |_| Role::Ranged)?;
        self.graph.steps.push(Step::Rescale { acc, divisor, y: all.clone(), r, slack });
        let upper = Limbs(all.0.split_off(below));
        let shift = Limbs::BITS * below as u32;
        let upper = self.limbs_value(&upper, raised, scale, (lo >> shift, hi >> shift));
        all.0.push(self.saturated(name, &upper, 1, scale, range, role(range))?);
        Ok(all)
    }

    /// A stored value whose integers are between two bounds, clamped if they could leave them and that is no error.
    pub(super) fn clamped(&mut self, value: Value, bounds: (i128, i128), id: Id) -> Result<Value> {
        let inside = value.bounds.0 >= bounds.0 && value.bounds.1 <= bounds.1;
        if inside || !self.clamps(id) {
            return Ok(value);
        }
        let limbs = self.limbs_within(&value, 1, value.scale, bounds, |_| Role::Ranged, id)?;
        Ok(self.limbs_value(&limbs, &value, value.scale, limb_range(bounds)))
    }
}
