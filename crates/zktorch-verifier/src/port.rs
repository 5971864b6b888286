//! Inputs and outputs as the model's user knows them.

use serde::{Deserialize, Serialize};
use zktorch_graph::Tensor;
use zktorch_mutants::enforced;

use crate::VerifyError;
use crate::key::key_error;

/// Longest name of a port.
const MAX_NAME: usize = 256;
/// The most axes of a port.
const MAX_RANK: usize = 16;
/// Multipliers are from 2^-64 to 2^64: with [`MAX_SCALE`] no real value is infinite or vanishes.
const MAX_LOG_MULTIPLIER: i32 = 64;
/// Largest absolute value of the scale of a port's tensor: what a statement's file can say.
const MAX_SCALE: u32 = 256;

/// An input or output of the model as its user knows it. The values of the graph's tensor are those of the
/// ONNX tensor, in row-major order: real = (integer - zero) * multiplier / 2^scale, with the scale of the
/// graph's tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Name in the ONNX model.
    pub name: String,
    /// Extents in the ONNX model.
    pub dims: Vec<u64>,
    /// The integer that stands for zero.
    pub zero: i32,
    /// What a step of the integer is worth, in units of 2^-scale. Positive, from 2^-64 to 2^64.
    pub multiplier: f64,
}

impl Port {
    /// A port whose real values are integer / 2^scale.
    pub fn new(name: impl Into<String>, dims: impl Into<Vec<u64>>) -> Self {
        Self { name: name.into(), dims: dims.into(), zero: 0, multiplier: 1.0 }
    }

    /// Checks the name, the number of entries, the multiplier, and the scale of the graph's tensor.
    pub(crate) fn check(&self, field: &'static str, tensor: &Tensor) -> Result<(), VerifyError> {
        let entries = tensor.shape.len() as u64;
        let got = self.dims.iter().try_fold(1u64, |product, dim| product.checked_mul(*dim));
        if (got != Some(entries) || self.name.len() > MAX_NAME || self.dims.len() > MAX_RANK) && enforced() {
            let got = format!(
                "{:?} of {} extents {:?}",
                self.name.chars().take(MAX_NAME).collect::<String>(),
                self.dims.len(),
                self.dims.iter().take(MAX_RANK).collect::<Vec<_>>()
            );
            return Err(key_error(field, format_args!("a short name and {entries} entries"), got));
        }
        let largest = f64::powi(2.0, MAX_LOG_MULTIPLIER);
        if !(1.0 / largest..=largest).contains(&self.multiplier) && enforced() {
            let expected =
                format_args!("a multiplier from 2^-{MAX_LOG_MULTIPLIER} to 2^{MAX_LOG_MULTIPLIER}");
            return Err(key_error(field, expected, self.multiplier));
        }
        if tensor.scale.unsigned_abs() > MAX_SCALE && enforced() {
            let expected = format_args!("a tensor of scale -{MAX_SCALE} to {MAX_SCALE}");
            return Err(key_error(field, expected, tensor.scale));
        }
        Ok(())
    }
}
