//! The file of a model, and windows of texts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use benches::gguf::Gguf;
use benches::language::Tokens;
use clap::Args;
use sha2::{Digest, Sha256};

/// The file of a model, and what its samples are taken from.
#[derive(Args)]
pub(super) struct Source {
    /// The file.
    gguf: PathBuf,
    /// Its hash, in hexadecimal digits.
    #[arg(long)]
    sha256: String,
    /// Text that comes before every other one, a constant of the model; tokens that stand for no text, too.
    #[arg(long, default_value = "")]
    prefix: String,
    /// A text from which samples to calibrate on are taken.
    #[arg(long)]
    calibration_text: PathBuf,
    /// How many of them.
    #[arg(long, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    samples: usize,
}

impl Source {
    /// The bytes of the file, if they are those that were meant.
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        let path = &self.gguf;
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        ensure!(
            hash == self.sha256,
            "{}: expected the SHA-256 {}, found {hash}",
            path.display(),
            self.sha256
        );
        Ok(bytes)
    }

    /// The index of the file.
    pub(super) fn index<'b>(&self, bytes: &'b [u8]) -> Result<Gguf<'b>> {
        Gguf::read(bytes).with_context(|| self.gguf.display().to_string())
    }

    /// The tokens that come before all others.
    pub(super) fn prefix(&self, tokens: &Tokens) -> Result<Vec<u32>> {
        tokens.encode(&self.prefix)
    }

    /// Samples of so many tokens each.
    pub(super) fn samples(&self, tokens: &Tokens, length: usize) -> Result<Vec<Vec<u32>>> {
        windows(&self.calibration_text, tokens, length, self.samples)
    }
}

/// Windows of so many tokens, evenly over a text; they overlap where the text is short.
pub(super) fn windows(path: &Path, tokens: &Tokens, length: usize, count: usize) -> Result<Vec<Vec<u32>>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let ids = tokens.encode(&text)?;
    ensure!(ids.len() >= length, "{}: expected {length} tokens, found {}", path.display(), ids.len());
    let last = ids.len() - length;
    let start = |window: usize| last * window / count.max(2).saturating_sub(1);
    Ok((0..count).map(|window| ids[start(window)..][..length].to_vec()).collect())
}
