//! Ctrl-C: the process ends at once, and no temporary file stays behind.
//!
//! A signal runs no destructors, so the temporary files that exist are listed here. They appear, are renamed and disappear under
//! one lock, which the thread that handles signals never gives back: a file is removed by it, or complete under its name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, TempDir};

/// The temporary files of this process.
static TEMPORARIES: List = List::new();

/// Names of files that are removed when the process is interrupted.
#[derive(Debug)]
struct List(Mutex<BTreeSet<PathBuf>>);

impl List {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        // A set of names is consistent whatever happened to a thread that held it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&'static self, create: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Temporary> {
        let mut listed = self.lock();
        let file = create()?;
        listed.insert(file.path().to_path_buf());
        Ok(Temporary { list: self, file: Some(file) })
    }

    fn create_folder(&'static self, parent: &Path) -> io::Result<TemporaryFolder> {
        let mut listed = self.lock();
        let folder = tempfile::Builder::new().prefix(".zktorch-").tempdir_in(parent)?;
        listed.insert(folder.path().to_path_buf());
        Ok(TemporaryFolder { list: self, folder: Some(folder) })
    }

    /// Removes all files. While the result lives none is created or renamed.
    fn remove_all(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        let mut listed = self.lock();
        for path in std::mem::take(&mut *listed) {
            // Nobody is left to hear of what cannot be removed.
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
        listed
    }
}

/// A file that will have another name, or none.
#[derive(Debug)]
pub(crate) struct Temporary {
    list: &'static List,
    /// There until it is renamed or removed.
    file: Option<NamedTempFile>,
}

impl Temporary {
    /// Creates a file and lists it.
    pub(crate) fn create(create: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        TEMPORARIES.create(create)
    }

    /// The open file.
    pub(crate) fn file(&mut self) -> io::Result<&mut File> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        self.file.as_mut().map(NamedTempFile::as_file_mut).ok_or_else(gone)
    }

    /// Gives the file its name, in the place of what has it now.
    pub(crate) fn persist(mut self, path: &Path) -> io::Result<()> {
        let mut listed = self.list.lock();
        let Some(file) = self.file.take() else { return Ok(()) };
        listed.remove(file.path());
        // A failure drops the file, which removes it.
        file.persist(path).map(drop).map_err(|failed| failed.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let mut listed = self.list.lock();
            listed.remove(file.path());
            drop(file);
        }
    }
}

/// A folder for the owner alone, which is gone with everything in it at the end of its life or of the process.
#[derive(Debug)]
pub struct TemporaryFolder {
    list: &'static List,
    /// There until it is removed.
    folder: Option<TempDir>,
}

impl TemporaryFolder {
    /// A new one inside of another.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn create(parent: &Path) -> io::Result<Self> {
        TEMPORARIES.create_folder(parent)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), TempDir::path)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take() {
            let mut listed = self.list.lock();
            listed.remove(folder.path());
            drop(folder);
        }
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP remove what is temporary, call `farewell` with the signal's name and end the process with
/// status 128 + number of the signal (130 for Ctrl-C). A signal that the process was started to ignore (`nohup`, a job in the
/// background of a script) stays ignored.
///
/// # Errors
/// Those of the operating system, when it refuses handlers or a thread.
#[cfg(unix)]
pub fn handle(farewell: impl FnOnce(&str) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_signals();
    let handled = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| match ignored {
        Some(mask) => (mask >> (signal - 1)) & 1 == 0,
        // Long runs are started with nohup: where nobody tells, a closed terminal is not a reason to end.
        None => *signal != SIGHUP,
    });
    let mut signals = signal_hook::iterator::Signals::new(handled)?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // Held until the end.
            let _held = TEMPORARIES.remove_all();
            farewell(signal_hook::low_level::signal_name(signal).unwrap_or("a signal"));
            std::process::exit(128 + signal);
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(())
}

/// Elsewhere a temporary file stays behind.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn handle(_: impl FnOnce(&str) + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Bit n - 1 stands for signal n. Known on Linux.
#[cfg(unix)]
fn ignored_signals() -> Option<u64> {
    parse_ignored(&fs::read_to_string("/proc/self/status").ok()?)
}

/// The line is "SigIgn:", white space, sixteen hexadecimal digits.
#[cfg(unix)]
fn parse_ignored(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Other tests of this process write files too: every test that empties a list has its own.
    fn list() -> &'static List {
        Box::leak(Box::new(List::new()))
    }

    fn temporary(list: &'static List, folder: &Path) -> io::Result<Temporary> {
        list.create(|| tempfile::Builder::new().prefix(".zktorch-").tempfile_in(folder))
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn files_are_renamed_or_gone() {
        let (folder, list) = (tempfile::tempdir().unwrap(), list());
        let first = temporary(list, folder.path()).unwrap();
        first.persist(&folder.path().join("a")).unwrap();
        assert_eq!(count(folder.path()), 1);
        drop(temporary(list, folder.path()).unwrap());
        assert_eq!(count(folder.path()), 1);
        assert!(temporary(list, folder.path()).unwrap().persist(&folder.path().join("none/b")).is_err());
        assert_eq!(count(folder.path()), 1);
        assert!(list.lock().is_empty());
    }

    #[test]
    fn an_interruption_removes_what_is_there_and_lets_nothing_follow() {
        let (folder, list) = (tempfile::tempdir().unwrap(), list());
        let (kept, renamed) =
            (temporary(list, folder.path()).unwrap(), temporary(list, folder.path()).unwrap());
        let other = tempfile::tempdir().unwrap();
        let elsewhere = temporary(list, other.path()).unwrap();
        assert_eq!((count(folder.path()), count(other.path())), (2, 1));
        let held = list.remove_all();
        assert_eq!((count(folder.path()), count(other.path())), (0, 0));

        // While the process ends other threads still run.
        let (sender, receiver) = mpsc::channel();
        let path = folder.path().to_path_buf();
        let thread = std::thread::spawn(move || {
            sender.send("started").unwrap();
            let created = temporary(list, &path).unwrap();
            sender.send("created").unwrap();
            drop(created);
            // Its file is gone.
            assert!(renamed.persist(&path.join("target")).is_err());
        });
        assert_eq!(receiver.recv(), Ok("started"));
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "created while interrupted");
        assert_eq!(count(folder.path()), 0);
        drop(held);
        thread.join().unwrap();
        assert_eq!(count(folder.path()), 0);
        drop((kept, elsewhere));
    }

    #[cfg(unix)]
    #[test]
    fn ignored_signals_are_read() {
        assert_eq!(parse_ignored("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"), Some(0x1001));
        for bad in ["", "SigIgn:", "SigIgn: x", "SigIgn: 10000000000000000"] {
            assert_eq!(parse_ignored(bad), None, "{bad}");
        }
        #[cfg(target_os = "linux")]
        assert!(ignored_signals().is_some());
    }
}
