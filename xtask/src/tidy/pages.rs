//! Pages: their links lead somewhere, and the book has all of `docs/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Finding;
use crate::book::{self, SUMMARY};
use crate::markdown;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let pages = book::pages(workspace)?;
    let exists = |path: &Path| workspace.root.join(path).exists();
    let mut findings = check_links(&pages, exists);
    findings.extend(check_summary(&pages));
    Ok(findings)
}

/// The rule on pages by their paths.
pub(super) fn check_links(pages: &BTreeMap<PathBuf, String>, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, page) in pages {
        for link in markdown::links(page) {
            let Some((target, anchor)) = markdown::resolve(path, link.target) else { continue };
            let line = markdown::line_of(page, link.whole.start);
            let found = format!("a link to {}", link.target);
            if !(pages.contains_key(&target) || exists(&target)) {
                findings.push(Finding::new(path, found, "a file of the repository").at(line));
                continue;
            }
            let anchors = pages.get(&target).map(|page| markdown::anchors(page));
            if let (Some(anchor), Some(anchors)) = (anchor, anchors)
                && !anchors.iter().any(|name| name == anchor)
            {
                let expected = format!("a heading of {}", target.display());
                findings.push(Finding::new(path, found, expected).at(line));
            }
        }
    }
    findings
}

/// Every page of `docs/` is one chapter.
pub(super) fn check_summary(pages: &BTreeMap<PathBuf, String>) -> Vec<Finding> {
    let summary = pages.get(Path::new(SUMMARY)).map_or("", String::as_str);
    let chapters = book::chapters(summary);
    let inside = pages.keys().filter(|path| path.starts_with("docs") && *path != Path::new(SUMMARY));
    inside
        .filter_map(|path| {
            let times = chapters.iter().filter(|chapter| *chapter == path).count();
            let found = format!("{} is {times} chapters", path.display());
            (times != 1).then(|| Finding::new(SUMMARY, found, "each page of docs/ to be one"))
        })
        .collect()
}
