//! Gaps to a maximum along an axis: what exponentials of a softmax are taken of.
//!
//! Neither the entries nor their maximum need 16 bits of their own: the gap is what is looked up, at the scale that the
//! exponential needs, and clamped where the exponential is zero. What does not count is lowered by more than any entry that
//! counts can be below another, so that its gap is clamped, too.

use zktorch_graph::{
    AxisMap, Entry, Expr, Factor, Interval, Limbs, Operand, Role, Shape, Step, TableId, Tensor, TensorId,
    Term, View,
};

use super::function::Plan;
use super::quantise::{limb_range, quotient_bounds};
use super::{Lowering, Value, plain_axes};
use crate::Result;
use crate::program::{Core, FAR, Id, exp_of_negative};

/// The gap's scale and range as the argument of an exponential: exp(-16) is nothing at the scale of the values.
const SCALE: i32 = 12;
const DOMAIN: Interval = Interval { lo: 0, hi: (1 << 16) - 1 };
/// The finest scale of what a gap is computed from.
pub(super) const FINEST: i32 = SCALE + 40;
/// The exponential's scale: its largest value is 1.
const OUTPUT_SCALE: i32 = 16;

/// The lookup that reads a gap.
pub(super) struct Exponential {
    table: TableId,
    range: Interval,
}

impl Exponential {
    /// Table, range and scale of the values.
    pub(super) fn parts(&self) -> (TableId, Interval, i32) {
        (self.table, self.range, OUTPUT_SCALE)
    }
}

