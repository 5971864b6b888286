//! The Python package: its wheel, built with maturin, in an environment in which nothing of this repository is but the wheel.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::counts::Counts;
use super::process::{self, Finished};
use super::stage::{Outcome, clean, count};
use crate::python;
use crate::workspace::Workspace;

/// The crate, below the root.
const CRATE: &str = "crates/zktorch-python";

/// Builds and installs the wheel; mypy and pytest.
pub(super) fn test(workspace: &Workspace) -> Result<Outcome> {
    let (package, folder) = (workspace.root.join(CRATE), workspace.root.join("target").join("python"));
    // The tools are kept; what is tested is installed anew.
    let tools = match python::environment(&package.join("requirements.txt"), &folder) {
        Ok(python) => python,
        Err(error) => return Ok(Outcome::Skipped { reason: format!("no Python to build with: {error:#}") }),
    };
    let wheels = folder.join("wheels");
    if wheels.is_dir() {
        fs::remove_dir_all(&wheels).with_context(|| format!("cannot empty {}", wheels.display()))?;
    }
    let mut build = clean(Command::new(&tools));
    build.args(["-m", "maturin", "build", "--release", "--locked", "--auditwheel=skip", "--manifest-path"]);
    build.arg(package.join("Cargo.toml")).arg("--interpreter").arg(&tools).arg("--out").arg(&wheels);
    if !process::run(&mut build)?.success {
        return Ok(Outcome::Check { passed: false });
    }
    // That a wheel cannot be installed is a failure, not a machine that lacks something: the tools were there.
    let fresh = match fresh(&folder, &wheel(&wheels)?, &package.join("tests").join("requirements.txt")) {
        Ok(python) => python,
        Err(error) => {
            println!("the wheel is not installed: {error:#}");
            return Ok(Outcome::Check { passed: false });
        }
    };
    let mypy = run(&fresh, &package, &["-m", "mypy"])?;
    let tests = run(&fresh, &package, &["-m", "pytest", "--color=no", "-p", "no:cacheprovider"])?;
    let checked = Counts { passed: mypy.success.into(), failed: (!mypy.success).into() };
    Ok(Outcome::Tests([checked, count(&tests).counts()].into_iter().sum()))
}

/// The only wheel in a folder.
fn wheel(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = files.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()?;
    match paths.as_slice() {
        [wheel] => Ok(wheel.clone()),
        _ => bail!("{}: expected one wheel, got {}", folder.display(), paths.len()),
    }
}

/// The interpreter of an environment with a wheel and these packages, and nothing else.
fn fresh(folder: &Path, wheel: &Path, requirements: &Path) -> Result<PathBuf> {
    let venv = folder.join("fresh");
    let system = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    python::step(Command::new(&system).args(["-m", "venv", "--clear"]).arg(&venv))?;
    let python = venv.join("bin").join("python");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]);
    python::step(pip.arg(wheel).arg("--requirement").arg(requirements))
        .context("packages cannot be installed from PyPI (is there a network?)")?;
    Ok(python)
}

fn run(python: &Path, package: &Path, args: &[&str]) -> Result<Finished> {
    process::run(Command::new(python).args(args).current_dir(package))
}
