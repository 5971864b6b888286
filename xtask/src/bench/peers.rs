//! `cargo xtask bench peers`: EZKL on the same ONNX files and the same inputs, beside us, in one run.
//!
//! EZKL is installed from PyPI into a virtual environment under `target/`. Every one of its stages is a process of its own
//! (`benches/peers/ezkl_stage.py`) under a cap of time and memory; a model that goes over one is reported as such. Both
//! outputs are compared with the float model as ONNX Runtime computes it.
//!
//! What is proved is not quite the same. Input and output are public on both sides, and the weights private. Ours are tied
//! to the key by hidden commitments; EZKL's, with `--params private`, are whatever the prover likes: the cheapest choice
//! for it that keeps them private. `--params hashed` ties them by a hash in the circuit.

mod ezkl;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use self::ezkl::Ezkl;
use super::files;
use super::machine::Machine;
use super::spread::Spread;
use crate::capped::Caps;
use crate::prove_model::{self, Prepared, Request, Source};
use crate::{python, workspace};

/// What is installed, pinned.
const REQUIREMENTS: &str = "benches/peers/requirements.txt";

#[derive(Args)]
pub(super) struct Options {
    /// Print the report on stdout as one JSON object; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Only this model (may be repeated).
    #[arg(long, value_name = "MODEL")]
    only: Vec<Model>,
    /// Seconds that one stage of EZKL may take.
    #[arg(long, default_value_t = 900, value_name = "SECONDS")]
    time_cap: u64,
    /// Memory that one stage of EZKL may take, in GB; less if less is free.
    #[arg(long, default_value_t = 14.0, value_name = "GB")]
    memory_cap: f64,
    /// What EZKL does with the weights.
    #[arg(long, value_enum, default_value_t = Params::Private)]
    params: Params,
    /// What EZKL's calibration aims at.
    #[arg(long, value_enum, default_value_t = Target::Resources)]
    calibrate: Target,
    /// How often we prove; the median counts. EZKL proves once.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

/// EZKL's `param_visibility`.
#[derive(Clone, Copy, ValueEnum)]
enum Params {
    /// Private, and not tied to anything that the verifier knows.
    Private,
    /// Private, with a public hash of them that the circuit computes.
    Hashed,
    /// Part of the circuit; the verifying key commits to them, without hiding.
    Fixed,
}

/// EZKL's calibration target.
#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// Few rows.
    Resources,
    /// A small error.
    Accuracy,
}

fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The models that both sides prove.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Model {
    /// Perceptron 784-128-10, random weights.
    Mlp,
    /// A convolutional classifier of handwritten digits, trained on real images.
    Digits,
    /// LeNet-5 at 28x28, random weights.
    Lenet,
}

impl Model {
    /// Smallest first.
    const ALL: [Self; 3] = [Self::Digits, Self::Mlp, Self::Lenet];

    fn ours(self) -> prove_model::Model {
        match self {
            Self::Mlp => prove_model::Model::Mlp,
            Self::Digits => prove_model::Model::Digits,
            Self::Lenet => prove_model::Model::Lenet,
        }
    }

    /// The ONNX file, the input and the calibration samples that our side proves; `made` is the folder of generated ones.
    fn files(self, root: &Path, made: &Path) -> [PathBuf; 3] {
        let bench = |onnx| [root.join(onnx), made.join("input.json"), made.join("calibration.json")];
        match self {
            Self::Mlp => bench("fixtures/bench/mlp_784_128_10.onnx"),
            Self::Lenet => bench("fixtures/bench/lenet5.onnx"),
            Self::Digits => {
                ["fixtures/digits/cnn.onnx", "fixtures/digits/sample.npy", "fixtures/digits/calibration.npz"]
                    .map(|file| root.join(file))
            }
        }
    }
}

/// The version that a requirements file pins a package to.
fn pinned<'a>(requirements: &'a str, package: &str) -> Option<&'a str> {
    requirements.lines().find_map(|line| line.trim().strip_prefix(package)?.strip_prefix("=="))
}

pub(super) fn run(options: &Options) -> Result<()> {
    if options.runs == 0 {
        bail!("--runs 0: expected at least 1");
    }
    let root = workspace::root()?;
    let folder = super::folder()?.with_file_name("peers");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let python = python::environment(&root.join(REQUIREMENTS), &folder)?;
    let mut models = Map::new();
    for model in Model::ALL {
        if options.only.is_empty() || options.only.contains(&model) {
            let report = compare(options, model, &root, &folder, &python).with_context(|| name(model))?;
            models.insert(name(model), report);
        }
    }
    let requirements = fs::read_to_string(root.join(REQUIREMENTS))?;
    let report = json!({
        "machine": Machine::detect()?,
        "ezkl": {
            "version": pinned(&requirements, "ezkl"),
            "param_visibility": name(options.params),
            "calibration_target": name(options.calibrate),
            "srs": "made by ezkl.gen_srs, for development",
        },
        "caps": { "time_s": options.time_cap, "memory_gb": options.memory_cap },
        "models": models,
    });
    files::publish("peers", &report, &table::table(&report), options.json)
}

