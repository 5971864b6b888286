//! What the commands do. They read files, call the libraries, and write files; nothing is computed here.

mod accuracy;
mod audit;
mod compile;
mod evm;
mod expect;
mod info;
mod inspect;
mod keys;
mod obstacles;
mod plan;
mod proof_page;
mod prove;
mod run;
mod samples;
mod setup;
#[cfg(test)]
mod tests;
mod trust;
mod verify;
mod worker;

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use zktorch::cli::{Command, Common};
use zktorch::container::protocol;
use zktorch::progress::Progress;
use zktorch::report::Report;
use zktorch::stages::{Split, Stages};
use zktorch::{folder_of, printable, printable_json, space};
use zktorch_verifier::Part;

pub(crate) use obstacles::Unsupported;

/// What every command gets.
pub(crate) struct Context {
    common: Common,
    /// Progress and remarks on stderr.
    pub(crate) progress: Progress,
    /// Times of the stages of proving.
    pub(crate) stages: Stages,
    /// Bytes that can still be written in a folder.
    free_bytes: FreeBytes,
}

type FreeBytes = Box<dyn Fn(&Path) -> io::Result<u64>>;

/// How a command ended, if not with an error.
pub(crate) enum Outcome {
    /// Accepted, or done.
    Done(Report),
    /// A proof (or key) that is not accepted, and why.
    Rejected(Report, String),
    /// An answer with lines of its own for readers; `good` if it is the one that was hoped for.
    Told { report: Report, lines: Vec<String>, good: bool },
    /// Another program has said all there is to say, and ended so.
    Ended(u8),
}

impl Context {
    pub(crate) fn new(common: Common, progress: Progress, stages: Stages) -> Self {
        if let Some(threads) = common.threads {
            zktorch_field::par::set_num_threads(usize::from(threads));
        }
        Self { common, progress, stages, free_bytes: Box::new(space::free_bytes) }
    }

    /// Requires that files of these sizes can be written.
    pub(crate) fn require_room(&self, files: &[(&Path, u64)]) -> Result<()> {
        Ok(space::require(files, &self.free_bytes)?)
    }

    /// The report on stdout: as JSON, or a line per field.
    pub(crate) fn print(&self, report: &Report) {
        match self.common.json {
            true => print_json(&report.to_json()),
            false => lines(report).iter().for_each(|line| print_line(line)),
        }
    }

    /// The report on stdout as JSON, or the lines for readers, whatever these hold.
    pub(crate) fn tell(&self, report: &Report, lines: &[String]) {
        match self.common.json {
            true => self.print(report),
            false => lines.iter().for_each(|line| print_line(&printable(line))),
        }
    }
}

/// A line per field of a report.
fn lines(report: &Report) -> Vec<String> {
    let serde_json::Value::Object(fields) = report.to_json() else { return Vec::new() };
    let mut lines = Vec::new();
    for (key, value) in fields {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => lines.push(field(&key, &text)),
            serde_json::Value::Object(stages) if key == "estimated_stage_s" => {
                lines.extend(stages.iter().map(|(stage, seconds)| field(&format!("{key}.{stage}"), seconds)));
            }
            // In their order, which an object does not keep.
            serde_json::Value::Object(_) if key == "stage_s" => {
                for (stage, seconds) in report.stage_s.iter().flat_map(Split::iter) {
                    lines.push(field(&format!("{key}.{stage}"), seconds));
                }
            }
            // The worst of them are fields of their own; all are for programs.
            serde_json::Value::Object(_) if key == "precision" => {}
            serde_json::Value::Array(_) if key == "proof_parts" => {}
            serde_json::Value::Object(errors) if key == "output_errors" => {
                lines.extend(errors.iter().map(|(name, error)| field(&format!("{key}.{name}"), error)));
            }
            serde_json::Value::Array(_) if key == "proved_outputs" => {
                for (index, output) in report.proved_outputs.iter().enumerate() {
                    for (part, text) in output.lines() {
                        lines.push(field(&format!("{key}.{index}{part}"), text));
                    }
                }
            }
            other => lines.push(field(&key, other)),
        }
    }
    lines
}

/// One line, whatever the key and the text hold.
fn field(key: &str, text: impl std::fmt::Display) -> String {
    printable(&format!("{key}: {text}")).into_owned()
}

/// An object on stdout, whatever its texts hold.
pub(crate) fn print_json(json: &serde_json::Value) {
    print_line(&printable_json(&json.to_string()));
}

#[allow(clippy::print_stdout, reason = "data goes to stdout")]
fn print_line(line: &str) {
    use std::io::Write as _;
    // A closed pipe is the reader's wish, not an error.
    let _ = writeln!(std::io::stdout(), "{line}");
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Outcome> {
    match command {
        Command::Inspect(options) => inspect::run(context, options),
        Command::Compile(options) => compile::run(context, options),
        Command::Setup(options) => setup::run(context, options),
        Command::Run(options) => run::run(options),
        Command::Prove(options) => prove::run(context, options),
        Command::Verify(options) => verify::run(context, options),
        Command::Accuracy(options) => accuracy::run(context, options),
        Command::Info(options) => info::run(context, options),
        Command::Audit(options) => audit::run(context, options),
        Command::Worker(options) => worker::run(context, options),
        Command::ExportEvm(options) => evm::run("export", options),
        Command::AuditEvm(options) => evm::run("audit", options),
        Command::CalldataEvm(options) => evm::run("calldata", options),
    }
}

/// The largest ONNX model that is read.
const MAX_MODEL_BYTES: u64 = 4 << 30;

/// The bytes of an ONNX model.
pub(crate) fn read_model(path: &Path) -> Result<Vec<u8>> {
    let _span = tracing::info_span!("read model").entered();
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_file() || metadata.len() > MAX_MODEL_BYTES {
        bail!(
            "{}: expected a file of at most {MAX_MODEL_BYTES} bytes, got {}",
            path.display(),
            metadata.len()
        );
    }
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Requires the folder in which a file will be written, before any work is done for it.
pub(crate) fn require_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        bail!("cannot write {}: there is no folder {}", path.display(), folder.display());
    }
    if path.is_dir() {
        bail!("cannot write {}: it is a folder", path.display());
    }
    Ok(())
}

/// What the argument of a proof consists of, for programs.
pub(crate) fn tell_parts(parts: &[Part]) -> Value {
    let part = |part: &Part| json!({"name": part.name, "points": part.points, "scalars": part.scalars, "bytes": part.bytes()});
    parts.iter().map(part).collect()
}

/// Size of a file.
pub(crate) fn file_bytes(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.len())
}
