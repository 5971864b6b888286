//! What the file of a model holds: MODEL.zkt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::container::{self, Kind};
use crate::{Bytes32, ImageSpec};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zktorch_graph::layout::Cut;
use zktorch_graph::{Graph, Role, TensorId, Visibility};
use zktorch_onnx::{
    Compiled, ExternalWeight, FloatModel, FloatTensor, IntTensor, Known, Options, PortInfo, Report, Seen,
    Tensor, compile, inspect,
};
use zktorch_prover::{Model, ProverError, narrow};
use zktorch_verifier::Port;

use crate::container::protocol;

/// The largest model that is read.
const MAX_BYTES: u64 = 8 << 30;

/// How a model was compiled: with the ONNX file this gives the same graph and weights again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// SHA-256 of the ONNX file.
    pub onnx: Bytes32,
    /// Whether statements hold the values of inputs.
    pub input: Visibility,
    /// Whether they hold those of outputs.
    pub output: Visibility,
    /// Bits above the largest values.
    pub headroom: u32,
    /// Bits beyond 16 of the values between operators.
    pub guard_bits: u32,
    /// Whether values that leave their ranges are clamped.
    pub saturate: bool,
    /// The inputs whose values are clamped.
    pub saturated_inputs: Vec<String>,
    /// Smallest, largest and typical entry of everything computed, over the calibration samples.
    pub seen: Vec<[f64; 3]>,
    /// What is done to images.
    pub image: Option<ImageSpec>,
    /// Extents of dynamic axes.
    pub dims: BTreeMap<String, usize>,
    /// Inputs whose value is part of the model.
    pub bound: BTreeMap<String, BoundInput>,
}

/// The value of an input that is part of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundInput {
    dims: Vec<usize>,
    values: BoundValues,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum BoundValues {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

impl From<&Tensor> for BoundInput {
    fn from(tensor: &Tensor) -> Self {
        let values = match tensor {
            Tensor::Int(tensor) => BoundValues::Integers(tensor.data().to_vec()),
            floats => BoundValues::Floats(floats.to_float().into_data()),
        };
        Self { dims: tensor.dims().to_vec(), values }
    }
}

impl BoundInput {
    fn tensor(&self) -> Result<Tensor> {
        let dims = self.dims.clone();
        Ok(match &self.values {
            BoundValues::Floats(data) => FloatTensor::new(dims, data.clone())?.into(),
            BoundValues::Integers(data) => IntTensor::new(dims, data.clone())?.into(),
        })
    }
}

/// The names of the inputs whose values are clamped.
pub fn saturated(inputs: &[PortInfo]) -> Vec<String> {
    inputs.iter().filter(|port| port.saturates).map(|port| port.name.clone()).collect()
}

impl Recipe {
    /// The inputs whose value is part of the model.
    ///
    /// # Errors
    /// If extents and entries of one disagree.
    pub fn bound(&self) -> Result<BTreeMap<String, Tensor>> {
        self.bound.iter().map(|(name, value)| Ok((name.clone(), value.tensor()?))).collect()
    }

    /// What the samples of the compilation showed.
    fn seen(&self) -> Vec<Seen> {
        self.seen.iter().map(|[lo, hi, typical]| Seen { lo: *lo, hi: *hi, typical: *typical }).collect()
    }

    /// Whether an input's values are clamped.
    pub fn saturates(&self, name: &str) -> bool {
        self.saturated_inputs.iter().any(|input| input == name)
    }

    /// Compiles again.
    ///
    /// # Errors
    /// Those of [`compile`].
    pub fn compile(&self, onnx: &[u8], base_dir: Option<PathBuf>) -> Result<Compiled> {
        let options = Options {
            seen: Some(self.seen()),
            headroom: Some(self.headroom),
            guard_bits: Some(self.guard_bits),
            saturate: self.saturate,
            input: self.input,
            output: self.output,
            base_dir,
            dims: self.dims.clone(),
            bound: self.bound()?,
            ..Options::default()
        };
        Ok(compile(onnx, &options)?)
    }
}

/// MODEL.zkt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelFile {
    /// How it was compiled.
    pub recipe: Recipe,
    /// The float model, to compare with.
    pub onnx: Vec<u8>,
    /// Where its external data were; none if it has none. Secret, as the rest of the file.
    external: Option<String>,
    /// The files there from which large weights are read, and the SHA-256 of each: these weights are not in this file.
    external_files: Vec<(String, Bytes32)>,
    /// The quantised network.
    pub graph: Graph,
    /// The weights but for large ones of external data.
    weights: Vec<(TensorId, Vec<i32>)>,
    /// The inputs in the order of the model.
    pub inputs: Vec<FilePort>,
    /// The outputs in the order of the model.
    pub outputs: Vec<FilePort>,
    /// Values of the model that are stored, to compare node by node.
    stored: Vec<FilePort>,
}

