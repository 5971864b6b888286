//! `cargo xtask prove-model`: a model end to end through the command line, every stage a process of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::workspace;

#[derive(Args)]
pub(crate) struct Options {
    /// The model.
    model: Model,
    /// Print one JSON object on stdout; the table goes to stderr.
    #[arg(long)]
    json: bool,
    /// Threads of each stage (default: all).
    #[arg(long)]
    threads: Option<usize>,
    /// Bits of every stage's files stay in this folder (default: target/prove-model/MODEL).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Models that come with the repository.
#[derive(Clone, Copy, ValueEnum)]
enum Model {
    /// A convolutional classifier of handwritten digits, trained on real images.
    Digits,
    /// A perceptron for the same images.
    DigitsMlp,
    /// LeNet-5 at 28x28, random weights.
    Lenet,
    /// Perceptron 784-128-10, random weights.
    Mlp,
    /// Perceptron 784-512-512-10, random weights.
    MlpLarge,
    /// ResNet-50 at 224x224, random weights, on a photograph.
    Resnet,
    /// ResNet-18 at 224x224, random weights, on a photograph.
    Resnet18,
    /// MobileNetV2 at 224x224, random weights, on a photograph.
    #[value(name = "mobilenetv2")]
    MobileNetV2,
    /// VGG-16 at 224x224, random weights, on a photograph.
    Vgg16,
}

/// Where a model's files are.
struct Files {
    onnx: Onnx,
    /// Samples; none: generated ones.
    calibration: Option<&'static str>,
    /// The input to prove; none: a generated one.
    input: Option<&'static str>,
    /// Extents of a generated input.
    dims: &'static [usize],
    /// What is done to images.
    image: Option<&'static str>,
}

/// Where an ONNX file comes from.
enum Onnx {
    /// It is in the repository.
    File(&'static str),
    /// The example `networks` of the crate `zktorch` writes it.
    Network(&'static str),
}

/// The usual preprocessing for ImageNet.
const IMAGENET: &str = "resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225";
const PHOTOGRAPH: &str = "fixtures/images/china.jpg";

impl Model {
    fn files(self) -> Files {
        let digits = |onnx| Files {
            onnx: Onnx::File(onnx),
            calibration: Some("fixtures/digits/calibration.npz"),
            input: Some("fixtures/digits/sample.npy"),
            dims: &[],
            image: None,
        };
        let bench =
            |onnx, dims| Files { onnx: Onnx::File(onnx), calibration: None, input: None, dims, image: None };
        // Calibrated on the photograph itself, with the headroom of few samples.
        let network = |name| Files {
            onnx: Onnx::Network(name),
            calibration: Some(PHOTOGRAPH),
            input: Some(PHOTOGRAPH),
            dims: &[],
            image: Some(IMAGENET),
        };
        match self {
            Self::Digits => digits("fixtures/digits/cnn.onnx"),
            Self::DigitsMlp => digits("fixtures/digits/mlp.onnx"),
            Self::Lenet => bench("fixtures/bench/lenet5.onnx", &[1, 1, 28, 28]),
            Self::Mlp => bench("fixtures/bench/mlp_784_128_10.onnx", &[1, 784]),
            Self::MlpLarge => bench("fixtures/bench/mlp_784_512_512_10.onnx", &[1, 784]),
            Self::Resnet => network("resnet50"),
            Self::Resnet18 => network("resnet18"),
            Self::MobileNetV2 => network("mobilenetv2"),
            Self::Vgg16 => network("vgg16"),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// The command line, built in release mode.
pub(crate) fn build() -> Result<PathBuf> {
    let root = workspace::root()?;
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&root).stdin(Stdio::null()).stdout(Stdio::null());
    command.args(["build", "--quiet", "--release", "--package", "zktorch", "--bin", "zktorch"]);
    if !command.status().context("cannot start cargo")?.success() {
        bail!("the command line does not build");
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release").join("zktorch"))
}

/// Writes the ONNX file of a well-known network.
fn write_network(network: &str, path: &str) -> Result<()> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root()?).stdin(Stdio::null()).stdout(Stdio::null());
    command.args(["run", "--quiet", "--release", "--package", "zktorch", "--example", "networks", "--"]);
    if !command.args([network, path]).status().context("cannot start cargo")?.success() {
        bail!("the ONNX file of {network} could not be written");
    }
    Ok(())
}

/// Runs one stage; its JSON object.
fn stage(binary: &Path, threads: Option<usize>, args: &[&str]) -> Result<Map<String, Value>> {
    eprintln!("$ zktorch {}", args.join(" "));
    let mut command = Command::new(binary);
    command.current_dir(workspace::root()?).stdin(Stdio::null()).stderr(Stdio::inherit());
    command.args(args).arg("--json");
    if let Some(threads) = threads {
        command.args(["--threads", &threads.to_string()]);
    }
    let output = command.output().with_context(|| format!("cannot start {}", binary.display()))?;
    if !output.status.success() {
        bail!("zktorch {} ended with {}", args.first().unwrap_or(&""), output.status);
    }
    serde_json::from_slice(&output.stdout).context("the command line did not print a JSON object")
}

/// Calibration samples that are generated.
const SAMPLES: usize = 32;

/// A generated tensor: the same every time, values in 0..1 like an image's.
fn generate(seed: u64, dims: &[usize], path: &Path) -> Result<()> {
    let mut state = 0x2545_f491_4f6c_dd1du64 ^ seed;
    let values: Vec<f64> = (0..dims.iter().product())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f64 / (1u64 << 24) as f64
        })
        .collect();
    // Nested arrays, innermost axis last.
    let mut nested: Vec<Value> = values.into_iter().map(Value::from).collect();
    for dim in dims.iter().skip(1).rev() {
        nested = nested.chunks(*dim).map(|row| Value::from(row.to_vec())).collect();
    }
    fs::write(path, Value::from(nested).to_string())
        .with_context(|| format!("cannot write {}", path.display()))
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let files = options.model.files();
    let name = options.model.name();
    let out = match &options.out {
        Some(out) => out.clone(),
        None => workspace::root()?.join("target").join("prove-model").join(&name),
    };
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let file = |name: &str| out.join(name).to_string_lossy().into_owned();
    let (model, pk, vk) = (file("model.zkt"), file("model.pk"), file("model.vk"));
    let (proof, statement) = (file("proof.bin"), file("statement.json"));
    let input = match files.input {
        Some(input) => input.to_owned(),
        None => {
            generate(0, files.dims, &out.join("input.json"))?;
            file("input.json")
        }
    };
    let calibration = match files.calibration {
        Some(calibration) => calibration.to_owned(),
        None => {
            let dims: Vec<usize> =
                std::iter::once(SAMPLES).chain(files.dims.iter().skip(1).copied()).collect();
            generate(1, &dims, &out.join("calibration.json"))?;
            file("calibration.json")
        }
    };

    let binary = build()?;
    let run = |args: &[&str]| stage(&binary, options.threads, args);
    let onnx = match files.onnx {
        Onnx::File(path) => path.to_owned(),
        Onnx::Network(network) => {
            let path = file("model.onnx");
            write_network(network, &path)?;
            path
        }
    };
    let mut compile = vec!["compile", &onnx, "-o", &model, "--calibration", &calibration];
    if let Some(image) = files.image {
        compile.extend(["--image", image]);
    }
    let compiled = run(&compile)?;
    let set_up = run(&["setup", &model, "--pk", &pk, "--vk", &vk])?;
    let id = set_up.get("model_id").and_then(Value::as_str).context("setup printed no model id")?.to_owned();
    let computed = run(&["run", &model, "--input", &input])?;
    let proved =
        run(&["prove", "--pk", &pk, "--input", &input, "--proof", &proof, "--statement", &statement])?;
    let mut verify =
        vec!["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement, "--model-id", &id];
    verify.push("--allow-insecure-srs");
    if files.image.is_none() {
        // A key knows no preprocessing of images.
        verify.extend(["--expect-input", &input]);
    }
    let verified = run(&verify)?;
    if verified.get("accepted") != Some(&Value::Bool(true)) {
        bail!("the proof was not accepted");
    }

    let mut report = Map::new();
    let mut peaks = Map::new();
    for (stage, object) in
        [("compile", compiled), ("setup", set_up), ("run", computed), ("prove", proved), ("verify", verified)]
    {
        for (key, value) in object {
            if key == "peak_rss_bytes" {
                peaks.insert(stage.to_owned(), value.clone());
            }
            // The prover's peak is the one that counts; of other keys the last stage's.
            if key != "peak_rss_bytes" || stage == "prove" {
                report.insert(key, value);
            }
        }
    }
    report.insert("model".to_owned(), json!(name));
    report.insert("peak_rss_bytes_by_stage".to_owned(), Value::Object(peaks));
    print(&report, options.json);
    Ok(())
}

fn print(report: &Map<String, Value>, json: bool) {
    let mut table = String::new();
    for key in [
        "model",
        "compile_s",
        "setup_s",
        "load_s",
        "witness_s",
        "prove_s",
        "verify_s",
        "vk_check_s",
        "proof_bytes",
        "vk_bytes",
        "pk_bytes",
        "peak_rss_bytes",
        "committed_values",
        "max_abs_error",
        "model_id",
        "accepted",
    ] {
        if let Some(value) = report.get(key) {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) if key.ends_with("_s") => {
                    format!("{:.4} s", number.as_f64().unwrap_or_default())
                }
                other => other.to_string(),
            };
            table.push_str(&format!("{key:18} {value}\n"));
        }
    }
    if json {
        eprint!("{table}");
        println!("{}", Value::Object(report.clone()));
    } else {
        print!("{table}");
    }
}
