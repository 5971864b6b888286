//! LLaMA (Touvron et al., "LLaMA: open and efficient foundation language models", 2023), and models of its kind.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use super::builder::{Builder, int, ints, tensor};
use super::example::{Example, Inputs, Values};
use super::external::stored;
use super::weights::Weights;

/// The operator set of the graphs.
const OPSET: i64 = 17;

/// A model of LLaMA's kind: normalisation by root mean squares, rotary positions, grouped queries, a gated perceptron, and a head
/// that is the table of its words or a matrix of its own.
#[derive(Clone, Copy, Debug)]
pub struct Llama {
    /// Blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values, each for as many queries' heads.
    pub kv_heads: usize,
    /// Width of the perceptrons.
    pub inner: usize,
    /// Tokens that there are.
    pub vocabulary: usize,
    /// What the rotary positions' frequencies are powers of.
    pub theta: f64,
    /// What is added to mean squares.
    pub epsilon: f32,
    /// Whether the head is the table of words.
    pub tied: bool,
}

/// Where a model's parameters come from, as the model has them: a linear layer's is `[outputs, inputs]`.
pub trait Parameters {
    /// Why there may be none.
    type Error;

    /// The parameter of this name. One that is drawn has this deviation; factors of normalisations (one axis) are near 1.
    ///
    /// # Errors
    /// If there is none, or it has other extents.
    fn parameter(&mut self, name: &str, dims: &[usize], deviation: f64) -> Result<Vec<f32>, Self::Error>;
}

impl Parameters for Weights {
    type Error = Infallible;

    fn parameter(&mut self, _: &str, dims: &[usize], deviation: f64) -> Result<Vec<f32>, Infallible> {
        let count = dims.iter().product();
        Ok(if dims.len() == 1 { self.uniform(count, [0.8, 1.2]) } else { self.normal(count, 0.0, deviation) })
    }
}

/// What a language model gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Scores of the token that follows the last one.
    Last,
    /// Scores of the token that follows each one.
    All,
    /// What tokens that come later read: keys and values of every block, in this order.
    Cache,
}

/// Tokens that come before all others, as the blocks read them: constants of the model, as a cache of a fixed beginning is.
///
/// The first token of a text is where attention rests that has nothing to look for, and trained models mark it with numbers that are
/// thousands of times larger than those of all other tokens. Where it is always the same token it need not be computed again.
#[derive(Clone, Debug, Default)]
pub struct Prefix {
    /// How many tokens.
    pub tokens: usize,
    /// Keys and values of each block, `[1, kv_heads, tokens, width]` each.
    pub cache: Vec<[Vec<f32>; 2]>,
}

impl Llama {
    /// LLaMA-2-7B.
    pub(super) fn seven_billion() -> Self {
        Self {
            layers: 32,
            hidden: 4096,
            heads: 32,
            kv_heads: 32,
            inner: 11_008,
            vocabulary: 32_000,
            theta: 10_000.0,
            epsilon: 1e-5,
            tied: false,
        }
    }

    /// Width of a head.
    pub fn width(&self) -> usize {
        self.hidden / self.heads
    }

    /// `LlamaForCausalLM` as `torch.onnx.export` writes it for a fixed number of tokens behind a prefix, cosines and sines of
    /// positions being constants; without scores of tokens that are known, if only the last ones are wanted, as those are what a
    /// statement publishes.
    ///
    /// # Errors
    /// If a parameter is not there.
    pub fn model<P: Parameters>(
        &self,
        parameters: &mut P,
        prefix: &Prefix,
        tokens: usize,
        gives: Gives,
    ) -> Result<Example, P::Error> {
        self.build(Graph::new(self, Builder::plainly(), parameters, prefix, tokens), gives)
    }

