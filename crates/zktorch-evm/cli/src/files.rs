//! Reading with a limit, writing at once.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The whole of a regular file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let name = || path.display().to_string();
    if !fs::metadata(path).with_context(|| format!("cannot open {}", name()))?.is_file() {
        bail!("{}: expected a regular file, found something else", name());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot open {}", name()))?;
    file.take(limit + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", name()))?;
    if bytes.len() as u64 > limit {
        bail!("{}: expected at most {limit} bytes, found more", name());
    }
    Ok(bytes)
}

/// The bytes of a file of hexadecimal digits, with `0x` before them or not.
pub(crate) fn read_hex(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let text = read(path, 2 * limit + 4)?;
    let text = String::from_utf8_lossy(&text);
    let digits = text.trim();
    hex::decode(digits.strip_prefix("0x").unwrap_or(digits))
        .with_context(|| format!("{}: expected hexadecimal digits", path.display()))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn fill(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Makes a folder with these files at once: it is there with all of them, or not at all.
pub(crate) fn write_folder(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let name = folder.display();
    if fs::symlink_metadata(folder).is_ok() {
        bail!("{name} is there already: expected the name of a folder to make");
    }
    let temporary = builder().tempdir_in(parent(folder));
    let temporary = temporary.with_context(|| format!("cannot make a folder beside {name}"))?;
    for (file, bytes) in files {
        fill(&temporary.path().join(file), bytes)?;
    }
    fs::rename(temporary.path(), folder).with_context(|| format!("cannot make {name}"))?;
    // It has another name now: nothing is left to remove.
    let _ = temporary.keep();
    Ok(())
}

/// Writes a file at once: it has its old content or the new one, never a part.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.display();
    let temporary = tempfile::Builder::new().prefix(".zktorch-").tempfile_in(parent(path));
    let mut temporary = temporary.with_context(|| format!("cannot make a file beside {name}"))?;
    temporary.write_all(bytes).with_context(|| format!("cannot write {name}"))?;
    temporary.as_file().sync_all().with_context(|| format!("cannot write {name}"))?;
    temporary.persist(path).with_context(|| format!("cannot replace {name}"))?;
    Ok(())
}

#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    // The mask takes away what the user does not want.
    builder.prefix(".zktorch-").permissions(fs::Permissions::from_mode(0o777));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".zktorch-");
    builder
}
