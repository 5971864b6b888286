//! `language perplexity`: what is said of every next token of a text, by the integers that would be proved and in floats.

use std::path::PathBuf;

use anyhow::Result;
use benches::language::{Checkpoint, Tokens};
use benches::networks::Gives;
use benches::perplexity;
use clap::Args;
use serde_json::Value;
use zktorch_onnx::{FloatModel, IntTensor, Options as OnnxOptions, Tensor, compile};

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
    let window = |ids: &Vec<u32>| -> Tensor { IntTensor::from_fn([1, length], |i| i64::from(ids[i])).into() };
    let calibration = calibration.iter().map(|ids| vec![window(ids)]).collect();
    // How far off the integers are is what is measured: no reason to refuse.
    let (guard_bits, max_error) = (options.guard_bits, Some(f64::INFINITY));
    let options = OnnxOptions { calibration, guard_bits, max_error, ..OnnxOptions::default() };
    let compiled = compile(&onnx, &options)?;
    let float = FloatModel::new(&onnx, &OnnxOptions::default())?;
    drop(onnx);
    perplexity::measure(&compiled, &float, &texts.iter().map(window).collect::<Vec<_>>())
}
