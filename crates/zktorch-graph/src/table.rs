//! Lookup tables: functions of one small integer, defined without floating point.

use serde::{Deserialize, Serialize};

use crate::Interval;

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
/// Computed with integers only: the verifier's tables are the same on every machine.
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
}
