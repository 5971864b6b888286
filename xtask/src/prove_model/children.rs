//! The processes that do the work: this crate uses no crate of the workspace.

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::Request;
use crate::workspace;

/// One binary of the workspace, and how it is built.
struct Program {
    name: &'static str,
    build: &'static [&'static str],
}

const COMMAND_LINE: Program = Program { name: "zktorch", build: &["--package", "zktorch"] };
/// Networks and comparisons: built from what the command line is built from.
const MODELS: Program = Program { name: "models", build: &feature("models") };
/// Tract, and arkworks with its threads: each needs features of shared crates that the command line is built without.
const FLOAT_MODEL: Program = Program { name: "float_model", build: &feature("float") };
const FLOOR: Program = Program { name: "floor", build: &feature("floor") };

/// One feature of the crate `benches`.
const fn feature(name: &'static str) -> [&'static str; 5] {
    ["--package", "benches", "--no-default-features", "--features", name]
}

/// Builds a binary in release mode; where it is. On a terminal cargo shows how far it is.
fn build(program: &Program) -> Result<PathBuf> {
    let root = workspace::root()?;
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&root).stdin(Stdio::null()).stdout(Stdio::null());
    command.args(["build", "--release", "--bin", program.name]).args(program.build);
    if !io::stderr().is_terminal() {
        command.arg("--quiet");
        eprintln!("building {} (minutes, the first time)", program.name);
    }
    if !command.status().context("cannot start cargo")?.success() {
        bail!("{} does not build", program.name);
    }
    // Relative to the root folder, where cargo ran.
    let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    Ok(target.join("release").join(format!("{}{}", program.name, env::consts::EXE_SUFFIX)))
}

/// The programs of one request. Each run is a new process, and what it prints on stderr goes through.
#[derive(Clone)]
pub(super) struct Children {
    threads: Option<usize>,
    env: Vec<(String, String)>,
    command_line: PathBuf,
    models: PathBuf,
    float_model: Option<PathBuf>,
    floor: Option<PathBuf>,
}

impl Children {
    /// Builds what the request needs.
    pub(super) fn new(request: &Request) -> Result<Self> {
        Ok(Self {
            threads: request.threads,
            env: request.env.clone(),
            command_line: build(&COMMAND_LINE)?,
            models: build(&MODELS)?,
            float_model: request.tract.then(|| build(&FLOAT_MODEL)).transpose()?,
            floor: request.floor.then(|| build(&FLOOR)).transpose()?,
        })
    }

    /// The same on other threads and in another environment.
    pub(super) fn under(&self, threads: Option<usize>, env: &[(String, String)]) -> Self {
        Self { threads, env: env.to_vec(), ..self.clone() }
    }

    /// Runs one stage of the command line, in the environment of the request; its JSON object.
    pub(super) fn stage(&self, args: &[&str]) -> Result<Map<String, Value>> {
        eprintln!("$ zktorch {}", args.join(" "));
        let mut command = Command::new(&self.command_line);
        command.args(args).arg("--json");
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(threads) = self.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        object(command, &format!("zktorch {}", args.first().unwrap_or(&"")))
    }

    /// Runs `models`: see `benches/src/bin/models`.
    pub(super) fn models(&self, args: &[&str]) -> Result<Map<String, Value>> {
        let mut command = Command::new(&self.models);
        command.args(args);
        object(command, &format!("models {}", args.first().unwrap_or(&"")))
    }

    /// Runs the model in tract, from one file of tensors to another: whether it could. It says why not on stderr.
    pub(super) fn float_model(&self, onnx: &str, inputs: &str, outputs: &str) -> Result<bool> {
        let program = self.float_model.as_ref().context("the float model was not requested")?;
        let mut command = Command::new(program);
        command.current_dir(workspace::root()?).stdin(Stdio::null()).args([onnx, inputs, outputs]);
        Ok(command.status().context("cannot start the float model")?.success())
    }

    /// Measures a floor of so many points.
    pub(super) fn floor(&self, points: u64) -> Result<Map<String, Value>> {
        let program = self.floor.as_ref().context("the floor was not requested")?;
        let mut command = Command::new(program);
        command.args([points.to_string(), "--threads".to_owned()]);
        command.arg(self.threads.unwrap_or_default().to_string());
        object(command, "floor")
    }
}

/// Runs a program that prints one JSON object.
fn object(mut command: Command, what: &str) -> Result<Map<String, Value>> {
    command.current_dir(workspace::root()?).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("cannot start {what}"))?;
    if !output.status.success() {
        bail!("{what} ended with {}", output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{what} did not print a JSON object"))
}
