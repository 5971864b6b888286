//! Trained language models of LLaMA's kind, from the files of llama.cpp: their parameters, and the tokens of a text.

mod tokens;

use anyhow::{Context, Result, ensure};
use prost::Message;
use zktorch_onnx::{FloatModel, FloatTensor, IntTensor, Options};

use crate::gguf::Gguf;
use crate::networks::{Gives, Llama, Parameters, Prefix};

pub use self::tokens::Tokens;

/// The parameters of a file, by the names that `transformers` has for them.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    file: &'a Gguf<'a>,
    llama: Llama,
}

impl<'a> Checkpoint<'a> {
    /// Reads which model it is.
    ///
    /// # Errors
    /// If it is of another kind, or extents do not fit.
    pub fn new(file: &'a Gguf<'a>) -> Result<Self> {
        let kind = file.text("general.architecture")?;
        ensure!(kind == "llama", "general.architecture: expected llama, found {kind:?}");
        let extent = |key: &str| -> Result<usize> {
            let key = format!("llama.{key}");
            let value = file.integer(&key)?;
            // Larger ones are no model that could be proved; products of two of them fit.
            ensure!((1..1 << 20).contains(&value), "{key}: expected an extent from 1 to 2^20, found {value}");
            Ok(value as usize)
        };
        let llama = Llama {
            layers: extent("block_count")?,
            hidden: extent("embedding_length")?,
            heads: extent("attention.head_count")?,
            kv_heads: extent("attention.head_count_kv")?,
            inner: extent("feed_forward_length")?,
            vocabulary: file.texts("tokenizer.ggml.tokens")?.len(),
            theta: file.float("llama.rope.freq_base")?,
            epsilon: file.float("llama.attention.layer_norm_rms_epsilon")? as f32,
            tied: true,
        };
        let Llama { hidden, heads, kv_heads, theta, epsilon, .. } = llama;
        ensure!(
            hidden % (2 * heads) == 0 && heads % kv_heads == 0,
            "expected heads of an even width that share those of keys evenly, found {heads} of queries and {kv_heads} of keys \
             for a width of {hidden}"
        );
        ensure!(
            theta.is_finite() && theta > 1.0,
            "llama.rope.freq_base: expected more than 1, found {theta}"
        );
        ensure!(epsilon > 0.0 && epsilon < 1.0, "expected an epsilon between 0 and 1, found {epsilon}");
        let turned = extent("rope.dimension_count")?;
        ensure!(
            turned == hidden / heads,
            "expected positions that turn all {} entries of a head, found {turned}",
            hidden / heads
        );
        ensure!(
            !file.has_tensor("output.weight"),
            "expected a head that is the table of words, found one of its own"
        );
        Ok(Self { file, llama })
    }

    /// The model behind these tokens, for so many more, as an ONNX file.
    ///
    /// # Errors
    /// If a parameter is not there.
    pub fn onnx(&mut self, prefix: &[u32], tokens: usize, gives: Gives) -> Result<Vec<u8>> {
        let llama = self.llama;
        let prefix = self.prefix(prefix)?;
        Ok(llama.model(self, &prefix, tokens, gives)?.model.encode_to_vec())
    }

    /// What blocks read of tokens that come first, computed in floats.
    fn prefix(&mut self, ids: &[u32]) -> Result<Prefix> {
        if ids.is_empty() {
            return Ok(Prefix::default());
        }
        let (llama, tokens) = (self.llama, ids.len());
        let onnx = llama.model(self, &Prefix::default(), tokens, Gives::Cache)?.model.encode_to_vec();
        let float = FloatModel::new(&onnx, &Options::default())?;
        drop(onnx);
        let outputs = float.run(&[IntTensor::from_fn([1, tokens], |i| i64::from(ids[i])).into()])?;
        let pair = |pair: &[FloatTensor]| [pair[0].data().to_vec(), pair[1].data().to_vec()];
        Ok(Prefix { tokens, cache: outputs.chunks_exact(2).map(pair).collect() })
    }
}

/// The name of a parameter in the file.
fn stored_name(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".weight")?;
    let part = match stem {
        "model.embed_tokens" => "token_embd",
        "model.norm" => "output_norm",
        _ => {
            let (layer, part) = stem.strip_prefix("model.layers.")?.split_once('.')?;
            let part = match part {
                "input_layernorm" => "attn_norm",
                "post_attention_layernorm" => "ffn_norm",
                "self_attn.q_proj" => "attn_q",
                "self_attn.k_proj" => "attn_k",
                "self_attn.v_proj" => "attn_v",
                "self_attn.o_proj" => "attn_output",
                "mlp.gate_proj" => "ffn_gate",
                "mlp.up_proj" => "ffn_up",
                "mlp.down_proj" => "ffn_down",
                _ => return None,
            };
            return Some(format!("blk.{layer}.{part}.weight"));
        }
    };
    Some(format!("{part}.weight"))
}

impl Parameters for Checkpoint<'_> {
    type Error = anyhow::Error;

    fn parameter(&mut self, name: &str, dims: &[usize], _: f64) -> Result<Vec<f32>> {
        let stored =
            stored_name(name).with_context(|| format!("{name}: expected a parameter of the model"))?;
        let values = self.file.tensor(&stored, dims)?;
        if name.ends_with(".q_proj.weight") || name.ends_with(".k_proj.weight") {
            return Ok(halves(&values, self.llama.hidden, self.llama.width()));
        }
        Ok(values)
    }
}

