//! The verifier on chain: its workspace is checked and tested, and its contracts compiled again with the pinned compiler.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::counts::Counts;
use super::process;
use super::stage::{Outcome, cargo, count};
use crate::npm;
use crate::python::step;
use crate::workspace::Workspace;

/// The workspace of its own, below the root.
const FOLDER: &str = "crates/zktorch-evm";
/// Set where nothing may be missing: there a contract that is not compiled again is a failure.
const REQUIRED: &str = "ZKTORCH_REQUIRE_CONTRACTS";

/// rustfmt, clippy, all tests (which run the contracts on a chain in memory), and the compiler.
pub(super) fn test(workspace: &Workspace) -> Result<Outcome> {
    let folder = workspace.root.join(FOLDER);
    let run = |arguments: &[&str]| process::run(cargo().args(arguments).current_dir(&folder));
    let mut counts = Counts::default();
    let mut check = |passed: bool| {
        counts.passed += u64::from(passed);
        counts.failed += u64::from(!passed);
    };
    check(run(&["fmt", "--all", "--check"])?.success);
    check(run(&["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny=warnings"])?.success);
    match compiler(workspace, &folder.join("contracts")) {
        Ok(same) => check(same),
        Err(error) if env::var_os(REQUIRED).is_some() => {
            println!("{REQUIRED} is set, and {error:#}");
            check(false);
        }
        Err(error) => println!("the contracts are not compiled again: {error:#}"),
    }
    let tests = count(&run(&["test", "--locked", "--workspace", "--no-fail-fast"])?);
    Ok(Outcome::Tests([counts, tests.counts()].into_iter().sum()))
}

/// Whether the committed artifacts are what the pinned compiler makes of the contracts.
///
/// # Errors
/// If there is no Node or no npm, or the compiler cannot be installed.
fn compiler(workspace: &Workspace, contracts: &Path) -> Result<bool> {
    let project = project(workspace, contracts)?;
    let script = project.join("build.mjs");
    npm::copy(&contracts.join("build.mjs"), &script)?;
    let mut build = npm::node();
    Ok(process::run(build.arg(script).arg(contracts).current_dir(&project))?.success)
}

/// The folder with the compiler, which is installed if it is not there or another one.
fn project(workspace: &Workspace, contracts: &Path) -> Result<PathBuf> {
    let read =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let project = workspace.root.join("target").join("contracts");
    let wanted = read(&contracts.join("package-lock.json"))?;
    let installed = project.join("installed.json");
    if read(&installed).is_ok_and(|text| text == wanted) {
        return Ok(project);
    }
    npm::make_folder(&project)?;
    for name in ["package.json", "package-lock.json"] {
        npm::copy(&contracts.join(name), &project.join(name))?;
    }
    step(npm::npm().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&project))
        .context("no compiler from npm (Node.js 20 or newer, with npm, and a network)")?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(project)
}
