//! Compiled models and what keys are made under.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, bail};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use zktorch::container::{self, Kind, protocol};
use zktorch::model_file::{BoundInput, ModelFile, Recipe, saturated};
use zktorch::page::{Costed, of_inspection};
use zktorch::{Bytes32, ImageSpec};
use zktorch_commit::{Srs, SrsId};
use zktorch_graph::{PortInfo, Visibility};
use zktorch_onnx::{
    Compiled, FloatModel, NodeReport, OnnxError, Options, Precision, Report, compile, inspect,
};
use zktorch_prover::stages::{Planned, SRS, of_setup};
use zktorch_prover::{
    Estimate, check_size, choose_k, choose_shards_k, least_shards, proof_parts, setup, setup_beside,
    setup_pipeline,
};
use zktorch_verifier::UncheckedPipeline;

use crate::arrays::{self, Given, Named};
use crate::errors::{Unsupported, malformed, raise};
use crate::image::specification;
use crate::key::{ProvingKey, VerifyingKey};
use crate::sharded::ShardedKey;
use crate::work::{How, Token, run};

/// What a model is compiled with.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Wishes {
    calibration: Vec<Named>,
    private_input: bool,
    private_output: bool,
    dims: BTreeMap<String, usize>,
    bind: BTreeMap<String, Given>,
    headroom: Option<u32>,
    guard_bits: Option<u32>,
    saturate: bool,
    max_error: Option<f64>,
    base_dir: Option<PathBuf>,
    image: Option<String>,
}

impl Wishes {
    fn options(&self) -> Result<Options> {
        let visibility = |private| if private { Visibility::Private } else { Visibility::Public };
        let bind = |(name, given): (&String, &Given)| -> Result<_> {
            let tensor = arrays::tensors(vec![(None, given.clone())])?.pop().context("no array")?;
            Ok((name.clone(), arrays::convert(tensor)?))
        };
        Ok(Options {
            input: visibility(self.private_input),
            output: visibility(self.private_output),
            base_dir: self.base_dir.clone(),
            dims: self.dims.clone(),
            bound: self.bind.iter().map(bind).collect::<Result<_>>()?,
            headroom: self.headroom,
            guard_bits: self.guard_bits,
            saturate: self.saturate,
            max_error: self.max_error,
            ..Options::default()
        })
    }
}

/// MODEL.zkt.
#[pyclass(frozen, module = "zktorch._zktorch")]
pub(crate) struct Model {
    file: ModelFile,
    /// What the user should know.
    #[pyo3(get)]
    warnings: Vec<String>,
    /// How far it is from the float model on its calibration samples: not in the file.
    precision: Precision,
}

#[pymethods]
impl Model {
    #[staticmethod]
    #[pyo3(signature = (onnx, wishes, like=None, progress=None, token=None))]
    fn compile(
        py: Python<'_>,
        onnx: Vec<u8>,
        wishes: Wishes,
        like: Option<PyRef<'_, Self>>,
        progress: Option<Bound<'_, PyAny>>,
        token: Option<Bound<'_, Token>>,
    ) -> PyResult<Self> {
        let how = How { threads: None, progress, token };
        let like = like.map(|model| model.file.clone());
        Ok(run(py, &how, &[], move || compiled(onnx, wishes, like))?.0)
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let decode = || ModelFile::from_body(container::decode(bytes, Kind::Model, &protocol())?);
        Self::checked(py, decode())
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Self::checked(py, ModelFile::read(&path))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let body = self.file.to_body().map_err(|error| raise(py, &error))?;
        Ok(PyBytes::new(py, &container::encode(Kind::Model, &protocol(), &body)))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let write = || -> Result<()> {
            container::write(&path, Kind::Model, &protocol(), &self.file.to_body()?)?;
            Ok(())
        };
        write().map_err(|error| raise(py, &error))
    }

