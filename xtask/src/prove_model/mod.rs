//! `cargo xtask prove-model`: a model end to end through the command line, every stage a process of its own.
//!
//! The subcommand is a thin wrapper: [`Prepared`] does the work and gives back the object that `--json` prints, so that other
//! subcommands can measure models too.

mod catalogue;
mod characters;
mod children;
mod generate;
mod language;
mod large;
mod measure;
mod request;
mod space;
mod summary;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result};
use bytesize::ByteSize;
use clap::{ArgGroup, Args};

pub(crate) use catalogue::Model;
pub(crate) use children::command_line;
pub(crate) use measure::Prepared;
pub(crate) use request::{OnnxFile, Oracle, Request, Sharding, Source};

#[derive(Args)]
#[command(group = ArgGroup::new("source").required(true).args(["model", "onnx"]))]
pub(crate) struct Options {
    /// The model; or --onnx FILE for one of your own.
    model: Option<Model>,
    /// An ONNX model of your own (external data beside it).
    #[arg(long, value_name = "FILE", requires = "input")]
    onnx: Option<PathBuf>,
    /// The input to prove: an image, .npy, .npz, .json, or ONNX TensorProto .pb.
    #[arg(long, value_name = "FILE", requires = "onnx")]
    input: Option<PathBuf>,
    /// Sample inputs from which scales are chosen (default: the input itself).
    #[arg(long, value_name = "FILE", requires = "onnx")]
    calibration: Option<PathBuf>,
    /// Extent of a dynamic axis; an axis without a name is INPUT:AXIS (repeatable).
    #[arg(long = "dim", value_name = "NAME=VALUE", requires = "onnx")]
    dims: Vec<String>,
    /// What is done to images (default, for a model with one input 1x3xHxW: the usual preprocessing for ImageNet).
    #[arg(long, value_name = "SPEC", requires = "onnx")]
    image: Option<String>,
    /// Names of the classes, one per line: the five largest scores are listed with them.
    #[arg(long, value_name = "FILE", requires = "onnx")]
    labels: Option<PathBuf>,
    /// With BatchNormalization folded into the convolutions (resnet, resnet18, mobilenetv2).
    #[arg(long, conflicts_with = "onnx")]
    folded: bool,
    /// Tokens, or steps of sound (block, bert, gpt2, rnnt, llama-layer, llama7b, gptj, smollm2).
    #[arg(long, conflicts_with = "onnx",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    tokens: Option<usize>,
    /// The first layers alone (llama7b, gptj).
    #[arg(long, conflicts_with = "onnx",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=32))]
    layers: Option<usize>,
    /// Height and width of images, or the extent of volumes, a multiple of 32 (networks that are generated, but for vgg16).
    #[arg(long, value_name = "N", conflicts_with = "onnx",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(32..=2048))]
    size: Option<usize>,
    /// Prove in this many shards, each in its own memory (as `zktorch setup --shards`).
    #[arg(long, value_name = "N", conflicts_with = "shard_values", value_parser = clap::value_parser!(u64).range(1..=256))]
    shards: Option<u64>,
    /// Prove in as many shards that each commits to about this many values.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    shard_values: Option<u64>,
    /// Prove in as few shards as let each be set up and proved in this much memory, about, such as 4GB.
    #[arg(long, value_name = "BYTES", conflicts_with_all = ["shards", "shard_values"])]
    memory: Option<ByteSize>,
    /// Processes that prove the shards (default: one, which proves one after the other).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: Option<u16>,
    /// The text whose next token (smollm2), or next characters (chars), are proved.
    #[arg(long, value_name = "TEXT", conflicts_with = "onnx")]
    prompt: Option<String>,
    /// The text that comes before every other one, as a constant of the model (smollm2), such as "<|im_start|>".
    #[arg(long, value_name = "TEXT", conflicts_with = "onnx")]
    prefix: Option<String>,
    /// Measure the perplexity of a text for integers and floats, too: a second compilation (smollm2).
    #[arg(long, conflicts_with = "onnx")]
    perplexity: bool,
    /// What runs the float model that the proved output is compared with.
    #[arg(long, value_enum, default_value_t = Oracle::Own)]
    oracle: Oracle,
    /// Measure the floor too: what arkworks takes for a plain prover's commitments alone (one more program to build).
    #[arg(long)]
    floor: bool,
    /// Print one JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Threads of each stage and of the floor (default: all).
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    threads: Option<usize>,
    /// Folder in which every stage's files stay (default: target/prove-model/MODEL).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Options {
    fn request(&self) -> Result<Request> {
        let source = match (self.model, &self.onnx) {
            (Some(model), _) => Source::Model(model),
            (None, onnx) => Source::Onnx(OnnxFile {
                onnx: onnx.clone().context("expected a model or --onnx FILE, found neither")?,
                input: self.input.clone().context("expected --input FILE, found none")?,
                calibration: self.calibration.clone(),
                image: self.image.clone(),
                dims: self.dims.clone(),
                labels: self.labels.clone(),
            }),
        };
        let shards = self.shards.map(Sharding::Shards);
        Ok(Request {
            folded: self.folded,
            tokens: self.tokens,
            layers: self.layers,
            size: self.size,
            sharding: shards
                .or(self.shard_values.map(Sharding::Values))
                .or(self.memory.map(Sharding::Memory)),
            workers: self.workers,
            prompt: self.prompt.clone(),
            prefix: self.prefix.clone(),
            perplexity: self.perplexity,
            threads: self.threads,
            out: self.out.clone(),
            oracle: self.oracle,
            floor: self.floor,
            ..Request::new(source)
        })
    }
}

/// The subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    let request = options.request()?;
    let prepared = Prepared::new(&request)?;
    let report = prepared.report(request.threads, &request.env)?;
    table::print(&report, options.json);
    prepared.judge(&report)
}