/// Rows of each head as `rotate_half` needs them. The file has entries that are turned together beside each other, the graph half
/// a head apart.
fn halves(rows: &[f32], row: usize, head: usize) -> Vec<f32> {
    let heads = rows.chunks(row * head);
    let turned = |head_rows: &[f32]| -> Vec<f32> {
        let order = (0..head).step_by(2).chain((1..head).step_by(2));
        order.flat_map(|i| head_rows[i * row..][..row].iter().copied()).collect()
    };
    heads.flat_map(turned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::written::{File, text};

    #[test]
    fn names() {
        assert_eq!(stored_name("model.embed_tokens.weight").unwrap(), "token_embd.weight");
        assert_eq!(stored_name("model.norm.weight").unwrap(), "output_norm.weight");
        assert_eq!(stored_name("model.layers.12.mlp.down_proj.weight").unwrap(), "blk.12.ffn_down.weight");
        assert_eq!(stored_name("model.layers.12.mlp.bias"), None);
    }

    /// A model of one block: four tokens and their letters, width 4, two heads on one of keys.
    fn tiny() -> File {
        let list = |texts: &[&str]| {
            let texts = texts.iter().flat_map(|one| text(one));
            [8u32.to_le_bytes().to_vec(), (4u64).to_le_bytes().to_vec(), texts.collect()].concat()
        };
        let mut file = File::default()
            .value("general.architecture", 8, &text("llama"))
            .value("tokenizer.ggml.tokens", 9, &list(&["a", "b", "ab", "<|x|>"]))
            .value("llama.rope.freq_base", 6, &1e4f32.to_le_bytes())
            .value("llama.attention.layer_norm_rms_epsilon", 6, &1e-5f32.to_le_bytes());
        let extents = [
            ("block_count", 1),
            ("embedding_length", 8),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1),
            ("feed_forward_length", 6),
            ("rope.dimension_count", 4),
        ];
        for (key, value) in extents {
            file = file.value(&format!("llama.{key}"), 4, &u32::to_le_bytes(value));
        }
        let tensors: [(&str, &[u64]); 11] = [
            ("token_embd", &[8, 4]),
            ("output_norm", &[8]),
            ("blk.0.attn_norm", &[8]),
            ("blk.0.ffn_norm", &[8]),
            ("blk.0.attn_q", &[8, 8]),
            ("blk.0.attn_k", &[8, 4]),
            ("blk.0.attn_v", &[8, 4]),
            ("blk.0.attn_output", &[8, 8]),
            ("blk.0.ffn_gate", &[8, 6]),
            ("blk.0.ffn_up", &[8, 6]),
            ("blk.0.ffn_down", &[6, 8]),
        ];
        for (seed, (name, dims)) in tensors.iter().enumerate() {
            let count = dims.iter().product::<u64>() as usize;
            let number = |i: usize| ((i * 37 + seed * 11) % 19) as f32 / 9.5 - 0.9;
            let bytes: Vec<u8> = (0..count).flat_map(|i| number(i).to_le_bytes()).collect();
            file = file.tensor(&format!("{name}.weight"), dims, 0, &bytes);
        }
        file
    }

    fn scores(checkpoint: &mut Checkpoint<'_>, prefix: &[u32], ids: &[u32]) -> Vec<f32> {
        let onnx = checkpoint.onnx(prefix, ids.len(), Gives::Last).unwrap();
        let input = IntTensor::from_fn([1, ids.len()], |i| i64::from(ids[i]));
        FloatModel::new(&onnx, &Options::default()).unwrap().run(&[input.into()]).unwrap()[0].data().to_vec()
    }

    /// What comes behind a prefix is what it is where the prefix is part of the text.
    #[test]
    fn a_prefix_is_the_beginning() {
        let bytes = tiny().bytes();
        let file = Gguf::read(&bytes).unwrap();
        let mut checkpoint = Checkpoint::new(&file).unwrap();
        let whole = scores(&mut checkpoint, &[], &[3, 0, 1, 2, 1]);
        let behind = scores(&mut checkpoint, &[3, 0], &[1, 2, 1]);
        let largest = whole.iter().fold(0f32, |max, x| max.max(x.abs()));
        assert!(largest > 0.1, "{whole:?}");
        for (a, b) in whole.iter().zip(&behind) {
            assert!((a - b).abs() < 1e-4 * largest, "{whole:?} {behind:?}");
        }
    }

    #[test]
    fn other_models_are_refused() {
        let bytes = tiny().tensor("output.weight", &[8, 4], 0, &[0; 128]).bytes();
        let message = Checkpoint::new(&Gguf::read(&bytes).unwrap()).unwrap_err().to_string();
        assert_eq!(message, "expected a head that is the table of words, found one of its own");
        let bytes = File::default().value("general.architecture", 8, &text("falcon")).bytes();
        let message = Checkpoint::new(&Gguf::read(&bytes).unwrap()).unwrap_err().to_string();
        assert_eq!(message, "general.architecture: expected llama, found \"falcon\"");
    }

    #[test]
    fn entries_that_are_turned_together() {
        // Two heads of four rows, a row of one entry: pairs (0, 1) and (2, 3) become (0, 2) and (1, 3).
        let rows = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0];
        assert_eq!(halves(&rows, 1, 4), [0.0, 2.0, 1.0, 3.0, 10.0, 12.0, 11.0, 13.0]);
    }
}
