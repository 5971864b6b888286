//! One model from its ONNX file to a verified proof.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::catalogue::{Model, Onnx};
use super::children::{Stages, write_network};
use super::generate::generate;
use super::{Request, Source};

/// Calibration samples that are generated.
const SAMPLES: usize = 32;

/// Files that the stages read, as the command line is told of them.
struct Inputs {
    onnx: String,
    calibration: String,
    input: String,
    /// What is done to images.
    image: Option<String>,
}

/// Compiles, sets up, runs, proves and verifies: the object that `--json` prints.
///
/// # Errors
/// If a file cannot be made, a stage fails, or the proof is not accepted.
pub(crate) fn measure(request: &Request) -> Result<Map<String, Value>> {
    Prepared::new(request)?.prove(request.threads, &request.env)
}

/// A model with its keys: it can be proved again and again, under other conditions too.
pub(crate) struct Prepared {
    name: String,
    out: PathBuf,
    stages: Stages,
    inputs: Inputs,
    compiled: Map<String, Value>,
    set_up: Map<String, Value>,
    computed: Map<String, Value>,
}

impl Prepared {
    /// Compiles, sets up, and compares the integer model with the float model.
    ///
    /// # Errors
    /// If a file cannot be made, or a stage fails.
    pub(crate) fn new(request: &Request) -> Result<Self> {
        let out = request.folder()?;
        fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
        // Stages run in the root folder.
        let out = out.canonicalize().with_context(|| format!("cannot resolve {}", out.display()))?;
        let file = |name: &str| out.join(name).to_string_lossy().into_owned();
        let (model, pk, vk) = (file("model.zkt"), file("model.pk"), file("model.vk"));
        let stages = Stages::new(request)?;
        let inputs = match &request.source {
            Source::Model(model) => prepare(*model, &out)?,
        };
        let mut compile = vec!["compile", &inputs.onnx, "-o", &model, "--calibration", &inputs.calibration];
        if let Some(image) = &inputs.image {
            compile.extend(["--image", image]);
        }
        let compiled = stages.run(&compile)?;
        let set_up = stages.run(&["setup", &model, "--pk", &pk, "--vk", &vk])?;
        let computed = stages.run(&["run", &model, "--input", &inputs.input])?;
        Ok(Self { name: request.name(), out, stages, inputs, compiled, set_up, computed })
    }

    /// Proves and verifies; the object of [`measure`].
    ///
    /// # Errors
    /// If a stage fails, or the proof is not accepted.
    pub(crate) fn prove(
        &self,
        threads: Option<usize>,
        env: &[(String, String)],
    ) -> Result<Map<String, Value>> {
        let file = |name: &str| self.out.join(name).to_string_lossy().into_owned();
        let (pk, vk) = (file("model.pk"), file("model.vk"));
        let (proof, statement) = (file("proof.bin"), file("statement.json"));
        let input = &self.inputs.input;
        let stages = self.stages.under(threads, env);
        let id = self.set_up.get("model_id").and_then(Value::as_str).context("setup printed no model id")?;
        let proved = stages.run(&[
            "prove",
            "--pk",
            &pk,
            "--input",
            input,
            "--proof",
            &proof,
            "--statement",
            &statement,
        ])?;
        let mut verify =
            vec!["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement, "--model-id", id];
        verify.push("--allow-insecure-srs");
        if self.inputs.image.is_none() {
            // A key knows no preprocessing of images.
            verify.extend(["--expect-input", input]);
        }
        let verified = stages.run(&verify)?;
        if verified.get("accepted") != Some(&Value::Bool(true)) {
            bail!("the proof was not accepted");
        }
        let mut report = merge([
            ("compile", self.compiled.clone()),
            ("setup", self.set_up.clone()),
            ("run", self.computed.clone()),
            ("prove", proved),
            ("verify", verified),
        ]);
        report.insert("model".to_owned(), json!(self.name));
        Ok(report)
    }
}

/// The files of a model that comes with the repository; what does not exist is written to the folder.
fn prepare(model: Model, out: &Path) -> Result<Inputs> {
    let files = model.files();
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let input = match files.input {
        Some(input) => input.to_owned(),
        None => {
            generate(0, files.dims, &out.join("input.json"))?;
            path("input.json")
        }
    };
    let calibration = match files.calibration {
        Some(calibration) => calibration.to_owned(),
        None => {
            let dims: Vec<usize> =
                std::iter::once(SAMPLES).chain(files.dims.iter().skip(1).copied()).collect();
            generate(1, &dims, &out.join("calibration.json"))?;
            path("calibration.json")
        }
    };
    let onnx = match files.onnx {
        Onnx::File(path) => path.to_owned(),
        Onnx::Network(network) => {
            let path = path("model.onnx");
            write_network(network, &path)?;
            path
        }
    };
    Ok(Inputs { onnx, calibration, input, image: files.image.map(str::to_owned) })
}

/// One object of the stages': every key, that of the last stage where several have it; peaks of memory by stage, the prover's as
/// the one that counts.
fn merge<const N: usize>(stages: [(&str, Map<String, Value>); N]) -> Map<String, Value> {
    let mut report = Map::new();
    let mut peaks = Map::new();
    for (stage, object) in stages {
        for (key, value) in object {
            if key == "peak_rss_bytes" {
                peaks.insert(stage.to_owned(), value.clone());
            }
            if key != "peak_rss_bytes" || stage == "prove" {
                report.insert(key, value);
            }
        }
    }
    report.insert("peak_rss_bytes_by_stage".to_owned(), Value::Object(peaks));
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_become_one_object() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let report = merge([
            ("run", object(json!({"peak_rss_bytes": 1, "max_abs_error": 0.5, "load_s": 1.0}))),
            ("prove", object(json!({"peak_rss_bytes": 2, "load_s": 2.0, "stage_s": {"commit": 0.25}}))),
            ("verify", object(json!({"peak_rss_bytes": 3, "accepted": true}))),
        ]);
        let expected = json!({
            "max_abs_error": 0.5, "load_s": 2.0, "stage_s": {"commit": 0.25}, "accepted": true, "peak_rss_bytes": 2,
            "peak_rss_bytes_by_stage": {"run": 1, "prove": 2, "verify": 3},
        });
        assert_eq!(Value::Object(report), expected);
    }
}