    fn build<P: Parameters>(&self, mut graph: Graph<'_, P>, gives: Gives) -> Result<Example, P::Error> {
        let Self { hidden, vocabulary, .. } = *self;
        let tokens = graph.tokens;
        let mut inputs = Inputs::default();
        let ids = inputs.add("input_ids", &[1, tokens], Values::Ids(vocabulary as u32));
        let table = "model.embed_tokens.weight";
        let words = graph.parameters.parameter(table, &[vocabulary, hidden], 0.5)?;
        let table = graph.b.initializer(table.to_owned(), &[vocabulary, hidden], &words);
        drop(words);
        let mut x = graph.b.gather(&table, "model.embed_tokens", ids, 0);
        for layer in 0..self.layers {
            x = graph.block(&x, &format!("model.layers.{layer}"), layer)?;
        }
        if gives == Gives::Cache {
            let dims = [1, self.kv_heads, tokens, self.width()];
            let names: Vec<[String; 2]> = (0..self.layers)
                .map(|layer| ["key", "value"].map(|part| format!("present.{layer}.{part}")))
                .collect();
            let outputs = graph.cache.iter().flatten().zip(names.iter().flatten());
            let outputs: Vec<_> =
                outputs.map(|(value, name)| (value.clone(), name.as_str(), &dims[..])).collect();
            return Ok(inputs.into_example(graph.b, OPSET, &outputs));
        }
        let x = graph.norm(&x, "model.norm")?;
        let table = if self.tied {
            table
        } else {
            let (name, dims) = ("lm_head.weight", [vocabulary, hidden]);
            let head = graph.parameters.parameter(name, &dims, 1.0 / (hidden as f64).sqrt())?;
            graph.b.initializer(name.to_owned(), &dims, &head)
        };
        let b = &mut graph.b;
        // The exporter writes `nn.Linear` of two axes as Gemm, of more as MatMul.
        let (logits, dims) = if gives == Gives::All {
            let head = b.transpose(&table, "lm_head", &[1, 0]);
            (b.plain("MatMul", "lm_head", &[&x, &head]), vec![1, tokens, vocabulary])
        } else {
            let last = b.integers_of("", &[], &[tokens as i64 - 1]);
            let x = b.gather(&x, "", &last, 1);
            (b.head(&x, "lm_head", &table), vec![1, vocabulary])
        };
        Ok(inputs.into_example(graph.b, OPSET, &[(logits, "logits", &dims)]))
    }

    /// The model with seeded weights.
    pub(super) fn example(&self, tokens: usize) -> Example {
        let Ok(example) = self.model(&mut Weights::new(), &Prefix::default(), tokens, Gives::Last);
        example
    }

    /// The same with its weights in a file of external data, in half precision.
    pub(super) fn stored(&self, tokens: usize, file: &Path) -> io::Result<Example> {
        let (mut weights, prefix) = (Weights::new(), Prefix::default());
        stored(file, |builder| {
            let Ok(example) =
                self.build(Graph::new(self, builder, &mut weights, &prefix, tokens), Gives::Last);
            example
        })
    }

    /// One block alone, with seeded weights.
    pub(super) fn block(&self, tokens: usize) -> Example {
        let mut inputs = Inputs::default();
        let dims = [1, tokens, self.hidden];
        let x = inputs.add("hidden_states", &dims, Values::Normal);
        let (mut weights, prefix) = (Weights::new(), Prefix::default());
        let mut graph = Graph::new(self, Builder::plainly(), &mut weights, &prefix, tokens);
        let Ok(y) = graph.block(x, "layer", 0);
        inputs.into_example(graph.b, OPSET, &[(y, "output", &dims)])
    }
}

/// A graph under construction.
struct Graph<'a, P> {
    llama: &'a Llama,
    b: Builder,
    parameters: &'a mut P,
    prefix: &'a Prefix,
    tokens: usize,
    /// Cosines and sines of the positions' angles, `[1, 1, tokens, width]`.
    rotation: [String; 2],
    /// Keys and values of the blocks so far, without the prefix.
    cache: Vec<[String; 2]>,
}

