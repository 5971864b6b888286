//! One model: its inputs, the four commands of the command line under a cap of time, and the comparison.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::compare::{self, Expected};
use super::manifest::{Manifest, Model, Recipe};
use super::packages;
use super::report::{Class, Entry};
use crate::capped::{self, Caps, End, Failure};
use crate::python::step;

/// The exit code of a Rust program that panicked.
const PANIC: i32 = 101;

/// What models are tried with.
pub(super) struct Bench<'m> {
    pub(super) manifest: &'m Manifest,
    /// The command line.
    pub(super) binary: PathBuf,
    pub(super) python: PathBuf,
    /// The program that makes inputs and runs ONNX Runtime.
    pub(super) reference: PathBuf,
    /// Folder of downloaded packages.
    pub(super) archives: PathBuf,
    /// Folder of the models' own folders.
    pub(super) work: PathBuf,
    /// For the four commands together.
    pub(super) cap: Duration,
}

/// What stopped a model.
struct Stop(Class, String);

/// Whatever is no answer of the command line.
impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self(Class::NotRun, format!("{error:#}"))
    }
}

/// What the reference program leaves beside the data.
#[derive(Deserialize)]
struct Reference {
    outputs: Vec<Expected>,
    /// Inputs that become part of the model, with their files.
    bound: BTreeMap<String, PathBuf>,
}

impl Bench<'_> {
    /// Tries a model.
    pub(super) fn entry(&self, model: &Model) -> Entry {
        let mut entry = Entry {
            name: model.name.clone(),
            task: model.task.clone(),
            class: Class::Right,
            message: String::new(),
            seconds: BTreeMap::new(),
            proof_bytes: None,
            error: None,
            weak: false,
        };
        if let Err(Stop(class, message)) = self.attempt(model, &mut entry) {
            (entry.class, entry.message) = (class, message);
        }
        entry
    }

    fn attempt(&self, model: &Model, entry: &mut Entry) -> Result<(), Stop> {
        let folder = self.work.join(&model.name);
        let reference = self.refer(model, &folder)?;
        let mut commands = Commands { bench: self, folder: &folder, seconds: &mut entry.seconds };

        let mut arguments = words(&["model.onnx", "-o", "model.zkt", "--calibration", "calibration.npz"]);
        // One word each: the name of an axis may begin with a hyphen.
        arguments.extend(model.dims.iter().map(|(axis, extent)| format!("--dim={axis}={extent}")));
        arguments
            .extend(reference.bound.iter().map(|(name, file)| format!("--bind={name}={}", file.display())));
        commands.run("compile", &arguments)?;
        let set_up = commands.run("setup", &words(&["model.zkt", "--pk", "pk", "--vk", "vk"]))?;
        let id = set_up.get("model_id").and_then(Value::as_str).context("setup printed no model id")?;
        let proof = ["--proof", "proof", "--statement", "statement.json"];
        commands.run("prove", &words(&[&["--pk", "pk", "--input", "input.npz"], &proof[..]].concat()))?;
        let trust = ["--model-id", id, "--allow-insecure-srs"];
        let verified = commands.run("verify", &words(&[&["--vk", "vk"], &proof[..], &trust].concat()));
        verified.map_err(|Stop(class, message)| match class {
            // Of a proof that was made as it should be.
            Class::Refused => Stop(Class::Wrong, message),
            other => Stop(other, message),
        })?;

        let bytes = fs::metadata(folder.join("proof")).context("there is no proof")?.len();
        entry.proof_bytes = Some(bytes);
        let proved = compare::outputs(&folder.join("statement.json"))?;
        let verdict = compare::compare(model, &reference.outputs, &proved);
        (entry.error, entry.weak) = (Some(verdict.error), verdict.weak);
        match verdict.problems.is_empty() {
            true => Ok(()),
            false => Err(Stop(Class::Wrong, verdict.problems.join("; "))),
        }
    }

    /// Makes the model's folder: its file, its data, and what ONNX Runtime computes.
    fn refer(&self, model: &Model, folder: &Path) -> Result<Reference> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let source = |model: &Model| -> Result<Value> {
            let archive = packages::archive(&self.python, &self.archives, &model.package)?;
            Ok(json!({ "archive": archive, "path": model.path, "sha256": model.sha256 }))
        };
        let needed = |name: &String| {
            let model = self.manifest.model(name).with_context(|| format!("there is no model {name}"))?;
            Ok((name.clone(), source(model)?))
        };
        let photos = match model.inputs.values().any(Recipe::is_photographic) {
            true => Some(packages::archive(&self.python, &self.archives, &self.manifest.photos)?),
            false => None,
        };
        let job = json!({
            "name": model.name,
            "model": source(model)?,
            "needs": model.needs.iter().map(needed).collect::<Result<Map<String, Value>>>()?,
            "photos": photos,
            "samples": self.manifest.samples,
            "dims": model.dims,
            "inputs": model.inputs,
            "climb": model.climb,
        });
        let path = folder.join("job.json");
        fs::write(&path, serde_json::to_vec_pretty(&job)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        step(Command::new(&self.python).arg(&self.reference).current_dir(folder))?;
        let path = folder.join("reference.json");
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("cannot parse {}", path.display()))
    }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

/// The commands of one model, in its folder.
struct Commands<'a> {
    bench: &'a Bench<'a>,
    folder: &'a Path,
    /// Of those that have run.
    seconds: &'a mut BTreeMap<&'static str, f64>,
}

impl Commands<'_> {
    /// Runs a command; the JSON object that it prints.
    fn run(&mut self, name: &'static str, arguments: &[String]) -> Result<Map<String, Value>, Stop> {
        let spent = Duration::from_secs_f64(self.seconds.values().sum());
        let caps = Caps { time: self.bench.cap.saturating_sub(spent), memory: u64::MAX };
        let mut command = Command::new(&self.bench.binary);
        command.arg(name).args(arguments).arg("--json").current_dir(self.folder);
        let ended = capped::run(&mut command, caps, self.folder, name)?;
        self.seconds.insert(name, ended.wall.as_secs_f64());
        match ended.end {
            End::Done(text) => Ok(serde_json::from_str(&text)
                .map_err(|error| anyhow!("{name} did not print a JSON object: {error}"))?),
            End::Over(_) => {
                let cap = self.bench.cap.as_secs();
                Err(Stop(Class::Timeout, format!("{name}: the commands took more than {cap} s")))
            }
            End::Failed(failure) => Err(Stop(class(&failure), format!("{name}: {}", failure.text))),
        }
    }
}

/// Whether a command that failed said that it cannot, or broke.
fn class(failure: &Failure) -> Class {
    match failure.code {
        Some(code) if code < PANIC => Class::Refused,
        _ => Class::Crashed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_and_a_panic_are_crashes() {
        let failure = |code| Failure { code, text: String::new() };
        assert_eq!(class(&failure(Some(1))), Class::Refused);
        assert_eq!(class(&failure(Some(2))), Class::Refused);
        assert_eq!(class(&failure(Some(101))), Class::Crashed);
        assert_eq!(class(&failure(None)), Class::Crashed);
    }
}
