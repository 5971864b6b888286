//! GPT-J (Wang and Komatsuzaki, "GPT-J-6B: a 6 billion parameter autoregressive language model", 2021).

use std::io;
use std::path::Path;

use super::builder::{BOOL, Builder, raw, tensor};
use super::example::{Example, Inputs, Values};
use super::external::stored;
use super::layers::Norm;

/// The operator set of the graph: LayerNormalization is an operator.
const OPSET: i64 = 17;
const EPSILON: f32 = 1e-5;
/// What the rotary positions' frequencies are powers of.
const THETA: f64 = 10_000.0;

/// GPT-J of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct GptJ {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    /// How many channels of a head say where a token is.
    pub(super) rotary: usize,
    pub(super) vocabulary: usize,
    pub(super) tokens: usize,
}

impl GptJ {
    /// GPT-J 6B: 6,050,882,784 weights.
    pub(super) fn six_billion(tokens: usize) -> Self {
        Self { layers: 28, hidden: 4096, heads: 16, rotary: 64, vocabulary: 50_400, tokens }
    }

    /// `GPTJForCausalLM` as `torch.onnx.export` writes it for a fixed number of tokens, cosines and sines of positions being constants;
    /// it gives the scores of the token that follows the last one alone, as those are what a statement publishes.
    pub(super) fn example(&self) -> Example {
        self.build(Builder::plainly())
    }

    /// The same with its weights in a file of external data, in half precision.
    pub(super) fn stored(&self, file: &Path) -> io::Result<Example> {
        stored(file, |builder| self.build(builder))
    }

    fn build(&self, mut builder: Builder) -> Example {
        let Self { hidden, tokens, vocabulary, .. } = *self;
        let mut inputs = Inputs::default();
        let b = &mut builder;
        let ids = inputs.add("input_ids", &[1, tokens], Values::Ids(vocabulary as u32));
        let rotation = self.rotation(b);
        let mut x = b.embedding(ids, "transformer.wte", [vocabulary, hidden], 0.5);
        for layer in 0..self.layers {
            x = self.block(b, &x, &format!("transformer.h.{layer}"), &rotation);
        }
        x = b.layer_norm(&x, Norm { name: "transformer.ln_f", width: hidden, epsilon: EPSILON });
        let last = b.integers_of("", &[], &[tokens as i64 - 1]);
        let x = b.gather(&x, "", &last, 1);
        let logits = b.gemm_of(&x, "lm_head", [hidden, vocabulary], spread(hidden, 1.0));
        inputs.into_example(builder, OPSET, &[(logits, "logits", &[1, vocabulary])])
    }

    /// Cosines and sines of the positions' angles, each for two channels side by side.
    fn rotation(&self, b: &mut Builder) -> [String; 2] {
        let Self { tokens, rotary, .. } = *self;
        let angle = |i: usize| {
            let (position, pair) = (i / rotary, i % rotary / 2);
            position as f64 * THETA.powf(-2.0 * pair as f64 / rotary as f64)
        };
        [("cos", f64::cos as fn(f64) -> f64), ("sin", f64::sin)].map(|(name, function)| {
            let values: Vec<f32> = (0..tokens * rotary).map(|i| function(angle(i)) as f32).collect();
            b.constant(&format!("transformer.{name}"), tensor("", &[1, tokens, 1, rotary], &values))
        })
    }

    /// Attention and a perceptron side by side: both read one normalisation.
    fn block(&self, b: &mut Builder, x: &str, name: &str, rotation: &[String; 2]) -> String {
        let hidden = self.hidden;
        // What is added to the residual stream shrinks with the number of layers.
        let residual = 1.0 / (2.0 * self.layers as f64).sqrt();
        let norm = format!("{name}.ln_1");
        let y = b.layer_norm(x, Norm { name: &norm, width: hidden, epsilon: EPSILON });
        let attended = self.attention(b, &y, &format!("{name}.attn"), rotation, residual);
        let mlp = format!("{name}.mlp");
        let inner = 4 * hidden;
        let y = b.dense(&y, &format!("{mlp}.fc_in"), [hidden, inner], spread(hidden, 1.0));
        let y = b.gelu_tanh(&y, &format!("{mlp}.act"));
        let y = b.dense(&y, &format!("{mlp}.fc_out"), [inner, hidden], spread(inner, residual));
        let sum = b.plain("Add", name, &[&attended, &y]);
        b.plain("Add", name, &[&sum, x])
    }

