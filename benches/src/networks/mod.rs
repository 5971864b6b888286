//! The ONNX graphs of well-known networks, with seeded random weights.
//!
//! Those of torchvision ([`Network`]): each is what `torch.onnx.export` (TorchScript, PyTorch 2.1, operator set 17) writes of the
//! torchvision model in evaluation mode: the same nodes with the same attributes, parameters named as in the model, dropout
//! absent. Two forms: with BatchNormalization nodes, as `training=TrainingMode.PRESERVE` keeps them, or folded into the
//! convolutions, as is the default.
//! One difference: where SqueezeNet's windows may reach over the edge that exporter writes padding, newer ones `ceil_mode`, as here.
//!
//! Weights are He-initialised from one seed; statistics of BatchNormalization are such that activations keep about unit variance.
//! What a proof costs does not depend on the values.
//!
//! Those for sequences ([`Sequence`]) are what the same exporter writes of `transformers`' and MLPerf's models, for operator sets with
//! and without normalisation operators; the deviations of their weights are such that scores differ and activations keep their size.
//! [`reduced`] has all of these small, and blocks of networks that detect, segment and generate.

mod builder;
mod detector;
mod diffusion;
mod example;
mod external;
mod gpt2;
mod gptj;
mod layers;
mod llama;
mod mobilenet;
mod recurrent;
mod resnet;
mod retinanet;
mod rnnt;
mod sequence;
mod squeezenet;
mod transformer;
mod unet_3d;
mod vgg;
mod vit;
mod weights;

use clap::ValueEnum;
use zktorch_onnx::proto::ModelProto;

pub use self::example::Example;
pub use self::llama::{Gives, Llama, Parameters, Prefix};
pub use self::sequence::{Large, Sequence, reduced, unet_3d};

use self::builder::{Builder, Norms};
use self::example::{Inputs, Values};
use self::retinanet::RetinaNet;
use self::vit::Vit;

/// A network of torchvision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Network {
    /// ResNet-18.
    Resnet18,
    /// ResNet-50, version 1.5: the stride of a bottleneck in its 3x3 convolution.
    Resnet50,
    /// MobileNetV2, width 1.
    #[value(name = "mobilenetv2")]
    MobileNetV2,
    /// VGG-16, without BatchNormalization.
    Vgg16,
    /// SqueezeNet 1.1.
    Squeezenet,
    /// ViT-B/16.
    #[value(name = "vit_b_16")]
    VitB16,
    /// MLPerf's RetinaNet, whose normalisations are frozen.
    Retinanet,
}

/// The operator set of the graphs.
pub const OPSET: i64 = 17;
/// Height and width of ImageNet's inputs.
pub const EXTENT: usize = 224;
/// Classes.
const CLASSES: usize = 1000;

impl Network {
    /// Height and width of its images.
    pub fn extent(self) -> usize {
        if self == Self::Retinanet { 800 } else { EXTENT }
    }

    /// Whether there is a network for images of this height and width: multiples of 32 (VGG-16: only its own, its dense layers fix it).
    pub fn takes(self, extent: usize) -> bool {
        extent == self.extent() || (self != Self::Vgg16 && extent > 0 && extent.is_multiple_of(32))
    }

    /// The network for an input of 1x3x`extent`x`extent`, its BatchNormalization in nodes of its own or `folded` into the
    /// convolutions. Both forms compute the same.
    ///
    /// The extent is one that it [`takes`](Self::takes).
    pub fn model(self, extent: usize, folded: bool) -> ModelProto {
        // MobileNetV2's activations are to reach ReLU6's bound.
        let gamma = if self == Self::MobileNetV2 { [0.8, 1.2] } else { resnet::GAMMA };
        let norms = if folded { Norms::Folded } else { Norms::Whole };
        let mut builder = Builder::new(norms, gamma);
        let mut inputs = Inputs::default();
        let x = inputs.add(INPUT, &[1, 3, extent, extent], Values::Normal).to_owned();
        let output = match self {
            Self::Resnet18 => builder.resnet(&x, &resnet::RESNET_18),
            Self::Resnet50 => builder.resnet(&x, &resnet::RESNET_50),
            Self::MobileNetV2 => builder.mobilenet_v2(x),
            Self::Vgg16 => builder.vgg16(x),
            Self::Squeezenet => builder.squeezenet_1_1(x),
            Self::VitB16 => builder.vit(&x, &Vit::base_16(extent)),
            Self::Retinanet => return RetinaNet::mlperf(extent).example().model,
        };
        inputs.into_example(builder, OPSET, &[(output.clone(), &output, &[1, CLASSES])]).model
    }
}

const INPUT: &str = "input";
