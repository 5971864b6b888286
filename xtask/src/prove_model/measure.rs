//! One model from its ONNX file to a verified proof.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::catalogue::{Model, Onnx};
use super::characters;
use super::children::Children;
use super::generate::generate;
use super::language::next_token;
use super::large;
use super::space;
use super::summary::{disagreement, merge, speed};
use super::{OnnxFile, Oracle, Request, Sharding, Source};

/// Calibration samples that are generated.
const SAMPLES: usize = 32;
/// The same of a network for sequences: as many as scales are chosen from without more headroom.
const SEQUENCE_SAMPLES: &str = "16";
/// The same of a network for volumes, of which one is 40 megabytes.
const VOLUME_SAMPLES: &str = "1";

/// Files that the stages read, as they are told of them.
#[derive(Default)]
pub(super) struct Inputs {
    pub(super) onnx: String,
    pub(super) calibration: String,
    pub(super) input: String,
    /// What is done to images, if that was said.
    pub(super) image: Option<String>,
    /// Extents of dynamic axes, as they are given: `--dim NAME=VALUE` each.
    pub(super) dims: Vec<String>,
    pub(super) labels: Option<String>,
    /// Bits that values have beyond 16, if that was said.
    pub(super) guard_bits: Option<&'static str>,
    /// What is to be reported of them.
    pub(super) told: Map<String, Value>,
}

/// A model with its keys: it can be proved again and again, under other conditions too.
pub(crate) struct Prepared {
    /// With absolute paths.
    request: Request,
    out: PathBuf,
    children: Children,
    inputs: Inputs,
    /// What is done to images, said or found out.
    image: Option<String>,
    described: Map<String, Value>,
    compiled: Map<String, Value>,
    set_up: Map<String, Value>,
    computed: Map<String, Value>,
}

impl Prepared {
    /// Compiles, sets up and runs the quantised model.
    ///
    /// # Errors
    /// If there is no room on the disk, a file cannot be made, or a stage fails.
    pub(crate) fn new(request: &Request) -> Result<Self> {
        let request = request.resolve()?;
        let out = request.folder()?;
        fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
        let out = out.canonicalize().with_context(|| format!("cannot resolve {}", out.display()))?;
        if let Source::Model(model) = request.source
            && let Some(weights) = model.files().onnx.weights()
        {
            space::require(&out, space::needed(weights, true))?;
        }
        let large = request.large();
        if let Some(large) = large {
            large::remove_old(&request, &out)?;
            large.require_room(&request, &out)?;
        }
        let children = Children::new(&request)?;
        let inputs = match &request.source {
            Source::Model(model) => prepare(*model, &request, &out, &children)?,
            Source::Onnx(file) => given(file),
        };

        let Inputs { onnx, calibration, input, image, dims, labels, guard_bits, told } = &inputs;
        let dims: Vec<&str> = dims.iter().flat_map(|dim| ["--dim", dim.as_str()]).collect();
        let file = |name: &str| out.join(name).to_string_lossy().into_owned();
        let (model, pk, vk) = (file("model.zkt"), file("model.pk"), file("model.vk"));
        let mut describe = vec!["describe", onnx];
        describe.extend(&dims);
        if image.is_none() {
            describe.extend(["--input", input]);
        }
        if let Some(labels) = labels {
            describe.extend(["--labels", labels]);
        }
        let mut described = children.models(&describe)?;
        described.extend(told.clone());
        if let Some(image) = image {
            described.insert("image".to_owned(), json!(image));
        }
        let weights =
            described.get("weights").and_then(Value::as_u64).context("no number of weights was printed")?;
        if large.is_none() {
            space::require(&out, space::needed(weights, false))?;
        }
        let image = described.get("image").and_then(Value::as_str).map(str::to_owned);
        let mut compile = vec!["compile", onnx, "-o", &model, "--calibration", calibration];
        compile.extend(&dims);
        if let Some(image) = &image {
            compile.extend(["--image", image]);
        }
        compile.extend(guard_bits.iter().flat_map(|bits| ["--guard-bits", bits]));
        let compiled = children.stage(&compile)?;
        let mut set_up = vec!["setup", &model, "--pk", &pk, "--vk", &vk, "--force"];
        let sharding = request.sharding.map(Sharding::args);
        set_up.extend(sharding.iter().flatten().map(String::as_str));
        let set_up = children.stage(&set_up)?;
        // What is in shards, or lies in external data, may not fit into memory at once. Compiling has said how far its integers are from
        // its floats.
        let computed = match (sharding, large) {
            (Some(_), _) | (_, Some(_)) => Map::new(),
            (None, None) => children.stage(&["run", &model, "--input", input])?,
        };
        if let (true, Some(language)) = (request.perplexity, request.language()) {
            described.extend(language.perplexity(&request, &children)?);
        }
        Ok(Self { request, out, children, inputs, image, described, compiled, set_up, computed })
    }

