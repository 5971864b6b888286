//! Keys, proofs and their verification.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Error, Result, bail};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zktorch::container::{self, Kind, protocol};
use zktorch::key_file::{LoadedKey, load_srs};
use zktorch::model_file::Recipe;
use zktorch::page::{Proven, Timeline, of_proof};
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_commit::{Srs, SrsId, SrsPolicy, SrsStatus};
use zktorch_files::{Bytes32, Interface, UncheckedVk};
use zktorch_graph::{Graph, GraphError, PortInfo, Role};
use zktorch_onnx::Tensor;
use zktorch_prover::stages::{Planned, of_proof as plan_of_proof};
use zktorch_prover::{ProvingKey as Key, committed_values};
use zktorch_verifier::{Batch, MAX_KEY_BYTES, ModelId, Part};

use crate::arrays::{self, Made, Named};
use crate::errors::{Outside, Rejected, malformed, raise};
use crate::model::Reference;
use crate::statement::Statement;
use crate::work::{How, Seconds, Token, run};

/// A proving key, with the SRS that it was made under.
#[pyclass(frozen, module = "zktorch._zktorch")]
pub(crate) struct ProvingKey {
    key: LoadedKey,
    interface: Interface,
    srs: Arc<Srs>,
}

impl ProvingKey {
    pub(crate) fn new(key: Key, recipe: Recipe, srs: Arc<Srs>) -> Result<Self> {
        let interface = Interface::of_key(key.vk())?;
        Ok(Self { key: LoadedKey { key, recipe }, interface, srs })
    }

    /// The key itself.
    pub(crate) fn key(&self) -> &Key {
        &self.key.key
    }

    /// Runs an inference.
    fn outputs(&self, inputs: &[Vec<i32>]) -> Result<Vec<Vec<i32>>> {
        let mut values = self.key.key.execute(inputs)?;
        let outputs = &self.key.key.vk().network().graph().outputs;
        Ok(outputs.iter().map(|id| std::mem::take(&mut values[id.0 as usize])).collect())
    }

    /// What the key says of a proof of so many inferences; nothing of a single one.
    fn batch(&self, inferences: usize) -> Result<Option<Batch>> {
        let count = u32::try_from(inferences).unwrap_or(u32::MAX);
        if count <= 1 { Ok(None) } else { Ok(Some(self.key.key.vk().batch(count)?)) }
    }

    /// The SRS with as many powers as a batch takes.
    fn srs_of(&self, batch: &Batch, given: Option<&Reference>) -> Result<Arc<Srs>> {
        let (id, k) = (self.interface.srs_id, batch.network().k());
        match given {
            Some(srs) => Ok(Arc::new(srs.of_key(id, k)?)),
            None if k == self.srs.k() => Ok(Arc::clone(&self.srs)),
            None if id == DEVELOPMENT => Ok(Arc::new(Srs::dev(k)?)),
            None => bail!(
                "so many inferences are proved with 2^{k} powers of SRS {id}: expected srs=SRS.open(path), got none"
            ),
        }
    }
}

/// A proof's file, its statement, all outputs, seconds by stage, and a page about it.
pub(crate) type Proved = (Py<PyBytes>, Statement, Vec<Made>, Seconds, String);

#[pymethods]
impl ProvingKey {
    /// Reads the file, and the SRS beside it unless one is given.
    #[staticmethod]
    #[pyo3(signature = (path, srs=None))]
    fn load(py: Python<'_>, path: PathBuf, srs: Option<&Reference>) -> PyResult<Self> {
        let read = || -> Result<Self> {
            let key = LoadedKey::read(&path).map_err(malformed)?;
            let (id, k) = (key.key.vk().srs().id(), key.key.vk().network().k());
            let srs = match srs {
                Some(srs) => srs.of_key(id, k)?,
                None => load_srs(&path, id, k)?,
            };
            Self::new(key.key, key.recipe, Arc::new(srs))
        };
        Ok(run(py, &How::default(), &[], read)?.0)
    }

    /// The same from the bytes of a file; the development SRS is computed, another one has to be given.
    #[staticmethod]
    #[pyo3(signature = (bytes, srs=None))]
    fn from_bytes(py: Python<'_>, bytes: &[u8], srs: Option<&Reference>) -> PyResult<Self> {
        let read = || -> Result<Self> {
            let body = container::decode(bytes, Kind::ProvingKey, &protocol())?;
            let key = LoadedKey::from_body(body, body.len() as u64).map_err(malformed)?;
            let (id, k) = (key.key.vk().srs().id(), key.key.vk().network().k());
            let srs = match srs {
                Some(srs) => srs.of_key(id, k)?,
                None if id == DEVELOPMENT => Srs::dev(k)?,
                None => bail!("the key was made under SRS {id}: expected it as srs=SRS.open(path), got none"),
            };
            Self::new(key.key, key.recipe, Arc::new(srs))
        };
        Ok(run(py, &How::default(), &[], read)?.0)
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let encode = || -> Result<Vec<u8>> {
            let mut body = Vec::new();
            LoadedKey::write_body(&mut body, &self.key.key, &self.key.recipe)?;
            Ok(container::encode(Kind::ProvingKey, &protocol(), &body))
        };
        Ok(PyBytes::new(py, &encode().map_err(|error| raise(py, &error))?))
    }

