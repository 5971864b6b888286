//! Guard bits: values between operators with more than 16 bits, for models whose layers amplify roundings.
//!
//! Such a value is two limbs instead of one tensor, and so is its remainder: about twice the committed values. Without guard
//! bits nothing here is reached.

use zktorch_graph::{Binary, Formula, Interval, Role};

use super::function::{Plan, Shape, TOLERANCE};
use super::quantise::{limb_range, quotient_bounds};
use super::{Lowering, Value};
use crate::Result;
use crate::program::{Id, Kind};

/// A function over many magnitudes is looked up in at most this many windows.
const MAX_WINDOWS: usize = 12;
/// Largest argument of a window's table.
const WINDOW: f64 = 131_070.0;

impl Lowering<'_> {
    /// The scale at which a value between operators is stored: its own, and the guard bits, but no more than the value has.
    pub(super) fn stored_scale(&self, value: &Value, id: Id) -> i32 {
        let most = value.scale.max(self.own_scale(value));
        (self.own_scale(value) + self.more_bits(id) as i32).min(most)
    }

    /// What the integers of a value may be at a scale: what 16 bits are at its own one.
    pub(super) fn guarded_bounds(
        &self,
        value: &Value,
        raised: &Value,
        divisor: u64,
        scale: i32,
    ) -> (i128, i128) {
        let (lo, hi) = quotient_bounds(raised, divisor);
        let more = u32::try_from(scale - self.own_scale(value)).unwrap_or_default().min(64);
        ((i128::from(Interval::I16.lo) << more).max(lo), (i128::from(u16::MAX >> 1) << more).min(hi))
    }

    /// Stores a value at a scale in as many limbs as what was seen of it asks for.
    pub(super) fn store_guarded(&mut self, value: &Value, scale: i32, id: Id) -> Result<Value> {
        self.store_within(value, scale, (i128::MIN, i128::MAX), id)
    }

    /// The same with bounds that its integers keep by definition; what is outside is an error of the run, or clamped.
    fn store_within(&mut self, value: &Value, scale: i32, limits: (i128, i128), id: Id) -> Result<Value> {
        let (raised, divisor) = self.divided(value, scale, id)?;
        let (lo, hi) = self.guarded_bounds(value, &raised, divisor, scale);
        let bounds = (lo.max(limits.0), hi.min(limits.1));
        if divisor == 1 && self.is_plain(&raised) && bounds.0 <= raised.bounds.0 {
            return Ok(raised);
        }
        let y = self.storing(&raised, id, |own| {
            own.limbs_within(&raised, divisor, scale, bounds, |_| Role::Ranged, id)
        })?;
        Ok(self.limbs_value(&y, value, scale, limb_range(bounds)))
    }

    /// `max(x, 0) = x - [x < 0] x`: the top limb has the sign.
    pub(super) fn relu_guarded(&mut self, x: Id) -> Result<Value> {
        let value = self.value(x)?;
        let scale = self.stored_scale(&value, x);
        let (raised, divisor) = self.divided(&value, scale, x)?;
        let (lo, hi) = self.guarded_bounds(&value, &raised, divisor, scale);
        if lo >= 0 {
            return Ok(value);
        }
        let (stored, negative) = self.stored_with_sign(&raised, divisor, scale, (lo, hi), x)?;
        self.replace(x, stored.clone());
        self.half(stored, &negative, true)
    }

    /// Whether a function is `max(x, 0)`.
    pub(super) fn is_relu(formula: &Formula) -> bool {
        *formula == Formula::argument().with_constant(Binary::Max, 0.0)
    }

    /// The part of a function's largest value that rounding its argument may change.
    pub(super) fn tolerance(&self) -> f64 {
        TOLERANCE * f64::powi(0.5, (self.guard / 2) as i32)
    }

    /// A function with more bits than one table gives, if there is a way.
    pub(super) fn function_guarded(&mut self, x: Id, formula: &Formula, y: Id) -> Result<Option<Value>> {
        if [x, y].iter().any(|id| self.program.value(*id).kind != Kind::Float) {
            return Ok(None);
        }
        if Self::is_relu(formula) {
            return self.relu_guarded(x).map(Some);
        }
        let shape = self.shape_of(formula, x, self.max_abs(y));
        if let Some(ratio) = ratio(formula, shape.window) {
            return self.by_ratio(x, &ratio, y).map(Some);
        }
        self.by_windows(x, formula, &shape, y)
    }

    /// `f(x) = x g(x)`: small values keep their bits, as x has them and g is looked up.
    fn by_ratio(&mut self, x: Id, ratio: &Formula, y: Id) -> Result<Value> {
        let argument = self.linear(x)?;
        let shape = self.shape_of(ratio, x, 0.0);
        let own = self.own_scale(&argument);
        let mut plan = Self::in_one_table(ratio, &shape, &argument, own, shape.output_scale());
        plan.slope = None;
        let name = format!("{} (ratio)", self.name(y));
        let ratio = self.look_up_planned(argument.clone(), plan, own, x, &name)?;
        let (argument, ratio) = self.aligned(argument, ratio, (x, y))?;
        let product = self.times_entries(&argument, &ratio)?;
        Ok(Value { max_abs: self.max_abs(y), ..product })
    }

    /// `f(x) = f(c(x, T_0, T_1)) + sum_i (f(c(x, T_i, T_(i+1))) - f(T_i))` for the clamp c and f on x >= 0: each term is flat
    /// outside its window and has a table with a scale of its own. For functions that are steep near zero and go far, as logarithms.
    fn by_windows(&mut self, x: Id, formula: &Formula, shape: &Shape, y: Id) -> Result<Option<Value>> {
        let value = self.value(x)?;
        let own = self.own_scale(&value);
        let output_scale = shape.output_scale();
        let one = Self::in_one_table(formula, shape, &value, own, output_scale);
        if shape.window.0 < 0.0 || one.slope.is_some() || one.scale >= shape.scale.min(value.scale) {
            return Ok(None);
        }
        // Where the function does not end flat, arguments beyond its windows have to be errors of the run: a tensor's bounds say so.
        // Those of a gap say already that it is not negative, and what does not count is further away than anything that was seen.
        let bounded = shape.flat.0 || value.bounds.0 >= 0;
        let value = match shape.flat {
            (_, true) if bounded && value.div == 1 => value,
            (below, _) => {
                let scale = self.stored_scale(&value, x);
                self.store_within(&value, scale, (if below { i128::MIN } else { 0 }, i128::MAX), x)?
            }
        };
        let bound = value.bounds.1 as f64 * f64::powi(0.5, value.scale);
        let end = if shape.flat.1 { shape.window.1 } else { bound };
        // As exact as the number of windows allows.
        let tolerances = [self.tolerance(), TOLERANCE / 16.0, TOLERANCE / 4.0, TOLERANCE];
        let mut found = tolerances
            .iter()
            .filter_map(|tolerance| windows(formula, value.scale, end, tolerance * shape.largest));
        let Some(windows) = found.next() else { return Ok(None) };
        let mut sum: Option<Value> = None;
        for (index, (from, to)) in windows.into_iter().enumerate() {
            let scale = window_scale(to).min(value.scale);
            let clamped = Formula::argument().with_constant(Binary::Max, from).with_constant(Binary::Min, to);
            let mut part = formula.of(&clamped);
            if index > 0 {
                part = part.with_constant(Binary::Sub, formula.eval(from));
            }
            let end = (to * f64::powi(2.0, scale)).ceil().min(WINDOW) as i32;
            let plan = Plan::new(&part, Interval::new(0, end), scale, output_scale, true);
            let name = format!("{} (window {index})", self.name(y));
            let part = self.look_up_planned(value.clone(), plan, i32::MIN, x, &name)?;
            sum = Some(match sum {
                None => part,
                Some(sum) => sum.plus(&part),
            });
        }
        Ok(sum)
    }
}

