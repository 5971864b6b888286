//! The stages of `cargo xtask test`.

use std::env;
use std::fmt;
use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use super::browser;
use super::contract;
use super::counts::Counts;
use super::package;
use super::process::{self, Finished};
use super::published;
use crate::mutants;
use crate::tidy;
use crate::workspace::{Member, Workspace};

/// The crate whose tests run once per backend.
const FIELD: &str = "zktorch-field";
/// Forces the portable backend.
const BACKEND: &str = "ZKTORCH_BACKEND";
/// How long each `fuzz_*` test runs.
const FUZZ_SECONDS: &str = "ZKTORCH_FUZZ_SECONDS";
/// Cases of each kind of damage that are tried. `cargo xtask tamper` tries all.
const TAMPER_SAMPLE: &str = "ZKTORCH_TAMPER_SAMPLE";
const WASM: &str = "wasm32-unknown-unknown";

/// One stage; they run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    Fmt,
    Clippy,
    Tidy,
    Test,
    FieldIfma,
    FieldPortable,
    Doc,
    Serial,
    Wasm,
    Package,
    Python,
    Browser,
    Contract,
    Tamper,
    Mutants,
    Fuzz,
}

/// How a stage ended.
pub(super) enum Outcome {
    /// A test run, with what it counted.
    Tests(Counts),
    /// A check without tests: it counts as one.
    Check {
        passed: bool,
    },
    Skipped {
        reason: String,
    },
}

impl Outcome {
    pub(super) fn counts(&self) -> Counts {
        match self {
            Self::Tests(counts) => *counts,
            Self::Check { passed: true } => Counts { passed: 1, failed: 0 },
            Self::Check { passed: false } => Counts { passed: 0, failed: 1 },
            Self::Skipped { .. } => Counts::default(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tests(Counts { passed, failed: 0 }) => write!(f, "ok, {passed} tests"),
            Self::Tests(Counts { passed, failed }) => write!(f, "FAILED, {failed} of {}", passed + failed),
            Self::Check { passed: true } => write!(f, "ok"),
            Self::Check { passed: false } => write!(f, "FAILED"),
            Self::Skipped { reason } => write!(f, "skipped: {reason}"),
        }
    }
}

impl Stage {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::Fmt => "rustfmt has nothing to change",
            Self::Clippy => "no warnings in any target",
            Self::Tidy => "the architecture rules",
            Self::Test => "tests of all crates but the field",
            Self::FieldIfma => "field tests on AVX-512 IFMA",
            Self::FieldPortable => "field tests on the portable backend",
            Self::Doc => "doc examples run, and the docs build without warnings",
            Self::Serial => "each crate builds alone and without threads",
            Self::Wasm => "the crates (not the command line) build for wasm32",
            Self::Package => "the crates as crates.io would get them, and a program that uses three of them",
            Self::Python => "the wheel in a fresh environment: pytest, and mypy --strict",
            Self::Browser => "the npm package in Node and in Chromium: tests, and tsc --strict",
            Self::Contract => {
                "the verifier on chain: its own workspace, contracts in an EVM, the pinned compiler"
            }
            Self::Tamper => "a sample of damaged proofs, statements and keys: none is accepted",
            Self::Mutants => "a sample of the verifier's checks turned off: a test fails without each",
            Self::Fuzz => "byte fuzzing of every decoder",
        }
    }

    pub(super) fn is_quick(self) -> bool {
        matches!(self, Self::Fmt | Self::Clippy | Self::Tidy | Self::Test | Self::FieldIfma)
    }

    pub(super) fn run(self, workspace: &Workspace, fuzz_seconds: u64) -> Result<Outcome> {
        match self {
            Self::Fmt => check(cargo().args(["fmt", "--all", "--check"])),
            Self::Clippy => {
                check(cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny=warnings"]))
            }
            Self::Tidy => tidy_stage(workspace),
            Self::Test => tests(test_command().args(["--workspace", "--exclude", FIELD])),
            Self::FieldIfma if !has_ifma() => Ok(Outcome::Skipped {
                reason: "this CPU has no AVX-512 IFMA; every test here runs the portable backend".to_owned(),
            }),
            Self::FieldIfma => tests(test_command().args(["--package", FIELD]).env_remove(BACKEND)),
            Self::FieldPortable => tests(test_command().args(["--package", FIELD]).env(BACKEND, "portable")),
            Self::Doc => doc(),
            Self::Serial => serial(workspace),
            Self::Wasm => wasm(workspace),
            Self::Package => published::test(workspace),
            Self::Python => package::test(workspace),
            Self::Browser => browser::test(workspace),
            Self::Contract => contract::test(workspace),
            Self::Tamper => tamper(),
            Self::Mutants => mutants(workspace),
            Self::Fuzz => fuzz(fuzz_seconds),
        }
    }
}

