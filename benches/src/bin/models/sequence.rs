//! `models sequence`, `models large` and `models volume`: networks with inputs of their own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
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
    tokens: Tokens,
    #[command(flatten)]
    files: Files,
}

#[derive(Args)]
struct Tokens {
    /// Tokens, or steps of sound.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    tokens: usize,
}

#[derive(Args)]
struct Files {
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
    tokens: Tokens,
    #[command(flatten)]
    files: Files,
}

#[derive(Args)]
pub(super) struct Volume {
    /// Extent of the volume, a multiple of 32.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(32..=256))]
    size: usize,
    #[command(flatten)]
    files: Files,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let example = options.network.example(options.tokens.tokens);
    write_files(&example, &options.files)
}

/// A model whose weights do not fit into an ONNX file.
pub(super) fn run_large(options: &Large) -> Result<Value> {
    let example = options.network.stored(options.layers, options.tokens.tokens, &options.weights);
    let path = options.weights.display();
    write_files(&example.with_context(|| format!("cannot write {path}"))?, &options.files)
}

/// A network for volumes.
pub(super) fn run_volume(options: &Volume) -> Result<Value> {
    let size = options.size;
    ensure!(size.is_multiple_of(32), "--size: expected a multiple of 32, found {size}");
    write_files(&networks::unet_3d(size), &options.files)
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