    /// Proves and verifies on so many threads (none: all) in an environment; measures the floor and compares with the float model as
    /// far as the request says so: the object that `--json` prints.
    ///
    /// # Errors
    /// Those of [`report`](Self::report) and of [`judge`](Self::judge).
    pub(crate) fn prove(
        &self,
        threads: Option<usize>,
        env: &[(String, String)],
    ) -> Result<Map<String, Value>> {
        let report = self.report(threads, env)?;
        self.judge(&report)?;
        Ok(report)
    }

    /// The object of [`prove`](Self::prove), whatever the comparison says: to be shown before it is judged.
    ///
    /// # Errors
    /// If a stage fails, or the proof is not accepted.
    pub(super) fn report(
        &self,
        threads: Option<usize>,
        env: &[(String, String)],
    ) -> Result<Map<String, Value>> {
        self.proof(threads, env, true)
    }

    /// The same without the comparison: another proof states the same outputs.
    ///
    /// # Errors
    /// If a stage fails, or the proof is not accepted.
    pub(crate) fn prove_again(
        &self,
        threads: Option<usize>,
        env: &[(String, String)],
    ) -> Result<Map<String, Value>> {
        self.proof(threads, env, false)
    }

    fn proof(
        &self,
        threads: Option<usize>,
        env: &[(String, String)],
        compared: bool,
    ) -> Result<Map<String, Value>> {
        let children = self.children.under(threads, env);
        let mut report = self.stages(&children)?;
        if compared {
            let oracle = self.request.oracle;
            report.extend(compare(&self.inputs, self.image.as_deref(), &self.out, &children, oracle)?);
        }
        if self.request.language().is_some()
            && let Some(next) = next_token(&report)
        {
            report.insert("next_token".to_owned(), next);
        }
        if matches!(&self.request.source, Source::Model(model) if matches!(model.files().onnx, Onnx::Characters))
        {
            let statement = self.out.join("statement.json").to_string_lossy().into_owned();
            report.extend(characters::said(&statement, &self.inputs.told, &children)?);
        }
        report.insert("model".to_owned(), json!(self.request.name()));
        report.insert("folded".to_owned(), json!(self.request.folded));
        let own = self.inputs.calibration == self.inputs.input;
        let calibration = if own { "the input itself" } else { &self.inputs.calibration };
        report.insert("calibration".to_owned(), json!(calibration));
        let threads = threads.or_else(|| thread::available_parallelism().ok().map(usize::from));
        report.insert("threads".to_owned(), json!(threads));
        let env = environment(env);
        if !env.is_empty() {
            report.insert("env".to_owned(), Value::Object(env));
        }
        let points = report.get("floor_points").and_then(Value::as_u64);
        if let (true, Some(points)) = (self.request.floor, points) {
            report.extend(children.floor(points)?);
        }
        if let Some((key, value)) = speed(&report) {
            report.insert(key.to_owned(), value);
        }
        Ok(report)
    }

    /// Compares the outputs of a report with the float model's: others in a user's model are told of on stderr.
    ///
    /// # Errors
    /// If a model of the repository has another top-1 class, or vectors that point elsewhere.
    pub(super) fn judge(&self, report: &Map<String, Value>) -> Result<()> {
        if let Some(problem) = disagreement(report) {
            match self.request.source {
                Source::Model(_) => bail!(problem),
                Source::Onnx(_) => eprintln!("warning: {problem}"),
            }
        }
        Ok(())
    }

    /// In how many shards the key is.
    pub(crate) fn shards(&self) -> u64 {
        self.set_up.get("shards").and_then(Value::as_u64).unwrap_or(1)
    }

    /// From now on so many processes prove the shards (none: one).
    pub(crate) fn set_workers(&mut self, workers: Option<u16>) {
        self.request.workers = workers;
    }

    /// Bytes of the file that an SRS of this model's size takes; the development SRS itself is computed and never stored.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn srs_bytes(&self) -> Result<u64> {
        let k = self.set_up.get("k").and_then(Value::as_u64).context("setup printed no k")?;
        let file = self.out.join("development.srs");
        let written = self.children.models(&["srs", &k.to_string(), &file.to_string_lossy()])?;
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        written.get("srs_bytes").and_then(Value::as_u64).context("no srs_bytes were printed")
    }

    /// Proves and verifies; every stage's keys, the earlier ones' too.
    fn stages(&self, children: &Children) -> Result<Map<String, Value>> {
        let input = &self.inputs.input;
        let file = |name: &str| self.out.join(name).to_string_lossy().into_owned();
        let (pk, vk) = (file("model.pk"), file("model.vk"));
        let (proof, statement) = (file("proof.bin"), file("statement.json"));
        let id = self.set_up.get("model_id").and_then(Value::as_str).context("setup printed no model id")?;
        let mut prove = vec!["prove", "--pk", &pk, "--input", input];
        prove.extend(["--proof", &proof, "--statement", &statement]);
        let workers = self.request.workers.map(|workers| workers.to_string());
        prove.extend(workers.iter().flat_map(|workers| ["--workers", workers.as_str()]));
        let proved = children.stage(&prove)?;
        let mut verify = vec!["verify", "--vk", &vk, "--proof", &proof, "--statement", &statement];
        verify.extend(["--model-id", id, "--allow-insecure-srs"]);
        // Images are preprocessed as the key says.
        verify.extend(["--expect-input", input]);
        let verified = children.stage(&verify)?;
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
        report.extend(self.described.clone());
        Ok(report)
    }
}

