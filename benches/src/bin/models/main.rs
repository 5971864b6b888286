//! What `cargo xtask prove-model` needs beside the command line: writes the networks, says what a model consists of, and compares
//! a proved statement with the float model's outputs.
//!
//! `cargo run --release -p benches --bin models -- write resnet50 OUT.onnx [--folded]`

mod characters;
mod compare;
mod describe;
mod float;
mod inputs;
mod sequence;
mod srs;
mod write;

use std::process::ExitCode;

use benches::program;
use clap::Parser;

/// Networks, and what is known of them. Each command prints one JSON object.
#[derive(Parser)]
#[command(name = "models")]
enum Options {
    /// Write the ONNX file of a well-known network for images, with seeded random weights.
    Write(write::Options),
    /// Write the ONNX file of a well-known network for sequences, with seeded random weights, and seeded inputs for it.
    Sequence(sequence::Options),
    /// Write a language model of billions of weights, or its first layers, with seeded random weights in a file of external data, and
    /// seeded inputs for it.
    Large(sequence::Large),
    /// Write the ONNX file of MLPerf's 3D U-Net, with seeded random weights, and seeded inputs for it.
    Volume(sequence::Volume),
    /// Say what a model's inputs, weights and linear layers are, and what is done to an image.
    Describe(describe::Options),
    /// Write an input as the command line preprocesses it.
    Inputs(inputs::Options),
    /// Run a model in the compiler's own float interpreter.
    Float(float::Options),
    /// Say what a statement's outputs are, and compare them with the float model's.
    Compare(compare::Options),
    /// Write the tokens of a text for a language model over characters, and of what the float model says after it.
    Continue(characters::Continue),
    /// Say what the scores of a statement say after a text, character by character.
    Said(characters::Said),
    /// Say how well a language model over characters, as integers and in floats, knows a text.
    Perplexity(characters::Perplexity),
    /// Write the development SRS, and say how long its file is.
    Srs(srs::Options),
}

fn main() -> ExitCode {
    program::finish(match Options::parse() {
        Options::Write(options) => write::run(&options),
        Options::Sequence(options) => sequence::run(&options),
        Options::Large(options) => sequence::run_large(&options),
        Options::Volume(options) => sequence::run_volume(&options),
        Options::Describe(options) => describe::run(&options),
        Options::Inputs(options) => inputs::run(&options),
        Options::Float(options) => float::run(&options),
        Options::Compare(options) => compare::run(&options),
        Options::Continue(options) => characters::write_continued(&options),
        Options::Said(options) => characters::read_said(&options),
        Options::Perplexity(options) => characters::measure(&options),
        Options::Srs(options) => srs::run(&options),
    })
}
