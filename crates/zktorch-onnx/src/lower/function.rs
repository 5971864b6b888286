//! Functions: a lookup, with the scales of its argument and its value.
//!
//! An argument is rounded to a table's domain, so its scale decides how exact a function is. Where 16 bits over all the values
//! that were seen are not exact enough, but the function is flat from some point on, the argument saturates there instead; a
//! steep one is interpolated.

use zktorch_graph::{
    Binary, Formula, Function, Instruction, Interval, Role, Step, Table, TableId, Tensor, Unary,
};

use super::quantise::{canonical, fit, is_narrow};
use super::{Lowering, Value};
use crate::Result;
use crate::program::{Id, Kind};

/// Points at which a function is looked at to choose scales.
const SAMPLES: usize = 1024;
/// Rounding an argument may change a value by this part of the largest one.
pub(super) const TOLERANCE: f64 = 1.0 / 4096.0;
/// A function that would need this many bits more than a domain has is interpolated.
const STEEP: i32 = 3;
/// Bits of an argument beyond those of a domain, for interpolation.
const REST_BITS: i32 = 12;
/// What a ReLU is looked up on. One integer less than 16 bits have, which no scale needs: its cell is the padding's.
pub(super) const RELU: Interval = Interval { lo: -Interval::I16.hi, hi: Interval::I16.hi };
/// Domains of 17 bits.
const WIDE: Interval = Interval { lo: -(1 << 16), hi: (1 << 16) - 1 };
/// Coarse rounding is looked at up to this scale.
const FINEST: i32 = 32;
/// Scales of formulas are limited.
const MAX_SCALE: i32 = 200;

