//! `models compare`: what a proved statement says of the outputs, and how far that is from the float model's.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use benches::classes::{are_scores, read_labels, top, top_json};
use benches::tensors::{self, Tensor};
use clap::Args;
use serde_json::{Value, json};
use zktorch::statement::{Statement, StatementTensor};

/// Classes that are listed.
const LISTED: usize = 5;

#[derive(Args)]
pub(super) struct Options {
    /// The statement that was proved.
    statement: PathBuf,
    /// The float model's outputs, as `float_model` writes them.
    #[arg(long)]
    float: Option<PathBuf>,
    /// Names of the classes, one per line.
    #[arg(long)]
    labels: Option<PathBuf>,
}

/// `top5` if the first output holds scores of classes; `max_abs_error`, `same_top1` and `top1` if there are float outputs.
pub(super) fn run(options: &Options) -> Result<Value> {
    let statement = Statement::read(&options.statement)?;
    let real = |output: &StatementTensor| {
        output
            .real()
            .with_context(|| format!("output {}: expected public values, found private ones", output.name))
    };
    let proved = statement.outputs.iter().map(real).collect::<Result<Vec<_>>>()?;
    let scores = match (statement.outputs.first(), proved.first()) {
        (Some(output), Some(scores)) if are_scores(&output.dims) => Some(scores.as_slice()),
        _ => None,
    };
    let mut report = match &options.float {
        Some(path) => compare(&statement.outputs, &proved, &tensors::read(path)?, scores)?,
        None => json!({}),
    };
    let dims = statement.outputs.first().map_or(&[][..], |output| &output.dims);
    let labels = options.labels.as_deref().map(|path| read_labels(path, dims)).transpose()?;
    if let Some(scores) = scores {
        report["top5"] = top_json(scores, LISTED, labels.as_deref());
    }
    Ok(report)
}

fn compare(
    outputs: &[StatementTensor],
    proved: &[Vec<f64>],
    float: &[Tensor],
    scores: Option<&[f64]>,
) -> Result<Value> {
    ensure!(float.len() == proved.len(), "expected {} float outputs, found {}", proved.len(), float.len());
    let mut max_abs_error: f64 = 0.0;
    for ((output, proved), float) in outputs.iter().zip(proved).zip(float) {
        ensure!(
            float.dims == output.dims,
            "output {}: expected dimensions {:?}, the float model has {:?}",
            output.name,
            output.dims,
            float.dims
        );
        let errors = proved.iter().zip(&float.data).map(|(a, b)| (a - f64::from(*b)).abs());
        max_abs_error = errors.fold(max_abs_error, f64::max);
    }
    let mut object = json!({ "max_abs_error": max_abs_error });
    if let (Some(scores), Some(float)) = (scores, float.first()) {
        let float: Vec<f64> = float.data.iter().map(|x| f64::from(*x)).collect();
        let first = top(&float, 1);
        object["same_top1"] = json!(first == top(scores, 1));
        object["top1"] = json!(first.first());
    }
    Ok(object)
}
