//! `cargo xtask tidy`: the architecture as rules that fail.
//!
//! Every finding names the file, what was found and what was expected. The same run is a `#[test]` of this
//! crate, so that plain `cargo test` catches what a reviewer would have to.

mod edges;
mod lexer;
mod manifests;
mod pages;
mod sources;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::api;
use crate::workspace::Workspace;

pub(crate) use self::edges::hosted;
pub(crate) use self::manifests::LICENSES;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    file: PathBuf,
    /// 1-based; 0 when the finding is about the whole file.
    line: usize,
    found: String,
    expected: String,
}

impl Finding {
    fn new(file: impl AsRef<Path>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { file: file.as_ref().to_path_buf(), line: 0, found: found.into(), expected: expected.into() }
    }

    fn at(mut self, line: usize) -> Self {
        self.line = line;
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, "\n    found:    {}\n    expected: {}", self.found, self.expected)
    }
}

/// Applies every rule to the workspace on disk.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = edges::check(workspace)?;
    findings.extend(manifests::check(workspace)?);
    findings.extend(sources::check(workspace)?);
    findings.extend(interfaces(workspace)?);
    findings.extend(pages::check(workspace)?);
    findings.sort();
    Ok(findings)
}

/// The listings of public interfaces are those of the sources.
fn interfaces(workspace: &Workspace) -> Result<Vec<Finding>> {
    let show = |text: Option<String>| text.unwrap_or_else(|| "(nothing)".to_owned());
    let finding = |change: api::Change| {
        let found = format!("another interface in the sources: {}", show(change.found));
        let expected = format!("{}, or the listing renewed: {}", show(change.listed), api::RENEW);
        Finding::new(change.file, found, expected).at(change.line)
    };
    Ok(api::changes(workspace)?.into_iter().map(finding).collect())
}

/// The subcommand: prints the findings and fails when there are any.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::load()?;
    let findings = check(&workspace)?;
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} finding(s)", findings.len());
    }
    println!(
        "tidy: {} crates, {} source files: ok",
        workspace.members.len(),
        workspace.source_files()?.len()
    );
    Ok(())
}