impl Lowering<'_> {
    /// y = f(x).
    pub(super) fn function(&mut self, x: Id, formula: &Formula, y: Id) -> Result<Value> {
        if let Some(exponential) = self.exponents.get(&x) {
            let (table, range, scale) = exponential.parts();
            return self.look_up(&self.value(x)?, table, range, scale, self.name(y));
        }
        if self.guard > 0
            && let Some(value) = self.function_guarded(x, formula, y)?
        {
            return Ok(value);
        }
        let value = self.value(x)?;
        let own = self.own_scale(&value);
        if let Some((larger, negated)) = half_line(formula)
            && self.exact[y.0]
            && value.scale > own
        {
            // max(-x, 0) = -min(x, 0).
            let half = self.wide_half(x, larger != negated)?;
            return Ok(if negated { half.negated() } else { half });
        }
        let [of_integers, to_integers] = [x, y].map(|id| self.program.value(id).kind != Kind::Float);
        let plan = if of_integers && to_integers || is_choice(formula) {
            self.exact(formula, &value, x)?
        } else {
            let plan = if of_integers { self.reals_of_integers(formula, &value, x) } else { None };
            plan.unwrap_or_else(|| self.approximate(formula, &value, x, y, own))
        };
        self.look_up_planned(value, plan, own, x, self.name(y))
    }

    /// The lookup of a value as planned. `own` is the scale at which others would read the argument.
    pub(super) fn look_up_planned(
        &mut self,
        mut value: Value,
        mut plan: Plan,
        own: i32,
        x: Id,
        name: &str,
    ) -> Result<Value> {
        if value.scale > plan.scale + 47 || plan.saturates && value.div != 1 {
            value = self.wide(&value, plan.scale.min(value.scale), x)?;
        }
        if let Some(slope) = plan.slope.take() {
            return self.interpolated(value, plan, *slope, x, name);
        }
        let domain = plan.table.domain;
        let table = self.table(plan.table);
        let role = Role::LookupInput(table);
        let stored = match plan.saturates {
            true => self.saturate(&value, plan.scale, domain, role, x)?,
            false => self.rescale(&value, plan.scale, domain, role, x)?,
        };
        let several = value.is_pending() || value.expr.terms.len() > 1;
        if plan.scale == own && !plan.saturates && several {
            self.replace(x, stored.clone());
        }
        self.look_up(&stored, table, plan.range, plan.output_scale, name)
    }

    /// `f(x') + f'(x') (x - x')`, where x' is x rounded to the table's scale: what rounding loses is of second order.
    fn interpolated(&mut self, value: Value, plan: Plan, slope: Plan, x: Id, name: &str) -> Result<Value> {
        let fine = value.scale <= plan.scale + REST_BITS || !self.clamps(x);
        let value = match value.div == 1 && value.linear().is_some() && fine {
            true => value,
            false => self.wide(&value, (plan.scale + REST_BITS).min(value.scale), x)?,
        };
        let domain = plan.table.domain;
        let half = 1i128 << (value.scale - plan.scale).max(1) >> 1;
        let clamps = self.leaves(&value, plan.scale, domain, x);
        let [table, slopes] = [plan.table, slope.table].map(|table| self.table(table));
        let rounded = self.rescale(&value, plan.scale, domain, Role::LookupInput(table), x)?;
        let base = self.look_up(&rounded, table, plan.range, plan.output_scale, name)?;
        // An argument is looked up once, so that of the second table is a copy.
        let copy = self.rescale(&rounded, plan.scale, domain, Role::LookupInput(slopes), x)?;
        let slope =
            self.look_up(&copy, slopes, slope.range, slope.output_scale, &format!("{name} (slope)"))?;
        let (fine, coarse) = self.same_scale(value, rounded)?;
        let rest = fine.plus(&coarse.negated());
        let rest = match clamps {
            // Beyond the domain there is no slope to follow.
            true => self.saturate(&rest, rest.scale, symmetric(half), Role::Ranged, x)?,
            false => Value { bounds: (-half, half), ..rest },
        };
        let product = self.times_entries(&slope, &rest)?;
        let (base, product) = self.same_scale(base, product)?;
        Ok(base.plus(&product))
    }

    /// Integers of integers, and choices by sign: the argument keeps its scale.
    fn exact(&self, formula: &Formula, value: &Value, x: Id) -> Result<Plan> {
        let choice = is_choice(formula);
        if value.div == 1 && is_narrow(value.bounds.0, value.bounds.1) && !choice {
            return self.integers(formula, canonical(value.bounds.0, value.bounds.1), value.scale, x);
        }
        if choice {
            // Only the sign matters.
            let unit = Interval::new(-1, 1);
            let scale = if value.div == 1 { value.scale } else { self.own_scale(value) };
            let narrow = value.div == 1 && is_narrow(value.bounds.0, value.bounds.1);
            return Ok(match narrow {
                true => Plan::new(formula, canonical(value.bounds.0, value.bounds.1), scale, 0, false),
                false => Plan::new(formula, unit, scale, 0, true),
            });
        }
        let (lo, hi) = self.statistics.range(x);
        let room = |x: f64| (x * f64::from(1u32 << self.headroom) * f64::powi(2.0, value.scale)) as i128;
        let seen = (lo, hi);
        let (mut lo, mut hi) = (room(lo.min(0.0)).max(value.bounds.0), room(hi.max(0.0)).min(value.bounds.1));
        if !is_narrow(lo, hi) {
            // Less room than elsewhere, as much as a domain has.
            let widest = if seen.0 < 0.0 { WIDE } else { Interval::new(0, 2 * WIDE.hi + 1) };
            (lo, hi) = (lo.max(widest.lo.into()), hi.min(widest.hi.into()));
        }
        let unit = f64::powi(0.5, value.scale);
        if seen.0 < lo as f64 * unit || seen.1 > hi as f64 * unit {
            let got = format!("[{}, {}]", seen.0, seen.1);
            return Err(self.error("argument of an integer function", "17 bits", got));
        }
        self.integers(formula, canonical(lo, hi), value.scale, x)
    }

    /// Real numbers of integers: every integer has its own value, however much neighbours differ. None if there are too many.
    fn reals_of_integers(&self, formula: &Formula, value: &Value, x: Id) -> Option<Plan> {
        let (lo, hi) = value.bounds;
        if value.div != 1 || value.scale != 0 || !is_narrow(lo, hi) {
            return None;
        }
        let domain = canonical(lo, hi);
        let seen = self.statistics.range(x);
        let (first, last) = ((seen.0 as i32).clamp(domain.lo, 0), (seen.1 as i32).clamp(0, domain.hi));
        let at = |v: i32| formula.eval(f64::from(v)).abs();
        let largest = |range: std::ops::RangeInclusive<i32>| range.map(at).fold(0f64, f64::max);
        let finite = |range: std::ops::RangeInclusive<i32>| {
            range.map(at).filter(|y| y.is_finite()).fold(0f64, f64::max)
        };
        let (near, far) = (finite(first..=last), largest(domain.lo..=domain.hi));
        // Where only zeros were seen, huge values beside them (a mask's) are none that a run may have.
        let moderate = if near > 0.0 { 4.0 * near } else { f64::from(1 << 16) };
        if far <= moderate {
            let scale = if far > 0.0 { fit(far).clamp(-MAX_SCALE, MAX_SCALE) } else { 0 };
            return Some(Plan::new(formula, domain, 0, scale, false));
        }
        // The domain ends where values would not fit: an argument beyond is an error of the run.
        let fits = |v: &i32| at(*v) <= 4.0 * near;
        let high = (last..=domain.hi).take_while(fits).last().unwrap_or(last);
        let low = (domain.lo..=first).rev().take_while(fits).last().unwrap_or(first);
        let ends =
            (-rough_down(-f64::from(low), -f64::from(first)), rough_down(f64::from(high), f64::from(last)));
        let scale = if near > 0.0 { (fit(near) - 1).clamp(-MAX_SCALE, MAX_SCALE) } else { 0 };
        Some(Plan::new(formula, Interval::new(ends.0, ends.1), 0, scale, false))
    }

    /// A function of integers, whose values have to fit: the domain ends where they do not, so that an
    /// argument beyond is an error of the run.
    fn integers(&self, formula: &Formula, domain: Interval, scale: i32, x: Id) -> Result<Plan> {
        let unit = f64::powi(0.5, scale);
        let fits = |v: &i32| {
            let y = formula.eval(f64::from(*v) * unit);
            y.is_nan() || (f64::from(WIDE.lo)..=f64::from(WIDE.hi)).contains(&y)
        };
        let hi = (0..=domain.hi).take_while(fits).last().unwrap_or(0);
        let lo = (domain.lo..=0).rev().take_while(fits).last().unwrap_or(0);
        let seen = self.statistics.range(x);
        if seen.0.min(0.0) < f64::from(lo) * unit || seen.1.max(0.0) > f64::from(hi) * unit {
            let got = format!("another one for an argument in [{}, {}]", seen.0, seen.1);
            return Err(self.error("value of an integer function", "17 bits", got));
        }
        Ok(Plan::new(formula, Interval::new(lo, hi), scale, 0, false))
    }

    fn approximate(&self, formula: &Formula, value: &Value, x: Id, y: Id, own: i32) -> Plan {
        let integer = self.program.value(y).kind != Kind::Float;
        let own = own.clamp(-MAX_SCALE, MAX_SCALE);
        if !integer && Self::is_relu(formula) {
            let table = Table { function: Function::Relu, domain: RELU };
            let range = Interval::new(0, Interval::I16.hi);
            return Plan { table, range, scale: own, output_scale: own, saturates: false, slope: None };
        }
        if !integer && keeps_integers(formula) {
            return self.piecewise(formula, x, y, own);
        }
        let shape = self.shape_of(formula, x, self.max_abs(y));
        let output_scale = if integer { 0 } else { shape.output_scale() };
        Self::in_one_table(formula, &shape, value, own, output_scale)
    }

    /// All values by one table, whose argument has as many bits as it takes.
    pub(super) fn in_one_table(
        formula: &Formula,
        shape: &Shape,
        value: &Value,
        own: i32,
        output_scale: i32,
    ) -> Plan {
        // All that was seen, with room, in 16 bits.
        let plain = own.min(shape.scale + 3);
        if plain >= shape.scale {
            return Plan::limited(formula, shape, Interval::I16, plain, output_scale, false);
        }
        let window = shape.window;
        let width = (window.1 - window.0).max(window.1.abs()).max(window.0.abs() * 2.0);
        // A domain has 17 bits, on both sides of zero or from zero on.
        let most = if window.0 >= 0.0 { 131_070.0 / window.1.max(1e-300) } else { 131_070.0 / width };
        let mut scale = (most.log2().floor() as i32).min(shape.scale + 1).min(value.scale + 17);
        let domain = |scale: i32| {
            let factor = f64::powi(2.0, scale);
            Interval::new(
                // Outwards: the ends have to lie where the function is flat.
                -rough_up((-window.0 * factor).ceil()).clamp(0, -WIDE.lo),
                rough_up((window.1 * factor).ceil()).clamp(0, 131_071),
            )
        };
        // Rough ends may be too far apart, where the exact ones are not.
        if domain(scale).len() > 1 << 17 {
            scale -= 1;
        }
        let domain = domain(scale);
        let steep = scale + STEEP < shape.scale && value.scale > scale && !shape.flat.0 && !shape.flat.1;
        if steep {
            let plan = Plan::limited(formula, shape, domain, scale, output_scale, false);
            if let Some(slope) = Plan::slope(formula, shape, plan.table.domain, scale) {
                return Plan { slope: Some(slope.into()), ..plan };
            }
        }
        Plan::limited(formula, shape, domain, scale, output_scale, true)
    }

    /// Minima and maxima of the argument and numbers: the scale stays, so that nothing is rounded.
    fn piecewise(&self, formula: &Formula, x: Id, y: Id, own: i32) -> Plan {
        let shape = self.shape_of(formula, x, self.max_abs(y));
        let scale = (fit(shape.largest) - self.headroom as i32).clamp(-MAX_SCALE, MAX_SCALE);
        // The scale of an argument that was always zero is a guess, that of the value is not.
        let own = if self.max_abs(x) > 0.0 { own } else { own.max(scale) };
        let flat = shape.flat.0 && shape.flat.1;
        if !flat || own >= scale - 2 || shape.largest <= 0.0 {
            return Plan::new(formula, Interval::I16, own, own, false);
        }
        Plan::new(formula, Interval::I16, scale, scale, true)
    }

    /// The step of a lookup of a value that is one tensor.
    pub(super) fn look_up(
        &mut self,
        x: &Value,
        table: TableId,
        range: Interval,
        scale: i32,
        name: &str,
    ) -> Result<Value> {
        let x_id = self.last_tensor(x)?;
        let y = self.add_tensor(Tensor {
            name: name.into(),
            shape: x.expr.shape.clone(),
            scale,
            range,
            role: Role::LookupOutput(table),
        });
        self.graph.steps.push(Step::Lookup { table, x: x_id, y });
        Ok(self.tensor_value(y, x.axes.clone(), x.max_abs))
    }

    /// What a function looks like around the arguments that were seen. `seen` is its largest value there, 0 if that is not known.
    pub(super) fn shape_of(&self, formula: &Formula, x: Id, seen: f64) -> Shape {
        let (lo, hi) = self.statistics.range(x);
        let room = f64::from(1u32 << self.headroom);
        let max_abs = lo.abs().max(hi.abs()).max(1e-30);
        let limits =
            (if lo < 0.0 { -max_abs * room } else { 0.0 }, if hi > 0.0 { max_abs * room } else { 0.0 });
        let tolerance = self.tolerance();
        Shape::new(formula, (lo, hi), limits, seen, tolerance)
    }
}

