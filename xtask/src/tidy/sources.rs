//! Source files: length, where `unsafe` may stand, and the one crate that names the curve library.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use super::lexer::{blank_comments_and_literals, words};
use crate::workspace::Workspace;

const CONFIG: &str = "xtask/tidy.toml";

/// The allow-list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) max_lines: usize,
    /// File, or folder ending in `/`, to the reason why unsafe code stands there.
    pub(super) unsafe_code: BTreeMap<String, String>,
}

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let text =
        fs::read_to_string(workspace.root.join(CONFIG)).with_context(|| format!("cannot read {CONFIG}"))?;
    let config: Config = toml::from_str(&text).with_context(|| format!("cannot parse {CONFIG}"))?;
    let mut sources = Vec::new();
    for file in workspace.source_files()? {
        let text = fs::read_to_string(workspace.root.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        sources.push((file.to_string_lossy().replace('\\', "/"), text));
    }
    Ok(check_sources(&config, &sources))
}

/// The rules on (path, text) pairs.
pub(super) fn check_sources(config: &Config, sources: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used: BTreeMap<&str, bool> = config.unsafe_code.keys().map(|key| (key.as_str(), false)).collect();
    for (file, text) in sources {
        let lines = text.lines().count();
        if lines > config.max_lines {
            findings.push(Finding::new(
                file,
                format!("{lines} lines"),
                format!("at most {}: one idea per file", config.max_lines),
            ));
        }
        let code = blank_comments_and_literals(text);
        if let Some(line) = words(&code).find_map(|(line, word)| (word == "unsafe").then_some(line)) {
            match used.iter_mut().find(|(place, _)| covers(place, file)) {
                Some((_, seen)) => *seen = true,
                None => findings.push(
                    Finding::new(file, "unsafe code", format!("only in the modules that {CONFIG} lists"))
                        .at(line),
                ),
            }
        }
        if !file.starts_with("crates/zktorch-field/") {
            findings.extend(words(&code).filter(|(_, word)| *word == "ark_bn254").map(|(line, _)| {
                Finding::new(file, "the name ark_bn254", "the re-exports of zktorch-field").at(line)
            }));
        }
    }
    for (place, reason) in &config.unsafe_code {
        if used.get(place.as_str()) != Some(&true) {
            findings.push(Finding::new(
                CONFIG,
                format!("{place} allowed unsafe code"),
                "a file that has some",
            ));
        }
        if reason.trim().is_empty() {
            findings.push(Finding::new(CONFIG, format!("{place} without a reason"), "why it must be unsafe"));
        }
    }
    findings
}

fn covers(place: &str, file: &str) -> bool {
    if place.ends_with('/') { file.starts_with(place) } else { Path::new(file) == Path::new(place) }
}