/// The finest scale at which an argument up to `to` has 17 bits.
fn window_scale(to: f64) -> i32 {
    (WINDOW / to).log2().floor() as i32
}

/// f(x) / x, if f(0) = 0 and the ratio is nowhere much larger than at the ends of a window.
fn ratio(formula: &Formula, (lo, hi): (f64, f64)) -> Option<Formula> {
    // Where x is zero, the limit: a step aside that no scale resolves.
    let aside = Formula::argument().with_constant(Binary::Add, f64::powi(0.5, 50));
    let ratio = formula.of(&aside).with(Binary::Div, aside);
    if formula.eval(0.0) != 0.0 || !ratio.is_valid() || lo >= hi {
        return None;
    }
    let points = (0..=512).map(|i| lo + (hi - lo) * f64::from(i) / 512.0);
    let small = (0..40).flat_map(|i| [lo * f64::powi(0.5, i), hi * f64::powi(0.5, i)]);
    let largest = points
        .chain(small)
        .map(|x| ratio.eval(x).abs())
        .try_fold(0f64, |max, y| y.is_finite().then_some(max.max(y)))?;
    let far = lo.abs().max(hi.abs()) / 2.0;
    let ends =
        [lo, hi].into_iter().filter(|x| x.abs() >= far).map(|x| ratio.eval(x).abs()).fold(0.0, f64::max);
    (largest > 0.0 && largest <= 8.0 * ends).then_some(ratio)
}

