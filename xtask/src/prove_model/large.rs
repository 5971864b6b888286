//! Language models that are larger than memory, at every stage: their weights lie in a file of external data.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::children::Children;
use super::measure::Inputs;
use super::request::Sharding;
use super::{Request, space};

/// Weights that setup has in memory at once: a part of them, or all of a shard.
const WEIGHTS_OF_PART: u64 = 1 << 28;
/// Samples from which scales are chosen: each is a pass over all weights.
const SAMPLES: &str = "2";
/// Bytes of a weight in the ONNX model's file and in the keys.
const BYTES_PER_WEIGHT: u64 = 2 + 2;
/// Bytes of memory that setup takes for each of them.
const SETUP_BYTES_PER_WEIGHT: u64 = 32;
/// The largest of several shards has a third more weights than others.
const LARGEST_SHARD: [u64; 2] = [4, 3];

/// A model that `benches` writes with its input, samples and external data.
pub(super) struct Large {
    /// Its name there and here.
    pub(super) name: &'static str,
    /// Tokens, if nothing else is said.
    tokens: usize,
    layers: usize,
    /// Weights of a layer, with those of its normalisations.
    layer: u64,
    /// All others: words, head, and the last normalisation.
    others: u64,
}

/// Hidden 4096, a gated perceptron of 11,008, 32,000 words, and a head of its own.
pub(super) const LLAMA_7B: Large = Large {
    name: "llama7b",
    tokens: 1,
    layers: 32,
    layer: 4 * 4096 * 4096 + 3 * 4096 * 11_008 + 2 * 4096,
    others: 2 * 32_000 * 4096 + 4096,
};

/// Hidden 4096, a perceptron of 16,384, 50,400 words, and a head of its own; biases but in attention.
pub(super) const GPT_J: Large = Large {
    name: "gptj",
    tokens: 2,
    layers: 28,
    layer: 4 * 4096 * 4096 + 2 * 4096 * 16_384 + 16_384 + 4096 + 2 * 4096,
    others: 2 * 50_400 * 4096 + 50_400 + 2 * 4096,
};

impl Large {
    /// Layers of a request.
    fn layers(&self, request: &Request) -> usize {
        request.layers.unwrap_or(self.layers)
    }

    /// Weights of a request.
    fn weights(&self, request: &Request) -> u64 {
        self.layers(request) as u64 * self.layer + self.others
    }

    /// Requires a model of so many layers.
    pub(super) fn require_layers(&self, layers: usize) -> Result<()> {
        if layers > self.layers {
            bail!("--layers: expected at most the {} of {}, found {layers}", self.layers, self.name);
        }
        Ok(())
    }

    /// Requires room on the disk and in memory, before anything is written.
    pub(super) fn require_room(&self, request: &Request, out: &Path) -> Result<()> {
        let weights = self.weights(request);
        let kept = if request.sharding.is_some() { kept(out) } else { 0 };
        space::require(out, (BYTES_PER_WEIGHT * weights).saturating_sub(kept) + space::REST)?;
        let together = match request.sharding {
            None => weights,
            Some(Sharding::Shards(shards)) => weights.div_ceil(shards) * LARGEST_SHARD[0] / LARGEST_SHARD[1],
            // How many weights are in a shard of so many values is known when the model has been compiled.
            Some(Sharding::Values(_) | Sharding::Memory(_)) => return Ok(()),
        };
        let needed = SETUP_BYTES_PER_WEIGHT * together.min(WEIGHTS_OF_PART);
        let Some(available) = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available) else {
            return Ok(());
        };
        if available < needed {
            let megabytes = |bytes: u64| bytes / 1_000_000;
            bail!(
                "{}: expected {} MB of memory that is not in use, found {} MB",
                self.name,
                megabytes(needed),
                megabytes(available)
            );
        }
        Ok(())
    }

    /// Writes the model, its weights beside it, its input and samples.
    pub(super) fn write(&self, request: &Request, out: &Path, children: &Children) -> Result<Inputs> {
        let path = |name: &str| out.join(name).to_string_lossy().into_owned();
        let [onnx, weights, input, calibration] =
            ["model.onnx", "model.weights", "input.json", "calibration.json"].map(path);
        let layers = self.layers(request).to_string();
        let tokens = request.tokens.unwrap_or(self.tokens).to_string();
        let mut write =
            vec!["large", self.name, "--layers", &layers, "--tokens", &tokens, "--weights", &weights];
        write.extend(["--onnx", &onnx, "--input", &input, "--calibration", &calibration]);
        write.extend(["--samples", SAMPLES]);
        children.models(&write)?;
        // Guard bits are tried where outputs are off by more than a hundredth: each try is four more passes.
        let guard_bits = Some("0");
        Ok(Inputs { onnx, calibration, input, guard_bits, ..Inputs::default() })
    }
}

/// What can be taken without swapping, by a list such as `/proc/meminfo`.
fn available(list: &str) -> Option<u64> {
    let line = list.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Removes the files of a former run, so that there is room for those of this one; if this one is in shards, the keys of shards of one
/// that did not come to its end are kept, and used if they are this model's.
pub(super) fn remove_old(request: &Request, out: &Path) -> Result<()> {
    let finished = out.join("model.pk").exists() || request.sharding.is_none();
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
    use super::super::{Model, Source};
    use super::*;

    #[test]
    fn weights_of_the_whole_models_and_of_one_layer() {
        let request = Request::new(Source::Model(Model::Llama7b));
        let one = Request { layers: Some(1), ..request.clone() };
        for (large, whole, first) in
            [(LLAMA_7B, 6_738_415_616, 464_531_456), (GPT_J, 6_050_882_784, 614_290_656)]
        {
            assert_eq!([large.weights(&request), large.weights(&one)], [whole, first]);
        }
        let message = GPT_J.require_layers(29).unwrap_err().to_string();
        assert_eq!(message, "--layers: expected at most the 28 of gptj, found 29");
    }

    #[test]
    fn memory_that_is_not_in_use() {
        let list = "MemTotal:       24689284 kB\nMemFree: 1 kB\nMemAvailable:   12 kB\n";
        assert_eq!(available(list), Some(12 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: 1 MB\n"), None);
    }
}