/// Both sides on one model.
fn compare(options: &Options, model: Model, root: &Path, folder: &Path, python: &Path) -> Result<Value> {
    let made = folder.join("zktorch").join(name(model));
    let ours = ours(model, &made, options.runs)?;
    let [onnx, input, calibration] = model.files(root, &made);
    let ezkl = Ezkl {
        python,
        script: &root.join("benches/peers/ezkl_stage.py"),
        folder: &folder.join("ezkl").join(name(model)),
        model: &onnx,
        input: &input,
        calibration: &calibration,
        params: &name(options.params),
        target: &name(options.calibrate),
        caps: Caps { time: Duration::from_secs(options.time_cap), memory: memory_cap(options.memory_cap)? },
    };
    let mut theirs = ezkl.measure()?;

    // Both outputs against the same float model.
    let float =
        numbers(theirs.get("float_output")).context("EZKL's side gave no output of the float model")?;
    let statement = made.join("statement.json");
    let proved = fs::read(&statement).with_context(|| format!("cannot read {}", statement.display()))?;
    let proved: Value = serde_json::from_slice(&proved).context("our statement is no JSON")?;
    let proved = numbers(proved.pointer("/outputs/0/real")).context("our statement has no real output")?;
    let mut ours = ours;
    ours.insert("max_abs_error".into(), json!(max_abs_error(&proved, &float)?));
    if let Some(output) = numbers(theirs.get("output")) {
        theirs.insert("max_abs_error".into(), json!(max_abs_error(&output, &float)?));
    }
    let ratio = |theirs: Option<f64>, key: &str| Some(theirs? / ours.get(key)?.as_f64()?);
    let call = |stage: &str| theirs.get("stages")?.get(stage)?.get("call_s")?.as_f64();
    let ratios = json!({
        "prove": ratio(call("prove"), "prove_s"),
        "verify": ratio(call("verify"), "verify_s"),
        "setup": ratio(call("setup"), "setup_s"),
        "peak_rss": ratio(theirs.get("peak_rss_bytes").and_then(Value::as_f64), "peak_rss_bytes"),
        "proof": ratio(theirs.get("proof_bytes").and_then(Value::as_f64), "proof_bytes"),
    });
    Ok(json!({ "zktorch": ours, "ezkl": theirs, "ezkl_over_zktorch": ratios }))
}

/// What is kept of our own numbers.
const KEYS: &[&str] =
    &["proof_bytes", "vk_bytes", "pk_bytes", "committed_values", "peak_rss_bytes", "peak_rss_bytes_by_stage"];
const SECONDS: &[&str] =
    &["compile_s", "setup_s", "load_s", "witness_s", "prove_s", "verify_s", "vk_check_s"];

/// Our side: the medians of some runs.
fn ours(model: Model, folder: &Path, runs: usize) -> Result<Map<String, Value>> {
    let request = Request { out: Some(folder.to_path_buf()), ..Request::new(Source::Model(model.ours())) };
    let prepared = Prepared::new(&request)?;
    let reports = (0..runs).map(|_| prepared.prove(None, &[])).collect::<Result<Vec<_>>>()?;
    let mut object = Map::new();
    for key in SECONDS {
        let times: Vec<f64> = reports.iter().filter_map(|report| report.get(*key)?.as_f64()).collect();
        object.insert((*key).to_owned(), json!(Spread::of(&times).map(|spread| spread.median)));
    }
    let last = reports.last().context("nothing was measured")?;
    object.extend(KEYS.iter().filter_map(|key| Some(((*key).to_owned(), last.get(*key)?.clone()))));
    object.insert("runs".into(), json!(runs));
    Ok(object)
}

fn numbers(list: Option<&Value>) -> Option<Vec<f64>> {
    list?.as_array()?.iter().map(Value::as_f64).collect()
}

fn max_abs_error(output: &[f64], float: &[f64]) -> Result<f64> {
    if output.len() != float.len() {
        bail!("{} outputs, {} of the float model", output.len(), float.len());
    }
    Ok(output.iter().zip(float).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// The cap in bytes: what was asked for, or what the machine has free if that is less.
fn memory_cap(gigabytes: f64) -> Result<u64> {
    if !(gigabytes > 0.0 && gigabytes < 1e6) {
        bail!("--memory-cap {gigabytes}: expected a positive number of GB");
    }
    let asked = (gigabytes * 1e9) as u64;
    let free = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    // Some is left to the rest of the machine.
    let cap = free.map_or(asked, |free| asked.min(free.saturating_sub(free / 16)));
    if cap < asked {
        eprintln!("only {:.1} GB are free: that is the cap, not {gigabytes} GB", cap as f64 / 1e9);
    }
    Ok(cap)
}

/// Available bytes, from /proc/meminfo.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_largest_differences() -> Result<()> {
        assert_eq!(max_abs_error(&[1.0, -2.0], &[1.5, -1.75])?, 0.5);
        assert!(max_abs_error(&[1.0], &[]).is_err());
        Ok(())
    }

    #[test]
    fn available_memory_is_read() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:   12 kB\n"), Some(12 * 1024));
        assert_eq!(available("MemTotal: 9 kB\n"), None);
    }

    #[test]
    fn the_pinned_version_is_found() {
        assert_eq!(pinned("numpy==2.0\nezkl==1.2.3\n", "ezkl"), Some("1.2.3"));
        assert_eq!(pinned("ezkl-gpu==1\n", "ezkl"), None);
    }

    #[test]
    fn every_model_has_its_files() -> Result<()> {
        let root = workspace::root()?;
        for model in Model::ALL {
            let [onnx, ..] = model.files(&root, Path::new("made"));
            assert!(onnx.exists(), "{} is missing", onnx.display());
        }
        assert!(root.join(REQUIREMENTS).exists() && root.join("benches/peers/ezkl_stage.py").exists());
        Ok(())
    }
}