/// Windows from 0 to `end`, each as long as 17 bits of the argument change the function by no more than `tolerance`; the first one
/// resolves the argument as far as its scale does. None if there would be too many.
fn windows(formula: &Formula, scale: i32, end: f64, tolerance: f64) -> Option<Vec<(f64, f64)>> {
    let first = f64::from(1 << 16) * f64::powi(0.5, scale);
    let mut windows = vec![(0.0, first.min(end))];
    while let Some((_, from)) = windows.last().copied().filter(|(_, to)| *to < end) {
        let fits = |to: f64| {
            let step = f64::powi(0.5, window_scale(to) + 1);
            let points = (0..64).map(|i| from * (to / from).powf(f64::from(i) / 64.0));
            points.into_iter().all(|x| (formula.eval(x + step) - formula.eval(x)).abs() <= tolerance)
        };
        let longest =
            (1..=64).map(|i| from * f64::powf(2.0, f64::from(i) / 2.0)).take_while(|to| fits(*to)).last();
        windows.push((from, longest?.min(end)));
        if windows.len() > MAX_WINDOWS {
            return None;
        }
    }
    Some(windows)
}

#[cfg(test)]
mod tests {
    use zktorch_graph::Unary;

    use super::*;

    #[test]
    fn a_ratio_is_the_function_over_its_argument() {
        let sigmoid = Formula::argument().then(Unary::Sigmoid);
        let silu = Formula::argument().with(Binary::Mul, sigmoid.clone());
        let ratio = ratio(&silu, (-20.0, 20.0)).unwrap();
        for x in [-20.0, -1e-3, 0.0, 1e-9, 0.7, 20.0] {
            assert!((ratio.eval(x) - sigmoid.eval(x)).abs() < 1e-12, "{x}");
        }
        // Not zero at zero; a root, whose ratio has a pole; flat, so that a table alone is better.
        assert!(super::ratio(&sigmoid, (-20.0, 20.0)).is_none());
        assert!(super::ratio(&Formula::argument().then(Unary::Sqrt), (0.0, 20.0)).is_none());
        assert!(super::ratio(&Formula::argument().then(Unary::Tanh), (-200.0, 200.0)).is_none());
    }

    #[test]
    fn windows_of_a_logarithm_cover_many_magnitudes() {
        let log = Formula::argument().with_constant(Binary::Max, 1e-10).then(Unary::Log);
        let windows = windows(&log, 20, 1e11, 1e-3).unwrap();
        assert_eq!((windows[0].0, windows.last().unwrap().1), (0.0, 1e11));
        assert!(windows.windows(2).all(|pair| pair[0].1 == pair[1].0), "{windows:?}");
        assert!(windows.len() <= MAX_WINDOWS);
        for (from, to) in &windows[1..] {
            let step = f64::powi(0.5, window_scale(*to) + 1);
            assert!((log.eval(from + step) - log.eval(*from)).abs() <= 1e-3);
        }
    }
}
