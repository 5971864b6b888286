//! `cargo xtask api`: the public interface of each published crate as a file beside its manifest, so that a change of it shows in
//! review.
//!
//! A listing is Rust without bodies, read from the sources: what can be named from outside, each item once, at the shortest of
//! its paths; the crate's other paths to it are `pub use` lines. What a macro makes stands as the call, with the heads of the
//! macro's `impl`s. It depends on no toolchain, and takes seconds.

mod exports;
mod listing;
mod reduce;
#[cfg(test)]
mod tests;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace::{Member, Workspace};

/// A crate's listing, in its folder.
const FILE: &str = "public-api.txt";
/// What renews the listings.
pub(crate) const RENEW: &str = "cargo xtask api --write";

/// Compare, or renew.
#[derive(Args)]
pub(crate) struct Options {
    /// Write the listings instead of comparing them.
    #[arg(long)]
    write: bool,
}

/// A listing that is not what the sources say.
pub(crate) struct Change {
    /// The listing's file, relative to the root.
    pub(crate) file: PathBuf,
    /// The first line that differs, from 1 on.
    pub(crate) line: usize,
    /// That line of the file and of the sources: none past the end.
    pub(crate) listed: Option<String>,
    pub(crate) found: Option<String>,
}

/// The subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::load()?;
    if options.write {
        for member in published(&workspace) {
            let path = workspace.root.join(&member.dir).join(FILE);
            fs::write(&path, of_member(&workspace, member)?)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        return Ok(());
    }
    let changes = changes(&workspace)?;
    for Change { file, line, listed, found } in &changes {
        println!("{}:{line}", file.display());
        for (sign, text) in [('-', listed), ('+', found)] {
            println!("{sign} {}", text.as_deref().unwrap_or("(nothing)"));
        }
    }
    if !changes.is_empty() {
        bail!("{} interface(s) are not as listed: {RENEW}", changes.len());
    }
    Ok(())
}

/// The listings that differ from the sources.
pub(crate) fn changes(workspace: &Workspace) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for member in published(workspace) {
        let file = member.dir.join(FILE);
        let listed = fs::read_to_string(workspace.root.join(&file)).unwrap_or_default();
        let found = of_member(workspace, member)?;
        changes.extend(first_difference(file, &listed, &found));
    }
    Ok(changes)
}

fn published(workspace: &Workspace) -> impl Iterator<Item = &Member> {
    workspace.members.iter().filter(|member| member.is_published())
}

fn of_member(workspace: &Workspace, member: &Member) -> Result<String> {
    of_crate(&member.name, &workspace.root.join(&member.dir).join("src").join("lib.rs"))
        .with_context(|| format!("the interface of {}", member.name))
}

/// The listing of a library from its first file.
pub(crate) fn of_crate(name: &str, lib: &Path) -> Result<String> {
    let tree = tree::Tree::read(lib)?;
    let items = listing::items(&tree);
    let skeleton = prettyplease::unparse(&syn::File { items, ..syn::parse_str("")? });
    Ok(format!("// The public interface of {name}: `{RENEW}` writes it.\n\n{skeleton}"))
}

fn first_difference(file: PathBuf, listed: &str, found: &str) -> Option<Change> {
    let (mut old, mut new) = (listed.lines(), found.lines());
    let mut line = 1;
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (a, b) if a == b => line += 1,
            (a, b) => {
                let [listed, found] = [a, b].map(|text| text.map(str::to_owned));
                return Some(Change { file, line, listed, found });
            }
        }
    }
}
