//! `models compare`: what a proved statement says of the outputs, and how far that is from the float model's.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use benches::classes::{are_scores, read_labels, top, top_json};
use benches::tensors::{self, Tensor};
use clap::Args;
use serde_json::{Value, json};
use zktorch::statement::{self, StatementTensor};

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

/// `top5` if the first output holds scores of classes; `max_abs_error`, `min_cosine`, `same_top1` and `top1` if there are float outputs.
pub(super) fn run(options: &Options) -> Result<Value> {
    let statement = statement::read(&options.statement)?;
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
    let (mut max_abs_error, mut min_cosine): (f64, f64) = (0.0, 1.0);
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
        min_cosine = min_cosine.min(smallest_cosine(&output.dims, proved, &float.data));
    }
    let mut object = json!({ "max_abs_error": max_abs_error, "min_cosine": min_cosine });
    if let (Some(scores), Some(float)) = (scores, float.first()) {
        let float: Vec<f64> = float.data.iter().map(|x| f64::from(*x)).collect();
        let first = top(&float, 1);
        object["same_top1"] = json!(first == top(scores, 1));
        object["top1"] = json!(first.first());
    }
    Ok(object)
}

/// The smallest cosine of a vector along the last axis that is longer than 1 (a token's state, the scores of all classes) with the float
/// model's. A vector of zeros has the cosine 1 with itself, 0 with any other.
fn smallest_cosine(dims: &[usize], proved: &[f64], float: &[f32]) -> f64 {
    let width = dims.iter().rev().copied().find(|dim| *dim > 1).unwrap_or(1);
    let cosine = |(proved, float): (&[f64], &[f32])| {
        let (mut product, mut squares) = (0.0, (0.0, 0.0));
        for (a, b) in proved.iter().zip(float) {
            let b = f64::from(*b);
            product += a * b;
            squares = (squares.0 + a * a, squares.1 + b * b);
        }
        match squares {
            (0.0, 0.0) => 1.0,
            (a, b) if a == 0.0 || b == 0.0 => 0.0,
            (a, b) => product / (a.sqrt() * b.sqrt()),
        }
    };
    proved.chunks(width).zip(float.chunks(width)).map(cosine).fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_of_vectors() {
        let cosine = |dims: &[usize], proved: &[f64], float: &[f32]| smallest_cosine(dims, proved, float);
        assert_eq!(cosine(&[2], &[3.0, 4.0], &[6.0, 8.0]), 1.0);
        // Of two vectors the one that is further off.
        assert_eq!(cosine(&[2, 2], &[3.0, 4.0, 1.0, 0.0], &[3.0, 4.0, 3.0, 4.0]), 0.6);
        // The axis of length 1 is none.
        assert_eq!(cosine(&[1, 2, 1], &[1.0, 0.0], &[3.0, 4.0]), 0.6);
        assert_eq!(cosine(&[2], &[0.0, 0.0], &[0.0, 0.0]), 1.0);
        assert_eq!(cosine(&[2], &[0.0, 0.0], &[0.0, 1.0]), 0.0);
        assert_eq!(cosine(&[], &[-2.0], &[2.0]), -1.0);
    }
}
