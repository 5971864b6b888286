//! A process under a cap of time and of memory. What goes over is ended, and that is a result, not a crash.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often the process is looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// The most that a process may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) time: Duration,
    /// Resident bytes.
    pub(crate) memory: u64,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// By itself, successfully; what it printed.
    Done(String),
    /// By itself, with an error.
    Failed(Failure),
    /// It went over this cap, and was ended.
    Over(String),
}

/// What is known of a process that failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// Its exit code; none: a signal ended it.
    pub(crate) code: Option<i32>,
    /// The status in words, and the end of what it printed on stderr.
    pub(crate) text: String,
}

/// A process that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) wall: Duration,
    /// Most resident bytes that were seen.
    pub(crate) peak: u64,
}

/// Runs the command to its end or to a cap. Its output goes to the files `NAME.out` and `NAME.err` of `folder`.
///
/// # Errors
/// If the process cannot be started, or its memory cannot be watched (that takes `/proc`).
pub(crate) fn run(command: &mut Command, caps: Caps, folder: &Path, name: &str) -> Result<Ended> {
    let create = |suffix: &str| {
        let path = folder.join(format!("{name}.{suffix}"));
        File::create(&path)
            .map(|file| (file, path.clone()))
            .with_context(|| format!("cannot create {}", path.display()))
    };
    let ((out, out_path), (err, err_path)) = (create("out")?, create("err")?);
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let start = Instant::now();
    let mut child =
        command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let watched = watch(&mut child, caps, start);
    if !matches!(watched, Ok((Some(Stop::Ended(_)), _))) {
        // Over a cap, or not to be watched: it must not go on.
        child.kill().context("cannot end the process")?;
        child.wait().context("cannot wait for the process")?;
    }
    let (stop, peak) = watched?;
    let wall = start.elapsed();
    let read = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let end = match stop {
        Some(Stop::Ended(status)) if status.success() => End::Done(read(&out_path)?),
        Some(Stop::Ended(status)) => {
            let text = format!("{status}: {}", tail(&read(&err_path)?));
            End::Failed(Failure { code: status.code(), text })
        }
        Some(Stop::Over(cap)) => End::Over(cap),
        None => bail!("the process was not watched to its end"),
    };
    Ok(Ended { end, wall, peak })
}

enum Stop {
    Ended(std::process::ExitStatus),
    Over(String),
}

/// Looks at the process until it ends or goes over a cap; its most resident bytes.
fn watch(child: &mut Child, caps: Caps, start: Instant) -> Result<(Option<Stop>, u64)> {
    let mut peak = 0;
    loop {
        let memory = resident(child.id())?;
        if let Some(memory) = memory {
            peak = peak.max(memory.peak);
        }
        if let Some(status) = child.try_wait().context("cannot wait for the process")? {
            return Ok((Some(Stop::Ended(status)), peak));
        }
        if peak > caps.memory {
            return Ok((Some(Stop::Over(format!("over {:.1} GB", caps.memory as f64 / 1e9))), peak));
        }
        if start.elapsed() > caps.time {
            return Ok((Some(Stop::Over(format!("over {} s", caps.time.as_secs()))), peak));
        }
        thread::sleep(PERIOD);
    }
}

struct Resident {
    peak: u64,
}

/// The resident memory of a process; none once it has ended.
fn resident(pid: u32) -> Result<Option<Resident>> {
    let path = format!("/proc/{pid}/status");
    match fs::read_to_string(&path) {
        Ok(status) => Ok(parse(&status)),
        // Not on Linux: there is no such folder. On Linux: the process has just ended.
        Err(error) if error.kind() == ErrorKind::NotFound && Path::new("/proc/self/status").exists() => {
            Ok(None)
        }
        Err(error) => Err(error).context("memory is watched through /proc, which this machine does not have"),
    }
}

/// `VmHWM` of a status file; a process that has ended and is not waited for has none.
fn parse(status: &str) -> Option<Resident> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Resident { peak: kilobytes * 1024 })
}

/// The last lines of what a process printed.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}

// Memory is watched through /proc.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// A shell script under caps, in a folder of its own.
    fn script(name: &str, text: &str, caps: Caps) -> Result<Ended> {
        let folder = std::env::temp_dir().join(format!("zktorch-capped-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let ended = run(Command::new("sh").args(["-c", text]), caps, &folder, "stage");
        fs::remove_dir_all(&folder)?;
        ended
    }

    const WIDE: Caps = Caps { time: Duration::from_secs(60), memory: 1 << 32 };

    #[test]
    fn a_process_that_ends_gives_its_output() -> Result<()> {
        let ended = script("done", "echo result; echo noise >&2; sleep 0.2", WIDE)?;
        assert_eq!(ended.end, End::Done("result\n".to_owned()));
        assert!(ended.peak > 0, "no memory was seen");
        Ok(())
    }

    #[test]
    fn a_failure_says_what_was_printed() -> Result<()> {
        let ended = script("failed", "echo reason >&2; exit 3", WIDE)?;
        assert!(
            matches!(&ended.end, End::Failed(Failure { code: Some(3), text }) if text.contains("reason")),
            "{ended:?}"
        );
        Ok(())
    }

    #[test]
    fn time_is_capped() -> Result<()> {
        let ended = script("time", "exec sleep 60", Caps { time: Duration::from_secs(1), ..WIDE })?;
        assert_eq!(ended.end, End::Over("over 1 s".to_owned()));
        assert!(ended.wall < Duration::from_secs(30));
        Ok(())
    }

    #[test]
    fn memory_is_capped() -> Result<()> {
        let ended = script("memory", "exec sleep 60", Caps { memory: 1000, ..WIDE })?;
        assert_eq!(ended.end, End::Over("over 0.0 GB".to_owned()));
        assert!(ended.peak > 1000 && ended.wall < Duration::from_secs(30));
        Ok(())
    }
}