/// A port in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FilePort {
    name: String,
    dims: Vec<usize>,
    tensor: TensorId,
    scale: i32,
    zero: i32,
    multiplier: f64,
}

impl From<&PortInfo> for FilePort {
    fn from(port: &PortInfo) -> Self {
        let PortInfo { name, dims, tensor, scale, zero, multiplier, .. } = port.clone();
        Self { name, dims, tensor, scale, zero, multiplier }
    }
}

impl From<&FilePort> for PortInfo {
    fn from(port: &FilePort) -> Self {
        let FilePort { name, dims, tensor, scale, zero, multiplier } = port.clone();
        Self { name, dims, tensor, scale, zero, multiplier, saturates: false }
    }
}

impl ModelFile {
    /// `external` is the folder of the model's external data, if it has any.
    ///
    /// # Errors
    /// If files of external data cannot be read, or are in no folder below it.
    pub fn new(
        compiled: &Compiled,
        recipe: Recipe,
        onnx: Vec<u8>,
        external: Option<PathBuf>,
    ) -> Result<Self> {
        let external_files = match &external {
            Some(folder) => hash_files(folder, compiled.external.iter().map(|(_, weight)| weight.path()))?,
            None => Vec::new(),
        };
        Ok(Self {
            recipe,
            onnx,
            external_files,
            // A folder whose name is no text is not found again: then the user gives it.
            external: external.map(|folder| folder.to_string_lossy().into_owned()),
            graph: compiled.graph.clone(),
            weights: compiled.weights.clone(),
            inputs: compiled.inputs.iter().map(FilePort::from).collect(),
            outputs: compiled.outputs.iter().map(FilePort::from).collect(),
            stored: compiled.stored.iter().map(FilePort::from).collect(),
        })
    }