    /// Writes the file, which only its owner may read, and the SRS of a ceremony beside it.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let write = || -> Result<()> {
            if self.interface.srs_id != DEVELOPMENT {
                zktorch::write_srs(&zktorch::srs_path(&path), &self.srs)?;
            }
            LoadedKey::write(&path, &self.key.key, &self.key.recipe)
        };
        run(py, &How::default(), &[], write)?;
        Ok(())
    }

    #[getter]
    fn model_id(&self) -> String {
        self.interface.model_id.to_string()
    }

    /// Names and extents of the inputs, and of the outputs.
    #[getter]
    fn ports(&self) -> [Vec<(String, Vec<usize>)>; 2] {
        [self.interface.inputs(), self.interface.outputs()].map(arrays::ports)
    }

    /// What is done to images; none if the model takes none.
    #[getter]
    fn image(&self) -> Option<String> {
        self.key.recipe.image.as_ref().map(ToString::to_string)
    }

    /// The key of those who verify.
    fn verifying_key(&self, py: Python<'_>) -> PyResult<VerifyingKey> {
        let vk = VerifyingKey::decode(Kind::VerifyingKey, self.key.key.vk_bytes().to_vec());
        vk.map_err(|error| raise(py, &error))
    }

    /// The outputs of an inference, of which nothing is proved: those that its proof would be about.
    #[pyo3(signature = (inference, threads=None))]
    fn run(&self, py: Python<'_>, inference: Vec<Named>, threads: Option<usize>) -> PyResult<Vec<Made>> {
        let how = How { threads, ..How::default() };
        let work = || -> Result<Vec<Vec<i32>>> {
            let sample = arrays::sample(inference, &arrays::ports(self.interface.inputs()))?;
            self.outputs(&quantised(&self.interface, &self.key.recipe, &sample)?)
        };
        Ok(real(py, &self.interface, None, &run(py, &how, &[], work)?.0))
    }

    /// Whether a statement is about this inference ([`is_about`]).
    fn is_about(
        &self,
        py: Python<'_>,
        inference: Vec<Named>,
        statement: &Statement,
        context: Vec<u8>,
    ) -> PyResult<bool> {
        let work = || -> Result<bool> {
            let sample = arrays::sample(inference, &arrays::ports(self.interface.inputs()))?;
            let inputs = quantised(&self.interface, &self.key.recipe, &sample)?;
            is_about(&self.interface, &inputs, (statement, context), || self.outputs(&inputs))
        };
        Ok(run(py, &How::default(), &[], work)?.0)
    }

    /// Proves inferences, several of them in one proof: `srs` then has the powers that the key's own SRS is too short for.
    #[pyo3(signature = (inferences, context, srs=None, threads=None, progress=None, token=None))]
    #[allow(clippy::too_many_arguments, reason = "the package names them")]
    fn prove(
        &self,
        py: Python<'_>,
        inferences: Vec<Vec<Named>>,
        context: Vec<u8>,
        srs: Option<&Reference>,
        threads: Option<usize>,
        progress: Option<Bound<'_, PyAny>>,
        token: Option<Bound<'_, Token>>,
    ) -> PyResult<Proved> {
        let how = How { threads, progress, token };
        let batch = self.batch(inferences.len()).map_err(|error| raise(py, &error))?;
        let network = batch.as_ref().map_or(self.key.key.vk().network(), Batch::network);
        let plan = plan_of_proof(network.graph(), network.k());
        let work = || -> Result<_> {
            let ports = arrays::ports(self.interface.inputs());
            let integers =
                |inputs| quantised(&self.interface, &self.key.recipe, &arrays::sample(inputs, &ports)?);
            let each = inferences.into_iter().map(integers).collect::<Result<Vec<_>>>()?;
            let each: Vec<&[Vec<i32>]> = each.iter().map(Vec::as_slice).collect();
            let proved = match (&batch, each.as_slice()) {
                (Some(batch), each) => {
                    let srs = self.srs_of(batch, srs)?;
                    self.key.key.prove_batch(&srs, batch, each, &context)?
                }
                (None, [inputs]) => self.key.key.prove(&self.srs, inputs, &context)?,
                (None, _) => bail!("inputs: expected those of one inference or more, got none"),
            };
            let statement = self.interface.state(&proved.statement)?;
            Ok((container::encode(Kind::Proof, &protocol(), &proved.proof), statement, proved.outputs))
        };
        let bound = !context.is_empty();
        let ((proof, statement, outputs), seconds) = run(py, &how, &plan, work)?;
        let several = batch.as_ref().map(|batch| batch.network().inferences() as usize);
        let outputs = real(py, &self.interface, several, &outputs);
        let told = || -> Result<String> {
            let parts = batch.as_ref().map_or_else(|| self.key.key.vk().parts(), Batch::parts)?;
            Ok(page(&self.interface, &parts, &[network.graph()], (&plan, &seconds), bound))
        };
        let page = told().map_err(|error| raise(py, &error))?;
        Ok((PyBytes::new(py, &proof).unbind(), Statement::new(statement), outputs, seconds, page))
    }
}

