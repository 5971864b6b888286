//! The tokens of a text: byte pairs, as SmolLM has them.

use anyhow::{Result, anyhow, ensure};
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{AddedToken, PreTokenizerWrapper, Tokenizer};

use crate::gguf::Gguf;

/// Whether a token stands for no text, such as `<|im_start|>`.
fn is_named(token: &str) -> bool {
    token.starts_with("<|") && token.ends_with("|>")
}

/// The tokens of a model.
#[derive(Debug)]
pub struct Tokens {
    tokenizer: Tokenizer,
    count: usize,
}

impl Tokens {
    /// Those of a file.
    ///
    /// # Errors
    /// If it has none, or they are of another kind: pieces are joined and digits single as for SmolLM.
    pub fn new(file: &Gguf<'_>) -> Result<Self> {
        for (key, expected) in [("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "smollm")] {
            let found = file.text(key)?;
            ensure!(found == expected, "{key}: expected {expected}, found {found:?}");
        }
        let tokens = file.texts("tokenizer.ggml.tokens")?;
        let mut ids = Vocab::default();
        for (token, id) in tokens.iter().zip(0u32..) {
            ensure!(
                ids.insert((*token).to_owned(), id).is_none(),
                "token {token:?}: expected it once, found it twice"
            );
        }
        let mut merges = Vec::new();
        for merge in file.texts("tokenizer.ggml.merges")? {
            let (left, right) =
                merge.split_once(' ').ok_or_else(|| anyhow!("merge {merge:?}: expected two tokens"))?;
            merges.push((left.to_owned(), right.to_owned()));
        }
        let pairs = BPE::builder().vocab_and_merges(ids, merges).build();
        let mut tokenizer = Tokenizer::new(pairs.map_err(|error| anyhow!("no tokens: {error}"))?);
        let bytes = ByteLevel::new(false, true, true);
        let pieces: Vec<PreTokenizerWrapper> = vec![Digits::new(true).into(), bytes.into()];
        tokenizer.with_pre_tokenizer(Some(Sequence::new(pieces)));
        tokenizer.with_decoder(Some(bytes));
        let named: Vec<AddedToken> = tokens
            .iter()
            .filter(|token| is_named(token))
            .map(|token| AddedToken::from(*token, true))
            .collect();
        tokenizer.add_special_tokens(named).map_err(|error| anyhow!("no tokens: {error}"))?;
        Ok(Self { tokenizer, count: tokens.len() })
    }

    /// The tokens of a text.
    ///
    /// # Errors
    /// If the text cannot be written in them.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.tokenizer.encode(text, false).map_err(|error| anyhow!("no tokens: {error}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of tokens.
    ///
    /// # Errors
    /// If there is no such token.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        self.tokenizer.decode(ids, false).map_err(|error| anyhow!("no text: {error}"))
    }

    /// What each token stands for, one on a line: quotes around it, what is not printed escaped.
    ///
    /// # Errors
    /// None: there are as many tokens as are listed.
    pub fn labels(&self) -> Result<String> {
        let mut lines = String::new();
        for id in 0..self.count as u32 {
            lines.push_str(&format!("{:?}\n", self.decode(&[id])?));
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::written::{File, text};

    #[test]
    fn pairs_digits_and_named_tokens() {
        let list = |texts: &[&str]| {
            let bytes = texts.iter().flat_map(|one| text(one)).collect();
            [8u32.to_le_bytes().to_vec(), (texts.len() as u64).to_le_bytes().to_vec(), bytes].concat()
        };
        let tokens = ["<|end|>", "a", "b", "1", "2", "Ġ", "ab", "Ġab", "12"];
        let merges = ["a b", "Ġ ab", "1 2"];
        let file = |kind: &str| {
            File::default()
                .value("tokenizer.ggml.model", 8, &text(kind))
                .value("tokenizer.ggml.pre", 8, &text("smollm"))
                .value("tokenizer.ggml.tokens", 9, &list(&tokens))
                .value("tokenizer.ggml.merges", 9, &list(&merges))
                .bytes()
        };
        let bytes = file("gpt2");
        let made = Tokens::new(&Gguf::read(&bytes).unwrap()).unwrap();
        // Digits are single, although there is a token for both.
        let ids = made.encode("<|end|>ab ab12").unwrap();
        assert_eq!(ids, [0, 6, 7, 3, 4]);
        assert_eq!(made.decode(&ids).unwrap(), "<|end|>ab ab12");
        assert_eq!(made.labels().unwrap().lines().nth(7), Some("\" ab\""));
        let bytes = file("bert");
        let message = Tokens::new(&Gguf::read(&bytes).unwrap()).unwrap_err().to_string();
        assert_eq!(message, "tokenizer.ggml.model: expected gpt2, found \"bert\"");
    }
}
