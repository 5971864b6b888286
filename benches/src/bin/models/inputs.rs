//! `models inputs`: an input as the command line reads and preprocesses it, so that the float model starts from the same numbers.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use benches::tensors::{self, Tensor};
use clap::Args;
use serde_json::{Value, json};
use zktorch::ImageSpec;
use zktorch::data::{self, Wanted};
use zktorch::statement;

#[derive(Args)]
pub(super) struct Options {
    /// A statement about the input: it names the model's inputs.
    statement: PathBuf,
    /// The input, as it was given to the command line.
    #[arg(long)]
    input: PathBuf,
    /// What is done to images.
    #[arg(long)]
    image: Option<ImageSpec>,
    /// Where the tensors go, in the model's order.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let statement = statement::read(&options.statement)?;
    let wanted: Vec<Wanted<'_>> =
        statement.inputs.iter().map(|input| Wanted { name: &input.name, dims: &input.dims }).collect();
    let image = options.image.as_ref().map(|spec| spec.for_inputs(&wanted)).transpose()?;
    let tensors = data::load(&options.input, image.as_ref())?;
    let mut samples = data::assign(&tensors, &wanted).with_context(|| options.input.display().to_string())?;
    let sample = match (samples.pop(), samples.len()) {
        (Some(sample), 0) => sample,
        (_, others) => bail!("{}: expected one sample, found {}", options.input.display(), others + 1),
    };
    let inputs: Vec<Tensor> =
        sample.into_iter().map(|input| Tensor { data: input.floats(), dims: input.dims }).collect();
    tensors::write(&options.out, &inputs)?;
    Ok(json!({ "inputs": inputs.len() }))
}