/// The integers of a sample, for a key with this interface.
pub(crate) fn quantised(interface: &Interface, recipe: &Recipe, sample: &[Tensor]) -> Result<Vec<Vec<i32>>> {
    let integers = |(port, tensor): (&PortInfo, &Tensor)| -> Result<Vec<i32>> {
        let port = PortInfo { saturates: recipe.saturates(&port.name), ..port.clone() };
        let range = interface.graph.tensor(port.tensor).range;
        port.quantise(tensor.iter(), range).map_err(|error| match error {
            GraphError::Number { .. } => {
                let outside = |x: &f64| port.count_outside([*x], range) > 0;
                let value = tensor.iter().find(outside).unwrap_or(f64::NAN);
                let range = (port.real(range.lo), port.real(range.hi));
                Outside { node: port.name.clone(), value, range }.into()
            }
            error => error.into(),
        })
    };
    interface.inputs().iter().zip(sample).map(integers).collect()
}

/// Whether a statement with this context is about an inference: its public inputs are. Of private ones it says nothing: if there are any,
/// its public outputs have to be those of the inference.
pub(crate) fn is_about(
    interface: &Interface,
    inputs: &[Vec<i32>],
    (statement, context): (&Statement, Vec<u8>),
    outputs: impl FnOnce() -> Result<Vec<Vec<i32>>>,
) -> Result<bool> {
    let stated = interface.check(statement.inner(), 1, context)?.public;
    let is_public = |port: &PortInfo| interface.graph.tensor(port.tensor).role.is_public();
    let public = |ports: &[PortInfo], values: &[Vec<i32>]| -> Vec<Vec<i32>> {
        ports
            .iter()
            .zip(values)
            .filter(|(port, _)| is_public(port))
            .map(|(_, values)| values.clone())
            .collect()
    };
    let own = public(interface.inputs(), inputs);
    if stated.get(..own.len()) != Some(own.as_slice()) {
        return Ok(false);
    }
    // Without private inputs the outputs follow, and the proof is about them.
    if interface.inputs().iter().all(is_public) {
        return Ok(true);
    }
    Ok(stated.get(own.len()..) == Some(public(interface.outputs(), &outputs()?).as_slice()))
}

/// All outputs as numbers; those of several inferences have a first axis that counts them, as in the statement.
pub(crate) fn real(
    py: Python<'_>,
    interface: &Interface,
    several: Option<usize>,
    outputs: &[Vec<i32>],
) -> Vec<Made> {
    let real = |(port, integers): (&PortInfo, &Vec<i32>)| {
        let values: Vec<f64> = integers.iter().map(|integer| port.real(*integer)).collect();
        let dims: Vec<usize> = several.into_iter().chain(port.dims.iter().copied()).collect();
        arrays::made(py, &port.name, &dims, &values)
    };
    interface.outputs().iter().zip(outputs).map(real).collect()
}

/// What a proof took, what its bytes are, and who sees what. `graphs` are those that it proves.
pub(crate) fn page(
    interface: &Interface,
    parts: &[Part],
    graphs: &[&Graph],
    (plan, seconds): (&[Planned], &Seconds),
    context: bool,
) -> String {
    let tensors = graphs.iter().flat_map(|graph| &graph.tensors);
    let weights = tensors.filter(|tensor| tensor.role == Role::Weight);
    let stages = seconds.iter().map(|(stage, seconds)| ((*stage).to_owned(), *seconds));
    let proven = Proven {
        interface,
        parts,
        estimate: plan.iter().map(|planned| planned.seconds).sum(),
        committed_values: graphs.iter().map(|graph| committed_values(graph) as u64).sum(),
        weights: weights.map(|tensor| tensor.shape.len() as u64).sum(),
        timeline: Timeline::in_turn(stages, true),
        seconds: seconds.iter().map(|(_, seconds)| seconds).sum(),
        memory_bytes: None,
        context,
        insecure: interface.srs_id == DEVELOPMENT,
    };
    of_proof("Proof", proven, Vec::new()).render()
}

