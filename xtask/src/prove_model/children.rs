//! The processes that do the work: this crate uses no crate of the workspace.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};

use super::{Oracle, Request};
use crate::workspace;

/// Binaries that are built at once, with features that suit them all.
struct Build {
    programs: &'static [&'static str],
    args: &'static [&'static str],
}

/// The command line; and networks and comparisons, made of the same parts.
const ALWAYS: Build = Build {
    programs: &["zktorch", "models"],
    args: &["--package", "zktorch", "--package", "benches", "--features", "zktorch/default,benches/models"],
};
/// The command line alone, as it is built beside them.
const COMMAND_LINE: Build =
    Build { programs: &["zktorch"], args: &["--package", "zktorch", "--features", "zktorch/default"] };
/// Trained language models: their tokens need crates that nothing else here does.
const LANGUAGE: Build =
    Build { programs: &["language"], args: &["--package", "benches", "--features", "benches/language"] };
/// Tract, and arkworks with its threads: each needs features of shared crates that the command line is built without.
const FLOAT_MODEL: Build =
    Build { programs: &["float_model"], args: &["--package", "benches", "--features", "benches/float"] };
const FLOOR: Build =
    Build { programs: &["floor"], args: &["--package", "benches", "--features", "benches/floor"] };

/// Builds binaries in release mode; where they are. Cargo shows how far it is.
fn build(build: &Build) -> Result<Vec<PathBuf>> {
    let root = workspace::root()?;
    let names = build.programs.join(" and ");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&root).stdin(Stdio::null()).stdout(Stdio::null());
    command.args(["build", "--release", "--no-default-features"]).args(build.args);
    command.args(build.programs.iter().flat_map(|program| ["--bin", program]));
    eprintln!("building {names} (minutes, the first time)");
    if !command.status().context("cannot start cargo")?.success() {
        bail!("{names}: the build failed");
    }
    // Relative to the root folder, where cargo ran.
    let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let path = |name: &&str| target.join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    Ok(build.programs.iter().map(path).collect())
}

/// Builds one binary.
fn build_one(wanted: &Build) -> Result<PathBuf> {
    build(wanted)?.pop().context("no program was built")
}

/// Builds the command line.
///
/// # Errors
/// If cargo cannot build it.
pub(crate) fn command_line() -> Result<PathBuf> {
    build_one(&COMMAND_LINE)
}

/// The programs of one request. Each run is a new process, and what it prints on stderr goes through.
#[derive(Clone)]
pub(super) struct Children {
    threads: Option<usize>,
    env: Vec<(String, String)>,
    command_line: PathBuf,
    models: PathBuf,
    /// The program that runs float models in tract; none: they run in `models`.
    tract: Option<PathBuf>,
    floor: Option<PathBuf>,
    language: Option<PathBuf>,
}

impl Children {
    /// Builds what the request needs.
    pub(super) fn new(request: &Request) -> Result<Self> {
        let [command_line, models] = <[PathBuf; 2]>::try_from(build(&ALWAYS)?)
            .map_err(|built| anyhow!("expected two programs, found {}", built.len()))?;
        let tract = request.oracle == Oracle::Tract;
        Ok(Self {
            threads: request.threads,
            env: request.env.clone(),
            command_line,
            models,
            tract: tract.then(|| build_one(&FLOAT_MODEL)).transpose()?,
            floor: request.floor.then(|| build_one(&FLOOR)).transpose()?,
            language: request.language().map(|_| build_one(&LANGUAGE)).transpose()?,
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

    /// Runs a command of `language`: see `benches/src/bin/language`.
    pub(super) fn language(&self, name: &str, args: &[String]) -> Result<Map<String, Value>> {
        let program = self.language.as_ref().context("the model is no trained language model")?;
        let mut command = Command::new(program);
        command.arg(name).args(args);
        object(command, &format!("language {name}"))
    }

    /// Runs the float model, from one file of tensors to another: whether that could be done. The program says why not on stderr.
    pub(super) fn float_model(&self, onnx: &str, inputs: &str, outputs: &str) -> Result<bool> {
        let mut command = Command::new(self.tract.as_ref().unwrap_or(&self.models));
        command.args(self.tract.is_none().then_some("float"));
        command.current_dir(workspace::root()?).stdin(Stdio::null()).stdout(Stdio::null());
        command.args([onnx, inputs, outputs]);
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