impl<'a, P: Parameters> Graph<'a, P> {
    fn new(
        llama: &'a Llama,
        mut b: Builder,
        parameters: &'a mut P,
        prefix: &'a Prefix,
        tokens: usize,
    ) -> Self {
        let (width, first) = (llama.width(), prefix.tokens);
        let angle = |i: usize| {
            let (position, pair) = (first + i / width, i % width % (width / 2));
            position as f64 * llama.theta.powf(-2.0 * pair as f64 / width as f64)
        };
        let of = |function: fn(f64) -> f64| -> Vec<f32> {
            (0..tokens * width).map(|i| function(angle(i)) as f32).collect()
        };
        let tables = [("cos", of(f64::cos)), ("sin", of(f64::sin))];
        let rotation = tables.map(|(name, values)| {
            let name = format!("model.rotary_emb.{name}");
            b.constant(&name, tensor("", &[1, 1, tokens, width], &values))
        });
        Self { llama, b, parameters, prefix, tokens, rotation, cache: Vec::new() }
    }

    fn block(&mut self, x: &str, name: &str, layer: usize) -> Result<String, P::Error> {
        let Llama { hidden, inner, .. } = *self.llama;
        // What is added to the residual stream shrinks with the number of layers.
        let residual = 1.0 / (2.0 * self.llama.layers as f64).sqrt();
        let y = self.norm(x, &format!("{name}.input_layernorm"))?;
        let y = self.attention(&y, &format!("{name}.self_attn"), layer, residual)?;
        let x = self.b.plain("Add", name, &[x, &y]);
        let y = self.norm(&x, &format!("{name}.post_attention_layernorm"))?;
        let mlp = format!("{name}.mlp");
        let gate = self.linear(&y, &format!("{mlp}.gate_proj"), [hidden, inner], 1.0)?;
        let gate = self.b.silu(&gate, &format!("{mlp}.act_fn"));
        let up = self.linear(&y, &format!("{mlp}.up_proj"), [hidden, inner], 1.0)?;
        let y = self.b.plain("Mul", &mlp, &[&gate, &up]);
        let y = self.linear(&y, &format!("{mlp}.down_proj"), [inner, hidden], residual)?;
        Ok(self.b.plain("Add", name, &[&x, &y]))
    }

    fn attention(&mut self, x: &str, name: &str, layer: usize, residual: f64) -> Result<String, P::Error> {
        let Llama { hidden, heads, kv_heads, .. } = *self.llama;
        let (width, tokens) = (self.llama.width(), self.tokens);
        let [query, key, value] =
            [("q_proj", heads, 1.25), ("k_proj", kv_heads, 1.25), ("v_proj", kv_heads, 1.0)];
        let mut project = |(part, heads, factor): (&str, usize, f64)| -> Result<String, P::Error> {
            let y = self.linear(x, &format!("{name}.{part}"), [hidden, heads * width], factor)?;
            Ok(self.b.heads(&y, name, [tokens, heads, width], [0, 2, 1, 3]))
        };
        let (query, key, value) = (project(query)?, project(key)?, project(value)?);
        let (query, key) = (self.rotate(&query, name), self.rotate(&key, name));
        self.cache.push([key.clone(), value.clone()]);
        let [key, value] = self.behind_prefix([key, value], name, layer);
        let (key, value) = (self.repeat(&key, name), self.repeat(&value, name));
        let b = &mut self.b;
        let key = b.transpose(&key, name, &[0, 1, 3, 2]);
        let scores = b.plain("MatMul", name, &[&query, &key]);
        let scores = b.with_number("Mul", name, &scores, 1.0 / (width as f32).sqrt());
        let before = self.prefix.tokens;
        let read = before + tokens;
        let causal: Vec<f32> =
            (0..tokens * read).map(|i| if i % read <= before + i / read { 0.0 } else { f32::MIN }).collect();
        let causal = b.constant(name, tensor("", &[1, 1, tokens, read], &causal));
        let scores = b.plain("Add", name, &[&scores, &causal]);
        let shares = b.softmax(&scores, name);
        let context = b.plain("MatMul", name, &[&shares, &value]);
        let context = b.merge_heads(&context, name, [tokens, heads, width]);
        self.linear(&context, &format!("{name}.o_proj"), [hidden, hidden], residual)
    }

