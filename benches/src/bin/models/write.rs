//! `models write`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use benches::networks::{EXTENT, Network};
use clap::Args;
use prost::Message;
use serde_json::{Value, json};

#[derive(Args)]
pub(super) struct Options {
    network: Network,
    /// Where the file goes.
    out: PathBuf,
    /// BatchNormalization folded into the convolutions.
    #[arg(long)]
    folded: bool,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let out = &options.out;
    let bytes = options.network.model(EXTENT, options.folded).encode_to_vec();
    write(out, &bytes)?;
    Ok(json!({ "onnx_bytes": bytes.len() }))
}

/// Writes a file completely or not at all.
pub(super) fn write(out: &Path, bytes: &[u8]) -> Result<()> {
    let part = out.with_extension("part");
    fs::write(&part, bytes).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, out).with_context(|| format!("cannot write {}", out.display()))
}
