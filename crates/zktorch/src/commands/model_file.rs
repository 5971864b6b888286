//! What the files of a model hold: MODEL.zkt and the proving key's file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zktorch::container::{self, Kind};
use zktorch::{Bytes32, ImageSpec, srs_path};
use zktorch_commit::Srs;
use zktorch_graph::{Graph, TensorId, Visibility};
use zktorch_onnx::{Compiled, FloatModel, Options, PortInfo, compile};
use zktorch_prover::{Model, ProvingKey};
use zktorch_verifier::{Port, VerifyingKey};

use super::{Context, plan, protocol};

/// The largest model or key that is read.
const MAX_BYTES: u64 = 8 << 30;

/// How a model was compiled: with the ONNX file this gives the same graph and weights again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// SHA-256 of the ONNX file.
    pub(crate) onnx: Bytes32,
    pub(crate) input: Visibility,
    pub(crate) output: Visibility,
    /// Bits above the largest values.
    pub(crate) headroom: u32,
    /// Largest absolute value of everything computed, over the calibration samples.
    pub(crate) max_abs: BTreeMap<String, f64>,
    /// What is done to images.
    pub(crate) image: Option<ImageSpec>,
    /// Extents of dynamic axes.
    pub(crate) dims: BTreeMap<String, usize>,
}

impl Recipe {
    /// Compiles again.
    pub(crate) fn compile(&self, onnx: &[u8], base_dir: Option<PathBuf>) -> Result<Compiled> {
        let options = Options {
            max_abs: Some(self.max_abs.clone()),
            headroom: Some(self.headroom),
            input: self.input,
            output: self.output,
            base_dir,
            dims: self.dims.clone(),
            ..Options::default()
        };
        Ok(compile(onnx, &options)?)
    }
}

/// MODEL.zkt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ModelFile {
    pub(crate) recipe: Recipe,
    /// The float model, to compare with; none if it has external data.
    pub(crate) onnx: Option<Vec<u8>>,
    pub(crate) graph: Graph,
    pub(crate) weights: Vec<(TensorId, Vec<i32>)>,
    pub(crate) inputs: Vec<FilePort>,
    pub(crate) outputs: Vec<FilePort>,
    /// Values of the model that are stored, to compare node by node.
    stored: Vec<FilePort>,
}

/// A port in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FilePort {
    name: String,
    dims: Vec<usize>,
    tensor: TensorId,
    scale: i32,
}

impl From<&PortInfo> for FilePort {
    fn from(port: &PortInfo) -> Self {
        Self { name: port.name.clone(), dims: port.dims.clone(), tensor: port.tensor, scale: port.scale }
    }
}

impl From<&FilePort> for PortInfo {
    fn from(port: &FilePort) -> Self {
        Self { name: port.name.clone(), dims: port.dims.clone(), tensor: port.tensor, scale: port.scale }
    }
}