/// What a function looks like around the values that were seen.
pub(super) struct Shape {
    /// Largest absolute value of the function where values were seen.
    pub(super) largest: f64,
    /// The argument's scale from which on rounding it does not matter.
    pub(super) scale: i32,
    /// The largest slope between values that were seen.
    steepest: f64,
    /// Whether the function is flat below and above the window.
    pub(super) flat: (bool, bool),
    /// Where the function is not flat, within what was seen and the room around it.
    pub(super) window: (f64, f64),
    /// Where the function's values fit a table's range.
    bounded: (f64, f64),
    /// Where values were seen.
    seen: (f64, f64),
}

impl Shape {
    fn new(formula: &Formula, (lo, hi): (f64, f64), limits: (f64, f64), seen: f64, exactness: f64) -> Self {
        // Where one value alone was seen, its neighbourhood tells how steep the function is.
        let (lo, hi) = match hi - lo <= 1e-3 * lo.abs().max(hi.abs()) {
            true => (lo - lo.abs() / 8.0, hi + hi.abs() / 8.0),
            false => (lo, hi),
        };
        let mut points = points(lo, hi);
        let mut largest = largest_at(formula, &points);
        if largest == 0.0 {
            // Zero wherever values were seen, as a floor of small ones: what matters is the room around them.
            points = self::points(limits.0, limits.1);
            largest = largest_at(formula, &points);
        }
        // A pole between the values that were seen makes no value large.
        if seen > 0.0 {
            largest = largest.min(2.0 * seen);
        }
        // Arguments can be rounded to zero, also where none was seen.
        let place = points.partition_point(|x| *x < 0.0);
        points.insert(place, 0.0);
        let within = |y: f64| if y.abs() <= 4.0 * largest { y } else { f64::NAN };
        let values: Vec<f64> = points.iter().map(|x| within(formula.eval(*x))).collect();
        let slope = points.windows(2).zip(values.windows(2)).fold(0f64, |slope, (x, y)| {
            let rise = (y[1] - y[0]).abs() / (x[1] - x[0]).max(1e-300);
            if rise.is_finite() { slope.max(rise) } else { slope }
        });
        let need = slope / (2.0 * exactness * largest.max(1e-300));
        let mut scale = if need > 0.0 { need.log2().ceil() as i32 } else { -MAX_SCALE };
        // A function that is flat where values were seen need not be so where coarse rounding moves them.
        let moved = |scale: i32| {
            let factor = f64::powi(2.0, scale);
            points.iter().zip(&values).any(|(x, y)| {
                let far = (formula.eval((x * factor).round() / factor) - y).abs();
                let near = far <= 2.0 * exactness * largest;
                y.is_finite() && !near
            })
        };
        while scale < FINEST && moved(scale) {
            scale = (scale + 1).max(-FINEST);
        }
        let tolerance = exactness / 4.0 * largest;
        let flat = |end: f64, far: f64| {
            let limit = formula.eval(far);
            limit.is_finite() && (formula.eval(end) - limit).abs() <= tolerance
        };
        let far = 1e6 * (1.0 + limits.0.abs().max(limits.1.abs()));
        let tails = (flat(limits.0 - 1e3, -far), flat(limits.1 + 1e3, far));
        // The last point from which on the function keeps its limit.
        let edge = |limit: f64, end: f64| {
            let mut inside = end;
            for i in 0..400 {
                let x = end * f64::powi(0.97, i);
                if (formula.eval(x) - limit).abs() > tolerance {
                    break;
                }
                inside = x;
            }
            inside
        };
        let window = (
            if tails.0 { edge(formula.eval(-far), limits.0 - 1.0).max(limits.0) } else { limits.0 },
            if tails.1 { edge(formula.eval(far), limits.1 + 1.0).min(limits.1) } else { limits.1 },
        );
        let fits = |x: f64| formula.eval(x).abs() <= 4.0 * largest;
        // From what was seen outwards as far as the values fit.
        let outward = |from: f64, to: f64| {
            let step = (to - from) / 4096.0;
            let inside = (0..=4096).map(|i| from + step * f64::from(i)).take_while(|x| fits(*x)).last();
            inside.unwrap_or(from)
        };
        let bounded = (outward(lo, limits.0), outward(hi, limits.1));
        Self { largest, scale, steepest: slope, flat: tails, window, bounded, seen: (lo, hi) }
    }

