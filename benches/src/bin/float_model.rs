//! Runs an ONNX model in `tract`: the float model that a proved output is compared with.
//!
//! `cargo run --release -p benches --bin float_model -- MODEL.onnx INPUTS.json OUTPUTS.json`

use std::path::PathBuf;

use anyhow::Result;
use benches::{float, tensors};
use clap::Parser;

/// Runs an ONNX model in tract.
#[derive(Parser)]
struct Options {
    /// ONNX model.
    model: PathBuf,
    /// Its inputs in its order, as `models inputs` writes them.
    inputs: PathBuf,
    /// Where the outputs go, for `models compare`.
    outputs: PathBuf,
}

fn main() -> Result<()> {
    let Options { model, inputs, outputs } = Options::parse();
    tensors::write(&outputs, &float::run(&model, &tensors::read(&inputs)?)?)
}
