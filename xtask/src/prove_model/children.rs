//! The processes that do the work.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::Request;
use crate::workspace;

fn cargo() -> Result<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()?).stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

/// Builds the command line in release mode; where it is.
fn build() -> Result<PathBuf> {
    let mut command = cargo()?;
    command.args(["build", "--quiet", "--release", "--package", "zktorch", "--bin", "zktorch"]);
    if !command.status().context("cannot start cargo")?.success() {
        bail!("the command line does not build");
    }
    let root = workspace::root()?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release").join("zktorch"))
}

/// Writes the ONNX file of a well-known network.
pub(super) fn write_network(network: &str, path: &str) -> Result<()> {
    let mut command = cargo()?;
    command.args(["run", "--quiet", "--release", "--package", "zktorch", "--example", "networks", "--"]);
    if !command.args([network, path]).status().context("cannot start cargo")?.success() {
        bail!("the ONNX file of {network} could not be written");
    }
    Ok(())
}

/// Runs the stages of one request: the command line, each time a new process.
pub(super) struct Stages {
    binary: PathBuf,
    threads: Option<usize>,
    env: Vec<(String, String)>,
}

impl Stages {
    /// Builds the command line.
    pub(super) fn new(request: &Request) -> Result<Self> {
        Ok(Self { binary: build()?, threads: request.threads, env: request.env.clone() })
    }

    /// The same under another condition.
    pub(super) fn under(&self, threads: Option<usize>, env: &[(String, String)]) -> Self {
        Self { binary: self.binary.clone(), threads, env: env.to_vec() }
    }

    /// Runs one stage; its JSON object. What it prints on stderr goes through.
    pub(super) fn run(&self, args: &[&str]) -> Result<Map<String, Value>> {
        eprintln!("$ zktorch {}", args.join(" "));
        let mut command = Command::new(&self.binary);
        command.current_dir(workspace::root()?).stdin(Stdio::null()).stderr(Stdio::inherit());
        command.args(args).arg("--json");
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(threads) = self.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        object(&self.binary, args.first().unwrap_or(&""), &mut command)
    }
}

/// Runs a program that prints one JSON object.
fn object(program: &Path, what: &str, command: &mut Command) -> Result<Map<String, Value>> {
    let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        bail!("{what} ended with {}", output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{what} did not print a JSON object"))
}
