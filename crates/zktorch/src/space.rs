//! Room on the disk, asked for before long work begins.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, folder_of, is_special};

/// Requires room for files of these sizes in bytes. Files that are replaced stay until the new ones are complete, so they give none.
/// `free` says how many bytes a folder's file system has left, as [`free_bytes`] does; where it cannot tell, writing will.
///
/// # Errors
/// [`Error::Space`], naming the folder of the first file on a file system that is too full for what goes there.
pub fn require(files: &[(&Path, u64)], free: impl Fn(&Path) -> io::Result<u64>) -> Result<(), Error> {
    let mut needed: BTreeMap<Volume, (&Path, u64)> = BTreeMap::new();
    for (path, bytes) in files.iter().filter(|(path, _)| !is_special(path)) {
        let folder = folder_of(path);
        let (_, sum) = needed.entry(Volume::of(folder)).or_insert((folder, 0));
        *sum = sum.saturating_add(*bytes);
    }
    for (folder, needed) in needed.into_values() {
        match free(folder) {
            Ok(free) if free < needed => {
                return Err(Error::Space { folder: folder.to_path_buf(), needed, free });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Bytes that this user can still write in a folder.
///
/// # Errors
/// Those of the operating system.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    fs4::available_space(folder)
}

/// What folders share their free space with.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Volume {
    /// The number of a file system.
    #[cfg(unix)]
    Device(u64),
    /// A folder of which no more is known.
    Folder(PathBuf),
}

impl Volume {
    fn of(folder: &Path) -> Self {
        #[cfg(unix)]
        if let Ok(metadata) = std::fs::metadata(folder) {
            return Self::Device(std::os::unix::fs::MetadataExt::dev(&metadata));
        }
        Self::Folder(folder.to_path_buf())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_file_system_are_summed() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let (a, b) = (folder.path().join("a"), inner.join("b"));
        let check = |sizes: [u64; 2], free: u64| require(&[(&a, sizes[0]), (&b, sizes[1])], |_| Ok(free));
        check([600, 400], 1000).unwrap();
        check([0, 0], 0).unwrap();
        check([u64::MAX, u64::MAX], u64::MAX).unwrap();
        let message = |result: Result<(), Error>| result.unwrap_err().to_string();
        if cfg!(unix) {
            let expected = format!(
                "not enough room in {}: 1001 bytes are needed, 1000 are free",
                folder.path().display()
            );
            assert_eq!(message(check([600, 401], 1000)), expected);
        }
        assert!(message(check([1001, 0], 1000)).contains("1001 bytes are needed"));
        assert!(message(check([0, 1], 0)).contains("1 bytes are needed, 0 are free"));
    }

    #[test]
    fn every_file_system_is_asked() {
        // Folders that do not exist are taken for file systems of their own.
        let (a, b) = (Path::new("no/such/a/file"), Path::new("no/such/b/file"));
        let free = |folder: &Path| Ok(if folder.ends_with("a") { 100 } else { 10 });
        require(&[(a, 100), (b, 10)], free).unwrap();
        let error = require(&[(a, 100), (b, 11)], free).unwrap_err();
        assert_eq!(error.to_string(), "not enough room in no/such/b: 11 bytes are needed, 10 are free");
        // Where nobody can tell there is no reason to stop.
        require(&[(a, u64::MAX)], |_| Err(io::Error::from(io::ErrorKind::Unsupported))).unwrap();
        require(&[], |_| Ok(0)).unwrap();
    }

    #[test]
    fn this_machine_tells() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        assert!(free_bytes(folder.path()).unwrap() > 0);
        require(&[(&file, 1)], free_bytes).unwrap();
        assert!(require(&[(&file, u64::MAX)], free_bytes).is_err());
        assert!(
            require(&[(Path::new("file"), u64::MAX)], free_bytes)
                .unwrap_err()
                .to_string()
                .contains(" in .: ")
        );
    }
}
