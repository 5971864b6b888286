//! SqueezeNet 1.1 (Iandola et al., "SqueezeNet", 2016, and the authors' later release).

use super::CLASSES;
use super::builder::{Builder, Form, int};

/// A layer behind the first convolution.
enum Layer {
    /// Maxima of 3x3 windows, stride 2, the last ones over the edge if need be.
    Pool,
    /// Inputs, channels of the 1x1 convolution that squeezes, channels of each of the two that expand.
    Fire([usize; 3]),
}

/// In the order of torchvision's `features`, from index 2 on.
const LAYERS: [Layer; 11] = [
    Layer::Pool,
    Layer::Fire([64, 16, 64]),
    Layer::Fire([128, 16, 64]),
    Layer::Pool,
    Layer::Fire([128, 32, 128]),
    Layer::Fire([256, 32, 128]),
    Layer::Pool,
    Layer::Fire([256, 48, 192]),
    Layer::Fire([384, 48, 192]),
    Layer::Fire([384, 64, 256]),
    Layer::Fire([512, 64, 256]),
];

impl Builder {
    pub(super) fn squeezenet_1_1(&mut self, x: String) -> String {
        let first = Form { pad: 0, ..Form::same([3, 64], 3, 2) };
        let x = self.conv(&x, "features.0", first);
        let mut x = self.relu(&x, "features.1");
        for (index, layer) in (2..).zip(LAYERS) {
            let name = format!("features.{index}");
            x = match layer {
                Layer::Pool => self.max_pool(&x, &name, [3, 2, 0], true),
                Layer::Fire(channels) => self.fire(&x, &name, channels),
            };
        }
        let x = self.conv(&x, "classifier.1", Form::same([512, CLASSES], 1, 1));
        let x = self.relu(&x, "classifier.2");
        self.average_and_flatten(&x, "classifier.3")
    }

    fn fire(&mut self, x: &str, name: &str, [inputs, squeezed, expanded]: [usize; 3]) -> String {
        let squeeze = self.conv(x, &format!("{name}.squeeze"), Form::same([inputs, squeezed], 1, 1));
        let squeeze = self.relu(&squeeze, &format!("{name}.squeeze_activation"));
        let [small, large] = [1, 3].map(|kernel| {
            let size = format!("expand{kernel}x{kernel}");
            let y =
                self.conv(&squeeze, &format!("{name}.{size}"), Form::same([squeezed, expanded], kernel, 1));
            self.relu(&y, &format!("{name}.{size}_activation"))
        });
        self.node("Concat", name, &[&small, &large], vec![int("axis", 1)])
    }
}
