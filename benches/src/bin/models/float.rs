//! `models float`: runs an ONNX model in the compiler's own float interpreter. `float_model` does the same in tract.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use benches::tensors::{self, Tensor};
use clap::Args;
use serde_json::{Value, json};
use zktorch_onnx::{FloatModel, FloatTensor, Options as OnnxOptions};

#[derive(Args)]
pub(super) struct Options {
    /// ONNX model.
    model: PathBuf,
    /// Its inputs in its order, as `models inputs` writes them.
    inputs: PathBuf,
    /// Where the outputs go, for `models compare`.
    outputs: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let model = &options.model;
    let bytes = fs::read(model).with_context(|| format!("cannot read {}", model.display()))?;
    let base_dir = model.parent().map(PathBuf::from);
    let float = FloatModel::new(&bytes, &OnnxOptions { base_dir, ..OnnxOptions::default() })
        .with_context(|| model.display().to_string())?;
    let inputs = tensors::read(&options.inputs)?;
    let inputs = inputs.into_iter().map(|input| Ok(FloatTensor::new(input.dims, input.data)?.into()));
    let outputs = float.run(&inputs.collect::<Result<Vec<_>>>()?)?;
    let plain = |output: FloatTensor| Tensor { dims: output.dims().to_vec(), data: output.data().to_vec() };
    tensors::write(&options.outputs, &outputs.into_iter().map(plain).collect::<Vec<_>>())?;
    Ok(json!({ "outputs": float.outputs() }))
}