pub(super) fn cargo() -> Command {
    clean(Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// A command that builds, as it would if the user had started it.
pub(super) fn clean(mut command: Command) -> Command {
    // What cargo set for this process would make the children's builds look different from the user's own.
    for (key, _) in env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("CARGO_PKG_")) {
        command.env_remove(key);
    }
    for key in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", FUZZ_SECONDS, TAMPER_SAMPLE] {
        command.env_remove(key);
    }
    command
}

/// nextest where it is installed: all test binaries share the threads. Otherwise `cargo test`.
fn test_command() -> Command {
    let mut command = cargo();
    if process::probe(cargo().args(["nextest", "--version"])).is_some() {
        command.args([
            "nextest",
            "run",
            "--no-fail-fast",
            "--status-level=slow",
            "--final-status-level=fail",
        ]);
    } else {
        command.args(["test", "--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    command
}

fn check(command: &mut Command) -> Result<Outcome> {
    Ok(Outcome::Check { passed: process::run(command)?.success })
}

fn tests(command: &mut Command) -> Result<Outcome> {
    Ok(count(&process::run(command)?))
}

/// A run that failed without naming a failed test did not compile, or a test ended the process.
pub(super) fn count(finished: &Finished) -> Outcome {
    let mut counts = Counts::parse(&finished.output);
    if !finished.success && counts.failed == 0 {
        counts.failed = 1;
    }
    Outcome::Tests(counts)
}

fn tidy_stage(workspace: &Workspace) -> Result<Outcome> {
    let findings = tidy::check(workspace)?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(Outcome::Check { passed: findings.is_empty() })
}

fn doc() -> Result<Outcome> {
    let examples = count(&process::run(cargo().args(["test", "--workspace", "--doc", "--no-fail-fast"]))?);
    let docs =
        check(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny=warnings"))?;
    Ok(Outcome::Tests([examples.counts(), docs.counts()].into_iter().sum()))
}

/// Crate by crate: alone, a missing feature of a dependency cannot be hidden by another crate that enables it.
fn serial(workspace: &Workspace) -> Result<Outcome> {
    let mut passed = true;
    for member in libraries(workspace) {
        let clippy = ["clippy", "--no-default-features", "--package", &member.name, "--", "--deny=warnings"];
        passed &= process::run(cargo().args(clippy))?.success;
    }
    Ok(Outcome::Check { passed })
}

/// Without the target, the same paths (serial, portable) are at least tested on this machine.
fn wasm(workspace: &Workspace) -> Result<Outcome> {
    let installed = process::probe(Command::new("rustup").args(["target", "list", "--installed"]));
    let hosted = tidy::hosted(workspace)?;
    let packages: Vec<&str> = libraries(workspace)
        .filter(|member| !hosted.contains(&member.name))
        .flat_map(|member| ["--package", member.name.as_str()])
        .collect();
    if installed.is_some_and(|list| list.lines().any(|line| line.trim() == WASM)) {
        return check(cargo().args(["check", "--target", WASM, "--no-default-features"]).args(packages));
    }
    println!(
        "the target {WASM} is not installed (rustup target add {WASM}): testing its code paths natively"
    );
    tests(
        test_command()
            .args([
                "--no-default-features",
                "--package",
                "zktorch-transcript",
                "--package",
                "zktorch-sumcheck",
            ])
            .env(BACKEND, "portable"),
    )
}

/// What `cargo xtask tamper --sample 100` tries, by a test that is built already: some seconds.
fn tamper() -> Result<Outcome> {
    let mut command = test_command();
    command.args(["--workspace", "--exclude", FIELD, "damage_with_"]).env(TAMPER_SAMPLE, "100");
    named(&mut command, "damage_with_*")
}

/// What `cargo xtask mutants --sample 20` tries. The test programs are built once more, with the switch.
fn mutants(workspace: &Workspace) -> Result<Outcome> {
    let (tried, failed) = mutants::sample(workspace, 20)?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Outcome::Tests(Counts { passed: count(tried - failed), failed: count(failed) }))
}

/// The packages are those of the test stage, whose build serves again.
fn fuzz(seconds: u64) -> Result<Outcome> {
    let mut command = test_command();
    command.args(["--workspace", "--exclude", FIELD, "fuzz_"]).env(FUZZ_SECONDS, seconds.to_string());
    named(&mut command, "fuzz_*")
}

/// The tests of these names. A stage that finds none has found nothing: it fails.
fn named(command: &mut Command, names: &str) -> Result<Outcome> {
    match count(&process::run(command)?) {
        Outcome::Tests(Counts { passed: 0, failed: 0 }) => {
            println!("no test is named {names}");
            Ok(Outcome::Check { passed: false })
        }
        outcome => Ok(outcome),
    }
}

fn libraries(workspace: &Workspace) -> impl Iterator<Item = &Member> {
    workspace.members.iter().filter(|member| member.is_library())
}

#[cfg(target_arch = "x86_64")]
fn has_ifma() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_ifma() -> bool {
    false
}
