//! `models continue`, `models said` and `models perplexity`: a language model over characters.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use benches::characters::{Characters, continued, largest, said, window};
use benches::perplexity;
use benches::program::write;
use clap::Args;
use serde_json::{Value, json};
use zktorch::data::{self, Wanted};
use zktorch::statement;
use zktorch_onnx::{FloatModel, Options as OnnxOptions, Tensor, compile};

#[derive(Args)]
pub(super) struct Continue {
    /// ONNX model.
    model: PathBuf,
    /// What its tokens stand for.
    #[arg(long)]
    labels: PathBuf,
    /// The text that is continued.
    #[arg(long)]
    prompt: String,
    /// Where its tokens go, with those that the float model says come after it.
    #[arg(long)]
    input: PathBuf,
}

#[derive(Args)]
pub(super) struct Said {
    /// The statement that was proved.
    statement: PathBuf,
    /// What tokens stand for.
    #[arg(long)]
    labels: PathBuf,
    /// Tokens of the text that is continued.
    #[arg(long)]
    given: usize,
}

#[derive(Args)]
pub(super) struct Perplexity {
    /// ONNX model.
    model: PathBuf,
    /// What its tokens stand for.
    #[arg(long)]
    labels: PathBuf,
    /// Samples to calibrate on.
    #[arg(long)]
    calibration: PathBuf,
    /// The text.
    #[arg(long)]
    text: PathBuf,
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes the tokens of the prompt and of what comes after it.
pub(super) fn write_continued(options: &Continue) -> Result<Value> {
    let characters = Characters::read(&options.labels)?;
    let float = FloatModel::new(&read(&options.model)?, &OnnxOptions::default())?;
    let prompt = characters.encode(&options.prompt)?;
    let tokens = continued(&float, &prompt, characters.count())?;
    write(&options.input, json!([tokens]).to_string().as_bytes())?;
    Ok(json!({ "prompt": options.prompt, "prompt_tokens": prompt.len() }))
}

/// The text that the proved scores say comes after so many tokens.
pub(super) fn read_said(options: &Said) -> Result<Value> {
    let characters = Characters::read(&options.labels)?;
    let statement = statement::read(&options.statement)?;
    let real = |tensors: &[statement::StatementTensor]| {
        tensors.first().and_then(|tensor| tensor.real()).context("expected public tokens and scores")
    };
    let (tokens, scores) = (real(&statement.inputs)?, real(&statement.outputs)?);
    let tokens: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
    let next = said(&tokens, options.given, &largest(&scores, characters.count()));
    Ok(json!({ "next_text": characters.decode(next)? }))
}

/// The perplexity of a text for the integers that would be proved and in floats.
pub(super) fn measure(options: &Perplexity) -> Result<Value> {
    let characters = Characters::read(&options.labels)?;
    let bytes = read(&options.model)?;
    let float = FloatModel::new(&bytes, &OnnxOptions::default())?;
    let inputs = float.inputs().to_vec();
    let wanted: Vec<Wanted<'_>> = inputs.iter().map(|(name, dims)| Wanted { name, dims }).collect();
    let samples = data::assign(&data::load(&options.calibration, None)?, &wanted)
        .with_context(|| options.calibration.display().to_string())?;
    let tensor = |input: data::Tensor| -> Tensor {
        let tokens: Vec<i64> = input.floats().iter().map(|token| *token as i64).collect();
        window(&tokens)
    };
    let calibration = samples.into_iter().map(|sample| sample.into_iter().map(tensor).collect()).collect();
    let compiled = compile(&bytes, &OnnxOptions { calibration, ..OnnxOptions::default() })?;
    let length = inputs.first().and_then(|(_, dims)| dims.last().copied()).unwrap_or(1).max(1);
    let text = fs::read_to_string(&options.text)
        .with_context(|| format!("cannot read {}", options.text.display()))?;
    let tokens = characters.encode(&text).with_context(|| options.text.display().to_string())?;
    let windows: Vec<Tensor> = tokens.chunks_exact(length).map(window).collect();
    perplexity::measure(&compiled, &float, &windows)
}
