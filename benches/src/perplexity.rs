//! How well a model knows a text: what it says of every token that comes next, as the integers that are proved and in floats.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zktorch_onnx::{Compiled, FloatModel, FloatTensor, Tensor};

/// The perplexities of a text in windows, for a model that gives the scores of the next token behind every token.
///
/// # Errors
/// If a window cannot be run, or has a token that the model does not know.
pub fn measure(compiled: &Compiled, float: &FloatModel, windows: &[Tensor]) -> Result<Value> {
    let (mut integers, mut floats, mut predicted) = (0.0, 0.0, 0usize);
    for window in windows {
        let ids: Vec<usize> = window.iter().map(|id| id as usize).collect();
        let input = std::slice::from_ref(window);
        integers += surprise(&compiled.run(input)?, &ids)?;
        floats += surprise(&float.run(input)?, &ids)?;
        predicted += ids.len().saturating_sub(1);
    }
    ensure!(predicted > 0, "expected a token that comes after another one, found none");
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
fn surprise(outputs: &[FloatTensor], ids: &[usize]) -> Result<f64> {
    let scores = outputs.first().context("expected scores, the model has no outputs")?;
    let vocabulary = scores.dims().last().copied().unwrap_or(1);
    let of = |(row, next): (&[f32], &usize)| -> Result<f64> {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|score| f64::from(score - largest).exp()).sum();
        let score = row.get(*next).with_context(|| format!("token {next}: expected one of {vocabulary}"))?;
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
