//! `cargo xtask book`: the pages of the repository as one book.
//!
//! A page's links are those of the repository. For the book all pages come into one folder, under other names, and links are
//! written anew; what is not in the book (sources, folders) is named, but not linked to.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::markdown;
use crate::workspace::Workspace;

/// The table of contents.
pub(crate) const SUMMARY: &str = "docs/SUMMARY.md";
const CONFIG: &str = "docs/book.toml";
/// The program, if it is not in the path.
const MDBOOK: &str = "ZKTORCH_MDBOOK";
/// Pictures come along.
const PICTURES: [&str; 3] = ["jpg", "png", "svg"];

/// The subcommand.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::load()?;
    let folder = workspace.root.join("target").join("book");
    if folder.is_dir() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    write(&workspace.root, &pages(&workspace)?, &folder)?;
    let program = env::var_os(MDBOOK).unwrap_or_else(|| "mdbook".into());
    let status = Command::new(&program).arg("build").arg(&folder).status().with_context(|| {
        format!(
            "cannot start {}: expected mdBook in the path (cargo install mdbook --version 0.5.4 --locked), or its place in {MDBOOK}",
            program.display()
        )
    })?;
    if !status.success() {
        bail!("mdBook ended with {status}");
    }
    println!("{}", folder.join("book").join("index.html").display());
    Ok(())
}

/// All pages of the repository, by their paths below the root.
pub(crate) fn pages(workspace: &Workspace) -> Result<BTreeMap<PathBuf, String>> {
    // The last one is a workspace of its own.
    let mut folders = vec![PathBuf::new(), PathBuf::from("docs"), PathBuf::from("crates/zktorch-evm")];
    folders.extend(workspace.members.iter().map(|member| member.dir.clone()));
    let fixtures = Path::new("fixtures");
    for entry in list(&workspace.root.join(fixtures))? {
        folders.extend(entry.file_name().map(|name| fixtures.join(name)));
    }
    let mut pages = BTreeMap::new();
    for folder in folders {
        for path in list(&workspace.root.join(&folder))? {
            if path.is_file() && path.extension().is_some_and(|extension| extension == "md") {
                let text =
                    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                pages.extend(path.file_name().map(|name| (folder.join(name), text)));
            }
        }
    }
    Ok(pages)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The pages that a table of contents names, in its order.
pub(crate) fn chapters(summary: &str) -> Vec<PathBuf> {
    let links = markdown::links(summary).into_iter();
    links.filter_map(|link| Some(markdown::resolve(Path::new(SUMMARY), link.target)?.0)).collect()
}

/// Writes what mdBook builds the book from.
fn write(root: &Path, pages: &BTreeMap<PathBuf, String>, folder: &Path) -> Result<()> {
    let summary = pages.get(Path::new(SUMMARY)).with_context(|| format!("no {SUMMARY}"))?;
    let mut names: BTreeMap<PathBuf, PathBuf> =
        chapters(summary).into_iter().map(|chapter| (chapter.clone(), name(&chapter))).collect();
    names.insert(PathBuf::from(SUMMARY), PathBuf::from("SUMMARY.md"));
    let source = folder.join("src");
    let copy = |from: &Path, to: &Path| -> Result<()> {
        make_parent(to)?;
        fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        Ok(())
    };
    copy(&root.join(CONFIG), &folder.join("book.toml"))?;
    for (path, name) in names.clone() {
        let page = pages.get(&path).with_context(|| format!("{SUMMARY} names {}", path.display()))?;
        let pictures = markdown::links(page).into_iter().filter_map(|link| {
            let (target, _) = markdown::resolve(&path, link.target)?;
            let extension = target.extension()?.to_string_lossy().into_owned();
            (PICTURES.contains(&extension.as_str()) && root.join(&target).is_file()).then_some(target)
        });
        for picture in pictures.collect::<Vec<_>>() {
            copy(&root.join(&picture), &source.join(&picture))?;
            names.insert(picture.clone(), picture);
        }
        let to = source.join(&name);
        make_parent(&to)?;
        fs::write(&to, rewrite(&path, page, &names))
            .with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

fn make_parent(path: &Path) -> Result<()> {
    let parent = path.parent().context("a file has a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))
}

/// A page's name in the book: mdBook gives `README.md` a meaning of its own.
fn name(path: &Path) -> PathBuf {
    let path = path.strip_prefix("docs").unwrap_or(path);
    match (path.file_name(), path.parent()) {
        (Some(file), Some(parent)) if file == "README.md" && parent != Path::new("") => {
            parent.with_extension("md")
        }
        _ => PathBuf::from(path.to_string_lossy().to_lowercase()),
    }
}

/// A page with links to where the pages are in the book.
fn rewrite(path: &Path, page: &str, names: &BTreeMap<PathBuf, PathBuf>) -> String {
    let own = names.get(path).map_or(path, PathBuf::as_path);
    let up = "../".repeat(own.components().count().saturating_sub(1));
    let mut text = String::with_capacity(page.len());
    let mut at = 0;
    for link in markdown::links(page) {
        let Some((target, anchor)) = markdown::resolve(path, link.target) else { continue };
        let name = names.get(&target).or_else(|| names.get(&target.join("README.md")));
        text += &page[at..link.whole.start];
        at = link.whole.end;
        match name {
            Some(name) => {
                let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
                let name = name.to_string_lossy().replace('\\', "/");
                text += &format!("[{}]({up}{name}{anchor})", link.text);
            }
            None => text += link.text,
        }
    }
    text + &page[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_of_the_book_or_nowhere() {
        let names =
            [("docs/a.md", "a.md"), ("crates/x/README.md", "crates/x.md"), ("SECURITY.md", "security.md")];
        let names = names.map(|(path, name)| (path.into(), name.into())).into();
        let page = "[A](../../docs/a.md#b), [`x`](.), [s](src/lib.rs), [w](https://example.org), `[c](d)`\n";
        let expected = "[A](../a.md#b), [`x`](../crates/x.md), s, [w](https://example.org), `[c](d)`\n";
        assert_eq!(rewrite(Path::new("crates/x/README.md"), page, &names), expected);
    }

    #[test]
    fn pages_have_names() {
        for (path, expected) in [
            ("docs/python.md", "python.md"),
            ("SECURITY.md", "security.md"),
            ("crates/zktorch-field/README.md", "crates/zktorch-field.md"),
            ("benches/README.md", "benches.md"),
        ] {
            assert_eq!(name(Path::new(path)), Path::new(expected));
        }
    }

    /// What mdBook gets: every link of every chapter leads to a file of the book.
    #[test]
    fn the_book_is_whole() {
        let workspace = Workspace::load().unwrap();
        let pages = pages(&workspace).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(&workspace.root, &pages, folder.path()).unwrap();
        let source = folder.path().join("src");
        let chapters = chapters(&pages[Path::new(SUMMARY)]);
        assert!(chapters.len() > 20);
        for chapter in chapters {
            let path = name(&chapter);
            let text = fs::read_to_string(source.join(&path)).unwrap();
            for link in markdown::links(&text) {
                if let Some((target, _)) = markdown::resolve(&path, link.target) {
                    assert!(source.join(&target).is_file(), "{}: {}", path.display(), link.target);
                }
            }
        }
    }
}