/// What the statement says of the outputs, and how far that is from what the float model gives.
fn compare(
    inputs: &Inputs,
    image: Option<&str>,
    out: &Path,
    children: &Children,
    oracle: Oracle,
) -> Result<Map<String, Value>> {
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let (statement, tensors, float) =
        (path("statement.json"), path("float_inputs.json"), path("float_outputs.json"));
    let mut preprocess = vec!["inputs", &statement, "--input", &inputs.input, "--out", &tensors];
    preprocess.extend(image.iter().flat_map(|image| ["--image", image]));
    children.models(&preprocess)?;
    let ran = children.float_model(&inputs.onnx, &tensors, &float)?;
    let mut read = vec!["compare", &statement];
    if ran {
        read.extend(["--float", &float]);
    }
    if let Some(labels) = &inputs.labels {
        read.extend(["--labels", labels]);
    }
    let mut compared = children.models(&read)?;
    let mut report = Map::new();
    report.extend(compared.remove_entry("top5"));
    report.extend(compared.remove_entry("min_cosine"));
    if !ran {
        compared.insert("error".to_owned(), json!("it does not run this model"));
    }
    compared.insert("oracle".to_owned(), json!(oracle.name()));
    report.insert("float_model".to_owned(), Value::Object(compared));
    Ok(report)
}

/// What the stages are told by variables: those of the request, and one that they inherit.
fn environment(own: &[(String, String)]) -> Map<String, Value> {
    const BACKEND: &str = "ZKTORCH_BACKEND";
    let inherited = env::var(BACKEND).ok().map(|value| (BACKEND.to_owned(), json!(value)));
    let own = own.iter().map(|(key, value)| (key.clone(), json!(value)));
    inherited.into_iter().chain(own).collect()
}

/// The files of a model that comes with the repository; what does not exist is written to the folder.
fn prepare(model: Model, request: &Request, out: &Path, children: &Children) -> Result<Inputs> {
    let files = model.files();
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let guard_bits = model.guard_bits();
    let inputs =
        |onnx, input, calibration| Inputs { onnx, calibration, input, guard_bits, ..Inputs::default() };
    let onnx = match files.onnx {
        Onnx::File(path) => path.to_owned(),
        Onnx::Network { name, .. } => {
            let path = path("model.onnx");
            let mut write = vec!["write", name, &path];
            write.extend(request.folded.then_some("--folded"));
            let size = request.size.map(|size| size.to_string());
            write.extend(size.iter().flat_map(|size| ["--size", size.as_str()]));
            children.models(&write)?;
            path
        }
        Onnx::Sequence { name, tokens, .. } => {
            let [onnx, input, calibration] = ["model.onnx", "input.json", "calibration.json"].map(path);
            let tokens = request.tokens.unwrap_or(tokens).to_string();
            let mut write = vec!["sequence", name, "--tokens", &tokens, "--onnx", &onnx];
            write.extend(["--input", &input, "--calibration", &calibration, "--samples", SEQUENCE_SAMPLES]);
            children.models(&write)?;
            return Ok(inputs(onnx, input, calibration));
        }
        Onnx::Volume { size, .. } => {
            let [onnx, input, calibration] = ["model.onnx", "input.json", "calibration.json"].map(path);
            let size = request.size.unwrap_or(size).to_string();
            let mut write = vec!["volume", "--size", &size, "--onnx", &onnx, "--input", &input];
            write.extend(["--calibration", &calibration, "--samples", VOLUME_SAMPLES]);
            children.models(&write)?;
            return Ok(inputs(onnx, input, calibration));
        }
        Onnx::Large(large) => return large.write(request, out, children),
        Onnx::Language(language) => {
            let [onnx, input, calibration, labels] =
                ["model.onnx", "input.json", "calibration.json", "labels.txt"].map(path);
            let told = language.write(request, [&onnx, &input, &calibration, &labels], children)?;
            let (labels, guard_bits) = (Some(labels), Some(language.guard_bits));
            return Ok(Inputs { labels, guard_bits, told, ..inputs(onnx, input, calibration) });
        }
        Onnx::Characters => {
            let input = path("input.json");
            let told = characters::write(request, &input, children)?;
            let (onnx, calibration) = (characters::ONNX.to_owned(), characters::CALIBRATION.to_owned());
            return Ok(Inputs { told, ..inputs(onnx, input, calibration) });
        }
    };
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
    Ok(inputs(onnx, input, calibration))
}

/// A user's files.
fn given(file: &OnnxFile) -> Inputs {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Inputs {
        onnx: text(&file.onnx),
        calibration: text(file.calibration.as_deref().unwrap_or(&file.input)),
        input: text(&file.input),
        image: file.image.clone(),
        dims: file.dims.clone(),
        labels: file.labels.as_deref().map(text),
        guard_bits: None,
        told: Map::new(),
    }
}
