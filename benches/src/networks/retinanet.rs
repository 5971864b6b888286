//! RetinaNet (Lin et al., "Focal loss for dense object detection", 2017), as MLPerf has it.

use super::builder::{Builder, Conv, Form, Norms, int, string};
use super::example::{Example, Inputs, Values};
use super::resnet::{GAMMA, RESNEXT_50, Resnet};

/// The operator set of the graph.
const OPSET: i64 = 17;
/// A box is four numbers.
const BOX: usize = 4;
/// Three sizes and three ratios of the sides at each position.
const ANCHORS: usize = 9;
const RATIOS: [f64; 3] = [0.5, 1.0, 2.0];
/// Height and width of the finest level's smallest anchors; they double from level to level.
const SMALLEST: usize = 32;
/// The share of positions that a class is at, as the biases of scores say before training.
const PRIOR: f64 = 0.01;
/// Boxes grow at most from this many pixels to a thousand.
const GROWING: f64 = 16.0;
/// A RetinaNet of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetinaNet {
    /// Height and width of the image, a multiple of 32.
    pub(super) extent: usize,
    pub(super) backbone: Resnet,
    /// Channels of the pyramid.
    pub(super) channels: usize,
    pub(super) classes: usize,
}

/// A level of the pyramid: height and width, and its values.
struct Level {
    extent: usize,
    value: String,
}

impl RetinaNet {
    /// MLPerf's, for the classes of OpenImages: ResNeXt-50 32x4d, five levels of 256 channels; 800x800 there.
    pub(super) fn mlperf(extent: usize) -> Self {
        Self { extent, backbone: RESNEXT_50, channels: 256, classes: 264 }
    }

    /// Boxes, cut off at the image's border, and scores of all anchors: what the best are taken of.
    pub(super) fn example(&self) -> Example {
        let mut inputs = Inputs::default();
        let x = inputs.add("images", &[1, 3, self.extent, self.extent], Values::Normal).to_owned();
        let mut builder = Builder::new(Norms::Frozen, GAMMA);
        let b = &mut builder;
        let levels = self.pyramid(b, &x);
        // What the head gives is put together and cut into levels again before scores are taken: these are of its parts.
        let logits = self.head(b, &levels, Head::Classes);
        let scores: Vec<String> = logits.iter().map(|level| b.plain("Sigmoid", "", &[level])).collect();
        let scores = join(b, "", &scores);
        let codes = self.head(b, &levels, Head::Boxes);
        let codes = join(b, "head.regression_head", &codes);
        let extents: Vec<usize> = levels.iter().map(|level| level.extent).collect();
        let anchors = self.anchors(&extents);
        let count = anchors.len();
        let boxes = self.boxes(b, &codes, &anchors);
        let outputs =
            [(boxes, "boxes", &[1, count, BOX][..]), (scores, "scores", &[1, count, self.classes][..])];
        inputs.into_example(builder, OPSET, &outputs)
    }

    /// The backbone's last three stages, what is coarser added to what is finer; and two levels more.
    fn pyramid(&self, b: &mut Builder, x: &str) -> Vec<Level> {
        let channels = self.channels;
        let [_, stages @ ..] = b.resnet_stages(x, "backbone.body.", &self.backbone);
        let mut levels: Vec<Level> = Vec::new();
        let mut coarser: Option<String> = None;
        for (index, stage) in stages.iter().enumerate().rev() {
            let extent = self.extent >> (index + 3);
            let name = format!("backbone.fpn.inner_blocks.{index}");
            // Sums of two have the variance of one.
            let form = Form::same([self.backbone.channels(index + 1), channels], 1, 1);
            let lateral = b.conv_shared(&name, form, 0.5, 0.0);
            let mut inner = b.conv_of(stage, &lateral);
            if let Some(coarser) = coarser {
                let up = resize(b, &coarser, channels, extent);
                inner = b.plain("Add", "backbone.fpn", &[&inner, &up]);
            }
            let name = format!("backbone.fpn.layer_blocks.{index}");
            let value = b.conv(&inner, &name, Form::same([channels, channels], 3, 1));
            levels.push(Level { extent, value });
            coarser = Some(inner);
        }
        levels.reverse();
        let mut last = levels[2].value.clone();
        let mut extent = levels[2].extent;
        for name in ["p6", "p7"] {
            if name == "p7" {
                last = b.relu(&last, "backbone.fpn.extra_blocks");
            }
            let form = Form::same([channels, channels], 3, 2);
            last = b.conv(&last, &format!("backbone.fpn.extra_blocks.{name}"), form);
            extent = extent.div_ceil(2);
            levels.push(Level { extent, value: last.clone() });
        }
        levels
    }

    /// Four convolutions, and one that says what is there, of every level alike: `[1, anchors, width]`.
    fn head(&self, b: &mut Builder, levels: &[Level], head: Head) -> Vec<String> {
        let channels = self.channels;
        let (name, last, width, factor, middle) = match head {
            Head::Classes => {
                ("head.classification_head", "cls_logits", self.classes, 2.0, (PRIOR / (1.0 - PRIOR)).ln())
            }
            Head::Boxes => ("head.regression_head", "bbox_reg", BOX, 0.2, 0.0),
        };
        let same = Form::same([channels, channels], 3, 1);
        let convs: Vec<Conv> =
            [0, 2, 4, 6].map(|index| b.conv_shared(&format!("{name}.conv.{index}"), same, 1.0, 0.0)).into();
        let form = Form::same([channels, ANCHORS * width], 3, 1);
        let last = b.conv_shared(&format!("{name}.{last}"), form, factor, middle);
        levels
            .iter()
            .map(|level| {
                let mut x = level.value.clone();
                for (index, conv) in convs.iter().enumerate() {
                    x = b.conv_of(&x, conv);
                    x = b.relu(&x, &format!("{name}.conv.{}", 2 * index + 1));
                }
                let x = b.conv_of(&x, &last);
                let [width, extent] = [width, level.extent].map(|extent| extent as i64);
                let x = b.with_integers("Reshape", name, &x, &[1, -1, width, extent, extent]);
                let x = b.transpose(&x, name, &[0, 3, 4, 1, 2]);
                b.with_integers("Reshape", name, &x, &[1, -1, width])
            })
            .collect()
    }

