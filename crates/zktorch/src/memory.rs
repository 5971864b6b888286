//! The anonymous memory of this process over time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the system is asked.
const PERIOD: Duration = Duration::from_millis(10);

/// Watches how much anonymous memory is resident: what the process took for itself, without the pages of mapped files, which the
/// system drops when it needs the room.
#[derive(Debug)]
pub struct AnonymousPeak {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Option<u64>>,
}

impl AnonymousPeak {
    /// Begins. The system is asked every 10 ms, so a peak that is shorter may be missed.
    pub fn watch() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut peak = None;
            loop {
                peak = peak.max(anonymous_bytes());
                if stopped.load(Ordering::Relaxed) {
                    return peak;
                }
                thread::park_timeout(PERIOD);
            }
        });
        Self { stop, thread }
    }

    /// The most so far, in bytes. Known on Linux.
    pub fn end(self) -> Option<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().ok().flatten()
    }
}

/// `RssAnon` of `/proc/self/status`.
fn anonymous_bytes() -> Option<u64> {
    status_bytes(&std::fs::read_to_string("/proc/self/status").ok()?, "RssAnon:")
}

/// A line such as `VmHWM:     1234 kB`, where kB means 1024 bytes.
pub(crate) fn status_bytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_peak_that_has_passed_is_remembered() {
        const BYTES: u64 = 64 << 20;
        let watch = AnonymousPeak::watch();
        let block = vec![1u8; BYTES as usize];
        thread::sleep(10 * PERIOD);
        assert_eq!(block.iter().map(|byte| u64::from(*byte)).sum::<u64>(), BYTES);
        drop(block);
        assert!(watch.end().unwrap() >= BYTES);
    }

    #[test]
    fn lines_are_found_by_their_names() {
        let status = "Name:\tx\nVmHWM:\t   12 kB\nRssAnon:\t    7 kB\nRssFile:\t 9 MB\n";
        assert_eq!(status_bytes(status, "VmHWM:"), Some(12 << 10));
        assert_eq!(status_bytes(status, "RssAnon:"), Some(7 << 10));
        assert_eq!(status_bytes(status, "RssFile:"), None);
        assert_eq!(status_bytes(status, "RssShmem:"), None);
    }
}
