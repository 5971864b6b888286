//! Packages of PyPI that a subcommand needs, in a virtual environment under `target/`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The interpreter of the environment in a folder, which is made if it is not there or holds something else than the
/// requirements file says.
pub(crate) fn environment(requirements: &Path, folder: &Path) -> Result<PathBuf> {
    let path = requirements;
    let requirements = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let venv = folder.join("venv");
    let python = venv.join("bin").join("python");
    // Written last: an installation that was interrupted is made again.
    let installed = venv.join("installed.txt");
    if python.exists() && fs::read_to_string(&installed).is_ok_and(|text| text == requirements) {
        return Ok(python);
    }
    eprintln!(
        "installing {} into {}",
        requirements.split_whitespace().collect::<Vec<_>>().join(", "),
        venv.display()
    );
    make(&venv)?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "1",
        "--requirement",
    ]);
    step(pip.arg(path)).context("packages cannot be installed from PyPI (is there a network?)")?;
    fs::write(&installed, requirements).with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(python)
}

/// The interpreter of an environment without packages in a folder, which is made if it is not there.
pub(crate) fn interpreter(folder: &Path) -> Result<PathBuf> {
    let venv = folder.join("venv");
    let python = venv.join("bin").join("python");
    if !python.exists() {
        make(&venv)?;
    }
    Ok(python)
}

fn make(venv: &Path) -> Result<()> {
    let system = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    step(Command::new(&system).args(["-m", "venv", "--clear"]).arg(venv))
        .context("no virtual environment can be made")
}

/// Runs a command; what it printed last if it fails.
pub(crate) fn step(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it printed nothing");
        bail!("{program} ended with {}: {last}", output.status);
    }
    Ok(())
}