    /// Names and extents of the inputs, and of the outputs.
    #[getter]
    fn ports(&self) -> [Vec<(String, Vec<usize>)>; 2] {
        [&self.file.inputs, &self.file.outputs].map(|side| {
            let ports: Vec<PortInfo> = side.iter().map(PortInfo::from).collect();
            arrays::ports(&ports)
        })
    }

    /// What [`inspect_onnx`] says, as JSON.
    fn inspect(&self, py: Python<'_>) -> PyResult<String> {
        let describe = || -> Result<String> {
            let (report, compiled) = self.file.inspected()?;
            let compiled = Compiled { precision: self.precision.clone(), ..compiled };
            let mut found = serde_json::to_value(&report)?;
            add_estimate(&mut found, &report, &compiled, "the calibration samples");
            Ok(found.to_string())
        };
        Ok(run(py, &How::default(), &[], describe)?.0)
    }

    /// What is done to images; none if it takes none.
    #[getter]
    fn image(&self) -> Option<String> {
        self.file.recipe.image.as_ref().map(ToString::to_string)
    }

    #[pyo3(signature = (srs, other=None, progress=None, token=None))]
    fn setup(
        &self,
        py: Python<'_>,
        srs: &Reference,
        other: Option<PyRef<'_, ProvingKey>>,
        progress: Option<Bound<'_, PyAny>>,
        token: Option<Bound<'_, Token>>,
    ) -> PyResult<(ProvingKey, VerifyingKey)> {
        let how = How { threads: None, progress, token };
        let graph = &self.file.graph;
        let other = other.as_ref().map(|key| key.key());
        let weights_k = other.map_or(0, |key| key.vk().network().layout().chunk_size().weights);
        let k = choose_k(graph).max(weights_k);
        let computed = Planned { stage: SRS, steps: 1, seconds: 0.4e-6 * (1u64 << k) as f64 };
        let plan = [vec![computed], of_setup(graph, k)].concat();
        let make = || -> Result<_> {
            check_size(graph)?;
            let powers = srs.powers(k)?;
            let model = self.file.model()?;
            let key = match other {
                None => setup(&model, &powers)?,
                Some(other) if weights_k == k => setup_beside(&model, &powers, k, other)?,
                Some(other) => setup_beside(&model, &srs.powers(weights_k)?, k, other)?,
            };
            Ok((key, powers))
        };
        let ((key, srs), _) = run(py, &how, &plan, make)?;
        let made = || -> Result<_> {
            let vk = VerifyingKey::decode(Kind::VerifyingKey, key.vk_bytes().to_vec())?;
            Ok((ProvingKey::new(key, self.file.recipe.clone(), Arc::new(srs))?, vk))
        };
        made().map_err(|error| raise(py, &error))
    }

    /// Keys in so many shards, or fewer; none if the model is not cut.
    #[pyo3(signature = (srs, shards, progress=None, token=None))]
    fn setup_shards(
        &self,
        py: Python<'_>,
        srs: &Reference,
        shards: usize,
        progress: Option<Bound<'_, PyAny>>,
        token: Option<Bound<'_, Token>>,
    ) -> PyResult<Option<(ShardedKey, VerifyingKey)>> {
        let how = How { threads: None, progress, token };
        let cut = zktorch_graph::shards(&self.file.graph, shards);
        if cut.len() < 2 {
            return Ok(None);
        }
        let k = choose_shards_k(&cut);
        let plan: Vec<Planned> = cut.iter().flat_map(|shard| of_setup(&shard.graph, k)).collect();
        let make = || -> Result<_> {
            let srs = srs.powers(k)?;
            let mut keys = Vec::with_capacity(cut.len());
            let vk = setup_pipeline(&self.file.model()?, &cut, &srs, |_, key| {
                keys.push(key);
                Ok(())
            })?;
            let vk = UncheckedPipeline::from_bytes(&vk, None)?;
            let model = Bytes32::sha256(&self.file.to_body()?);
            ShardedKey::new((keys, model), vk, (self.file.recipe.clone(), shards), srs)
        };
        let (key, _) = run(py, &how, &plan, make)?;
        let vk = key.vk().map_err(|error| raise(py, &error))?;
        Ok(Some((key, vk)))
    }
}