impl Lowering<'_> {
    /// `max(x) - x` along an axis; where `keep` is zero, an entry does not count.
    pub(super) fn gap(&mut self, x: Id, keep: Option<Id>, axis: usize, y: Id) -> Result<Value> {
        let exponential = self.guard == 0 && self.is_exponent(y);
        let mut value = match self.program.constant(x) {
            Some(constant) => self.weight(x, plain_axes(constant.dims()), i32::MAX)?,
            None => self.value(x)?,
        };
        if value.axes[axis].len() != 1 {
            value = self.merged(value, axis, x)?;
        }
        let mut scale = if exponential { SCALE } else { self.stored_scale(&value, x) };
        if !exponential && self.guard == 0 {
            scale = scale.min(value.scale);
        }
        let keep = match keep {
            None => None,
            Some(keep) => Some(self.counting(keep, &mut value, x)?),
        };
        let masked = keep.is_some();
        let (mut raised, mut divisor) = self.divided(&value, scale, x)?;
        let mut far = 0;
        if let Some(keep) = keep {
            let reach = if exponential { i128::from(DOMAIN.hi) + 1 } else { self.reach(scale)? };
            let lowered = |far: i128, divisor: u64| i64::try_from(far.checked_mul(divisor.into())?).ok();
            far = self.far(&value, &raised, divisor, scale, reach);
            if lowered(far, divisor).is_none() {
                raised = self.wide(&value, scale, x)?;
                divisor = 1;
                far = self.far(&value, &raised, divisor, scale, reach);
            }
            // x - far (1 - keep)
            let wide = || self.error("bits of masked scores", "at most 62", far);
            let lowered = lowered(far, divisor).ok_or_else(wide)?;
            let counting = keep.expr.terms.iter().map(|term| {
                let coeff = term.coeff.checked_mul(lowered)?;
                Some(Term { coeff, ..term.clone() })
            });
            let counting = counting.collect::<Option<Vec<_>>>().ok_or_else(wide)?;
            let one = self.ones(&raised.expr.shape);
            raised.expr.terms.push(Term { coeff: -lowered, operand: Operand::View(one) });
            raised.expr.terms.extend(counting);
        }
        let [along] = value.expr_axes(axis)[..] else {
            return Err(self.bug("an axis of more than one entry", "another"));
        };
        let bounds = self.maximum_bounds(&value, &raised, divisor, scale);
        let (lo, hi) = quotient_bounds(&raised, divisor);
        let lowest = lo - far;
        let name = self.name(y);
        let row = self.row(&value, axis);
        let max = self.limbs(&format!("{name} (maximum)"), &row, scale, bounds, |_| Role::Ranged)?;
        let (r, slack) = self.remainder(name, &raised, divisor);
        let widest = hi.min(limb_range(bounds).1).max(0) - lowest.min(0);
        let (gap, excess) = if exponential {
            let plan = Plan::new(&exp_of_negative(), DOMAIN, SCALE, OUTPUT_SCALE, false);
            let table = self.table(plan.table);
            self.exponents.insert(y, Exponential { table, range: plan.range });
            let gap = self.tensor(name, &raised, scale, DOMAIN, Role::LookupInput(table));
            (
                Limbs::from(gap),
                self.beyond(name, &raised, widest, if masked || self.clamps(x) { None } else { Some(x) })?,
            )
        } else {
            (self.limbs(name, &raised, scale, (0, widest), |_| Role::Ranged)?, Limbs::default())
        };
        let chosen = self.tensor(&format!("{name} (chosen)"), &raised, 0, Interval::new(0, 1), Role::Ranged);
        let end = gap.range(&self.graph)[1];
        let acc = raised.expr.clone();
        self.graph.steps.push(Step::Gap {
            acc,
            divisor,
            r,
            slack,
            axis: along,
            max,
            gap: gap.clone(),
            excess,
            chosen,
        });
        Ok(self.limbs_value(&gap, &value, scale, (0, end)))
    }

    /// What a maximum may be: where nothing may be out of range, all that entries can be; else what others of their size are.
    fn maximum_bounds(&self, value: &Value, raised: &Value, divisor: u64, scale: i32) -> (i128, i128) {
        let (lo, hi) = match self.saturate {
            true => quotient_bounds(raised, divisor),
            false => self.guarded_bounds(value, raised, divisor, scale),
        };
        (lo.min(0), hi.max(0))
    }

    /// What is taken from an entry that does not count: its gap is `reach` or more, whatever the others are, and where none counts
    /// the maximum is below what its limbs hold, so that there is no proof. Entries are bounded by the ranges of what they are
    /// computed from, which are proved.
    fn far(&self, value: &Value, raised: &Value, divisor: u64, scale: i32, reach: i128) -> i128 {
        let bound = self.validated_bound(raised) / i128::from(divisor) + 1;
        let lowest = limb_range(self.maximum_bounds(value, raised, divisor, scale)).0;
        (2 * bound + reach).max(bound - lowest + 1)
    }

    /// A gap at which an exponential is zero.
    fn reach(&self, scale: i32) -> Result<i128> {
        let shift = u32::try_from(scale).ok().filter(|scale| *scale < 64);
        let reach = shift.map(|shift| (FAR as i128) << shift);
        reach.ok_or_else(|| self.error("scale of masked scores", "from 0 to 63", scale))
    }

    /// What a gap is clamped by: as far as entries can be apart, or as far as those of `seen` were, with some room.
    fn beyond(&mut self, name: &str, like: &Value, widest: i128, seen: Option<Id>) -> Result<Limbs> {
        let end = i128::from(DOMAIN.hi);
        if widest <= end {
            return Ok(Limbs::default());
        }
        let room = |x: Id| {
            let (lo, hi) = self.statistics.range(x);
            ((hi - lo) * f64::from(1u32 << self.headroom) * f64::powi(2.0, SCALE)) as i128
        };
        // One limb at least.
        let most = seen.map_or(widest, |x| widest.min(room(x).max((1 << 17) - 1 + end)));
        self.limbs(&format!("{name} (excess)"), like, SCALE, (0, most - end), |_| Role::Ranged)
    }

    /// Whether an exponential alone reads a value.
    fn is_exponent(&self, y: Id) -> bool {
        let reader = self.program.only_reader(y);
        reader.is_some_and(|node| node.core == Core::Function(exp_of_negative()))
            && self.program.outputs.iter().all(|(_, id)| *id != y)
    }

    /// Whether a value is an exponential of a gap: all of its bits count, and none of them is room.
    pub(super) fn is_exponential(&self, value: &Value) -> bool {
        let is_one = |view: &View| match self.graph.tensor(view.tensor).role {
            Role::LookupOutput(table) => self.exponents.values().any(|one| one.table == table),
            _ => false,
        };
        matches!(&value.expr.terms[..], [Term { operand: Operand::View(view), .. }] if is_one(view))
    }

    /// A boolean that says which entries count, with the layout of the value.
    fn counting(&mut self, keep: Id, value: &mut Value, x: Id) -> Result<Value> {
        let mask = match self.program.constant(keep) {
            Some(constant) => {
                let axes = self.axes_like(value, constant.dims(), value.axes.len());
                self.weight(keep, axes, i32::MAX)?
            }
            None => self.linear(keep)?,
        };
        let mask = self.with_rank(mask, value.axes.len());
        let (aligned, mask) = self.aligned(value.clone(), mask, (x, keep))?;
        *value = aligned;
        if mask.scale != 0 || mask.div != 1 || mask.bounds.0 < 0 && self.program.constant(keep).is_none() {
            return Err(self.bug("a boolean", "another mask"));
        }
        let axes = value.axes.clone();
        self.broadcast(mask, &axes)
    }

    /// The number one in every entry of a shape.
    fn ones(&mut self, shape: &Shape) -> View {
        let found = self.graph.tensors.iter().position(|tensor| tensor.role == Role::One);
        let id = match found {
            Some(id) => TensorId(id as u32),
            // It is nobody's.
            None => {
                let one = self.add_tensor(Tensor::one());
                self.origins[one.0 as usize] = None;
                one
            }
        };
        let repeated = |(axis, dim): (u32, &u32)| {
            let entries = (0..*dim).map(|out| Entry { out, src: 0, coeff: 1 }).collect();
            Factor { src: vec![], out: vec![axis], map: AxisMap::Sparse(entries) }
        };
        let factors = (0u32..).zip(shape.dims()).map(repeated).collect();
        View { tensor: id, shape: shape.clone(), factors }
    }

    /// The layout of a value without an axis.
    fn row(&self, value: &Value, axis: usize) -> Value {
        let mut axes = value.axes.clone();
        axes[axis].clear();
        let shape = super::shape(&axes);
        Value { axes, expr: Expr { shape, terms: Vec::new() }, ..value.clone() }
    }
}
