//! `language write`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use benches::language::{Checkpoint, Tokens};
use benches::networks::Gives;
use benches::program::write;
use clap::Args;
use serde_json::{Value, json};

use super::source::Source;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    source: Source,
    /// The text whose next token is wanted.
    #[arg(long)]
    prompt: String,
    /// Its first tokens only.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    tokens: Option<usize>,
    /// Where the ONNX file goes.
    #[arg(long)]
    onnx: PathBuf,
    /// Where the prompt's tokens go.
    #[arg(long)]
    input: PathBuf,
    /// Where the samples go.
    #[arg(long)]
    calibration: PathBuf,
    /// Where what each token stands for goes, one on a line.
    #[arg(long)]
    labels: PathBuf,
}

/// The prompt as far as it is used, and how many tokens it has.
pub(super) fn run(options: &Options) -> Result<Value> {
    let bytes = options.source.bytes()?;
    let file = options.source.index(&bytes)?;
    let tokens = Tokens::new(&file)?;
    let mut ids = tokens.encode(&options.prompt)?;
    let length = options.tokens.unwrap_or(ids.len());
    ensure!(length > 0, "the prompt: expected a text, found nothing");
    ensure!(ids.len() >= length, "the prompt: expected {length} tokens, found {}", ids.len());
    ids.truncate(length);
    let samples = options.source.samples(&tokens, length)?;
    let prefix = options.source.prefix(&tokens)?;
    write(&options.onnx, &Checkpoint::new(&file)?.onnx(&prefix, length, Gives::Last)?)?;
    write(&options.input, json!({ "input_ids": [ids] }).to_string().as_bytes())?;
    write(&options.calibration, json!({ "input_ids": samples }).to_string().as_bytes())?;
    write(&options.labels, tokens.labels()?.as_bytes())?;
    Ok(json!({ "prompt": tokens.decode(&ids)?, "prompt_tokens": length }))
}
