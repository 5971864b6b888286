//! ResNet-18 and ResNet-50 (He et al., "Deep residual learning for image recognition", 2015), ResNeXt-50 (Xie et al., "Aggregated
//! residual transformations for deep neural networks", 2016).

use super::CLASSES;
use super::builder::{Builder, Form};

/// Which ResNet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resnet {
    /// Channels of the first convolution.
    pub(super) stem: usize,
    /// Blocks of each stage.
    pub(super) blocks: [usize; 4],
    /// Blocks of 1x1, 3x3, 1x1 convolutions instead of two 3x3 ones.
    pub(super) bottleneck: Option<Bottleneck>,
}

/// The 3x3 convolution of a block of three.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bottleneck {
    /// How many times as many channels the block has as this convolution.
    pub(super) narrowing: usize,
    pub(super) groups: usize,
}

pub(super) const RESNET_18: Resnet = Resnet { stem: 64, blocks: [2, 2, 2, 2], bottleneck: None };
pub(super) const RESNET_50: Resnet =
    Resnet { stem: 64, blocks: [3, 4, 6, 3], bottleneck: Some(Bottleneck { narrowing: 4, groups: 1 }) };
/// ResNeXt-50, 32x4d.
pub(super) const RESNEXT_50: Resnet =
    Resnet { bottleneck: Some(Bottleneck { narrowing: 2, groups: 32 }), ..RESNET_50 };

/// Factors of the normalisations: sums of residual blocks grow, smaller ones keep them at a size.
pub(super) const GAMMA: [f64; 2] = [0.4, 0.9];

impl Resnet {
    /// Channels of a stage's result.
    pub(super) fn channels(&self, stage: usize) -> usize {
        (self.stem << stage) * if self.bottleneck.is_some() { 4 } else { 1 }
    }
}

impl Builder {
    /// The scores of the classes.
    pub(super) fn resnet(&mut self, x: &str, which: &Resnet) -> String {
        let [.., x] = self.resnet_stages(x, "", which);
        let x = self.average_and_flatten(&x, "avgpool");
        self.gemm(&x, "fc", [which.channels(3), CLASSES])
    }

    /// The results of all stages; names begin with `prefix`.
    pub(super) fn resnet_stages(&mut self, x: &str, prefix: &str, which: &Resnet) -> [String; 4] {
        let named = |name: &str| format!("{prefix}{name}");
        let stem = Form::same([3, which.stem], 7, 2);
        let x = self.conv_norm(x, [&*named("conv1"), &*named("bn1")], stem);
        let x = self.relu(&x, &named("relu"));
        let mut x = self.max_pool(&x, &named("maxpool"), [3, 2, 1], false);
        let mut channels = which.stem;
        [0, 1, 2, 3].map(|stage| {
            let outputs = which.channels(stage);
            for block in 0..which.blocks[stage] {
                let stride = if block == 0 && stage > 0 { 2 } else { 1 };
                let name = named(&format!("layer{}.{block}", stage + 1));
                x = self.residual(&x, &name, [channels, outputs], which.bottleneck, stride);
                channels = outputs;
            }
            x.clone()
        })
    }

    /// A residual block.
    fn residual(
        &mut self,
        x: &str,
        name: &str,
        [inputs, outputs]: [usize; 2],
        bottleneck: Option<Bottleneck>,
        stride: usize,
    ) -> String {
        let forms = if let Some(Bottleneck { narrowing, groups }) = bottleneck {
            let width = outputs / narrowing;
            // Version 1.5: the stride is in the 3x3 convolution.
            vec![
                Form::same([inputs, width], 1, 1),
                Form { groups, ..Form::same([width, width], 3, stride) },
                Form::same([width, outputs], 1, 1),
            ]
        } else {
            vec![Form::same([inputs, outputs], 3, stride), Form::same([outputs, outputs], 3, 1)]
        };
        let last = forms.len();
        let mut y = x.to_owned();
        for (index, form) in (1..).zip(forms) {
            y = self.conv_norm(&y, [&format!("{name}.conv{index}"), &format!("{name}.bn{index}")], form);
            if index < last {
                // One module, used after each convolution: the exporter numbers its nodes.
                let suffix = if index == 1 { String::new() } else { format!("_{}", index - 1) };
                y = self.relu(&y, &format!("{name}.relu{suffix}"));
            }
        }
        let shortcut = match stride == 1 && inputs == outputs {
            true => x.to_owned(),
            false => {
                let names = [&*format!("{name}.downsample.0"), &*format!("{name}.downsample.1")];
                self.conv_norm(x, names, Form::same([inputs, outputs], 1, stride))
            }
        };
        let sum = self.node("Add", name, &[&y, &shortcut], Vec::new());
        self.relu(&sum, &format!("{name}.relu_{}", last - 1))
    }
}