    /// Reads MODEL.zkt.
    ///
    /// # Errors
    /// If it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let _span = tracing::info_span!("read model").entered();
        let body = container::read(path, Kind::Model, &protocol(), MAX_BYTES)?;
        Self::from_body(&body).with_context(|| path.display().to_string())
    }

    /// Decodes the body of MODEL.zkt.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn from_body(body: &[u8]) -> Result<Self> {
        decode(body).context("malformed compiled model")
    }

    /// The body of MODEL.zkt.
    ///
    /// # Errors
    /// None for what fits into memory.
    pub fn to_body(&self) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(postcard::to_stdvec(self)?))
    }

    /// The model with its external data in this folder, if one is given.
    pub fn found_in(mut self, folder: Option<&Path>) -> Self {
        if let Some(folder) = folder {
            self.external = Some(folder.to_string_lossy().into_owned());
        }
        self
    }

    /// Bytes that the weights need in a proving key, about: of their padded cells.
    pub fn weight_bytes(&self) -> u64 {
        let weights = self.graph.tensors.iter().filter(|tensor| tensor.role == Role::Weight);
        let pieces = weights.flat_map(|tensor| Cut::new(&tensor.shape).pieces().to_vec());
        pieces.map(|piece| 2u64 << piece.vars).sum()
    }

    /// Bytes that the model takes beside a setup.
    pub fn held_bytes(&self) -> u64 {
        let weights: u64 = self.weights.iter().map(|(_, values)| 4 * values.len() as u64).sum();
        self.onnx.len() as u64 + weights
    }

    /// All weights, where they are: those of external data are found there again, if the files are the same.
    ///
    /// # Errors
    /// If they are not.
    pub fn weights(&self) -> Result<Weights<'_>> {
        let here = self.weights.iter().map(|(id, values)| (*id, values.as_slice())).collect();
        Ok(Weights { graph: &self.graph, here, external: self.external_weights()?.into_iter().collect() })
    }

    fn external_weights(&self) -> Result<Vec<(TensorId, ExternalWeight)>> {
        let Some(folder) = self.external.as_ref().filter(|_| !self.external_files.is_empty()) else {
            return Ok(Vec::new());
        };
        let folder = PathBuf::from(folder);
        let paths: Vec<PathBuf> = self.external_files.iter().map(|(name, _)| folder.join(name)).collect();
        let found = hash_files(&folder, paths.iter().map(PathBuf::as_path))?;
        for (name, expected) in &self.external_files {
            if !found.contains(&(name.clone(), *expected)) {
                bail!(
                    "{}: the weights there are not those that were compiled: expected a file of SHA-256 {expected}",
                    folder.join(name).display()
                );
            }
        }
        let compiled = self.recipe.compile(&self.onnx, Some(folder))?;
        if compiled.graph != self.graph {
            bail!("the model compiles to another graph than the one in its file: compile it again");
        }
        Ok(compiled.external)
    }

    /// What its samples have shown of its values, for another model that is to have its scales.
    ///
    /// # Errors
    /// Those of [`Known::new`].
    pub fn known(&self) -> Result<Known> {
        let base_dir = self.external.as_ref().map(PathBuf::from);
        let (dims, bound) = (self.recipe.dims.clone(), self.recipe.bound()?);
        let options = Options { dims, bound, base_dir, ..Options::default() };
        Ok(Known::new(&self.onnx, &options, &self.recipe.seen())?)
    }

    /// What its ONNX file consists of, and the model compiled from it once more: which node every tensor belongs to is in no file.
    ///
    /// # Errors
    /// Those of [`inspect`] and [`compile`].
    pub fn inspected(&self) -> Result<(Report, Compiled)> {
        let base_dir = self.external.as_ref().map(PathBuf::from);
        let (dims, bound) = (self.recipe.dims.clone(), self.recipe.bound()?);
        let options = Options { dims, bound, base_dir: base_dir.clone(), ..Options::default() };
        Ok((inspect(&self.onnx, &options)?, self.recipe.compile(&self.onnx, base_dir)?))
    }

    /// As the compiler gave it; the graph is validated.
    ///
    /// # Errors
    /// If the parts of the file do not fit each other.
    pub fn compiled(&self) -> Result<Compiled> {
        let bounds = self.graph.validate()?;
        let ports = |ports: &[FilePort]| ports.iter().map(PortInfo::from).collect();
        let saturates = |port: PortInfo| PortInfo { saturates: self.recipe.saturates(&port.name), ..port };
        let compiled = Compiled {
            graph: self.graph.clone(),
            bounds,
            weights: self.weights.clone(),
            external: self.external_weights()?,
            inputs: self.inputs.iter().map(|port| saturates(port.into())).collect(),
            outputs: ports(&self.outputs),
            stored: ports(&self.stored),
            origins: vec![None; self.graph.tensors.len()],
            warnings: Vec::new(),
            seen: self.recipe.seen(),
            headroom: self.recipe.headroom,
            guard_bits: self.recipe.guard_bits,
            saturate: self.recipe.saturate,
            precision: Default::default(),
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
    ///
    /// # Errors
    /// If the external data are not found.
    pub fn float(&self) -> Result<FloatModel> {
        let base_dir = self.external.as_ref().map(PathBuf::from);
        let options = Options {
            dims: self.recipe.dims.clone(),
            bound: self.recipe.bound()?,
            base_dir: base_dir.clone(),
            ..Options::default()
        };
        let model = FloatModel::new(&self.onnx, &options);
        model.with_context(|| match base_dir {
            Some(folder) => format!(
                "the float model has external data, which are not in {}: expected their folder in --external-data DIR",
                folder.display()
            ),
            None => "the float model to compare with".to_owned(),
        })
    }

    /// What setup needs, but the weights.
    pub fn interface(&self) -> Model {
        Model {
            graph: self.graph.clone(),
            inputs: self.inputs.iter().map(stated).collect(),
            outputs: self.outputs.iter().map(stated).collect(),
            preprocessing: preprocessing(self.recipe.image.as_ref()),
            weights: Vec::new(),
        }
    }

    /// What setup needs, with all weights in memory.
    ///
    /// # Errors
    /// If external data are not found, or are others.
    pub fn model(&self) -> Result<Model> {
        let mut model = self.interface();
        model.weights.clone_from(&self.weights);
        for (id, weight) in self.external_weights()? {
            model.weights.push((id, weight.values()?.into_iter().map(i32::from).collect()));
        }
        Ok(model)
    }
}

/// The weights of a model, one at a time.
#[derive(Debug)]
pub struct Weights<'a> {
    graph: &'a Graph,
    here: BTreeMap<TensorId, &'a [i32]>,
    external: BTreeMap<TensorId, ExternalWeight>,
}

