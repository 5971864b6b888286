//! What `cargo xtask prove-model` needs of trained language models: writes them as ONNX files with the tokens of a text, and says
//! how well their integers know a text.
//!
//! `cargo run --release -p benches --bin language -- write MODEL.gguf --prompt TEXT ..`

mod perplexity;
mod source;
mod write;

use std::process::ExitCode;

use benches::program;
use clap::Parser;

/// Trained language models in files of llama.cpp. Each command prints one JSON object.
#[derive(Parser)]
#[command(name = "language")]
enum Options {
    /// Write the ONNX file of a model, the tokens of a prompt, samples to calibrate on, and what each token stands for.
    Write(write::Options),
    /// Say how well a model, as integers and in floats, knows a text.
    Perplexity(perplexity::Options),
}

fn main() -> ExitCode {
    program::finish(match Options::parse() {
        Options::Write(options) => write::run(&options),
        Options::Perplexity(options) => perplexity::run(&options),
    })
}
