//! ResNet-18 and ResNet-50 (He et al., "Deep residual learning for image recognition", 2015).

use super::CLASSES;
use super::builder::{Builder, Form};

/// Which ResNet.
pub(super) struct Resnet {
    /// Blocks of each stage.
    blocks: [usize; 4],
    /// Blocks of 1x1, 3x3, 1x1 convolutions instead of two 3x3 ones.
    bottleneck: bool,
}

pub(super) const RESNET_18: Resnet = Resnet { blocks: [2, 2, 2, 2], bottleneck: false };
pub(super) const RESNET_50: Resnet = Resnet { blocks: [3, 4, 6, 3], bottleneck: true };

impl Builder {
    pub(super) fn resnet(&mut self, x: String, which: &Resnet) -> String {
        let x = self.conv_norm(&x, ["conv1", "bn1"], Form::same([3, 64], 7, 2));
        let x = self.relu(&x, "relu");
        let mut x = self.max_pool(&x, "maxpool", [3, 2, 1], false);
        let mut channels = 64;
        for (stage, count) in which.blocks.into_iter().enumerate() {
            let outputs = (64 << stage) * if which.bottleneck { 4 } else { 1 };
            for block in 0..count {
                let stride = if block == 0 && stage > 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                x = self.residual(&x, &name, [channels, outputs], which.bottleneck, stride);
                channels = outputs;
            }
        }
        let x = self.average_and_flatten(&x, "avgpool");
        self.gemm(&x, "fc", [channels, CLASSES])
    }

    /// A residual block.
    fn residual(
        &mut self,
        x: &str,
        name: &str,
        [inputs, outputs]: [usize; 2],
        bottleneck: bool,
        stride: usize,
    ) -> String {
        let forms = if bottleneck {
            let width = outputs / 4;
            // Version 1.5: the stride is in the 3x3 convolution.
            vec![
                Form::same([inputs, width], 1, 1),
                Form::same([width, width], 3, stride),
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