    /// Values up to four times the largest one have 17 bits.
    pub(super) fn output_scale(&self) -> i32 {
        if self.largest > 0.0 { (fit(self.largest) - 1).clamp(-MAX_SCALE, MAX_SCALE) } else { 0 }
    }
}

/// Arguments between two, and small ones next to large ones.
fn points(lo: f64, hi: f64) -> Vec<f64> {
    let point = |i: usize| lo + (hi - lo) * i as f64 / SAMPLES as f64;
    let mut points: Vec<f64> = (0..=SAMPLES).map(point).collect();
    points.extend((0..60).flat_map(|i| {
        let small = f64::powi(0.5, i);
        [lo * small, hi * small]
    }));
    points.retain(|x| lo <= *x && *x <= hi);
    points.sort_by(f64::total_cmp);
    points
}

/// The largest finite value of a function at some points.
fn largest_at(formula: &Formula, points: &[f64]) -> f64 {
    let finite = points.iter().map(|x| formula.eval(*x).abs()).filter(|y| y.is_finite());
    finite.fold(0f64, f64::max)
}

/// How a function is looked up.
pub(super) struct Plan {
    pub(super) table: Table,
    pub(super) range: Interval,
    pub(super) scale: i32,
    output_scale: i32,
    saturates: bool,
    /// How the slope is looked up, if the function is interpolated.
    pub(super) slope: Option<Box<Plan>>,
}

