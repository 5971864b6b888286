//! The package for browsers: built, packed, installed, and tried in Node and in Chromium on proofs that were just made.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::counts::Counts;
use super::process;
use super::stage::{Outcome, cargo, count};
use crate::npm::{self, Package};
use crate::workspace::Workspace;

/// Set where nothing may be missing: there the stage fails instead of being skipped.
const REQUIRED: &str = "ZKTORCH_REQUIRE_BROWSER";
/// The program, if it is not in the path under one of its names.
const CHROMIUM: &str = "ZKTORCH_CHROMIUM";

/// tsc, Node's and Chromium's tests.
pub(super) fn test(workspace: &Workspace) -> Result<Outcome> {
    let tools = npm::project(workspace).and_then(|project| Ok((project, chromium()?)));
    let (project, chromium) = match tools {
        Ok(tools) => tools,
        Err(error) => {
            let reason = format!("{error:#}");
            if env::var_os(REQUIRED).is_none() {
                return Ok(Outcome::Skipped { reason });
            }
            println!("{REQUIRED} is set, and {reason}");
            return Ok(Outcome::Check { passed: false });
        }
    };
    let Package { project, demo } = match npm::build(workspace, project) {
        Ok(package) => package,
        Err(error) => {
            println!("the package is not built: {error:#}");
            return Ok(Outcome::Check { passed: false });
        }
    };
    let files = npm::folder(workspace).join("files");
    prove(workspace, &files)?;

    let tests = project.join("tests");
    npm::make_folder(&tests)?;
    for path in npm::list(&workspace.root.join(npm::CRATE).join("tests"))? {
        npm::copy(&path, &tests.join(path.file_name().unwrap_or_default()))?;
    }
    let mut tsc = npm::node();
    tsc.args(["node_modules/typescript/bin/tsc", "--project", "tests/tsconfig.json"]);
    let typed = process::run(tsc.current_dir(&project))?.success;
    let mut node = npm::node();
    node.args(["--test", "--test-reporter=tap", "--test-concurrency=1"]);
    node.args(["tests/package.test.mjs", "tests/failure.test.mjs", "tests/browser.test.mjs"]);
    node.env("ZKTORCH_PAGE", workspace.root.join("docs").join("browser.md"));
    node.env("ZKTORCH_FILES", &files).env("ZKTORCH_DEMO", demo).env(CHROMIUM, chromium);
    let tests = count(&process::run(node.current_dir(&project))?);
    let typed = Counts { passed: typed.into(), failed: (!typed).into() };
    Ok(Outcome::Tests([typed, tests.counts()].into_iter().sum()))
}

fn chromium() -> Result<PathBuf> {
    if let Some(path) = env::var_os(CHROMIUM) {
        return Ok(path.into());
    }
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let found = names
        .iter()
        .find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| path.exists()));
    found.with_context(|| {
        format!("no Chromium: expected {} in the path, or its place in {CHROMIUM}", names.join(", "))
    })
}

/// Proves the digits' models, each in a folder of its own, with the command line that the tests are built with.
fn prove(workspace: &Workspace, files: &Path) -> Result<()> {
    // The command line with the features of the test stage, whose build serves again.
    let build = ["test", "--workspace", "--exclude", "zktorch-field", "--test", "cli", "--no-run"];
    if !process::run(cargo().args(build))?.success {
        bail!("the command line is not built");
    }
    if files.is_dir() {
        fs::remove_dir_all(files).with_context(|| format!("cannot empty {}", files.display()))?;
    }
    let fixtures = workspace.root.join("fixtures").join("digits");
    let zktorch = workspace.root.join("target").join("debug").join("zktorch");
    let models: [(&str, &str, &[&str], &[&str]); 4] = [
        ("public", "cnn.onnx", &["--image", "gray"], &[]),
        ("private", "mlp.onnx", &["--private", "input"], &[]),
        ("shards", "cnn.onnx", &[], &["--shards", "2"]),
        ("other", "mlp.onnx", &[], &[]),
    ];
    for (name, model, compile, setup) in models {
        let folder = files.join(name);
        npm::make_folder(&folder)?;
        let run = |args: &[&str], more: &[&str]| -> Result<Value> {
            let output = Command::new(&zktorch)
                .args(args)
                .args(more)
                .arg("--json")
                .current_dir(&folder)
                .output()
                .with_context(|| format!("cannot start {}", zktorch.display()))?;
            if !output.status.success() {
                bail!("{} {args:?}: {}", zktorch.display(), String::from_utf8_lossy(&output.stderr));
            }
            serde_json::from_slice(&output.stdout).context("the command line's report")
        };
        let at = |name: &str| fixtures.join(name).to_string_lossy().into_owned();
        let (onnx, calibration, sample) = (at(model), at("calibration.npz"), at("sample.npy"));
        run(&["compile", &onnx, "-o", "model.zkt", "--calibration", &calibration], compile)?;
        let report = run(&["setup", "model.zkt", "--pk", "model.pk", "--vk", "model.vk"], setup)?;
        let context: &[&str] = if name == "other" { &["--context", "a challenge"] } else { &[] };
        let out = ["--proof", "proof.bin", "--statement", "statement.json"];
        run(&[&["prove", "--pk", "model.pk", "--input", &sample][..], &out].concat(), context)?;
        let id = report.get("model_id").and_then(Value::as_str).context("setup reports a model id")?;
        fs::write(folder.join("model.id"), id).context("cannot write model.id")?;
    }
    Ok(())
}