impl ModelFile {
    pub(crate) fn new(compiled: &Compiled, recipe: Recipe, onnx: Option<Vec<u8>>) -> Self {
        Self {
            recipe,
            onnx,
            graph: compiled.graph.clone(),
            weights: compiled.weights.clone(),
            inputs: compiled.inputs.iter().map(FilePort::from).collect(),
            outputs: compiled.outputs.iter().map(FilePort::from).collect(),
            stored: compiled.stored.iter().map(FilePort::from).collect(),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let _span = tracing::info_span!("read model").entered();
        let body = container::read(path, Kind::Model, &protocol(), MAX_BYTES)?;
        decode(&body).with_context(|| format!("{}: malformed compiled model", path.display()))
    }

    pub(crate) fn write(&self, context: &Context, path: &Path) -> Result<()> {
        let _running = context.progress.begin("compile", plan::write_model());
        let _span = tracing::info_span!("write model").entered();
        let body = postcard::to_stdvec(self)?;
        context.require_room(&[(path, container::file_bytes(body.len()))])?;
        container::write(path, Kind::Model, &protocol(), &body)?;
        Ok(())
    }

    /// Bytes that the weights need in a proving key: numbers of one to three bytes.
    pub(crate) fn weight_bytes(&self) -> u64 {
        let bytes = |value: &i32| match value.unsigned_abs() {
            0..64 => 1,
            64..8192 => 2,
            _ => 3,
        };
        self.weights.iter().flat_map(|(_, values)| values).map(bytes).sum()
    }

    /// As the compiler gave it; the graph is validated.
    pub(crate) fn compiled(&self) -> Result<Compiled> {
        let bounds = self.graph.validate()?;
        let ports = |ports: &[FilePort]| ports.iter().map(PortInfo::from).collect();
        let compiled = Compiled {
            graph: self.graph.clone(),
            bounds,
            weights: self.weights.clone(),
            inputs: ports(&self.inputs),
            outputs: ports(&self.outputs),
            stored: ports(&self.stored),
            warnings: Vec::new(),
            max_abs: self.recipe.max_abs.clone(),
            headroom: self.recipe.headroom,
        };
        let listed = |ports: &[PortInfo], ids: &[TensorId]| {
            ports.iter().map(|port| port.tensor).eq(ids.iter().copied())
        };
        if !listed(&compiled.inputs, &self.graph.inputs) || !listed(&compiled.outputs, &self.graph.outputs) {
            bail!("the model's ports are not those of its graph");
        }
        let entries =
            |port: &PortInfo| port.dims.iter().try_fold(1usize, |product, dim| product.checked_mul(*dim));
        let all = compiled.inputs.iter().chain(&compiled.outputs).chain(&compiled.stored);
        let fits = |port: &PortInfo| {
            let tensor = self.graph.tensors.get(port.tensor.0 as usize);
            tensor.is_some_and(|tensor| entries(port) == Some(tensor.shape.len()))
        };
        if let Some(port) = all.clone().find(|port| !fits(port)) {
            bail!("value {}: extents {:?} are not those of its tensor", port.name, port.dims);
        }
        let weights = self.weights.iter().all(|(id, values)| {
            let tensor = self.graph.tensors.get(id.0 as usize);
            tensor.is_some_and(|tensor| tensor.shape.len() == values.len())
        });
        if !weights {
            bail!("the model's weights are not those of its graph");
        }
        Ok(compiled)
    }

    /// The float model.
    pub(crate) fn float(&self) -> Result<Option<FloatModel>> {
        let options = Options { dims: self.recipe.dims.clone(), ..Options::default() };
        let model = |onnx: &Vec<u8>| FloatModel::new(onnx, &options);
        Ok(self.onnx.as_ref().map(model).transpose()?)
    }

    /// What setup needs.
    pub(crate) fn model(&self) -> Model {
        let ports = |ports: &[FilePort]| {
            let dims = |port: &FilePort| port.dims.iter().map(|dim| *dim as u64).collect();
            ports.iter().map(|port| Port { name: port.name.clone(), dims: dims(port) }).collect()
        };
        Model {
            graph: self.graph.clone(),
            inputs: ports(&self.inputs),
            outputs: ports(&self.outputs),
            weights: self.weights.clone(),
        }
    }
}

fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    if !rest.is_empty() {
        bail!("{} trailing bytes", rest.len());
    }
    Ok(value)
}

/// The proving key's file.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    key: Vec<u8>,
    recipe: Recipe,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

/// A proving key with what it was made from.
pub(crate) struct LoadedKey {
    pub(crate) key: ProvingKey,
    pub(crate) recipe: Recipe,
}

impl LoadedKey {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let _span = tracing::info_span!("read key").entered();
        let body = container::read(path, Kind::ProvingKey, &protocol(), MAX_BYTES)?;
        let file: KeyFile =
            decode(&body).with_context(|| format!("{}: malformed proving key", path.display()))?;
        let key = ProvingKey::from_bytes(&file.key).with_context(|| path.display().to_string())?;
        Ok(Self { key, recipe: file.recipe.clone() })
    }

    /// The body of the file. Secret.
    pub(crate) fn encode(key: &ProvingKey, recipe: &Recipe) -> Result<Zeroizing<Vec<u8>>> {
        let file = KeyFile { key: key.to_bytes()?, recipe: recipe.clone() };
        Ok(Zeroizing::new(postcard::to_stdvec(&file)?))
    }

    /// Ports with the graph's tensors and scales.
    pub(crate) fn inputs(&self) -> Vec<PortInfo> {
        ports(self.key.vk(), self.key.vk().inputs(), &self.key.vk().network().graph().inputs)
    }
}

/// A key's ports with the graph's tensors and scales.
pub(crate) fn ports(vk: &VerifyingKey, ports: &[Port], ids: &[TensorId]) -> Vec<PortInfo> {
    ports
        .iter()
        .zip(ids)
        .map(|(port, id)| PortInfo {
            name: port.name.clone(),
            dims: port.dims.iter().map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX)).collect(),
            tensor: *id,
            scale: vk.network().graph().tensor(*id).scale,
        })
        .collect()
}

/// The SRS that a key was made under, with as many powers as it needs: the development SRS is computed,
/// another one is beside it.
pub(crate) fn load_srs(pk: &Path, vk: &VerifyingKey) -> Result<Srs> {
    let _span = tracing::info_span!("SRS").entered();
    let k = vk.network().k();
    if vk.srs().id() == zktorch_commit::srs::DEVELOPMENT {
        return Ok(Srs::dev(k)?);
    }
    let path = srs_path(pk);
    let srs = Srs::open(&path).with_context(|| format!("{}: the SRS of the proving key", path.display()))?;
    if srs.verifier().id() != vk.srs().id() {
        bail!("{}: expected SRS {}, got {}", path.display(), vk.srs().id(), srs.verifier().id());
    }
    Ok(srs.truncated(k)?)
}
