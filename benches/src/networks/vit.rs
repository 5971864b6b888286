//! Vision transformers (Dosovitskiy et al., "An image is worth 16x16 words", 2020).

use super::CLASSES;
use super::builder::{Builder, Form};
use super::example::{Example, Inputs, Values};
use super::layers::Norm;

/// The operator set of a network on its own: LayerNormalization is an operator.
const OPSET: i64 = 17;
/// torchvision's.
const EPSILON: f32 = 1e-6;

/// A vision transformer of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vit {
    /// Height and width of images, and of the patches that they are cut into.
    pub(super) extent: usize,
    pub(super) patch: usize,
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    pub(super) inner: usize,
    pub(super) classes: usize,
}

impl Vit {
    /// ViT-B/16: 86,567,656 weights at 224x224.
    pub(super) fn base_16(extent: usize) -> Self {
        Self { extent, patch: 16, layers: 12, hidden: 768, heads: 12, inner: 3072, classes: CLASSES }
    }

    /// The network on its own.
    pub(super) fn example(&self) -> Example {
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let image = inputs.add("input", &[1, 3, self.extent, self.extent], Values::Normal);
        let scores = builder.vit(image, self);
        inputs.into_example(builder, OPSET, &[(scores, "output", &[1, self.classes])])
    }
}

impl Builder {
    /// The scores of the classes.
    pub(super) fn vit(&mut self, x: &str, vit: &Vit) -> String {
        let Vit { patch, hidden, .. } = *vit;
        let patches = (vit.extent / patch).pow(2);
        let form = Form { inputs: 3, outputs: hidden, kernel: patch, stride: patch, pad: 0, groups: 1 };
        let x = self.conv(x, "conv_proj", form);
        let x = self.with_integers("Reshape", "", &x, &[1, hidden as i64, patches as i64]);
        let x = self.transpose(&x, "", &[0, 2, 1]);
        let class = self.normal("class_token", &[1, 1, hidden], 1.0);
        let x = self.concat("", &[&class, &x], 1);
        let tokens = patches + 1;
        let positions = self.normal("encoder.pos_embedding", &[1, tokens, hidden], 0.5);
        let mut x = self.plain("Add", "encoder", &[&x, &positions]);
        for layer in 0..vit.layers {
            x = self.vit_block(&x, &format!("encoder.layers.encoder_layer_{layer}"), vit, tokens);
        }
        let x = self.layer_norm(&x, Norm { name: "encoder.ln", width: hidden, epsilon: EPSILON });
        let first = self.integers_of("", &[], &[0]);
        let x = self.gather(&x, "", &first, 1);
        self.gemm(&x, "heads.head", [hidden, vit.classes])
    }

    /// Attention and a perceptron, each with a normalisation before it and a residual.
    fn vit_block(&mut self, x: &str, name: &str, vit: &Vit, tokens: usize) -> String {
        let Vit { hidden, inner, .. } = *vit;
        // What is added to the residual stream shrinks with the number of layers.
        let residual = |inputs: usize| 1.0 / (2.0 * vit.layers as f64 * inputs as f64).sqrt();
        let norm = format!("{name}.ln_1");
        let y = self.layer_norm(x, Norm { name: &norm, width: hidden, epsilon: EPSILON });
        let y = self.vit_attention(&y, &format!("{name}.self_attention"), vit, (tokens, residual(hidden)));
        let x = self.plain("Add", name, &[&y, x]);
        let norm = format!("{name}.ln_2");
        let y = self.layer_norm(&x, Norm { name: &norm, width: hidden, epsilon: EPSILON });
        let y = self.dense(&y, &format!("{name}.mlp.0"), [hidden, inner], (1.0 / hidden as f64).sqrt());
        let y = self.gelu(&y, &format!("{name}.mlp.1"));
        let y = self.dense(&y, &format!("{name}.mlp.3"), [inner, hidden], residual(inner));
        self.plain("Add", name, &[&x, &y])
    }

    /// `nn.MultiheadAttention` of a sequence with itself: tokens first, the three projections in one product, the scale's root in
    /// both of the scores' factors.
    fn vit_attention(&mut self, x: &str, name: &str, vit: &Vit, (tokens, deviation): (usize, f64)) -> String {
        let Vit { hidden, heads, .. } = *vit;
        let width = hidden / heads;
        let [count, all, of_heads, of_width] = [tokens, hidden, heads, width].map(|extent| extent as i64);
        let x = self.transpose(x, name, &[1, 0, 2]);
        let spread = 1.25 / (hidden as f64).sqrt();
        let x = self.dense(&x, &format!("{name}.in_proj"), [hidden, 3 * hidden], spread);
        let x = self.with_integers("Reshape", name, &x, &[count, 1, 3, all]);
        let x = self.with_integers("Unsqueeze", name, &x, &[0]);
        let x = self.transpose(&x, name, &[3, 1, 2, 0, 4]);
        let x = self.with_integers("Squeeze", name, &x, &[-2]);
        let [query, key, value] = [0, 1, 2].map(|part| {
            let index = self.integers_of(name, &[], &[part]);
            let part = self.gather(&x, name, &index, 0);
            let part = self.with_integers("Reshape", name, &part, &[count, of_heads, of_width]);
            let part = self.transpose(&part, name, &[1, 0, 2]);
            self.with_integers("Reshape", name, &part, &[1, of_heads, count, of_width])
        });
        let key = self.transpose(&key, name, &[0, 1, 3, 2]);
        let root = (width as f32).powf(-0.25);
        let query = self.with_number("Mul", name, &query, root);
        let key = self.with_number("Mul", name, &key, root);
        let scores = self.plain("MatMul", name, &[&query, &key]);
        let shares = self.softmax(&scores, name);
        let context = self.plain("MatMul", name, &[&shares, &value]);
        let context = self.transpose(&context, name, &[2, 0, 1, 3]);
        let context = self.with_integers("Reshape", name, &context, &[count, all]);
        let y = self.gemm_of(&context, &format!("{name}.out_proj"), [hidden, hidden], deviation);
        let y = self.with_integers("Reshape", name, &y, &[count, 1, all]);
        self.transpose(&y, name, &[1, 0, 2])
    }
}
