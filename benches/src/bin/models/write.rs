//! `models write`.

use std::path::PathBuf;

use anyhow::Result;
use benches::networks::{EXTENT, Network};
use benches::program::write;
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
