//! LLaMA-2-7B: a model that is larger than memory, at every stage.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::Request;
use super::children::Children;
use super::measure::Inputs;
use super::space;

/// Layers of the whole model.
const LAYERS: usize = 32;
/// Weights that are proved together, about: they are in memory at once, and every shard adds seven kilobytes to the proof.
const WEIGHTS_OF_SHARD: u64 = 340_000_000;
/// Samples from which scales are chosen: each is a pass over all weights.
const SAMPLES: &str = "2";
/// Bytes of a weight in the ONNX model's file and in the keys.
const BYTES_PER_WEIGHT: u64 = 2 + 2;
/// Bytes of memory that setup takes for a weight of a shard, of which the largest has a third more than others.
const SETUP_BYTES_PER_WEIGHT: u64 = 32 * 4 / 3;

/// Weights of the words, of the head and of a layer, with the factors of its two normalisations.
const WORDS: u64 = 32_000 * 4096;
const LAYER: u64 = 4 * 4096 * 4096 + 3 * 4096 * 11_008 + 2 * 4096;

/// Layers of a request.
fn layers(request: &Request) -> usize {
    request.layers.unwrap_or(LAYERS)
}

/// Weights of a request.
fn weights(request: &Request) -> u64 {
    layers(request) as u64 * LAYER + 2 * WORDS + 4096
}

/// Shards of a request.
pub(super) fn shards(request: &Request) -> u64 {
    weights(request).div_ceil(WEIGHTS_OF_SHARD)
}

/// Requires room on the disk and in memory, before anything is written.
pub(super) fn require_room(request: &Request, out: &Path) -> Result<()> {
    let weights = weights(request);
    space::require(out, (BYTES_PER_WEIGHT * weights).saturating_sub(kept(out)) + space::REST)?;
    let needed = SETUP_BYTES_PER_WEIGHT * weights.div_ceil(shards(request));
    let Some(available) = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available) else {
        return Ok(());
    };
    if available < needed {
        let megabytes = |bytes: u64| bytes / 1_000_000;
        bail!(
            "llama7b: expected {} MB of memory that is not in use, found {} MB",
            megabytes(needed),
            megabytes(available)
        );
    }
    Ok(())
}

/// What can be taken without swapping, by a list such as `/proc/meminfo`.
fn available(list: &str) -> Option<u64> {
    let line = list.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Writes the model, its weights beside it, its input and samples.
pub(super) fn write(request: &Request, out: &Path, children: &Children) -> Result<Inputs> {
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let [onnx, weights, input, calibration] =
        ["model.onnx", "model.weights", "input.json", "calibration.json"].map(path);
    let (layers, tokens) = (layers(request).to_string(), request.tokens.unwrap_or(1).to_string());
    let mut write = vec!["llama", "--layers", &layers, "--tokens", &tokens, "--weights", &weights];
    write.extend(["--onnx", &onnx, "--input", &input, "--calibration", &calibration, "--samples", SAMPLES]);
    children.models(&write)?;
    // Guard bits are tried where outputs are off by more than a hundredth: each try is four more passes.
    let guard_bits = Some("0");
    Ok(Inputs { onnx, calibration, input, guard_bits, ..Inputs::default() })
}

/// Removes the files of a former run, so that there is room for those of this one; the keys of shards of one that did not come to its
/// end are kept, and used if they are this model's.
pub(super) fn remove_old(out: &Path) -> Result<()> {
    let finished = out.join("model.pk").exists();
    for entry in fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", out.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("model.") && (finished || !name.starts_with("model.pk.shard")) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Bytes of the keys of shards that are there.
fn kept(out: &Path) -> u64 {
    let files = fs::read_dir(out).into_iter().flatten().flatten();
    let keys = files.filter(|file| file.file_name().to_string_lossy().starts_with("model.pk.shard"));
    keys.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_llama_2_7b() {
        let request = Request::new(super::super::Source::Model(super::super::Model::Llama7b));
        assert_eq!((weights(&request), shards(&request)), (6_738_415_616, 20));
        let request = Request { layers: Some(1), ..request };
        assert_eq!((weights(&request), shards(&request)), (464_531_456, 2));
    }

    #[test]
    fn memory_that_is_not_in_use() {
        let list = "MemTotal:       24689284 kB\nMemFree: 1 kB\nMemAvailable:   12 kB\n";
        assert_eq!(available(list), Some(12 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: 1 MB\n"), None);
    }
}
