//! The models that come with the repository, and their files.

use clap::ValueEnum;

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
    /// What is done to images.
    pub(super) image: Option<&'static str>,
}

/// Where an ONNX file comes from.
pub(super) enum Onnx {
    /// It is in the repository.
    File(&'static str),
    /// The example `networks` of the crate `zktorch` writes it.
    Network(&'static str),
}

/// The usual preprocessing for ImageNet.
const IMAGENET: &str = "resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";
const PHOTOGRAPH: &str = "fixtures/images/china.jpg";

impl Model {
    pub(super) fn files(self) -> Files {
        let digits = |onnx| Files {
            onnx: Onnx::File(onnx),
            calibration: Some("fixtures/digits/calibration.npz"),
            input: Some("fixtures/digits/sample.npy"),
            dims: &[],
            image: None,
        };
        let bench =
            |onnx, dims| Files { onnx: Onnx::File(onnx), calibration: None, input: None, dims, image: None };
        // Calibrated on the photograph itself, with the headroom of few samples.
        let network = |name| Files {
            onnx: Onnx::Network(name),
            calibration: Some(PHOTOGRAPH),
            input: Some(PHOTOGRAPH),
            dims: &[],
            image: Some(IMAGENET),
        };
        match self {
            Self::Digits => digits("fixtures/digits/cnn.onnx"),
            Self::DigitsMlp => digits("fixtures/digits/mlp.onnx"),
            Self::Lenet => bench("fixtures/bench/lenet5.onnx", &[1, 1, 28, 28]),
            Self::Mlp => bench("fixtures/bench/mlp_784_128_10.onnx", &[1, 784]),
            Self::MlpLarge => bench("fixtures/bench/mlp_784_512_512_10.onnx", &[1, 784]),
            Self::Resnet => network("resnet50"),
            Self::Resnet18 => network("resnet18"),
            Self::MobileNetV2 => network("mobilenetv2"),
            Self::Vgg16 => network("vgg16"),
        }
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
