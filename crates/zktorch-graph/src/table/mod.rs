//! Lookup tables: functions of one small integer, the same integers on every machine.

use serde::{Deserialize, Serialize};

use crate::Interval;

mod exp;
mod formula;
#[cfg(test)]
mod tests;

pub use formula::{Binary, Formula, Instruction, MAX_FORMULA, Unary};

/// Index of a table in [`Graph::tables`](crate::Graph::tables).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableId(pub u32);

/// The pairs (v, f(v)) for v in the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// f.
    pub function: Function,
    /// The values v; contains 0, at most 2^17 of them. f maps it into `[-2^16, 2^16)`.
    pub domain: Interval,
}

/// A function of an integer v = x 2^s (s the scale of the argument), rounded half up to an integer y = f(x) 2^t.
///
/// Computed with integers only, but for formulas, whose operations are the same on every machine. Scales are
/// in -32..=32, those of formulas in -256..=256.
///
/// Sigmoid and tanh are defined by the code: their values are those of the real functions rounded half up, unless
/// f(x) 2^t is within 2^(t - 58) of a tie (then they may be off by one). They are symmetric (`tanh(-v) = -tanh(v)`,
/// `sigmoid(-v) = 2^t - sigmoid(v)` for v != 0), saturate and, in every table that validation accepts, are monotone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Function {
    /// max(v, 0); no scales.
    Relu,
    /// v for v >= 0, else floor((v numerator + 2^(shift-1)) / 2^shift): slope numerator / 2^shift, shift in 1..=31.
    LeakyRelu {
        /// Numerator of the slope.
        numerator: i32,
        /// log2 of its denominator.
        shift: u32,
    },
    /// min(max(v, lo), hi); no scales.
    Clip {
        /// Lower bound.
        lo: i32,
        /// Upper bound.
        hi: i32,
    },
    /// 1 / (1 + exp(-x)).
    Sigmoid {
        /// s.
        input_scale: i32,
        /// t.
        output_scale: i32,
    },
    /// tanh(x).
    Tanh {
        /// s.
        input_scale: i32,
        /// t.
        output_scale: i32,
    },
    /// `min(max(floor(f(v 2^-s) 2^t + 1/2), lo), hi)`, computed in f64; 0 (if it is between the bounds) where f is NaN.
    Formula {
        /// f.
        formula: Formula,
        /// s.
        input_scale: i32,
        /// t.
        output_scale: i32,
        /// Lower bound.
        lo: i32,
        /// Upper bound.
        hi: i32,
    },
    /// The numbers themselves, for v = first, first + 1, ..: in a table these are its domain. Beyond them, the nearest one's.
    Values {
        /// The argument of the first number.
        first: i32,
        /// The numbers.
        values: Vec<i32>,
    },
}

impl Table {
    /// f(v) for v = lo, .., hi of the domain.
    ///
    /// Costs up to 100 ns a value. Validated tables have at most 2^17 of them.
    pub fn values(&self) -> Vec<i32> {
        (self.domain.lo..=self.domain.hi).map(|v| self.function.eval(v)).collect()
    }

    /// Nanoseconds, about, that the values take at most if f is a formula; 0 for others, which take next to nothing.
    pub fn work(&self) -> u64 {
        match &self.function {
            Function::Formula { formula, .. } => self.domain.len() as u64 * formula.cost(),
            _ => 0,
        }
    }

    /// The smallest interval with f(v) for all v of a domain that contains 0.
    pub fn image(&self) -> Interval {
        let Interval { lo, hi } = self.domain;
        let first = self.function.eval(lo);
        let grow = |image: Interval, y: i32| Interval { lo: image.lo.min(y), hi: image.hi.max(y) };
        let all = Interval { lo: first, hi: first };
        if let Function::Formula { .. } | Function::Values { .. } = self.function {
            return (lo..=hi).map(|v| self.function.eval(v)).fold(all, grow);
        }
        // All others are monotone on the negative and on the other arguments: the ends decide.
        [lo.max(-1).min(hi), 0.max(lo).min(hi), hi].map(|v| self.function.eval(v)).into_iter().fold(all, grow)
    }
}

impl Function {
    /// f(v). Values beyond 32 bits saturate, and so do parameters outside their ranges: validated tables have neither.
    pub fn eval(&self, v: i32) -> i32 {
        let y = match *self {
            Self::Values { first, ref values } => {
                let index = (i64::from(v) - i64::from(first)).max(0);
                let nearest = |index: usize| values.get(index).or(values.last());
                usize::try_from(index).ok().and_then(nearest).map_or(0, |y| i64::from(*y))
            }
            Self::Formula { ref formula, input_scale, output_scale, lo, hi } => {
                // Powers of two are exact; f64 has more exponents than any scale that validation accepts.
                let y = formula.eval(f64::from(v) * libm::ldexp(1.0, -input_scale.clamp(-256, 256)));
                let y = libm::floor(y * libm::ldexp(1.0, output_scale.clamp(-256, 256)) + 0.5);
                // The conversion saturates, and makes NaN zero.
                i64::from((y as i32).max(lo).min(hi))
            }
            Self::Relu => i64::from(v.max(0)),
            Self::LeakyRelu { .. } if v >= 0 => i64::from(v),
            Self::LeakyRelu { numerator, shift } => {
                // At most 2^62 + 2^30 in absolute value.
                let shift = shift.clamp(1, 31);
                (i64::from(v) * i64::from(numerator) + (1 << (shift - 1))) >> shift
            }
            Self::Clip { lo, hi } => i64::from(v.max(lo).min(hi)),
            Self::Sigmoid { input_scale, output_scale } => exp::sigmoid(v, input_scale, output_scale),
            Self::Tanh { input_scale, output_scale } => exp::tanh(v, input_scale, output_scale),
        };
        y.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }
}
