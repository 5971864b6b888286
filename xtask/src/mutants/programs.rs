//! The test programs, built with the switch.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::workspace::Workspace;

/// Whose tests are asked.
const PACKAGES: [&str; 9] = [
    "zktorch-transcript",
    "zktorch-commit",
    "zktorch-sumcheck",
    "zktorch-mira",
    "zktorch-channel",
    "zktorch-graph",
    "zktorch-blocks",
    "zktorch-verifier",
    "zktorch-prover",
];

/// Tests that compare bytes or lists with recorded ones: they notice everything, and say nothing about it.
const RECORDED: [&str; 5] = ["golden", "pinned", "transcript_order", "snapshot", "is_the_one_of"];

/// Words in the names of tests that attack.
const ATTACKS: [&str; 16] = [
    "cheat",
    "forg",
    "refus",
    "reject",
    "malicious",
    "hostile",
    "wrong",
    "damage",
    "mutat",
    "attack",
    "invalid",
    "unsound",
    "broken",
    "false",
    "limit",
    "without",
];

/// Words in the names of tests about what is absorbed.
const ABSORPTIONS: [&str; 6] = ["absor", "left_out", "prove_anything", "another", "transcript", "exchanged"];

/// A test that takes longer without a check than this has noticed.
const PATIENCE: Duration = Duration::from_secs(180);
/// KiB of memory, for tests whose limits are turned off.
const MEMORY: u64 = 12 << 20;

/// A test and its program: `zktorch-prover/end_to_end::name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TestName {
    program: String,
    test: String,
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.program, self.test)
    }
}

impl TestName {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (program, test) = text.split_once("::")?;
        Some(Self { program: program.to_owned(), test: test.to_owned() })
    }

    fn attacks(&self) -> bool {
        ATTACKS.iter().any(|word| self.test.contains(word))
    }

    fn is_about_absorptions(&self) -> bool {
        ABSORPTIONS.iter().any(|word| self.test.contains(word))
    }
}

/// Tests that may miss a check: those that attack, the place's own crate first, then the others. What both sides do not absorb
/// only somebody who attacks can notice, and those that name it come first.
pub(super) fn candidates<'t>(place: &str, tests: impl Iterator<Item = &'t TestName>) -> Vec<&'t TestName> {
    let is_absorption = place.starts_with("absorb ");
    let mut tests: Vec<&TestName> =
        tests.filter(|test| !is_absorption || test.attacks() || test.is_about_absorptions()).collect();
    let is_own = |test: &TestName| place.starts_with(&format!("crates/{}/", test.program));
    let is_close = |test: &TestName| if is_absorption { test.is_about_absorptions() } else { is_own(test) };
    tests.sort_by_key(|test| {
        let attacks = test.attacks() || (is_absorption && test.is_about_absorptions());
        (test.test.contains("fuzz_"), !attacks, !is_close(test))
    });
    tests
}

struct Program {
    executable: PathBuf,
    folder: PathBuf,
    tests: BTreeSet<String>,
}

pub(super) struct Programs(BTreeMap<String, Program>);

