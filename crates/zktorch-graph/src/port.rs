//! Inputs and outputs as the model's user knows them: real numbers, which integers stand for.

use crate::{GraphError, Interval, TensorId};

/// An input or output of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct PortInfo {
    /// Its name in the ONNX model.
    pub name: String,
    /// Its extents in the ONNX model. The tensor's real entries are in the same row-major order.
    pub dims: Vec<usize>,
    /// The tensor of the graph.
    pub tensor: TensorId,
    /// See [`real_value`].
    pub scale: i32,
    /// The integer that stands for zero.
    pub zero: i32,
    /// What a step of the integer is worth, in units of 2^-scale; positive.
    pub multiplier: f64,
    /// Whether numbers beyond the range of the tensor stand for its ends. Else they are errors.
    pub saturates: bool,
}

/// The number that an integer of a port stands for: (integer - zero) * multiplier / 2^scale. One rounding at
/// most, in the product: the difference of two 32-bit integers and the power of two are exact, so that
/// everybody computes the same bits.
pub fn real_value(integer: i32, scale: i32, zero: i32, multiplier: f64) -> f64 {
    (f64::from(integer) - f64::from(zero)) * multiplier * f64::powi(2.0, -scale)
}

impl PortInfo {
    /// A port whose real values are integer / 2^scale.
    pub fn new(name: String, dims: Vec<usize>, tensor: TensorId, scale: i32) -> Self {
        Self { name, dims, tensor, scale, zero: 0, multiplier: 1.0, saturates: false }
    }

    /// The number that an integer stands for.
    pub fn real(&self, integer: i32) -> f64 {
        real_value(integer, self.scale, self.zero, self.multiplier)
    }

    /// What one step of the integer is worth.
    pub fn step(&self) -> f64 {
        self.multiplier * f64::powi(2.0, -self.scale)
    }

    /// Integers of these numbers: each the nearest that stands for it. `range` is that of the port's tensor.
    ///
    /// # Errors
    /// [`GraphError::Number`] if a number leaves the range, unless the port saturates.
    pub fn quantise(
        &self,
        values: impl IntoIterator<Item = f64>,
        range: Interval,
    ) -> Result<Vec<i32>, GraphError> {
        let (lo, hi) = (f64::from(range.lo), f64::from(range.hi));
        let integer = |x: f64| {
            let nearest = self.nearest(x);
            let integer = if self.saturates { nearest.clamp(lo, hi) } else { nearest };
            if !(lo..=hi).contains(&integer) {
                return Err(GraphError::Number {
                    port: self.name.clone(),
                    expected: format!("from {} to {}", self.real(range.lo), self.real(range.hi)),
                    got: x.to_string(),
                });
            }
            Ok(integer as i32)
        };
        values.into_iter().map(integer).collect()
    }

    /// How many of these numbers leave a range.
    pub fn count_outside(&self, values: impl IntoIterator<Item = f64>, range: Interval) -> usize {
        let inside = f64::from(range.lo)..=f64::from(range.hi);
        values.into_iter().filter(|x| !inside.contains(&self.nearest(*x))).count()
    }

    /// The nearest integer that stands for a number, in a range or not.
    fn nearest(&self, x: f64) -> f64 {
        (x / self.multiplier * f64::powi(2.0, self.scale)).round() + f64::from(self.zero)
    }
}
