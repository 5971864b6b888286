//! What the rules look at: the members of the workspace, their manifests, edges and source files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// The workspace as `cargo metadata` and the manifests describe it.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) members: Vec<Member>,
}

/// One crate of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    /// Its folder, relative to the root.
    pub(crate) dir: PathBuf,
    /// The parsed `Cargo.toml`.
    pub(crate) manifest: toml::Table,
    /// Its direct dependencies of every kind (normal, build, dev), in manifest order.
    pub(crate) dependencies: Vec<Edge>,
}

/// One dependency.
pub(crate) struct Edge {
    pub(crate) to: String,
    /// For tests, examples and benches only.
    pub(crate) dev: bool,
    /// The features that it switches on.
    pub(crate) features: Vec<String>,
}

impl Member {
    /// Whether this is one of the published libraries, in `crates/`.
    pub(crate) fn is_library(&self) -> bool {
        self.dir.starts_with("crates")
    }

    /// Whether this is one of the crates that crates.io gets: the packages for Python and for browsers go elsewhere.
    pub(crate) fn is_published(&self) -> bool {
        let publish = self.manifest.get("package").and_then(|package| package.get("publish"));
        publish.and_then(toml::Value::as_bool) != Some(false)
    }

    /// Its own version, which `cargo xtask tidy` wants in its manifest.
    pub(crate) fn version(&self) -> Option<&str> {
        self.manifest.get("package")?.get("version")?.as_str()
    }

    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.dir.join("Cargo.toml")
    }
}

impl Workspace {
    /// Reads the workspace that this xtask belongs to.
    pub(crate) fn load() -> Result<Self> {
        let root = root()?;
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata failed")?;
        let mut members = Vec::new();
        for package in metadata.workspace_packages() {
            let manifest_path = package.manifest_path.as_std_path();
            let dir = manifest_path.parent().context("a manifest has a folder")?;
            members.push(Member {
                name: package.name.to_string(),
                dir: dir.strip_prefix(&root).context("a member lies outside the workspace")?.to_path_buf(),
                manifest: read_toml(manifest_path)?,
                dependencies: package.dependencies.iter().map(edge).collect(),
            });
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root, members })
    }

    /// Every Rust source file of every member, relative to the root, sorted.
    pub(crate) fn source_files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for member in &self.members {
            collect_sources(&self.root, &member.dir, &mut files)?;
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}

fn edge(dependency: &cargo_metadata::Dependency) -> Edge {
    Edge {
        to: dependency.name.clone(),
        dev: dependency.kind == DependencyKind::Development,
        features: dependency.features.clone(),
    }
}

/// The workspace's root folder: the parent of this crate's.
pub(crate) fn root() -> Result<PathBuf> {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = here.parent().context("xtask has no parent folder")?;
    root.canonicalize().with_context(|| format!("cannot resolve {}", root.display()))
}

/// Reads and parses one TOML file.
pub(crate) fn read_toml(path: &Path) -> Result<toml::Table> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is not valid TOML", path.display()))
}

/// Every file below a folder, relative to it, sorted. A link is what it points at.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inside) = folders.pop() {
        let path = folder.join(&inside);
        for entry in fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))? {
            let entry = entry?;
            let name = inside.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else {
                files.push(name);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn collect_sources(root: &Path, dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(root.join(dir)).with_context(|| format!("cannot list {}", dir.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let path = dir.join(&name);
        if entry.file_type()?.is_dir() {
            let hidden = name.to_string_lossy().starts_with('.');
            if !hidden && name != "target" {
                collect_sources(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
