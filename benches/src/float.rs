//! A model in floats, in another implementation: `tract`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tract_onnx::prelude::*;

use crate::tensors;

/// The outputs of an ONNX file for these inputs, both in the model's order.
///
/// # Errors
/// If the file cannot be read, tract does not know an operator, or the inputs do not fit.
pub fn run(model: &Path, inputs: &[tensors::Tensor]) -> Result<Vec<tensors::Tensor>> {
    infer(model, inputs).with_context(|| model.display().to_string())
}

fn infer(model: &Path, inputs: &[tensors::Tensor]) -> Result<Vec<tensors::Tensor>> {
    let mut net = tract_onnx::onnx().model_for_path(model)?;
    let expected = net.input_outlets()?.len();
    ensure!(inputs.len() == expected, "expected {expected} inputs, found {}", inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        net.set_input_fact(index, f32::fact(input.dims.as_slice()).into())?;
    }
    let plan = net.into_optimized()?.into_runnable()?;
    let given =
        |input: &tensors::Tensor| Tensor::from_shape(&input.dims, &input.data).map(|t| t.into_tvalue());
    let outputs = plan.run(inputs.iter().map(given).collect::<TractResult<_>>()?)?;
    let plain = |output: &TValue| {
        let data = output.as_slice::<f32>()?.to_vec();
        Ok(tensors::Tensor { dims: output.shape().to_vec(), data })
    };
    outputs.iter().map(plain).collect()
}