    /// Rotary positions: x cos + rotate_half(x) sin, where `rotate_half` is the second half, negative, before the first one.
    fn rotate(&mut self, x: &str, name: &str) -> String {
        let half = self.llama.width() as i64 / 2;
        let (b, [cos, sin]) = (&mut self.b, &self.rotation);
        let straight = b.plain("Mul", name, &[x, cos]);
        let [first, second] = [[0, half], [half, i64::MAX]].map(|[start, end]| {
            let parts = [start, end, -1].map(|number| b.integers(name, &[number]));
            let [start, end, axis] = &parts;
            b.plain("Slice", name, &[x, start, end, axis])
        });
        let second = b.plain("Neg", name, &[&second]);
        let turned = b.concat(name, &[&second, &first], -1);
        let turned = b.plain("Mul", name, &[&turned, sin]);
        b.plain("Add", name, &[&straight, &turned])
    }

    /// Keys and values with those of the prefix before them.
    fn behind_prefix(&mut self, new: [String; 2], name: &str, layer: usize) -> [String; 2] {
        let Some(cache) = self.prefix.cache.get(layer) else {
            return new;
        };
        let dims = [1, self.llama.kv_heads, self.prefix.tokens, self.llama.width()];
        let [key, value] = [("key", &new[0], &cache[0]), ("value", &new[1], &cache[1])];
        [key, value].map(|(part, new, past)| {
            let past = self.b.initializer(format!("past_key_values.{layer}.{part}"), &dims, past);
            self.b.concat(name, &[&past, new], 2)
        })
    }

    /// `repeat_kv`: each head of keys or values as often as there are heads of queries for it.
    fn repeat(&mut self, x: &str, name: &str) -> String {
        let Llama { heads, kv_heads, .. } = *self.llama;
        if heads == kv_heads {
            return x.to_owned();
        }
        let [kv, groups, all] = [kv_heads, heads / kv_heads, heads].map(|count| count as i64);
        let (tokens, width) = ((self.prefix.tokens + self.tokens) as i64, self.llama.width() as i64);
        let b = &mut self.b;
        let x = b.with_integers("Unsqueeze", name, x, &[2]);
        let x = b.with_integers("Expand", name, &x, &[1, kv, groups, tokens, width]);
        b.with_integers("Reshape", name, &x, &[1, all, tokens, width])
    }

    /// `LlamaRMSNorm`: x / sqrt(mean of squares + epsilon), times a factor for each channel.
    fn norm(&mut self, x: &str, name: &str) -> Result<String, P::Error> {
        let width = self.llama.hidden;
        let weight = format!("{name}.weight");
        let factors = self.parameters.parameter(&weight, &[width], 0.0)?;
        let b = &mut self.b;
        let factors = b.initializer(weight, &[width], &factors);
        let square = b.with_number("Pow", name, x, 2.0);
        let mean = b.node("ReduceMean", name, &[&square], vec![ints("axes", &[-1]), int("keepdims", 1)]);
        let mean = b.with_number("Add", name, &mean, self.llama.epsilon);
        let root = b.plain("Sqrt", name, &[&mean]);
        let one = b.number(name, 1.0);
        let inverse = b.plain("Div", name, &[&one, &root]);
        let normal = b.plain("Mul", name, &[x, &inverse]);
        Ok(b.plain("Mul", name, &[&factors, &normal]))
    }

    /// `nn.Linear` without a bias: MatMul with the transposed weight.
    fn linear(
        &mut self,
        x: &str,
        name: &str,
        [inputs, outputs]: [usize; 2],
        factor: f64,
    ) -> Result<String, P::Error> {
        let weight = format!("{name}.weight");
        let deviation = factor / (inputs as f64).sqrt();
        let values = self.parameters.parameter(&weight, &[outputs, inputs], deviation)?;
        let transposed: Vec<f32> =
            (0..inputs).flat_map(|i| values.iter().skip(i).step_by(inputs).copied()).collect();
        drop(values);
        let weight = self.b.initializer(weight, &[inputs, outputs], &transposed);
        Ok(self.b.plain("MatMul", name, &[x, &weight]))
    }
}
