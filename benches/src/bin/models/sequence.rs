//! `models sequence`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use benches::networks::{self, Example, Sequence};
use benches::program::write;
use clap::Args;
use prost::Message;
use serde_json::{Value, json};

/// The seed of the input that is proved; those of the samples follow.
const PROVED: u64 = 0;

#[derive(Args)]
pub(super) struct Options {
    network: Sequence,
    #[command(flatten)]
    files: Files,
}

#[derive(Args)]
struct Files {
    /// Tokens, or steps of sound.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    tokens: usize,
    /// Where the ONNX file goes.
    #[arg(long)]
    onnx: PathBuf,
    /// Where an input goes.
    #[arg(long)]
    input: PathBuf,
    /// Where samples of other seeds go.
    #[arg(long)]
    calibration: PathBuf,
    /// How many of them.
    #[arg(long)]
    samples: u64,
}

#[derive(Args)]
pub(super) struct Large {
    network: networks::Large,
    /// Layers.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=32))]
    layers: usize,
    /// Where the weights go, beside the ONNX file.
    #[arg(long)]
    weights: PathBuf,
    #[command(flatten)]
    files: Files,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let example = options.network.example(options.files.tokens);
    write_files(&example, &options.files)
}

/// A model whose weights do not fit into an ONNX file.
pub(super) fn run_large(options: &Large) -> Result<Value> {
    let example = options.network.stored(options.layers, options.files.tokens, &options.weights);
    let path = options.weights.display();
    write_files(&example.with_context(|| format!("cannot write {path}"))?, &options.files)
}

fn write_files(example: &Example, options: &Files) -> Result<Value> {
    let samples = |path: &Path, seeds| samples(example, path, seeds);
    samples(&options.input, PROVED..PROVED + 1)?;
    samples(&options.calibration, PROVED + 1..PROVED + 1 + options.samples)?;
    let bytes = example.model.encode_to_vec();
    write(&options.onnx, &bytes)?;
    Ok(json!({ "onnx_bytes": bytes.len() }))
}

fn samples(example: &Example, path: &Path, seeds: std::ops::Range<u64>) -> Result<()> {
    write(path, example.samples_json(seeds).to_string().as_bytes())
}
