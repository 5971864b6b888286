//! The crates as crates.io would get them: packed, unpacked, compared with the folders they come from, and used by a program that
//! knows nothing of this workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::counts::Counts;
use super::process;
use super::stage::{Outcome, cargo};
use crate::tidy::LICENSES;
use crate::workspace::{Member, Workspace, files_below};

/// The crates that the program names. What they need of ours comes from the archives, too.
const USED: [&str; 3] = ["zktorch-commit", "zktorch-field", "zktorch-transcript"];
/// The program's page: its first example in Rust.
const PAGE: &str = "README.md";
/// What cargo writes into an archive; the last one in a checkout only.
const WRITTEN: [&str; 4] = ["Cargo.lock", "Cargo.toml", "Cargo.toml.orig", ".cargo_vcs_info.json"];
/// The longest archive: the crates are sources and a page each, and the longest has 215,000 bytes.
const MAX_BYTES: u64 = 400_000;

/// Every archive counts as one check, the program as another.
pub(super) fn test(workspace: &Workspace) -> Result<Outcome> {
    // Cargo 1.90 packs crates that need each other before any of them is published.
    if !packs_workspaces() {
        return Ok(Outcome::Skipped {
            reason: "cargo packs workspaces since 1.90, this one is older".into(),
        });
    }
    let target = workspace.root.join("target");
    let members: Vec<&Member> = workspace.members.iter().filter(|member| member.is_published()).collect();
    let mut pack = cargo();
    pack.args(["package", "--no-verify", "--allow-dirty", "--offline", "--quiet"])
        .arg("--target-dir")
        .arg(&target);
    for member in &members {
        pack.args(["--package", &member.name]);
    }
    if !process::run(&mut pack)?.success {
        return Ok(Outcome::Check { passed: false });
    }

    let folder = target.join("published");
    if folder.is_dir() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut counts = Counts::default();
    for member in members {
        let findings = archive(workspace, member, &target.join("package"), &folder)?;
        for finding in &findings {
            println!("{}: {finding}", member.name);
        }
        counts.passed += u64::from(findings.is_empty());
        counts.failed += u64::from(!findings.is_empty());
    }
    let used = program(workspace, &folder)?;
    Ok(Outcome::Tests([counts, used.counts()].into_iter().sum()))
}

fn packs_workspaces() -> bool {
    let version = process::probe(cargo().arg("--version")).unwrap_or_default();
    minor(&version).is_some_and(|minor| minor >= 90)
}

/// Of `cargo 1.95.0 (f2d3ce0bd 2026-03-21)` the 95.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("cargo 1.")?.split('.').next()?.parse().ok()
}

/// Unpacks a crate into a folder of its own; what is wrong with it.
fn archive(workspace: &Workspace, member: &Member, packed: &Path, folder: &Path) -> Result<Vec<String>> {
    let version = member.version().context("tidy wants a version of every crate")?;
    let name = format!("{}-{version}", member.name);
    let file = packed.join(format!("{name}.crate"));
    let bytes = fs::metadata(&file).with_context(|| format!("cannot read {}", file.display()))?.len();
    let mut tar = Command::new("tar");
    let mut findings = Vec::new();
    if !process::run(tar.arg("-xzf").arg(&file).arg("-C").arg(folder))?.success {
        findings.push(format!("{} is not unpacked", file.display()));
        return Ok(findings);
    }
    // Under the crate's name alone, which the program's manifest needs.
    let unpacked = folder.join(&member.name);
    fs::rename(folder.join(&name), &unpacked)
        .with_context(|| format!("cannot rename {} in {}", name, folder.display()))?;
    if bytes > MAX_BYTES {
        findings.push(format!(
            "{bytes} bytes, expected at most {MAX_BYTES}: is something in it that should not?"
        ));
    }
    let source = workspace.root.join(&member.dir);
    findings.extend(compare(&files_below(&source)?, &files_below(&unpacked)?));
    for file in files_below(&unpacked)?.iter().filter(|file| !WRITTEN.contains(&text(file).as_str())) {
        let read = |folder: &Path| fs::read(folder.join(file)).ok();
        if read(&unpacked) != read(&source) {
            findings.push(format!("{} is another file than the crate's", file.display()));
        }
    }
    for license in LICENSES {
        if fs::read(unpacked.join(license)).ok() != fs::read(workspace.root.join(license)).ok() {
            findings.push(format!("{license} is another text than the repository's"));
        }
    }
    Ok(findings)
}