impl Plan {
    pub(super) fn new(
        formula: &Formula,
        domain: Interval,
        scale: i32,
        output_scale: i32,
        saturates: bool,
    ) -> Self {
        let formula = formula.clone();
        let (lo, hi) = (WIDE.lo, WIDE.hi);
        let function = Function::Formula { formula, input_scale: scale, output_scale, lo, hi };
        let table = Table { function, domain };
        let image = table.image();
        let range = Interval::new(image.lo.min(0), image.hi.max(0));
        Self { table, range, scale, output_scale, saturates, slope: None }
    }

    /// The slope of a smooth function between the arguments that are rounded to the same entry.
    fn slope(formula: &Formula, shape: &Shape, domain: Interval, scale: i32) -> Option<Self> {
        let half = f64::powi(0.5, scale + 1);
        let end = |side: f64| formula.of(&Formula::argument().with_constant(Binary::Add, side));
        let rise = end(half).with(Binary::Sub, end(-half));
        let secant = rise.with_constant(Binary::Mul, f64::powi(2.0, scale));
        let output_scale = (fit(shape.steepest) - 1).clamp(-MAX_SCALE, MAX_SCALE);
        let fits = is_smooth(formula) && secant.is_valid() && shape.steepest > 0.0;
        fits.then(|| Self::new(&secant, domain, scale, output_scale, false))
    }