#[derive(Deserialize)]
struct Artifact {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Programs {
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&workspace.root).stdin(Stdio::null()).stderr(Stdio::inherit());
        command.args(["test", "--no-run", "--lib", "--tests", "--message-format=json-render-diagnostics"]);
        command.env("ZKTORCH_MUTANTS_BUILD", "1");
        command.args(["--features", "zktorch-mutants/switch", "--package", "zktorch-mutants"]);
        PACKAGES.iter().for_each(|name| {
            command.args(["--package", name]);
        });
        let output = command.output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("the tests do not build with the switch");
        }
        let mut programs = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let artifact: Artifact = serde_json::from_str(line).context("what cargo built")?;
            let (Some(target), Some(executable)) = (artifact.target, artifact.executable) else { continue };
            let is_test = artifact.reason == "compiler-artifact" && artifact.profile.is_some_and(|p| p.test);
            let folder = artifact.manifest_path.parent().map(PathBuf::from).unwrap_or_default();
            let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !is_test || !PACKAGES.contains(&package.as_str()) {
                continue;
            }
            let is_lib = target.kind.iter().any(|kind| kind == "lib");
            let name = if is_lib { package } else { format!("{package}/{}", target.name) };
            let tests = list(&executable, &folder)?;
            programs.insert(name, Program { executable, folder, tests });
        }
        Ok(Self(programs))
    }

    pub(super) fn has(&self, test: &TestName) -> bool {
        self.0.get(&test.program).is_some_and(|program| program.tests.contains(&test.test))
    }

    /// Runs all tests once: which reach which places. What a thread without a test's name reaches counts for every test of its
    /// program.
    pub(super) fn reached(&self) -> Result<BTreeMap<String, BTreeSet<TestName>>> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut reached: BTreeMap<String, BTreeSet<TestName>> = BTreeMap::new();
        for (name, program) in &self.0 {
            eprintln!("{name}: {} tests", program.tests.len());
            let notes = folder.path().join(name.replace('/', "-"));
            let mut command = program.command();
            command.env("ZKTORCH_MUTANTS_REACHED", &notes).args(["--exact"]).args(&program.tests);
            let output = command.output().with_context(|| format!("cannot run {name}"))?;
            if !output.status.success() {
                bail!(
                    "tests of {name} fail with every check on:\n{}",
                    String::from_utf8_lossy(&output.stdout)
                );
            }
            let notes = fs::read_to_string(&notes).unwrap_or_default();
            for (thread, place) in notes.lines().filter_map(|line| line.split_once('\t')) {
                let own = program.tests.get(thread).into_iter();
                let all = program.tests.iter().filter(|_| !program.tests.contains(thread));
                let tests = own.chain(all).map(|test| TestName { program: name.clone(), test: test.clone() });
                reached.entry(place.to_owned()).or_default().extend(tests);
            }
        }
        Ok(reached)
    }

    /// The first of these tests that fails without the check at `place`.
    pub(super) fn killer(&self, place: &str, tests: &[&TestName]) -> Result<Option<TestName>> {
        // A few at once: each program runs its tests in parallel.
        let mut left = tests;
        while let Some((first, _)) = left.split_first() {
            let count = left.iter().take(6).take_while(|test| test.program == first.program).count();
            let (batch, rest) = left.split_at(count);
            if let Some(test) = self.failed(place, batch)? {
                return Ok(Some(test));
            }
            left = rest;
        }
        Ok(None)
    }

    fn failed(&self, place: &str, batch: &[&TestName]) -> Result<Option<TestName>> {
        let Some(first) = batch.first() else { return Ok(None) };
        let program = self.0.get(&first.program).with_context(|| format!("no program {}", first.program))?;
        let output = tempfile::tempfile().context("cannot make a temporary file")?;
        let mut command = program.command();
        command.env("ZKTORCH_MUTANT", place).arg("--exact").args(batch.iter().map(|test| &test.test));
        command.stdout(output.try_clone()?).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot run {}", first.program))?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if start.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        if status.is_some_and(|status| status.success()) {
            return Ok(None);
        }
        let text = {
            use std::io::{Read, Seek};
            let mut output = output;
            let mut bytes = Vec::new();
            output.rewind()?;
            output.read_to_end(&mut bytes)?;
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let has_failed = |test: &&&TestName| text.contains(&format!("test {} ... FAILED", test.test));
        // A program that was ended did not get to say which test it was.
        Ok(Some((*batch.iter().find(has_failed).unwrap_or(first)).clone()))
    }
}

impl Program {
    /// In a shell that limits its memory.
    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]).arg(&self.executable);
        command.env_remove("ZKTORCH_MUTANT").env_remove("ZKTORCH_MUTANTS_REACHED");
        command
    }
}

/// The tests of a program, without those that compare with what was recorded.
fn list(executable: &PathBuf, folder: &PathBuf) -> Result<BTreeSet<String>> {
    let mut command = Command::new(executable);
    let output = command.current_dir(folder).args(["--list", "--format", "terse"]).output();
    let output = output.with_context(|| format!("cannot run {}", executable.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
    let own = tests.filter(|test| !RECORDED.iter().any(|word| test.contains(word)));
    Ok(own.map(str::to_owned).collect())
}
