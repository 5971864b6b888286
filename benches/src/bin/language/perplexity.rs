//! `language perplexity`: what is said of every next token of a text, by the integers that would be proved and in floats.

use std::path::PathBuf;

use anyhow::{Context, Result};
use benches::language::{Checkpoint, Tokens};
use benches::networks::Gives;
use clap::Args;
use serde_json::{Value, json};
use zktorch_onnx::{FloatModel, FloatTensor, IntTensor, Options as OnnxOptions, Tensor, compile};

use super::source::{Source, windows};

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    source: Source,
    /// The text.
    #[arg(long)]
    text: PathBuf,
    /// Windows of it.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    windows: usize,
    /// Tokens of each.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=1024))]
    tokens: usize,
    /// Bits beyond 16 of the values between operators.
    #[arg(long)]
    guard_bits: Option<u32>,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let length = options.tokens;
    let (texts, calibration, onnx) = {
        let bytes = options.source.bytes()?;
        let file = options.source.index(&bytes)?;
        let tokens = Tokens::new(&file)?;
        let onnx = Checkpoint::new(&file)?.onnx(&options.source.prefix(&tokens)?, length, Gives::All)?;
        let texts = windows(&options.text, &tokens, length, options.windows)?;
        (texts, options.source.samples(&tokens, length)?, onnx)
    };
    let input = |ids: &Vec<u32>| -> Vec<Tensor> {
        vec![IntTensor::from_fn([1, length], |i| i64::from(ids[i])).into()]
    };
    let calibration = calibration.iter().map(input).collect();
    let compiled = compile(
        &onnx,
        &OnnxOptions { calibration, guard_bits: options.guard_bits, ..OnnxOptions::default() },
    )?;
    let float = FloatModel::new(&onnx, &OnnxOptions::default())?;
    drop(onnx);
    let (mut integers, mut floats, mut predicted) = (0.0, 0.0, 0usize);
    for ids in &texts {
        let input = input(ids);
        let outputs = compiled.run(&input)?;
        integers += surprise(&outputs, ids)?;
        floats += surprise(&float.run(&input)?, ids)?;
        predicted += length - 1;
    }
    let perplexity = |surprise: f64| (surprise / predicted as f64).exp();
    let (integers, floats) = (perplexity(integers), perplexity(floats));
    Ok(json!({
        "perplexity": integers,
        "float_perplexity": floats,
        "relative_difference": integers / floats - 1.0,
        "predicted_tokens": predicted,
    }))
}

/// The sum of -ln p over every token but the first, where p is its probability after those before it.
fn surprise(outputs: &[FloatTensor], ids: &[u32]) -> Result<f64> {
    let scores = outputs.first().context("expected scores, the model has no outputs")?;
    let vocabulary = scores.dims().last().copied().unwrap_or(1);
    let of = |(row, next): (&[f32], &u32)| -> Result<f64> {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|score| f64::from(score - largest).exp()).sum();
        let score =
            row.get(*next as usize).with_context(|| format!("token {next}: expected one of {vocabulary}"))?;
        Ok(sum.ln() - f64::from(score - largest))
    };
    scores.data().chunks(vocabulary).zip(ids.iter().skip(1)).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprise_of_known_probabilities() {
        // Probabilities 1/4, 3/4 after the first token, 1/2 each after the second; the last row predicts nothing.
        let rows = [0.0, 3f32.ln(), 7.0, 7.0, 5.0, -5.0];
        let scores = FloatTensor::from_fn([1, 3, 2], |i| rows[i]);
        let sum = surprise(std::slice::from_ref(&scores), &[0, 1, 0]).unwrap();
        assert!((sum - (4.0 / 3f64).ln() - 2f64.ln()).abs() < 1e-6, "{sum}");
        assert!(surprise(&[scores], &[0, 2, 0]).is_err());
        assert!(surprise(&[], &[0]).is_err());
    }
}