    fn attention(
        &self,
        b: &mut Builder,
        x: &str,
        name: &str,
        rotation: &[String; 2],
        residual: f64,
    ) -> String {
        let Self { hidden, heads, tokens, .. } = *self;
        let width = hidden / heads;
        let linear = |b: &mut Builder, x: &str, part: &str, deviation: f64| {
            let part = format!("{name}.{part}");
            let weight = b.normal(&format!("{part}.weight"), &[hidden, hidden], deviation);
            b.plain("MatMul", &part, &[x, &weight])
        };
        let [query, key, value] =
            [("q_proj", 1.25), ("k_proj", 1.25), ("v_proj", 1.0)].map(|(part, factor)| {
                let y = linear(b, x, part, spread(hidden, factor));
                b.with_integers("Reshape", name, &y, &[1, tokens as i64, heads as i64, width as i64])
            });
        let [query, key] = [query, key].map(|x| self.rotate(b, &x, name, rotation));
        let [query, key, value] = [(&query, [0, 2, 1, 3]), (&key, [0, 2, 3, 1]), (&value, [0, 2, 1, 3])]
            .map(|(x, perm)| b.transpose(x, name, &perm));
        let scores = b.plain("MatMul", name, &[&query, &key]);
        let causal = (0..tokens * tokens).map(|i| u8::from(i % tokens <= i / tokens)).collect();
        let causal = b.constant(name, raw("", BOOL, &[1, 1, tokens, tokens], causal));
        let masked = b.number(name, f32::MIN);
        let scores = b.plain("Where", name, &[&causal, &scores, &masked]);
        let scores = b.with_number("Div", name, &scores, (width as f32).sqrt());
        let shares = b.softmax(&scores, name);
        let context = b.plain("MatMul", name, &[&shares, &value]);
        let context = b.merge_heads(&context, name, [tokens, heads, width]);
        linear(b, &context, "out_proj", spread(hidden, residual))
    }

    /// Rotary positions of the first channels of each head, pair by pair: x cos + `rotate_every_two`(x) sin; the others stay.
    fn rotate(&self, b: &mut Builder, x: &str, name: &str, [cos, sin]: &[String; 2]) -> String {
        let Self { heads, rotary, tokens, .. } = *self;
        let rotary = rotary as i64;
        let slice = |b: &mut Builder, x: &str, [start, end, step]: [i64; 3]| {
            let parts = [start, end, 3, step].map(|number| b.integers(name, &[number]));
            let [start, end, axis, step] = &parts;
            b.plain("Slice", name, &[x, start, end, axis, step])
        };
        let [turning, passing] = [[0, rotary, 1], [rotary, i64::MAX, 1]].map(|part| slice(b, x, part));
        let straight = b.plain("Mul", name, &[&turning, cos]);
        let [even, odd] = [0, 1].map(|first| slice(b, &turning, [first, i64::MAX, 2]));
        let odd = b.plain("Neg", name, &[&odd]);
        let [odd, even] = [odd, even].map(|x| b.with_integers("Unsqueeze", name, &x, &[-1]));
        let pairs = b.concat(name, &[&odd, &even], -1);
        let turned = b.with_integers("Reshape", name, &pairs, &[1, tokens as i64, heads as i64, rotary]);
        let turned = b.plain("Mul", name, &[&turned, sin]);
        let turned = b.plain("Add", name, &[&straight, &turned]);
        b.concat(name, &[&turned, &passing], -1)
    }
}

/// The deviation of a dense layer's weights that keeps activations at their size, times a factor.
fn spread(inputs: usize, factor: f64) -> f64 {
    factor / (inputs as f64).sqrt()
}
