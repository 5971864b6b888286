//! `models describe`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use benches::classes::read_labels;
use benches::describe::{floor_points, imagenet};
use clap::Args;
use serde_json::{Value, json};
use zktorch::cli::Dim;
use zktorch::data::Format;
use zktorch_onnx::{Options as OnnxOptions, inspect};

#[derive(Args)]
pub(super) struct Options {
    /// ONNX model.
    model: PathBuf,
    /// An input for it: if it is an image, the usual preprocessing is looked for.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Extent of a dynamic axis.
    #[arg(long = "dim")]
    dims: Vec<Dim>,
    /// Names of its classes, one per line: checked.
    #[arg(long)]
    labels: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let model = &options.model;
    let bytes = fs::read(model).with_context(|| format!("cannot read {}", model.display()))?;
    let base_dir = model.parent().map(PathBuf::from);
    let report =
        inspect(&bytes, &OnnxOptions { base_dir, dims: Dim::all(&options.dims)?, ..OnnxOptions::default() })
            .with_context(|| model.display().to_string())?;
    let mut object = json!({ "weights": report.parameters, "floor_points": floor_points(&report) });
    if let (Some(labels), Some((_, Some(dims)))) = (&options.labels, report.outputs.first()) {
        read_labels(labels, dims)?;
    }
    if let Some(input) = &options.input {
        let bytes = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
        if Format::detect(input, &bytes)? == Format::Image {
            let spec = imagenet(&report.inputs).with_context(|| {
                format!(
                    "{}: the usual preprocessing of an image is for a model with one input 1x3xHEIGHTxWIDTH, found {:?}; \
                     give another with --image",
                    input.display(),
                    report.inputs
                )
            })?;
            object["image"] = json!(spec.to_string());
        }
    }
    Ok(object)
}
