//! Child processes whose output is shown as it comes and kept for counting.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow};

/// Ends a child's output and status.
pub(super) struct Finished {
    pub(super) success: bool,
    pub(super) output: String,
}

/// Runs the command, echoing both of its streams.
pub(super) fn run(command: &mut Command) -> Result<Finished> {
    println!("$ {}", show(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", show(command)))?;
    let stdout = child.stdout.take().context("stdout is piped")?;
    let stderr = child.stderr.take().context("stderr is piped")?;
    let errors = thread::spawn(move || echo(stderr, |line| eprintln!("{line}")));
    let mut output = echo(stdout, |line| println!("{line}"))?;
    let errors = errors.join().map_err(|_| anyhow!("the thread that reads stderr failed"))??;
    output.push_str(&errors);
    Ok(Finished { success: child.wait()?.success(), output })
}

/// Runs the command silently; whether it could be started and succeeded, with its stdout.
pub(super) fn probe(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn echo(stream: impl Read, show: impl Fn(&str)) -> Result<String> {
    let mut kept = String::new();
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        show(text.trim_end_matches(['\r', '\n']));
        kept.push_str(&text);
        line.clear();
    }
    Ok(kept)
}

fn show(command: &Command) -> String {
    let mut words = Vec::new();
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", key.to_string_lossy(), value.to_string_lossy()));
        }
    }
    words.push(command.get_program().to_string_lossy().into_owned());
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}