impl Model {
    fn checked(py: Python<'_>, file: Result<ModelFile>) -> PyResult<Self> {
        let check = |file: ModelFile| -> Result<Self> {
            file.compiled()?;
            Ok(Self { file, warnings: Vec::new(), precision: Precision::default() })
        };
        file.and_then(check).map_err(|error| raise(py, &malformed(error)))
    }
}

fn compiled(onnx: Vec<u8>, wishes: Wishes, like: Option<ModelFile>) -> Result<Model> {
    let mut options = wishes.options()?;
    if let Some(other) = like {
        options.like = Some(other.known()?);
        options.headroom = Some(other.recipe.headroom);
        options.guard_bits = Some(other.recipe.guard_bits);
        options.saturate = other.recipe.saturate;
    }
    let unsupported = |error: OnnxError, options: &Options| match inspect(&onnx, options) {
        Ok(found) if !found.supported => {
            let nodes = found.nodes.into_iter().filter_map(|node| Some((node.name, node.op, node.problem?)));
            let model = found.problems.into_iter().map(|problem| (String::new(), String::new(), problem));
            Error::from(Unsupported(nodes.chain(model).collect()))
        }
        _ => error.into(),
    };
    let image: Option<ImageSpec> = wishes.image.as_ref().map(|text| text.parse()).transpose()?;
    if !wishes.calibration.is_empty() || image.is_some() {
        let float = FloatModel::new(&onnx, &options).map_err(|error| unsupported(error, &options))?;
        if let Some(image) = &wishes.image {
            specification(image, float.inputs())?;
        }
        options.calibration = match wishes.calibration {
            none if none.is_empty() => Vec::new(),
            given => arrays::samples(given, float.inputs())?,
        };
    }
    let mut made = compile(&onnx, &options).map_err(|error| unsupported(error, &options))?;
    let least = least_shards(&made.graph)?;
    if least > 1 {
        made.warnings.push(format!("too large for one proof: setup needs shards={least}, or more"));
    }
    let recipe = Recipe {
        onnx: Bytes32::sha256(&onnx),
        input: options.input,
        output: options.output,
        headroom: made.headroom,
        guard_bits: made.guard_bits,
        saturate: made.saturate,
        saturated_inputs: saturated(&made.inputs),
        seen: made.seen.iter().map(|seen| [seen.lo, seen.hi, seen.typical]).collect(),
        image,
        dims: options.dims.clone(),
        bound: options.bound.iter().map(|(name, value)| (name.clone(), BoundInput::from(value))).collect(),
    };
    // External data stay where they are: the float model finds them there again.
    let alone = Options { base_dir: None, calibration: Vec::new(), ..options.clone() };
    let external = match (&options.base_dir, FloatModel::new(&onnx, &alone)) {
        (Some(folder), Err(_)) => Some(std::path::absolute(folder)?),
        _ => None,
    };
    let (warnings, precision) = (made.warnings.clone(), made.precision.clone());
    Ok(Model { file: ModelFile::new(&made, recipe, onnx, external)?, warnings, precision })
}