    /// The domain ends where values would not fit any more: an argument beyond is an error of the run, not a wrong value.
    fn limited(
        formula: &Formula,
        shape: &Shape,
        domain: Interval,
        scale: i32,
        output_scale: i32,
        saturates: bool,
    ) -> Self {
        let factor = f64::powi(2.0, scale);
        let (lo, hi) = shape.bounded;
        let seen = shape.seen;
        let (lo, hi) =
            (-rough_down(-lo * factor, -seen.0 * factor), rough_down(hi * factor, seen.1 * factor));
        let domain = match saturates {
            true => domain,
            false => Interval::new(domain.lo.max(lo), domain.hi.min(hi)),
        };
        Self::new(formula, domain, scale, output_scale, saturates)
    }
}

/// The end of a domain as a number of few bits: the key states it, and it should tell the magnitude of the arguments that were
/// seen and little more.
fn rough_up(end: f64) -> i32 {
    let end = end.clamp(0.0, f64::from(1 << 20)) as i32;
    let shift = (29 - end.leading_zeros() as i32).max(0);
    (end + (1 << shift) - 1) >> shift << shift
}

/// The same, down to a number of as few bits as what was seen allows.
fn rough_down(end: f64, seen: f64) -> i32 {
    let end = end.floor().clamp(0.0, f64::from(1 << 20)) as i32;
    let bits = 32 - end.leading_zeros() as i32;
    let cut = |kept: i32| end >> (bits - kept).max(0) << (bits - kept).max(0);
    (3..bits).map(cut).find(|cut| f64::from(*cut) >= seen).unwrap_or(end)
}

