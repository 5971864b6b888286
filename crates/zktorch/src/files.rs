//! Reading with a limit, writing at once.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zktorch_commit::Srs;

use crate::Error;
use crate::error::IoContext;
use crate::interrupt::Temporary;

/// The whole of a regular file of at most `limit` bytes. Allocates what the file has, not more.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let read = || {
        let (mut file, size) = open(path)?;
        if size > limit {
            return Err(Error::too_large("file", size, limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        // It may grow while it is read: one byte more than allowed is enough to notice.
        let got = (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes).action("read")? as u64;
        if got > limit {
            return Err(Error::too_large("file", got, limit));
        }
        Ok(bytes)
    };
    read().map_err(|error| error.at(path))
}

/// Opens a regular file (a pipe would block, a device has no length).
pub(crate) fn open(path: &Path) -> Result<(File, u64), Error> {
    // Asked before opening: to open a pipe is to wait for its writer.
    if !fs::metadata(path).action("open")?.is_file() {
        return Err(Error::format("file", "type", "a regular file", "something else"));
    }
    let file = File::open(path).action("open")?;
    let size = file.metadata().action("read the size")?.len();
    Ok((file, size))
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever the user's mask lets.
    Ordinary,
    /// The owner alone (mode 0600 on Unix), from the moment of creation.
    Owner,
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes a file at once: `write` fills a temporary file with a unique name in the same folder, which replaces `path` when it is
/// complete and on the disk. Whatever goes wrong, `path` holds the old content or the new one, never a part; an interrupted process
/// removes the temporary file ([`interrupt`](crate::interrupt)).
pub(crate) fn write_atomically(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut File) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut pending = PendingFile::create(path, access)?;
    pending.file().action("write").and_then(write).map_err(|error| error.at(path))?;
    pending.finish().map(drop)
}

/// Whether there is something that is neither a file nor a folder: a device such as `/dev/null`, a pipe. It
/// is written to, never replaced, and nothing is put beside it.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Where the SRS of a key, or its verifier part, is: beside it.
pub fn srs_path(key: &Path) -> PathBuf {
    beside(key, ".srs")
}

/// Where the proving key of a shard is: beside the one of the whole.
pub fn shard_path(key: &Path, index: usize) -> PathBuf {
    beside(key, &format!(".shard{index}"))
}

/// Where `info` writes the verifier part of an SRS: beside it.
pub fn srs_part_path(srs: &Path) -> PathBuf {
    beside(srs, ".part")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

/// A file that is being written beside the one that it will replace.
#[derive(Debug)]
pub(crate) struct PendingFile {
    path: PathBuf,
    temporary: Temporary,
}

impl PendingFile {
    pub(crate) fn create(path: &Path, access: Access) -> Result<Self, Error> {
        // What goes to a device waits where temporary files of all programs are, for the owner alone.
        let (folder, access) = match is_special(path) {
            true => (std::env::temp_dir(), Access::Owner),
            false => (folder_of(path).to_path_buf(), access),
        };
        let created = Temporary::create(|| create(&folder, access));
        let created = created.action("create a temporary file beside it");
        let temporary = created.map_err(|error: Error| error.at(path))?;
        Ok(Self { path: path.to_path_buf(), temporary })
    }

    /// What it will be called.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&mut self) -> std::io::Result<&mut File> {
        self.temporary.file()
    }

    /// Gives the file its name when it is on the disk. Returns the name.
    pub(crate) fn finish(self) -> Result<PathBuf, Error> {
        let Self { path, mut temporary } = self;
        if is_special(&path) {
            let mut copy = || {
                let file = temporary.file()?;
                file.rewind()?;
                std::io::copy(file, &mut File::options().write(true).open(&path)?).map(drop)
            };
            copy().action("write").map_err(|error: Error| error.at(&path))?;
            return Ok(path);
        }
        let replace = || {
            temporary.file().and_then(|file| file.sync_all()).action("write")?;
            temporary.persist(&path).action("replace")?;
            sync_folder(folder_of(&path)).action("write the folder")
        };
        replace().map_err(|error: Error| error.at(&path))?;
        Ok(path)
    }
}

/// Writes the prover's SRS at once.
///
/// # Errors
/// [`Error::File`]; the old file, if any, is then untouched.
pub fn write_srs(path: &Path, srs: &Srs) -> Result<(), Error> {
    write_atomically(path, Access::Ordinary, |file| srs.write_to(file).action("write"))
}

/// Writes a page at once. One that only its owner may read tells of a run what its statement does not.
///
/// # Errors
/// [`Error::File`]; the old file, if any, is then untouched.
pub fn write_page(path: &Path, page: &str, secret: bool) -> Result<(), Error> {
    let access = if secret { Access::Owner } else { Access::Ordinary };
    write_bytes(path, access, page.as_bytes())
}

/// Writes these bytes at once.
pub(crate) fn write_bytes(path: &Path, access: Access, bytes: &[u8]) -> Result<(), Error> {
    write_atomically(path, access, |file| file.write_all(bytes).action("write"))
}

#[cfg(unix)]
fn create(folder: &Path, access: Access) -> std::io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match access {
        Access::Ordinary => 0o666, // the mask takes away what the user does not want
        Access::Owner => 0o600,
    };
    tempfile::Builder::new()
        .prefix(".zktorch-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
}

#[cfg(not(unix))]
fn create(folder: &Path, _: Access) -> std::io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".zktorch-").tempfile_in(folder)
}

/// Makes the new name durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        fs::write(&path, [7; 100]).unwrap();
        assert_eq!(read_limited(&path, 100).unwrap(), [7; 100]);
        let message = read_limited(&path, 99).unwrap_err().to_string();
        assert!(message.contains("100 bytes") && message.contains("99"), "{message}");
        assert!(read_limited(folder.path(), 100).unwrap_err().to_string().contains("a regular file"));
        assert!(
            read_limited(&folder.path().join("none"), 100).unwrap_err().to_string().contains("cannot open")
        );
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        write_bytes(&path, Access::Ordinary, b"old").unwrap();
        let failed = write_atomically(&path, Access::Ordinary, |file| {
            file.write_all(b"half").action("write")?;
            Err(Error::format("test", "body", "success", "failure"))
        });
        assert!(failed.unwrap_err().to_string().contains("data: test: body"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_bytes(&path, Access::Ordinary, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(write_bytes(&folder.path().join("no/such"), Access::Ordinary, b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_to_and_stay() {
        let null = Path::new("/dev/null");
        assert!(is_special(null) && !is_special(Path::new("/dev")) && !is_special(Path::new("/no/such")));
        write_bytes(null, Access::Ordinary, b"gone").unwrap();
        assert!(is_special(null));
        assert_eq!(srs_path(Path::new("a/k.pk")), Path::new("a/k.pk.srs"));
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_the_owners() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        // A file that others may read is replaced, not rewritten.
        fs::write(&path, b"old").unwrap();
        write_atomically(&path, Access::Owner, |file| {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            file.write_all(b"secret").action("write")
        })
        .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
