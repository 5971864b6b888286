//! What the suite ran on.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::workspace;

/// The machine and the code. What the system does not tell is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Machine {
    /// The CPU's name.
    pub(super) cpu: Option<String>,
    /// Threads that a process may use.
    pub(super) cores: usize,
    /// Bytes of main memory.
    pub(super) memory_bytes: Option<u64>,
    /// Whether the CPU has AVX-512 IFMA, on which the fast backend runs.
    pub(super) avx512_ifma: bool,
    /// Operating system and the version of its kernel.
    pub(super) kernel: String,
    /// Processes that were running or waiting when the suite started, a mean over the last minute: times of a busy machine
    /// say little.
    pub(super) load_average: Option<f64>,
    /// What `rustc --version` prints.
    pub(super) rustc: Option<String>,
    /// The commit that was measured.
    pub(super) commit: Option<String>,
    /// Whether files differed from that commit.
    pub(super) modified: Option<bool>,
}

impl Machine {
    /// This machine, now.
    pub(super) fn detect() -> Result<Self> {
        let read = |path| fs::read_to_string(path).ok();
        let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
        Ok(Self {
            cpu: read("/proc/cpuinfo").as_deref().and_then(cpu_name),
            cores: thread::available_parallelism()?.get(),
            memory_bytes: read("/proc/meminfo").as_deref().and_then(total_memory),
            avx512_ifma: has_ifma(),
            kernel: format!("{} {}", env::consts::OS, release.trim()).trim().to_owned(),
            load_average: read("/proc/loadavg").as_deref().and_then(load),
            rustc: output(
                Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("--version"),
            ),
            commit: git(&["rev-parse", "HEAD"])?,
            modified: git(&["status", "--porcelain", "--untracked-files=no"])?.map(|files| !files.is_empty()),
        })
    }
}

/// The first line `model name : ...`.
fn cpu_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"))?;
    let name = line.trim_start().strip_prefix(':')?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// `MemTotal:  24602216 kB`, where kB means 1024 bytes.
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The first of the numbers.
fn load(loadavg: &str) -> Option<f64> {
    loadavg.split_whitespace().next()?.parse().ok()
}

fn git(args: &[&str]) -> Result<Option<String>> {
    Ok(output(Command::new("git").current_dir(workspace::root()?).args(args)))
}

/// What a program prints, if it can be started and succeeds.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(target_arch = "x86_64")]
fn has_ifma() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_ifma() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells() {
        assert_eq!(
            cpu_name("processor\t: 0\nmodel\t\t: 2\nmodel name\t: AMD EPYC 9B45\nmodel name\t: other\n"),
            Some("AMD EPYC 9B45".to_owned())
        );
        assert_eq!(total_memory("MemTotal:       24602216 kB\nMemFree: 1 kB\n"), Some(24_602_216 * 1024));
        assert_eq!(load("0.52 0.58 0.59 3/602 29016\n"), Some(0.52));
        for other in ["", "model name", "MemTotal: 12", "x y"] {
            assert_eq!((cpu_name(other), total_memory(other), load(other)), (None, None, None), "{other}");
        }
    }

    #[test]
    fn this_machine() {
        let machine = Machine::detect().unwrap();
        assert!(machine.cores >= 1);
        assert!(machine.rustc.is_some_and(|version| version.starts_with("rustc ")));
    }
}
