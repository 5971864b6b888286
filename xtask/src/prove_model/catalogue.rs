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
    /// SqueezeNet 1.1 at 224x224, random weights, on a photograph.
    Squeezenet,
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
}

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
        }
    }

    /// Whether it is a network with BatchNormalization, of which there is a folded form.
    pub(super) fn has_norms(self) -> bool {
        matches!(self, Self::Resnet | Self::Resnet18 | Self::MobileNetV2)
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
