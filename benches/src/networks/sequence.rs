//! Networks for sequences at the size that they are known by, and everything that is no torchvision model at a reduced one.

use std::io;
use std::path::Path;

use clap::ValueEnum;

use super::detector::Detector;
use super::diffusion::Diffusion;
use super::example::Example;
use super::gpt2::Gpt2;
use super::gptj::GptJ;
use super::llama::Llama;
use super::recurrent::{Cell, Layer};
use super::resnet::{Bottleneck, Resnet};
use super::retinanet::RetinaNet;
use super::rnnt::Rnnt;
use super::transformer::{Bert, Encoder};
use super::unet_3d::UNet3d;
use super::vit::Vit;

/// A language model whose weights do not fit into an ONNX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Large {
    /// LLaMA-2-7B.
    Llama7b,
    /// GPT-J 6B.
    Gptj,
}

impl Large {
    /// Its first layers with words and head, for so many tokens: weights go to a file of external data, in half precision.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn stored(self, layers: usize, tokens: usize, weights: &Path) -> io::Result<Example> {
        match self {
            Self::Llama7b => Llama { layers, ..Llama::seven_billion() }.stored(tokens, weights),
            Self::Gptj => GptJ { layers, ..GptJ::six_billion(tokens) }.stored(weights),
        }
    }
}

/// MLPerf's 3D U-Net for volumes of this extent, a multiple of 32.
pub fn unet_3d(extent: usize) -> Example {
    UNet3d::mlperf(extent).example()
}

/// A network for sequences, at its own size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sequence {
    /// One block of an encoder: hidden 64, 4 heads, inner 256.
    Block,
    /// BERT-base.
    Bert,
    /// GPT-2 small.
    Gpt2,
    /// MLPerf's RNN-T.
    Rnnt,
    /// One block of LLaMA-2-7B.
    LlamaLayer,
}

impl Sequence {
    /// The network for so many tokens, or steps of sound.
    pub fn example(self, tokens: usize) -> Example {
        match self {
            Self::Block => block(tokens),
            Self::Bert => Bert::base(tokens).example(),
            Self::Gpt2 => Gpt2::small(tokens).example(),
            Self::Rnnt => Rnnt::mlperf(tokens).example(),
            Self::LlamaLayer => Llama::seven_billion().block(tokens),
        }
    }
}

fn block(tokens: usize) -> Example {
    Encoder { hidden: 64, heads: 4, inner: 256, epsilon: 1e-12, tokens }.example()
}

/// Small networks of every kind, by name.
pub fn reduced() -> Vec<(&'static str, Example)> {
    let encoder = Encoder { hidden: 32, heads: 2, inner: 64, epsilon: 1e-12, tokens: 6 };
    let bert = Bert { encoder, layers: 2, vocabulary: 100, positions: 16, types: 2 };
    let gpt2 = Gpt2 { layers: 2, hidden: 32, heads: 2, vocabulary: 100, positions: 16, tokens: 6 };
    let gptj = GptJ { layers: 2, hidden: 32, heads: 2, rotary: 8, vocabulary: 100, tokens: 6 };
    let llama = Llama {
        layers: 2,
        hidden: 32,
        heads: 4,
        kv_heads: 2,
        inner: 48,
        vocabulary: 100,
        theta: 10_000.0,
        epsilon: 1e-5,
        tied: true,
    };
    let rnnt = Rnnt {
        steps: 5,
        features: 12,
        layers: [1, 1],
        encoder: 24,
        stacking: 2,
        prediction_layers: 1,
        prediction: 16,
        joint: 16,
        labels: 10,
        spoken: 2,
    };
    let both_ways = |cell| Layer { cell, steps: 5, inputs: 12, hidden: 16, both_ways: true }.classifier(10);
    let diffusion = Diffusion { extent: 8, inputs: 8, channels: 16, groups: 4, heads: 2, time: 16 };
    let vit = Vit { extent: 16, patch: 4, layers: 2, hidden: 32, heads: 2, inner: 64, classes: 10 };
    let backbone =
        Resnet { stem: 4, blocks: [1, 1, 1, 1], bottleneck: Some(Bottleneck { narrowing: 2, groups: 2 }) };
    let retinanet = RetinaNet { extent: 64, backbone, channels: 8, classes: 5 };
    vec![
        ("block", block(16)),
        ("bert", bert.example()),
        ("gpt2", gpt2.example()),
        ("gpt-j", gptj.example()),
        ("llama", llama.example(6)),
        ("llama layer", llama.block(6)),
        ("rnnt", rnnt.example()),
        ("lstm, both ways", both_ways(Cell::Lstm)),
        ("gru, both ways", both_ways(Cell::Gru)),
        ("rnn, both ways", both_ways(Cell::Rnn)),
        ("detector", Detector { extent: 32, channels: 8, classes: 5 }.example()),
        ("retinanet", retinanet.example()),
        ("3d u-net", UNet3d { extent: 8, filters: vec![4, 8], classes: 3 }.example()),
        ("diffusion block", diffusion.example()),
        ("vit", vit.example()),
    ]
}