impl<'a> Weights<'a> {
    /// Of a model that was compiled.
    pub fn of(compiled: &'a Compiled) -> Self {
        let here = compiled.weights.iter().map(|(id, values)| (*id, values.as_slice())).collect();
        let external = compiled.external.iter().cloned().collect();
        Self { graph: &compiled.graph, here, external }
    }

    /// The entries of one; none if there is none.
    ///
    /// # Errors
    /// [`ProverError`] if they cannot be read, or leave the tensor's range.
    pub fn values(&self, id: TensorId) -> Result<Vec<i16>, ProverError> {
        match (self.here.get(&id), self.external.get(&id)) {
            (Some(values), _) => narrow(self.graph.tensor(id), values),
            (None, Some(weight)) => weight.values().map_err(|error| ProverError::Io(io::Error::other(error))),
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// The names below a folder and the SHA-256 of files, each once.
fn hash_files<'a>(folder: &Path, files: impl Iterator<Item = &'a Path>) -> Result<Vec<(String, Bytes32)>> {
    let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let files: BTreeSet<PathBuf> = files.map(Path::to_path_buf).collect();
    let _span = tracing::info_span!("hash weights").entered();
    let hash = |path: PathBuf| -> Result<(String, Bytes32)> {
        let what = || format!("{}: weights of the model", path.display());
        let path = path.canonicalize().with_context(what)?;
        let name = path.strip_prefix(&folder).with_context(what)?.to_str().with_context(what)?;
        // To open a pipe is to wait for its writer.
        if !path.is_file() {
            bail!("{}: expected a file", what());
        }
        Ok((name.to_owned(), Bytes32::sha256_of(File::open(&path)?).with_context(what)?))
    };
    files.into_iter().map(hash).collect()
}

/// A port as keys state it.
fn stated(port: &FilePort) -> Port {
    Port {
        name: port.name.clone(),
        dims: port.dims.iter().map(|dim| *dim as u64).collect(),
        zero: port.zero,
        multiplier: port.multiplier,
    }
}

/// The first thing that a key says of a model's ports or of what is done to its images, and the model does not.
pub fn other_interface(
    compiled: &Compiled,
    recipe: &Recipe,
    [inputs, outputs]: [&[Port]; 2],
    stated_preprocessing: &str,
) -> Option<String> {
    for (side, own, key) in [("input", &compiled.inputs, inputs), ("output", &compiled.outputs, outputs)] {
        let own: Vec<Port> = own.iter().map(|port| stated(&FilePort::from(port))).collect();
        if own.len() != key.len() {
            return Some(format!("the key has {} {side}s, the ONNX model {}", key.len(), own.len()));
        }
        if let Some(index) = own.iter().zip(key).position(|(own, key)| own != key) {
            return Some(format!(
                "{side} {index} of the key is not that of the ONNX model: {:?}",
                own[index].name
            ));
        }
    }
    let same = preprocessing(recipe.image.as_ref()) == stated_preprocessing;
    (!same).then(|| "the key states other preprocessing than the model was compiled with".to_owned())
}

pub(crate) fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    if !rest.is_empty() {
        bail!("{} trailing bytes", rest.len());
    }
    Ok(value)
}

/// What a key says of preprocessing.
pub fn preprocessing(image: Option<&ImageSpec>) -> String {
    image.map(ImageSpec::to_string).unwrap_or_default()
}