/// Whether a function depends on the sign of its argument alone.
fn is_choice(formula: &Formula) -> bool {
    let zero = Instruction::Constant(0f64.to_bits());
    let by_sign = |rest: &[Instruction]| {
        matches!(
            rest,
            [Instruction::Unary(Unary::Sign | Unary::IsZero)]
                | [Instruction::Unary(Unary::IsZero), Instruction::Unary(Unary::IsZero)]
        ) || matches!(rest, [constant, Instruction::Binary(Binary::Less | Binary::Equal)] if *constant == zero)
    };
    matches!(&formula.0[..], [Instruction::Argument, rest @ ..] if by_sign(rest))
}

/// The larger (true) or the smaller one of 0 and the argument, times -1 (true) or 1.
pub(super) fn half_line(formula: &Formula) -> Option<(bool, bool)> {
    let zero = Instruction::Constant(0f64.to_bits());
    let (negated, end) = match &formula.0[..] {
        [Instruction::Argument, Instruction::Unary(Unary::Neg), end @ ..] => (true, end),
        [Instruction::Argument, end @ ..] => (false, end),
        _ => return None,
    };
    match end {
        [constant, Instruction::Binary(Binary::Max)] if *constant == zero => Some((true, negated)),
        [constant, Instruction::Binary(Binary::Min)] if *constant == zero => Some((false, negated)),
        _ => None,
    }
}

/// The integers up to `half` on both sides of zero.
fn symmetric(half: i128) -> Interval {
    Interval::new(-half as i32, half as i32)
}

/// Whether a function has a slope wherever it is defined.
fn is_smooth(formula: &Formula) -> bool {
    formula.0.iter().all(|instruction| match instruction {
        Instruction::Argument | Instruction::Constant(_) => true,
        Instruction::Unary(function) => !matches!(
            function,
            Unary::Abs
                | Unary::Sign
                | Unary::Floor
                | Unary::Ceil
                | Unary::Round
                | Unary::Trunc
                | Unary::IsZero
        ),
        Instruction::Binary(function) => {
            !matches!(function, Binary::Min | Binary::Max | Binary::Rem | Binary::Less | Binary::Equal)
        }
        Instruction::Select => false,
    })
}

/// Whether a function maps multiples of a number to such: minima, maxima and signs of the argument and numbers.
fn keeps_integers(formula: &Formula) -> bool {
    formula.0.iter().all(|instruction| {
        matches!(
            instruction,
            Instruction::Argument
                | Instruction::Constant(_)
                | Instruction::Unary(Unary::Neg | Unary::Abs)
                | Instruction::Binary(Binary::Min | Binary::Max)
        )
    })
}
