//! `cargo xtask npm`: the package for browsers and Node, `@zktorch/verifier`, and its demo page.
//!
//! Everything lies below `target/npm`: `verifier/` is what would be published, `demo.html` the page, `project/` a project with the
//! package and the tools that build and test it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::python::step;
use crate::workspace::{Workspace, read_toml};

/// The crate, below the root.
pub(crate) const CRATE: &str = "crates/zktorch-wasm";
const TARGET: &str = "wasm32-unknown-unknown";
/// What the crates are compiled with: the half of the hash functions' size is for speed that nobody needs.
const FLAGS: &str = r#"target.wasm32-unknown-unknown.rustflags=['--cfg=sha2_backend="soft"','--cfg=sha2_backend_soft="compact"']"#;

/// What was built.
pub(crate) struct Package {
    /// A project with the package and its tools.
    pub(crate) project: PathBuf,
    /// The demo, one page.
    pub(crate) demo: PathBuf,
}

/// The subcommand.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::load()?;
    let project = project(&workspace)?;
    let Package { demo, .. } = build(&workspace, project)?;
    println!("{}\n{}", folder(&workspace).join("verifier").display(), demo.display());
    Ok(())
}

/// The project with the packages of npm that build and test ours, which is made if it is not there or has others.
///
/// # Errors
/// If there is no Node or no npm, or the packages cannot be installed.
pub(crate) fn project(workspace: &Workspace) -> Result<PathBuf> {
    for program in [node(), npm()] {
        let name = program.get_program().to_string_lossy().into_owned();
        let mut version = program;
        step(version.arg("--version"))
            .with_context(|| format!("{name} is needed (Node.js 20 or newer, with npm)"))?;
    }
    let (tools, project) = (workspace.root.join(CRATE).join("tools"), folder(workspace).join("project"));
    let wanted = read(&tools.join("package-lock.json"))?;
    // Written last: an installation that was interrupted is made again.
    let installed = project.join("installed.json");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(project);
    }
    make_folder(&project)?;
    for name in ["package.json", "package-lock.json"] {
        copy(&tools.join(name), &project.join(name))?;
    }
    eprintln!("installing the tools of {CRATE} into {}", project.display());
    step(npm().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&project))
        .context("packages cannot be installed from npm (is there a network?)")?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(project)
}

/// Builds the package and the demo, and installs the package in the project.
pub(crate) fn build(workspace: &Workspace, project: PathBuf) -> Result<Package> {
    let (own, out) = (workspace.root.join(CRATE), folder(workspace));
    let package = out.join("verifier");
    if package.is_dir() {
        fs::remove_dir_all(&package).with_context(|| format!("cannot empty {}", package.display()))?;
    }
    make_folder(&package)?;
    let bindgen = bindgen(workspace)?;
    let library = library(workspace)?;
    // With the function that starts another instance, for when one has failed.
    let mut command = Command::new(bindgen);
    command.args(["--target", "web", "--no-typescript", "--experimental-reset-state-function", "--out-dir"]);
    step(command.arg(&package).arg(library))?;
    // Functions of similar names are similar: side by side they compress better.
    let module = package.join("zktorch_wasm_bg.wasm");
    let mut optimise = node();
    optimise.arg(project.join("node_modules/binaryen/bin/wasm-opt"));
    step(optimise.args(["-Oz", "--reorder-functions-by-name"]).arg(&module).arg("--output").arg(&module))?;
    for entry in list(&own.join("npm"))? {
        copy(&entry, &package.join(entry.file_name().unwrap_or_default()))?;
    }
    for license in ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&workspace.root.join(license), &package.join(license))?;
    }
    let demo = out.join("demo.html");
    step(node().arg(own.join("demo").join("build.mjs")).arg(&package).arg(&demo).current_dir(&project))?;
    install(&package, &out, &project)?;
    Ok(Package { project, demo })
}

/// Packs the package as it would be published, and installs that.
fn install(package: &Path, out: &Path, project: &Path) -> Result<()> {
    step(npm().args(["pack", "--silent", "--pack-destination"]).arg(out).current_dir(package))?;
    let archives = list(out)?;
    let archive = archives.iter().find(|path| path.extension().is_some_and(|suffix| suffix == "tgz"));
    let archive = archive.with_context(|| format!("{}: npm pack left no archive", out.display()))?;
    let flags = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    step(npm().args(flags).arg(archive).current_dir(project))
}

/// The crate as a module: as a library for others, too, it would not be linked as a whole.
fn library(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "rustc",
        "--quiet",
        "--locked",
        "--package",
        "zktorch-wasm",
        "--lib",
        "--crate-type",
        "cdylib",
    ]);
    cargo.args(["--profile", "wasm", "--target", TARGET, "--config", FLAGS]);
    cargo.arg("--target-dir").arg(workspace.root.join("target"));
    step(cargo.current_dir(&workspace.root))
        .with_context(|| format!("zktorch-wasm is not built (rustup target add {TARGET})"))?;
    Ok(workspace.root.join("target").join(TARGET).join("wasm").join("zktorch_wasm.wasm"))
}

/// wasm-bindgen's command, of the library's version. It is installed if it is not there: without optimisation, in a minute, and
/// without what downloads browsers.
fn bindgen(workspace: &Workspace) -> Result<PathBuf> {
    let version = locked_version(workspace, "wasm-bindgen")?;
    let tools = workspace.root.join("target").join("tools");
    let root = tools.join(format!("wasm-bindgen-{version}"));
    let command = root.join("bin").join("wasm-bindgen");
    if command.exists() {
        return Ok(command);
    }
    eprintln!("installing wasm-bindgen-cli {version} into {} (a minute)", root.display());
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["install", "--quiet", "--debug", "--no-default-features", "--bin", "wasm-bindgen"]);
    cargo.args(["wasm-bindgen-cli", "--version", &version]);
    cargo.arg("--root").arg(&root).arg("--target-dir").arg(tools.join("build"));
    // Its lock file names versions of what is left out, too, and a mirror need not have them.
    step(&mut cargo).context("wasm-bindgen-cli cannot be installed from crates.io (is there a network?)")?;
    Ok(command)
}

/// The version of a crate in the lock file.
fn locked_version(workspace: &Workspace, name: &str) -> Result<String> {
    let lock = read_toml(&workspace.root.join("Cargo.lock"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let of = |package: &toml::Value, field: &str| Some(package.get(field)?.as_str()?.to_owned());
    let mut versions = packages
        .filter(|package| of(package, "name").as_deref() == Some(name))
        .filter_map(|package| of(package, "version"));
    match (versions.next(), versions.next()) {
        (Some(version), None) => Ok(version),
        (None, _) => bail!("Cargo.lock: {name}: expected one version, got none"),
        (Some(_), Some(_)) => bail!("Cargo.lock: {name}: expected one version, got several"),
    }
}

pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target").join("npm")
}

pub(crate) fn node() -> Command {
    Command::new(env::var_os("NODE").unwrap_or_else(|| "node".into()))
}

pub(crate) fn npm() -> Command {
    Command::new(env::var_os("NPM").unwrap_or_else(|| "npm".into()))
}

pub(crate) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// The files of a folder.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
