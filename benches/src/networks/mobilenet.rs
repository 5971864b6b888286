//! MobileNetV2 (Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018).

use super::CLASSES;
use super::builder::{Builder, Form};

/// Expansion, channels, blocks, stride of the first block.
const STAGES: [[usize; 4]; 7] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
];
const LAST: usize = 1280;

impl Builder {
    pub(super) fn mobilenet_v2(&mut self, x: String) -> String {
        let mut channels = 32;
        let mut x = self.conv_norm_relu6(&x, "features.0", Form::same([3, channels], 3, 2));
        let mut index = 1;
        for [expansion, outputs, count, first] in STAGES {
            for block in 0..count {
                let stride = if block == 0 { first } else { 1 };
                x = self.inverted(&x, &format!("features.{index}"), [channels, outputs], expansion, stride);
                channels = outputs;
                index += 1;
            }
        }
        let x = self.conv_norm_relu6(&x, &format!("features.{index}"), Form::same([channels, LAST], 1, 1));
        let x = self.average_and_flatten(&x, "avgpool");
        self.gemm(&x, "classifier.1", [LAST, CLASSES])
    }

    /// 1x1 up, 3x3 in each channel, 1x1 down: ReLU6 after all but the last, and the input added where it fits.
    fn inverted(
        &mut self,
        x: &str,
        name: &str,
        [inputs, outputs]: [usize; 2],
        expansion: usize,
        stride: usize,
    ) -> String {
        let width = expansion * inputs;
        let mut y = x.to_owned();
        let mut index = 0;
        if expansion > 1 {
            y = self.conv_norm_relu6(&y, &format!("{name}.conv.0"), Form::same([inputs, width], 1, 1));
            index = 1;
        }
        let depthwise = Form { groups: width, ..Form::same([width, width], 3, stride) };
        y = self.conv_norm_relu6(&y, &format!("{name}.conv.{index}"), depthwise);
        let names = [index + 1, index + 2].map(|index| format!("{name}.conv.{index}"));
        y = self.conv_norm(&y, [&names[0], &names[1]], Form::same([width, outputs], 1, 1));
        match stride == 1 && inputs == outputs {
            true => self.node("Add", name, &[x, &y], Vec::new()),
            false => y,
        }
    }

    fn conv_norm_relu6(&mut self, x: &str, name: &str, form: Form) -> String {
        let y = self.conv_norm(x, [&format!("{name}.0"), &format!("{name}.1")], form);
        self.relu6(&y, &format!("{name}.2"))
    }
}
