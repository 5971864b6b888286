//! GPT-2 (Radford et al., "Language models are unsupervised multitask learners", 2019).

use super::builder::{BOOL, Builder, float, raw};
use super::example::{Example, Inputs, Values};
use super::layers::Norm;

/// The operator set of the graph: LayerNormalization is an operator.
const OPSET: i64 = 17;
const EPSILON: f32 = 1e-5;

/// GPT-2 of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gpt2 {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    pub(super) vocabulary: usize,
    pub(super) positions: usize,
    pub(super) tokens: usize,
}

impl Gpt2 {
    /// GPT-2 small: 124,439,808 weights.
    pub(super) fn small(tokens: usize) -> Self {
        Self { layers: 12, hidden: 768, heads: 12, vocabulary: 50_257, positions: 1024, tokens }
    }

    /// `GPT2LMHeadModel` as `torch.onnx.export` writes it, but for one difference: it gives the scores of the token that follows
    /// the last one alone. A statement publishes every score that the model gives, and those of earlier tokens are known.
    pub(super) fn example(&self) -> Example {
        let Self { hidden, tokens, vocabulary, .. } = *self;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let ids = inputs.add("input_ids", &[1, tokens], Values::Ids(vocabulary as u32));
        let words = b.embedding(ids, "transformer.wte", [vocabulary, hidden], 0.1);
        let positions: Vec<i64> = (0..tokens as i64).collect();
        let positions = b.integers_of("transformer", &[1, tokens], &positions);
        let positions = b.embedding(&positions, "transformer.wpe", [self.positions, hidden], 0.05);
        let mut x = b.plain("Add", "transformer", &[&words, &positions]);
        for layer in 0..self.layers {
            x = self.block(b, &x, &format!("transformer.h.{layer}"));
        }
        x = b.layer_norm(&x, Norm { name: "transformer.ln_f", width: hidden, epsilon: EPSILON });
        let last = b.integers_of("", &[], &[tokens as i64 - 1]);
        let x = b.gather(&x, "", &last, 1);
        let logits = b.head(&x, "lm_head", "transformer.wte.weight");
        inputs.into_example(builder, OPSET, &[(logits, "logits", &[1, vocabulary])])
    }

    fn block(&self, b: &mut Builder, x: &str, name: &str) -> String {
        let Self { hidden, heads, tokens, .. } = *self;
        let extents = [tokens, heads, hidden / heads];
        let spread = |inputs: usize, factor: f64| factor / (inputs as f64).sqrt();
        // What is added to the residual stream shrinks with the number of layers.
        let residual = 1.0 / (2.0 * self.layers as f64).sqrt();
        let norm = format!("{name}.ln_1");
        let y = b.layer_norm(x, Norm { name: &norm, width: hidden, epsilon: EPSILON });
        let attention = format!("{name}.attn");
        let all =
            self.conv_1d(b, &y, &format!("{attention}.c_attn"), [hidden, 3 * hidden], spread(hidden, 1.25));
        let part = hidden as i64;
        let parts = b.integers(&attention, &[part, part, part]);
        let [query, key, value] = b.split3(&all, &attention, &parts, 2);
        let query = b.heads(&query, &attention, extents, [0, 2, 1, 3]);
        let key = b.heads(&key, &attention, extents, [0, 2, 3, 1]);
        let value = b.heads(&value, &attention, extents, [0, 2, 1, 3]);
        let scores = b.plain("MatMul", &attention, &[&query, &key]);
        let scores = b.with_number("Div", &attention, &scores, (extents[2] as f32).sqrt());
        let causal = (0..tokens * tokens).map(|i| u8::from(i % tokens <= i / tokens)).collect();
        let causal = b.constant(&attention, raw("", BOOL, &[1, 1, tokens, tokens], causal));
        let masked = b.number(&attention, f32::MIN);
        let scores = b.plain("Where", &attention, &[&causal, &scores, &masked]);
        let shares = b.softmax(&scores, &attention);
        let context = b.plain("MatMul", &attention, &[&shares, &value]);
        let context = b.merge_heads(&context, &attention, extents);
        let projection = format!("{attention}.c_proj");
        let y = self.conv_1d(b, &context, &projection, [hidden, hidden], spread(hidden, residual));
        let x = b.plain("Add", name, &[&y, x]);
        let norm = format!("{name}.ln_2");
        let y = b.layer_norm(&x, Norm { name: &norm, width: hidden, epsilon: EPSILON });
        let mlp = format!("{name}.mlp");
        let inner = 4 * hidden;
        let y = self.conv_1d(b, &y, &format!("{mlp}.c_fc"), [hidden, inner], spread(hidden, 1.0));
        let y = b.gelu_tanh(&y, &format!("{mlp}.act"));
        let y = self.conv_1d(b, &y, &format!("{mlp}.c_proj"), [inner, hidden], spread(inner, residual));
        b.plain("Add", name, &[&x, &y])
    }

    /// `Conv1D` of `transformers`: a dense layer on two axes, its weight not transposed.
    fn conv_1d(&self, b: &mut Builder, x: &str, name: &str, extents: [usize; 2], deviation: f64) -> String {
        let [inputs, outputs] = extents;
        let flat = b.with_integers("Reshape", name, x, &[-1, inputs as i64]);
        let weight = b.normal(&format!("{name}.weight"), &extents, deviation);
        let bias = b.normal(&format!("{name}.bias"), &[outputs], 0.05);
        let attributes = vec![float("alpha", 1.0), float("beta", 1.0)];
        let y = b.node("Gemm", name, &[&flat, &weight, &bias], attributes);
        b.with_integers("Reshape", name, &y, &[1, self.tokens as i64, outputs as i64])
    }
}
