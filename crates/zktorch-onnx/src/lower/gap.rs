//! Gaps to a maximum along an axis: what exponentials of a softmax are taken of.
//!
//! Neither the entries nor their maximum need 16 bits of their own: the gap is what is looked up, at the scale that the
//! exponential needs, and clamped where the exponential is zero. What does not count is lowered by more than any entry that
//! counts can be below another, so that its gap is clamped, too.

use zktorch_graph::{
    AxisMap, Entry, Expr, Factor, Formula, Interval, Limbs, Operand, Role, Shape, Step, TableId, Tensor,
    TensorId, Term, Unary, View,
};

use super::function::Plan;
use super::quantise::quotient_bounds;
use super::{Lowering, Value, plain_axes};
use crate::Result;
use crate::program::{Core, Id};

/// The gap's scale and range as the argument of an exponential: exp(-16) is nothing at the scale of the values.
const SCALE: i32 = 12;
const DOMAIN: Interval = Interval { lo: 0, hi: (1 << 16) - 1 };
/// The finest scale of what a gap is computed from.
pub(super) const FINEST: i32 = SCALE + 40;
/// The exponential's scale: its largest value is 1.
const OUTPUT_SCALE: i32 = 16;
/// Beyond what any gap is clamped at, and what limbs round their ranges to.
const MARGIN: i128 = 1 << 18;

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
        let mut scale = if exponential { SCALE } else { self.stored_scale(&value) };
        if !exponential && self.guard == 0 {
            scale = scale.min(value.scale);
        }
        let keep = match keep {
            None => None,
            Some(keep) => Some(self.counting(keep, &mut value, x)?),
        };
        let masked = keep.is_some();
        let (mut raised, mut divisor) = self.divided(&value, scale, x)?;
        let (lo, hi) = quotient_bounds(&raised, divisor);
        let far = hi - lo + i128::from(DOMAIN.hi) + MARGIN;
        if let Some(keep) = keep {
            if far.saturating_mul(divisor.into()) > i128::from(i64::MAX) {
                raised = self.wide(&value, scale, x)?;
                divisor = 1;
            }
            // x - far (1 - keep)
            let lowered = (far * i128::from(divisor)) as i64;
            let one = self.ones(&raised.expr.shape);
            let counting = keep.expr.terms.into_iter();
            raised.expr.terms.push(Term { coeff: -lowered, operand: Operand::View(one) });
            raised.expr.terms.extend(counting.map(|term| Term { coeff: term.coeff * lowered, ..term }));
        }
        let [along] = value.expr_axes(axis)[..] else {
            return Err(self.bug("an axis of more than one entry", "another"));
        };
        // Where nothing may be out of range, all that entries can be; else what others of their size are.
        let bounds = match self.clamps(x) {
            true => (lo, hi),
            false => self.guarded_bounds(&value, &raised, divisor, scale),
        };
        let lowest = if masked { lo - far } else { lo };
        let name = self.name(y);
        let row = self.row(&value, axis);
        let max = self.limbs(
            &format!("{name} (maximum)"),
            &row,
            scale,
            (bounds.0.min(0), bounds.1.max(0)),
            |_| Role::Ranged,
        )?;
        let (r, slack) = self.remainder(name, &raised, divisor);
        let widest = bounds.1.max(0) - lowest.min(0);
        let (gap, excess) = if exponential {
            let formula = Formula::argument().then(Unary::Neg).then(Unary::Exp);
            let plan = Plan::new(&formula, DOMAIN, SCALE, OUTPUT_SCALE, false);
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
        let formula = Formula::argument().then(Unary::Neg).then(Unary::Exp);
        let mut readers = self.program.nodes.iter().filter(|node| node.inputs.contains(&y));
        let first = readers.next().is_some_and(|node| node.core == Core::Function(formula));
        first && readers.next().is_none() && self.program.outputs.iter().all(|(_, id)| *id != y)
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
        let axes = value.axes.clone();
        self.broadcast(mask, &axes)
    }

    /// The number one in every entry of a shape.
    fn ones(&mut self, shape: &Shape) -> View {
        let found = self.graph.tensors.iter().position(|tensor| tensor.role == Role::One);
        let id = match found {
            Some(id) => TensorId(id as u32),
            None => self.add_tensor(Tensor::one()),
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