/// What an archive must hold of a crate's folder, and what it may.
fn compare(source: &[PathBuf], archive: &[PathBuf]) -> Vec<String> {
    let wanted = |file: &&PathBuf| file.starts_with("src") || text(file) == "README.md";
    let missing = source.iter().filter(wanted).filter(|file| !archive.contains(file));
    let mut findings: Vec<String> = missing.map(|file| format!("{} is missing", file.display())).collect();
    let expected = WRITTEN[..3].iter().chain(&LICENSES);
    findings.extend(
        expected
            .filter(|name| !archive.iter().any(|file| text(file) == **name))
            .map(|name| format!("no {name}")),
    );
    let stray =
        archive.iter().filter(|file| !(source.contains(file) || WRITTEN.contains(&text(file).as_str())));
    findings.extend(stray.map(|file| format!("{} comes from nowhere", file.display())));
    let tests = archive.iter().filter(|file| file.starts_with("tests") || file.starts_with("target"));
    findings.extend(tests.map(|file| format!("{} is of no use outside the repository", file.display())));
    findings
}

fn text(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Builds and runs the page's example as a stranger's program, with the unpacked crates in the place of crates.io's.
fn program(workspace: &Workspace, folder: &Path) -> Result<Outcome> {
    let page =
        fs::read_to_string(workspace.root.join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let Some(code) = example(&page) else {
        println!("{PAGE}: no example in Rust");
        return Ok(Outcome::Check { passed: false });
    };
    let program = folder.join("program");
    let write = |name: &str, text: &str| {
        let path = program.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    fs::create_dir_all(program.join("src")).with_context(|| format!("cannot make {}", program.display()))?;
    write("src/main.rs", &code)?;
    write("Cargo.toml", &manifest(workspace)?)?;
    // The versions of this workspace, so that nothing is asked of the network.
    let lock = workspace.root.join("Cargo.lock");
    write(
        "Cargo.lock",
        &fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?,
    )?;
    let mut run = cargo();
    run.args(["run", "--offline", "--quiet", "--target-dir"])
        .arg(workspace.root.join("target").join("stranger"));
    run.env_remove("RUSTFLAGS").current_dir(&program);
    Ok(Outcome::Check { passed: process::run(&mut run)?.success })
}

/// Names [`USED`] as crates.io would offer them; `patch` says where all crates of ours are.
fn manifest(workspace: &Workspace) -> Result<String> {
    let mut text = String::from(
        "[package]\nname = \"stranger\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n",
    );
    for name in USED {
        let member = workspace.members.iter().find(|member| member.name == name);
        let version = member.and_then(Member::version).with_context(|| format!("no crate {name}"))?;
        text += &format!("{name} = {version:?}\n");
    }
    text += "\n[patch.crates-io]\n";
    for name in closure(&workspace.members, &USED) {
        text += &format!("{name} = {{ path = \"../{name}\" }}\n");
    }
    // Built for the first time, run once: no optimisation pays.
    Ok(text + "\n[profile.dev]\ndebug = false\n")
}

/// The crates of the workspace that these are built from, themselves among them.
fn closure<'a>(members: &'a [Member], names: &[&'a str]) -> BTreeSet<&'a str> {
    let mut needed = BTreeSet::new();
    let mut open = names.to_vec();
    while let Some(name) = open.pop() {
        let Some(member) = members.iter().find(|member| member.name == name) else { continue };
        if needed.insert(name) {
            open.extend(member.dependencies.iter().filter(|edge| !edge.dev).map(|edge| edge.to.as_str()));
        }
    }
    needed
}

/// The first fenced block of Rust.
fn example(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("```rust\n")?;
    Some(rest.split_once("\n```")?.0.to_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_cargo_are_read() {
        assert_eq!(minor("cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n"), Some(95));
        assert_eq!(minor("cargo 2.0.0"), None);
    }

    #[test]
    fn the_first_example_in_rust_is_the_program() {
        let page = "```sh\nls\n```\n\n```rust\nfn main() {}\n```\n\n```rust\nfn other() {}\n```\n";
        assert_eq!(example(page).as_deref(), Some("fn main() {}\n"));
        assert_eq!(example("```sh\nls\n```"), None);
    }

    #[test]
    fn missing_and_stray_files_are_found() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let source =
            paths(&["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs", "tests/t.rs"]);
        let of = |own: &[&str]| compare(&source, &paths(&[&WRITTEN, own].concat()));
        let whole = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"];
        assert_eq!(of(&whole), [""; 0]);
        assert_eq!(of(&whole[..3]), ["src/lib.rs is missing"]);
        assert_eq!(of(&whole[1..]), ["no LICENSE-APACHE"]);
        assert_eq!(of(&[&whole[..], &["core.dump"]].concat()), ["core.dump comes from nowhere"]);
        let tests = of(&[&whole[..], &["tests/t.rs"]].concat());
        assert_eq!(tests, ["tests/t.rs is of no use outside the repository"]);
    }
}
