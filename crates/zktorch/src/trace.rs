//! `--trace FILE`: the spans of a run as a Chrome trace, for `chrome://tracing` or <https://ui.perfetto.dev>.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Subscriber;
use tracing_chrome::{ChromeLayer, ChromeLayerBuilder, FlushGuard};
use tracing_subscriber::registry::LookupSpan;

use crate::Error;
use crate::error::IoContext;
use crate::files::{Access, PendingFile};

/// A trace that is being recorded. It appears under its name when [`finish`](Self::finish) is called, complete, or not at all.
pub struct Trace {
    file: PendingFile,
    /// Dropping it ends the thread that writes.
    guard: FlushGuard,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Trace {
    /// Begins a trace; the layer records spans (of every thread, with their fields) and events.
    ///
    /// # Errors
    /// [`Error::File`] if no file can be created beside `path`.
    pub fn start<S>(path: &Path) -> Result<(Self, ChromeLayer<S>), Error>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let mut file = PendingFile::create(path, Access::Ordinary)?;
        let output =
            file.file().and_then(|file| file.try_clone()).action("write").map_err(|error| error.at(path))?;
        let failure = Arc::default();
        let writer = Writer { output, failure: Arc::clone(&failure) };
        let builder = ChromeLayerBuilder::new().writer(writer).include_args(true).include_locations(false);
        let (layer, guard) = builder.build();
        Ok((Self { file, guard, failure }, layer))
    }

    /// Ends the trace and gives it its name. Returns the name.
    ///
    /// # Errors
    /// [`Error::File`] for whatever went wrong while it was written.
    pub fn finish(self) -> Result<PathBuf, Error> {
        let Self { file, guard, failure } = self;
        drop(guard);
        let failure = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = failure {
            return Err(Error::Io { action: "write", error }.at(file.path()));
        }
        file.finish()
    }
}

/// Keeps the first error: the thread that writes cannot report one.
struct Writer {
    output: File,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl Writer {
    fn keep(&self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.output.write_all(bytes);
        self.keep(result);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.output.flush();
        self.keep(result);
        Ok(())
    }
}
