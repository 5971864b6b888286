//! Encoders: BERT (Devlin et al., "BERT: pre-training of deep bidirectional transformers", 2018), and one block alone.

use super::builder::{Builder, FLOAT};
use super::example::{Example, Inputs, Values};
use super::layers::Norm;

/// The operator set of these graphs, before LayerNormalization was an operator.
const OPSET: i64 = 14;
/// Deviation of weights whose results go into a sum of unit variance: 1 / sqrt(inputs), but for attention's scores, which are
/// to differ.
const SCORES: f64 = 1.25;
/// The additive mask of what is not attended to: the smallest 32-bit float, as `transformers` has it.
const MASKED: f32 = f32::MIN;

/// Extents of an encoder's layers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoder {
    pub(super) hidden: usize,
    pub(super) heads: usize,
    pub(super) inner: usize,
    pub(super) epsilon: f32,
    pub(super) tokens: usize,
}

/// BERT of some size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bert {
    pub(super) encoder: Encoder,
    pub(super) layers: usize,
    pub(super) vocabulary: usize,
    pub(super) positions: usize,
    pub(super) types: usize,
}

impl Bert {
    /// BERT-base, uncased: 109,482,240 weights.
    pub(super) fn base(tokens: usize) -> Self {
        let encoder = Encoder { hidden: 768, heads: 12, inner: 3072, epsilon: 1e-12, tokens };
        Self { encoder, layers: 12, vocabulary: 30_522, positions: 512, types: 2 }
    }

    /// `BertModel` as `torch.onnx.export` writes it.
    pub(super) fn example(&self) -> Example {
        let Encoder { hidden, epsilon, tokens, .. } = self.encoder;
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let b = &mut builder;
        let ids = inputs.add("input_ids", &[1, tokens], Values::Ids(self.vocabulary as u32));
        let mask = inputs.add("attention_mask", &[1, tokens], Values::Int(1));
        let types = inputs.add("token_type_ids", &[1, tokens], Values::Ids(self.types as u32));

        let mask = b.with_integers("Unsqueeze", "", mask, &[1]);
        let mask = b.with_integers("Unsqueeze", "", &mask, &[2]);
        let mask = b.cast(&mask, "", FLOAT);
        let one = b.number("", 1.0);
        let mask = b.plain("Sub", "", &[&one, &mask]);
        let mask = b.with_number("Mul", "", &mask, MASKED);

        let words = b.embedding(ids, "embeddings.word_embeddings", [self.vocabulary, hidden], 0.05);
        let types = b.embedding(types, "embeddings.token_type_embeddings", [self.types, hidden], 0.02);
        let sum = b.plain("Add", "embeddings", &[&words, &types]);
        let positions: Vec<i64> = (0..tokens as i64).collect();
        let positions = b.integers_of("embeddings", &[1, tokens], &positions);
        let positions =
            b.embedding(&positions, "embeddings.position_embeddings", [self.positions, hidden], 0.02);
        let sum = b.plain("Add", "embeddings", &[&sum, &positions]);
        let norm = Norm { name: "embeddings.LayerNorm", width: hidden, epsilon };
        let mut x = b.layer_norm_in_parts(&sum, norm);
        for layer in 0..self.layers {
            x = b.encoder_block(&x, &format!("encoder.layer.{layer}"), &self.encoder, Some(&mask));
        }
        let index = b.integers_of("pooler", &[], &[0]);
        let first = b.gather(&x, "pooler", &index, 1);
        let deviation = (1.0 / hidden as f64).sqrt();
        let pooled = b.gemm_of(&first, "pooler.dense", [hidden, hidden], deviation);
        let pooled = b.plain("Tanh", "pooler.activation", &[&pooled]);
        let outputs =
            [(x, "last_hidden_state", &[1, tokens, hidden][..]), (pooled, "pooler_output", &[1, hidden][..])];
        inputs.into_example(builder, OPSET, &outputs)
    }
}

impl Encoder {
    /// One block of an encoder on its own.
    pub(super) fn example(&self) -> Example {
        let (mut builder, mut inputs) = (Builder::plainly(), Inputs::default());
        let dims = [1, self.tokens, self.hidden];
        let x = inputs.add("hidden_states", &dims, Values::Normal);
        let y = builder.encoder_block(x, "layer", self, None);
        inputs.into_example(builder, OPSET, &[(y, "output", &dims)])
    }
}

impl Builder {
    /// Attention and a perceptron, each with a residual and a normalisation behind it.
    fn encoder_block(&mut self, x: &str, name: &str, encoder: &Encoder, mask: Option<&str>) -> String {
        let Encoder { hidden, heads, inner, epsilon, tokens } = *encoder;
        let extents = [tokens, heads, hidden / heads];
        let attention = format!("{name}.attention.self");
        let spread = |inputs: usize, factor: f64| factor / (inputs as f64).sqrt();
        let [query, key, value] =
            [("query", SCORES), ("key", SCORES), ("value", 1.0)].map(|(part, factor)| {
                let part = format!("{attention}.{part}");
                self.dense(x, &part, [hidden, hidden], spread(hidden, factor))
            });
        let query = self.heads(&query, &attention, extents, [0, 2, 1, 3]);
        let key = self.heads(&key, &attention, extents, [0, 2, 3, 1]);
        let value = self.heads(&value, &attention, extents, [0, 2, 1, 3]);
        let scores = self.plain("MatMul", &attention, &[&query, &key]);
        let mut scores = self.with_number("Div", &attention, &scores, (extents[2] as f32).sqrt());
        if let Some(mask) = mask {
            scores = self.plain("Add", &attention, &[&scores, mask]);
        }
        let shares = self.softmax(&scores, &attention);
        let context = self.plain("MatMul", &attention, &[&shares, &value]);
        let context = self.merge_heads(&context, &attention, extents);
        let output = format!("{name}.attention.output");
        let y = self.dense(&context, &format!("{output}.dense"), [hidden, hidden], spread(hidden, 1.0));
        let sum = self.plain("Add", &output, &[&y, x]);
        let norm = format!("{output}.LayerNorm");
        let x = self.layer_norm_in_parts(&sum, Norm { name: &norm, width: hidden, epsilon });
        let up = format!("{name}.intermediate");
        let y = self.dense(&x, &format!("{up}.dense"), [hidden, inner], spread(hidden, 1.0));
        let y = self.gelu(&y, &format!("{up}.intermediate_act_fn"));
        let output = format!("{name}.output");
        let y = self.dense(&y, &format!("{output}.dense"), [inner, hidden], spread(inner, 1.0));
        let sum = self.plain("Add", &output, &[&y, &x]);
        let norm = format!("{output}.LayerNorm");
        self.layer_norm_in_parts(&sum, Norm { name: &norm, width: hidden, epsilon })
    }
}