/// What a model consists of and what is not supported, with what a proof of it may take, as JSON.
#[pyfunction]
pub(crate) fn inspect_onnx(py: Python<'_>, onnx: Vec<u8>, wishes: Wishes) -> PyResult<String> {
    let describe = move || -> Result<String> {
        let options = wishes.options()?;
        let report = inspect(&onnx, &options)?;
        let mut found = serde_json::to_value(&report)?;
        if report.supported {
            // The layout does not depend on the weights' values, and hardly on the scales: one sample will do.
            match compile(&onnx, &Options { generated: 1, ..options }) {
                Ok(made) => add_estimate(&mut found, &report, &made, "one sample, generated at random"),
                Err(error) => {
                    found["supported"] = json!(false);
                    found["problems"] = json!([error.to_string()]);
                }
            }
        }
        if found.get("page").is_none() {
            let problem = |node: &NodeReport| Some(format!("{}: {}", node.name, node.problem.as_ref()?));
            let problems = report.problems.iter().cloned().chain(report.nodes.iter().filter_map(problem));
            found["page"] =
                json!(of_inspection(TITLE, &report, None, &problems.collect::<Vec<_>>()).render());
        }
        Ok(found.to_string())
    };
    Ok(run(py, &How::default(), &[], describe)?.0)
}

/// What the file of a model is called, which nobody says here.
const TITLE: &str = "Model";

fn add_estimate(found: &mut serde_json::Value, report: &Report, compiled: &Compiled, measured_on: &str) {
    let estimate = Estimate::new(&compiled.graph, &[]);
    let parts = proof_parts(&compiled.graph, estimate.k).unwrap_or_default();
    let costed = Costed { compiled, estimate: &estimate, parts: &parts, measured_on: Some(measured_on) };
    found["page"] = json!(of_inspection(TITLE, report, Some(costed), &[]).render());
    found["committed_values"] = json!(estimate.committed_values);
    found["estimated_seconds"] = json!(estimate.seconds);
    found["estimated_memory_bytes"] = json!(estimate.memory.total());
}

/// A structured reference string that keys are made under.
#[pyclass(frozen, module = "zktorch._zktorch", name = "SRS")]
pub(crate) struct Reference {
    /// None: the development SRS, which is computed.
    path: Option<PathBuf>,
}

#[pymethods]
impl Reference {
    #[staticmethod]
    fn dev() -> Self {
        Self { path: None }
    }

    #[staticmethod]
    fn open(path: PathBuf) -> Self {
        Self { path: Some(path) }
    }

    #[getter]
    fn insecure(&self) -> bool {
        self.path.is_none()
    }

    fn __repr__(&self) -> String {
        match &self.path {
            None => "SRS.dev()".to_owned(),
            Some(path) => format!("SRS.open({path:?})"),
        }
    }
}

impl Reference {
    /// With so many powers. A file is one of a ceremony (.ptau), or one that zktorch wrote; both are checked.
    pub(crate) fn powers(&self, k: usize) -> Result<Srs> {
        let Some(path) = &self.path else { return Ok(Srs::dev(k)?) };
        let mut magic = [0; 4];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.with_context(|| format!("cannot read {}", path.display()))?;
        if &magic == b"ptau" {
            return Srs::import_ptau(path, k).with_context(|| path.display().to_string());
        }
        let srs = Srs::open(path).and_then(|srs| srs.truncated(k));
        let srs = srs.with_context(|| path.display().to_string())?;
        srs.check().with_context(|| path.display().to_string())?;
        Ok(srs)
    }

    /// The SRS of a key that was made before.
    pub(crate) fn of_key(&self, id: SrsId, k: usize) -> Result<Srs> {
        let srs = self.powers(k)?;
        if srs.verifier().id() != id {
            bail!("the key was made under SRS {id}, this is {}", srs.verifier().id());
        }
        Ok(srs)
    }
}

/// What a file holds by its header; none if it is no container.
#[pyfunction]
pub(crate) fn kind_of_file(path: PathBuf) -> Option<String> {
    kind(&path).map(str::to_owned)
}

fn kind(path: &Path) -> Option<&'static str> {
    Some(match container::kind(path).ok()? {
        Kind::Model => "model",
        Kind::ProvingKey => "proving_key",
        Kind::PipelineProvingKey => "sharded_key",
        Kind::VerifyingKey | Kind::PipelineKey => "verifying_key",
        Kind::Proof => "proof",
        _ => "other",
    })
}
