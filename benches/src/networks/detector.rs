//! A small one-stage detector (Redmon et al., "You only look once", 2015; the neck of Lin et al., "Feature pyramid networks", 2017).

use super::builder::{Builder, Form, string, tensor};
use super::example::{Example, Inputs, Values};

/// The operator set of the graph.
const OPSET: i64 = 13;
/// A box is four numbers.
const BOX: usize = 4;

/// A detector of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detector {
    /// Height and width of the image.
    pub(super) extent: usize,
    pub(super) channels: usize,
    pub(super) classes: usize,
}

impl Detector {
    /// Two scales; the coarse one is resized and read beside the fine one. Boxes and scores of all positions.
    pub(super) fn example(&self) -> Example {
        let Self { extent, channels, classes } = *self;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let x = inputs.add("images", &[1, 3, extent, extent], Values::Normal);
        let x = b.conv_silu(x, "backbone.0", Form::same([3, channels], 3, 2));
        let fine = b.conv_silu(&x, "backbone.1", Form::same([channels, channels], 3, 2));
        let coarse = b.conv_silu(&fine, "backbone.2", Form::same([channels, 2 * channels], 3, 2));

        let scales = b.constant("neck.upsample", tensor("", &[4], &[1.0, 1.0, 2.0, 2.0]));
        let attributes = vec![
            string("coordinate_transformation_mode", "asymmetric"),
            string("mode", "nearest"),
            string("nearest_mode", "floor"),
        ];
        let up = b.node("Resize", "neck.upsample", &[&coarse, "", &scales], attributes);
        let both = b.concat("neck", &[&up, &fine], 1);
        let fine = b.conv_silu(&both, "neck.conv", Form::same([3 * channels, channels], 3, 1));

        let (mut boxes, mut scores) = (Vec::new(), Vec::new());
        for (index, x, inputs) in [(0, &fine, channels), (1, &coarse, 2 * channels)] {
            for (part, outputs, all) in [("box", BOX, &mut boxes), ("cls", classes, &mut scores)] {
                let name = format!("head.{part}.{index}");
                let y = b.conv(x, &name, Form::same([inputs, outputs], 1, 1));
                all.push(b.with_integers("Reshape", &name, &y, &[1, outputs as i64, -1]));
            }
        }
        let join = |b: &mut Builder, parts: &[String]| {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            b.concat("head", &parts, 2)
        };
        let (boxes, scores) = (join(b, &boxes), join(b, &scores));
        let scores = b.plain("Sigmoid", "head", &[&scores]);
        let (boxes, scores) =
            (b.transpose(&boxes, "head", &[0, 2, 1]), b.transpose(&scores, "head", &[0, 2, 1]));
        let positions = (extent / 4).pow(2) + (extent / 8).pow(2);
        let outputs =
            [(boxes, "boxes", &[1, positions, BOX][..]), (scores, "scores", &[1, positions, classes][..])];
        inputs.into_example(builder, OPSET, &outputs)
    }
}

impl Builder {
    fn conv_silu(&mut self, x: &str, name: &str, form: Form) -> String {
        let y = self.conv(x, name, form);
        self.silu(&y, name)
    }
}
