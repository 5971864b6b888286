//! The models that come with the repository, and their files.

use bytesize::ByteSize;
use clap::ValueEnum;

use super::Sharding;
use super::language::{Language, SMOLLM2};
use super::large::{GPT_J, LLAMA_7B, Large};

/// A model that comes with the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Model {
    /// A convolutional classifier of handwritten digits, trained on real images.
    Digits,
    /// A perceptron for the same images.
    DigitsMlp,
    /// LeNet-5 at 28x28, random weights.
    Lenet,
    /// Perceptron 784-128-10, random weights.
    Mlp,
    /// Perceptron 784-512-512-10, random weights.
    MlpLarge,
    /// ResNet-50 at 224x224, random weights, on a photograph.
    Resnet,
    /// ResNet-18 at 224x224, random weights, on a photograph.
    Resnet18,
    /// MobileNetV2 at 224x224, random weights, on a photograph.
    #[value(name = "mobilenetv2")]
    MobileNetV2,
    /// VGG-16 at 224x224, random weights, on a photograph.
    Vgg16,
    /// SqueezeNet 1.1 at 224x224, random weights, on a photograph.
    Squeezenet,
    /// ViT-B/16 at 224x224, random weights, on a photograph.
    Vit,
    /// MLPerf's RetinaNet (ResNeXt-50, five levels, 264 classes) at 800x800, random weights, on a photograph: boxes and scores of all
    /// anchors.
    Retinanet,
    /// MLPerf's 3D U-Net at 128x128x128, random weights: scores of every voxel.
    Unet3d,
    /// One block of a transformer encoder (hidden 64, 4 heads), random weights, 16 tokens or --tokens.
    Block,
    /// BERT-base, random weights, 1 token or --tokens.
    Bert,
    /// GPT-2 small, random weights, 16 tokens or --tokens; its outputs are the scores of the token that follows.
    Gpt2,
    /// MLPerf's RNN-T (encoder, prediction and joint network), random weights, 8 steps of sound or --tokens.
    Rnnt,
    /// One block of LLaMA-2-7B (hidden 4096, 32 heads, gated perceptron of 11008), random weights, 16 tokens or --tokens.
    LlamaLayer,
    /// LLaMA-2-7B, or its first --layers with words and head, random weights in half precision outside of the ONNX file, 1 token or
    /// --tokens.
    Llama7b,
    /// GPT-J 6B, or its first --layers with words and head, random weights in half precision outside of the ONNX file, 2 tokens or
    /// --tokens.
    Gptj,
    /// SmolLM2-135M-Instruct, trained: the token that follows a text, or --prompt TEXT; the first --tokens of it.
    Smollm2,
    /// A small language model over characters, trained: what it says after --prompt TEXT, in one proof.
    Chars,
}

/// Where a model's files are.
pub(super) struct Files {
    pub(super) onnx: Onnx,
    /// Samples; none: generated ones.
    pub(super) calibration: Option<&'static str>,
    /// The input to prove; none: a generated one.
    pub(super) input: Option<&'static str>,
    /// Extents of a generated input.
    pub(super) dims: &'static [usize],
}