/// A verifying key, in one piece or in shards.
#[pyclass(frozen, module = "zktorch._zktorch")]
pub(crate) struct VerifyingKey {
    kind: Kind,
    body: Vec<u8>,
    interface: Interface,
}

impl VerifyingKey {
    pub(crate) fn decode(kind: Kind, body: Vec<u8>) -> Result<Self> {
        let interface = UncheckedVk::decode(kind, &body, None)?.interface()?;
        Ok(Self { kind, body, interface })
    }
}

/// What a verifier decides.
struct Trust {
    model: Option<ModelId>,
    policy: SrsPolicy,
}

#[pymethods]
impl VerifyingKey {
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let read = || -> Result<Self> {
            let kind = UncheckedVk::kind(container::Header::from_prefix(bytes).map(|header| header.kind));
            Self::decode(kind, container::decode(bytes, kind, &protocol())?.to_vec())
        };
        read().map_err(|error| raise(py, &malformed(error)))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let read = || -> Result<Self> {
            let kind = UncheckedVk::kind(container::kind(&path));
            let limit = (MAX_KEY_BYTES + container::HEADER_BYTES) as u64;
            Self::decode(kind, container::read(&path, kind, &protocol(), limit)?.to_vec())
        };
        read().map_err(|error| raise(py, &malformed(error)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &container::encode(self.kind, &protocol(), &self.body))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = container::write(&path, self.kind, &protocol(), &self.body);
        written.map(drop).map_err(|error| raise(py, &error.into()))
    }

    #[getter]
    fn model_id(&self) -> String {
        self.interface.model_id.to_string()
    }

    #[getter]
    fn srs_id(&self) -> String {
        self.interface.srs_id.to_string()
    }

    /// Names and extents of the inputs, and of the outputs.
    #[getter]
    fn ports(&self) -> [Vec<(String, Vec<usize>)>; 2] {
        [self.interface.inputs(), self.interface.outputs()].map(arrays::ports)
    }

    /// Accepts a proof of a statement, or raises. Whether the SRS is the development SRS.
    #[pyo3(signature = (proof, statement, model_id, context, inferences, allow_insecure_srs, accept_srs, threads=None))]
    #[allow(clippy::too_many_arguments, reason = "the package names them")]
    fn verify(
        &self,
        py: Python<'_>,
        proof: &[u8],
        statement: &Statement,
        model_id: Option<&str>,
        context: Vec<u8>,
        inferences: u32,
        allow_insecure_srs: bool,
        accept_srs: Option<&str>,
        threads: Option<usize>,
    ) -> PyResult<bool> {
        let trust = || -> Result<Trust> {
            let id = |text: &str| text.parse::<Bytes32>().map_err(Error::from);
            let mut policy = SrsPolicy::new();
            if let Some(text) = accept_srs {
                policy = policy.accept(SrsId(id(text)?.0));
            }
            if allow_insecure_srs {
                policy = policy.allow_insecure();
            }
            Ok(Trust { model: model_id.map(id).transpose()?.map(|id| ModelId(id.0)), policy })
        };
        let trust = trust().map_err(|error| raise(py, &error))?;
        let how = How { threads, ..How::default() };
        Ok(run(py, &how, &[], || self.accept(proof, statement, trust, (inferences, context)))?.0)
    }
}

impl VerifyingKey {
    fn accept(
        &self,
        proof: &[u8],
        statement: &Statement,
        trust: Trust,
        (inferences, context): (u32, Vec<u8>),
    ) -> Result<bool> {
        let rejected = |error: &dyn std::fmt::Display| Error::from(Rejected(error.to_string()));
        // 1. The key: of the model that the user trusts, under an SRS that the user trusts.
        let vk = UncheckedVk::decode(self.kind, &self.body, trust.model)?;
        let model = vk.interface()?;
        let vk = vk.check(&trust.policy)?;
        // 2. The statement: every field is that of the key, or becomes part of what is verified.
        let statement = model.check(statement.inner(), inferences, context)?;
        // 3. The proof. Whatever is wrong with it is its prover's.
        let proof = container::decode(proof, Kind::Proof, &protocol()).map_err(|error| rejected(&error))?;
        vk.verify(&statement, proof).map_err(|error| rejected(&error))?;
        Ok(vk.srs_status() == SrsStatus::Insecure)
    }
}

/// Writes the file of a proof at once.
#[pyfunction]
pub(crate) fn save_proof(py: Python<'_>, path: PathBuf, proof: &[u8]) -> PyResult<()> {
    let write = || -> Result<()> {
        let body = container::decode(proof, Kind::Proof, &protocol())?;
        container::write(&path, Kind::Proof, &protocol(), body)?;
        Ok(())
    };
    write().map_err(|error| raise(py, &error))
}