    /// Left, upper, right and lower borders of all anchors: around each position of each level, all ratios in all sizes.
    fn anchors(&self, levels: &[usize]) -> Vec<[f64; BOX]> {
        let mut anchors = Vec::new();
        for (level, extent) in levels.iter().enumerate() {
            let (stride, smallest) = (self.extent / extent, (SMALLEST << level) as f64);
            let sizes = [0.0, 1.0, 2.0].map(|third: f64| (smallest * (third / 3.0).exp2()).trunc());
            let around =
                RATIOS.iter().flat_map(|ratio| sizes.map(|size| [size / ratio.sqrt(), size * ratio.sqrt()]));
            let around: Vec<[f64; 2]> =
                around.map(|sides| sides.map(|side| (side / 2.0).round_ties_even())).collect();
            for (y, x) in (0..*extent).flat_map(|y| (0..*extent).map(move |x| (y, x))) {
                let [x, y] = [x, y].map(|index| (index * stride) as f64);
                anchors.extend(
                    around.iter().map(|[width, height]| [x - width, y - height, x + width, y + height]),
                );
            }
        }
        anchors
    }

    /// `BoxCoder`: what is learned says where a box lies, in units of its anchor, and the logarithms of how much larger it is.
    fn boxes(&self, b: &mut Builder, codes: &str, anchors: &[[f64; BOX]]) -> String {
        let name = "box_coder";
        let of_anchors = |b: &mut Builder, which: &str, of: fn(&[f64; BOX]) -> f64| {
            let values: Vec<f32> = anchors.iter().map(|anchor| of(anchor) as f32).collect();
            b.initializer(format!("anchors.{which}"), &[1, anchors.len(), 1], &values)
        };
        let widths = of_anchors(b, "widths", |anchor| anchor[2] - anchor[0]);
        let heights = of_anchors(b, "heights", |anchor| anchor[3] - anchor[1]);
        let columns = of_anchors(b, "ctr_x", |anchor| (anchor[0] + anchor[2]) / 2.0);
        let rows = of_anchors(b, "ctr_y", |anchor| (anchor[1] + anchor[3]) / 2.0);
        let centre = |b: &mut Builder, code: i64, size: &str, middle: &str| {
            let moved = column(b, codes, code);
            let moved = b.plain("Mul", name, &[&moved, size]);
            b.plain("Add", name, &[&moved, middle])
        };
        let half = |b: &mut Builder, code: i64, size: &str| {
            let [low, high] = [f32::MIN, (1000.0 / GROWING).ln() as f32].map(|bound| b.number(name, bound));
            let grown = column(b, codes, code);
            let grown = b.plain("Clip", name, &[&grown, &low, &high]);
            let grown = b.plain("Exp", name, &[&grown]);
            let grown = b.plain("Mul", name, &[&grown, size]);
            b.with_number("Mul", name, &grown, 0.5)
        };
        let (x, y) = (centre(b, 0, &widths, &columns), centre(b, 1, &heights, &rows));
        let (half_width, half_height) = (half(b, 2, &widths), half(b, 3, &heights));
        let borders = [
            ("Sub", &x, &half_width),
            ("Sub", &y, &half_height),
            ("Add", &x, &half_width),
            ("Add", &y, &half_height),
        ]
        .map(|(op, centre, half)| b.plain(op, name, &[centre, half]));
        let borders = b.concat(name, &borders.each_ref().map(String::as_str), -1);
        let [low, high] = [0.0, self.extent as f32].map(|bound| b.number("", bound));
        b.plain("Clip", "", &[&borders, &low, &high])
    }
}

/// What is said of an anchor.
enum Head {
    Classes,
    Boxes,
}

/// The anchors of all levels.
fn join(b: &mut Builder, name: &str, levels: &[String]) -> String {
    b.concat(name, &levels.iter().map(String::as_str).collect::<Vec<_>>(), 1)
}

/// One of four numbers of each box.
fn column(b: &mut Builder, x: &str, index: i64) -> String {
    let name = "box_coder";
    let parts = [index, i64::MAX, 2, BOX as i64].map(|number| b.integers(name, &[number]));
    let [start, end, axis, step] = &parts;
    b.plain("Slice", name, &[x, start, end, axis, step])
}

/// Nearest neighbours, as many as a finer level has.
fn resize(b: &mut Builder, x: &str, channels: usize, extent: usize) -> String {
    let [channels, extent] = [channels, extent].map(|extent| extent as i64);
    let sizes = b.integers("backbone.fpn", &[1, channels, extent, extent]);
    let attributes = vec![
        string("coordinate_transformation_mode", "asymmetric"),
        int("antialias", 0),
        string("mode", "nearest"),
        string("nearest_mode", "floor"),
    ];
    b.node("Resize", "backbone.fpn", &[x, "", "", &sizes], attributes)
}