/// Where an ONNX file comes from.
#[derive(Clone, Copy)]
pub(super) enum Onnx {
    /// It is in the repository.
    File(&'static str),
    /// The crate `benches` writes it.
    Network {
        /// Its name there.
        name: &'static str,
        /// How many weights it has, for the space that its files need.
        weights: u64,
    },
    /// The crate `benches` writes it with its input and samples.
    Sequence {
        /// Its name there.
        name: &'static str,
        weights: u64,
        /// Tokens, or steps, if nothing else is said.
        tokens: usize,
    },
    /// The crate `benches` writes it with its input and samples: a network for volumes.
    Volume {
        weights: u64,
        /// Extent of the volume, if nothing else is said.
        size: usize,
    },
    /// The crate `benches` writes it with its input, samples and external data.
    Large(&'static Large),
    /// The crate `benches` writes it from a file of llama.cpp in a package.
    Language(&'static Language),
    /// It is in the repository, and reads characters.
    Characters,
}

impl Onnx {
    /// How many weights a model that is written has.
    pub(super) fn weights(self) -> Option<u64> {
        match self {
            Self::File(_) | Self::Characters | Self::Large(_) => None,
            Self::Network { weights, .. } | Self::Sequence { weights, .. } | Self::Volume { weights, .. } => {
                Some(weights)
            }
            Self::Language(language) => Some(language.weights),
        }
    }
}

/// What a laptop has left for a proof.
const MEMORY_OF_SHARD: ByteSize = ByteSize::gb(8);

const PHOTOGRAPH: &str = "fixtures/images/china.jpg";

impl Model {
    pub(super) fn files(self) -> Files {
        let digits = |onnx| Files {
            onnx: Onnx::File(onnx),
            calibration: Some("fixtures/digits/calibration.npz"),
            input: Some("fixtures/digits/sample.npy"),
            dims: &[],
        };
        let bench = |onnx, dims| Files { onnx: Onnx::File(onnx), calibration: None, input: None, dims };
        // Calibrated on the photograph itself, with the headroom of few samples.
        let network = |name, weights| Files {
            onnx: Onnx::Network { name, weights },
            calibration: Some(PHOTOGRAPH),
            input: Some(PHOTOGRAPH),
            dims: &[],
        };
        // With an input of its own.
        let written = |onnx| Files { onnx, calibration: None, input: None, dims: &[] };
        let sequence = |name, weights, tokens| written(Onnx::Sequence { name, weights, tokens });
        match self {
            Self::Digits => digits("fixtures/digits/cnn.onnx"),
            Self::DigitsMlp => digits("fixtures/digits/mlp.onnx"),
            Self::Lenet => bench("fixtures/bench/lenet5.onnx", &[1, 1, 28, 28]),
            Self::Mlp => bench("fixtures/bench/mlp_784_128_10.onnx", &[1, 784]),
            Self::MlpLarge => bench("fixtures/bench/mlp_784_512_512_10.onnx", &[1, 784]),
            Self::Resnet => network("resnet50", 25_557_032),
            Self::Resnet18 => network("resnet18", 11_689_512),
            Self::MobileNetV2 => network("mobilenetv2", 3_504_872),
            Self::Vgg16 => network("vgg16", 138_357_544),
            Self::Squeezenet => network("squeezenet", 1_235_496),
            Self::Vit => network("vit_b_16", 86_567_656),
            Self::Retinanet => network("retinanet", 38_782_872),
            Self::Unet3d => written(Onnx::Volume { weights: 31_190_243, size: 128 }),
            Self::Block => sequence("block", 49_984, 16),
            Self::Bert => sequence("bert", 109_482_240, 1),
            Self::Gpt2 => sequence("gpt2", 124_439_808, 16),
            Self::Rnnt => sequence("rnnt", 45_323_549, 8),
            Self::LlamaLayer => sequence("llama-layer", 202_383_360, 16),
            Self::Llama7b => written(Onnx::Large(&LLAMA_7B)),
            Self::Gptj => written(Onnx::Large(&GPT_J)),
            Self::Smollm2 => written(Onnx::Language(&SMOLLM2)),
            Self::Chars => written(Onnx::Characters),
        }
    }

    /// In how many shards it is proved at its usual size, if it does not fit into the memory of a laptop.
    pub(super) fn sharding(self) -> Option<Sharding> {
        matches!(self, Self::Retinanet | Self::Unet3d).then_some(Sharding::Memory(MEMORY_OF_SHARD))
    }

    /// Bits that values have beyond 16, if that is not left to the compiler: it doubles what is committed where an output is off by more
    /// than a hundredth, as it is with a few voxels for each normalisation, or a score far from its threshold.
    pub(super) fn guard_bits(self) -> Option<&'static str> {
        matches!(self, Self::Retinanet | Self::Unet3d).then_some("0")
    }

    /// Whether it is a network with BatchNormalization, of which there is a folded form.
    pub(super) fn has_norms(self) -> bool {
        matches!(self, Self::Resnet | Self::Resnet18 | Self::MobileNetV2)
    }

    /// Whether images may have another size than its usual one: not where a dense layer reads all of them.
    pub(super) fn has_sizes(self) -> bool {
        matches!(self.files().onnx, Onnx::Network { .. } | Onnx::Volume { .. }) && self != Self::Vgg16
    }

    /// Whether it is a network for sequences, whose length is a choice.
    pub(crate) fn is_sequence(self) -> bool {
        matches!(self.files().onnx, Onnx::Sequence { .. } | Onnx::Language(_) | Onnx::Large(_))
    }

    /// Whether it is a trained language model, which continues a text.
    pub(crate) fn reads_text(self) -> bool {
        matches!(self.files().onnx, Onnx::Language(_) | Onnx::Characters)
    }

    /// The language model of a package that it is, if it is one.
    pub(super) fn language(self) -> Option<&'static Language> {
        match self.files().onnx {
            Onnx::Language(language) => Some(language),
            _ => None,
        }
    }

    /// The large language model that it is, if it is one.
    pub(super) fn large(self) -> Option<&'static Large> {
        match self.files().onnx {
            Onnx::Large(large) => Some(large),
            _ => None,
        }
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
