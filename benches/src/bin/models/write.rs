//! `models write`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use benches::networks::Network;
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
    /// Height and width of images, a multiple of 32 (default: the usual ones).
    #[arg(long)]
    size: Option<usize>,
}

pub(super) fn run(options: &Options) -> Result<Value> {
    let out = &options.out;
    let extent = options.size.unwrap_or(options.network.extent());
    ensure!(
        options.network.takes(extent),
        "--size: expected a size that the network takes, such as {}, found {extent}",
        options.network.extent()
    );
    let bytes = options.network.model(extent, options.folded).encode_to_vec();
    write(out, &bytes)?;
    Ok(json!({ "onnx_bytes": bytes.len() }))
}
