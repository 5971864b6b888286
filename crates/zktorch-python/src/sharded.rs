//! Proving keys in shards, and proofs whose shards are proved one by one, by whoever has the key.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zktorch::container::{self, Kind, protocol};
use zktorch::key_file::load_srs;
use zktorch::model_file::Recipe;
use zktorch::pipeline_file::{LoadedPipeline, origin};
use zktorch::shard_job::{ShardJob, most_leaf_bytes};
use zktorch_commit::Srs;
use zktorch_commit::srs::DEVELOPMENT;
use zktorch_files::{Bytes32, Interface};
use zktorch_graph::Graph;
use zktorch_prover::stages::{Planned, of_proof, of_shards};
use zktorch_prover::{End, ProvedLeaf, ProverError, ProvingKey, Run, ShardKeys, prove_pipeline};
use zktorch_verifier::{UncheckedKey, UncheckedPipeline, encode_pipeline};

use crate::arrays::{self, Made, Named};
use crate::errors::{Rejected, malformed, raise};
use crate::key::{Proved, VerifyingKey, is_about, page, quantised, real};
use crate::model::Reference;
use crate::statement::Statement;
use crate::work::{How, Seconds, Token, run};

/// Where the keys of shards are.
enum Keys {
    /// As setup gave them, with the digest of their model's file.
    Memory(Vec<ProvingKey>, Bytes32),
    /// Files beside that of the whole: one is held at a time.
    Files(PathBuf),
}

/// What proofs in shards are made with.
struct Sharded {
    keys: Keys,
    vk: UncheckedPipeline,
    recipe: Recipe,
    /// The number of shards that setup was asked for.
    asked: usize,
    interface: Interface,
    srs: Srs,
}

/// A key that is there, or was read.
enum Held<'a> {
    There(&'a ProvingKey),
    Read(Box<ProvingKey>),
}

impl Deref for Held<'_> {
    type Target = ProvingKey;

    fn deref(&self) -> &ProvingKey {
        match self {
            Self::There(key) => key,
            Self::Read(key) => key,
        }
    }
}

impl ShardKeys for Sharded {
    type Key<'a> = Held<'a>;

    fn shard(&self, index: usize) -> Result<Held<'_>, ProverError> {
        match &self.keys {
            Keys::Memory(keys, _) => keys.as_slice().shard(index).map(Held::There),
            Keys::Files(path) => Ok(Held::Read(Box::new(LoadedPipeline::read_shard(path, index)?.1))),
        }
    }
}

impl Sharded {
    /// The verifying keys of the shards.
    fn shards(&self) -> Result<Vec<UncheckedKey>> {
        (0..self.vk.shards()).map(|index| Ok(self.vk.shard(index)?)).collect()
    }

    fn vk_bytes(&self) -> Result<Vec<u8>> {
        let keys: Vec<Vec<u8>> =
            (0..self.vk.shards()).map(|index| self.vk.shard_bytes(index).to_vec()).collect();
        Ok(encode_pipeline(self.vk.body(), &keys)?)
    }

    fn integers(&self, inference: Vec<Named>) -> Result<Vec<Vec<i32>>> {
        let ports = arrays::ports(self.interface.inputs());
        quantised(&self.interface, &self.recipe, &arrays::sample(inference, &ports)?)
    }

    /// Runs an inference, one shard after the other.
    fn outputs(&self, inputs: &[Vec<i32>]) -> Result<Vec<Vec<i32>>> {
        let body = self.vk.body();
        let mut wires = inputs.to_vec();
        wires.resize(self.vk.wires().len(), Vec::new());
        for (index, shard) in body.shards.iter().enumerate() {
            let key = self.shard(index)?;
            // Wires and tensors are those of the key, which is checked.
            let inputs: Vec<Vec<i32>> =
                shard.inputs.iter().map(|wire| wires[*wire as usize].clone()).collect();
            let values = key.execute(&inputs)?;
            for (id, wire) in key.vk().network().graph().outputs.iter().zip(&shard.outputs) {
                wires[*wire as usize].clone_from(&values[id.0 as usize]);
            }
        }
        Ok(wires.into_iter().skip(body.inputs.len()).take(body.outputs.len()).collect())
    }

    fn write(&self, path: PathBuf) -> Result<()> {
        // Its shards are replaced one by one: from then on it is of no use.
        if container::kind(&path).ok() == Some(Kind::PipelineProvingKey) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        for index in 0..self.vk.shards() {
            match &self.keys {
                Keys::Memory(keys, model) => {
                    let key = keys.get(index).context("no such shard")?;
                    let origin = origin(*model, index, self.vk.shards());
                    LoadedPipeline::write_shard(&path, index, origin, key)?;
                }
                Keys::Files(from) => {
                    let (origin, key) = LoadedPipeline::read_shard(from, index)?;
                    LoadedPipeline::write_shard(&path, index, origin, &key)?;
                }
            }
        }
        if self.interface.srs_id != DEVELOPMENT {
            zktorch::write_srs(&zktorch::srs_path(&path), &self.srs)?;
        }
        LoadedPipeline::write(&path, &self.vk_bytes()?, &self.recipe, self.asked)
    }

    /// What Python gets of a proof.
    fn told(
        &self,
        py: Python<'_>,
        proved: zktorch_prover::Proved,
        (plan, seconds): (&[Planned], Seconds),
    ) -> Result<Proved> {
        let bound = !proved.statement.context.is_empty();
        let statement = self.interface.state(&proved.statement)?;
        let proof = container::encode(Kind::Proof, &protocol(), &proved.proof);
        let shards = self.shards()?;
        let graphs: Vec<&Graph> = shards.iter().map(|shard| shard.network().graph()).collect();
        let page = page(&self.interface, &self.vk.parts()?, &graphs, (plan, &seconds), bound);
        let outputs = real(py, &self.interface, None, &proved.outputs);
        Ok((PyBytes::new(py, &proof).unbind(), Statement::new(statement), outputs, seconds, page))
    }
}

/// A proving key in shards, with the SRS that it was made under.
#[pyclass(frozen, module = "zktorch._zktorch")]
pub(crate) struct ShardedKey {
    inner: Arc<Sharded>,
}

impl ShardedKey {
    /// As setup gives it.
    pub(crate) fn new(
        (keys, model): (Vec<ProvingKey>, Bytes32),
        vk: UncheckedPipeline,
        (recipe, asked): (Recipe, usize),
        srs: Srs,
    ) -> Result<Self> {
        let interface = Interface::of_pipeline(&vk)?;
        let keys = Keys::Memory(keys, model);
        Ok(Self { inner: Arc::new(Sharded { keys, vk, recipe, asked, interface, srs }) })
    }

    pub(crate) fn vk(&self) -> Result<VerifyingKey> {
        VerifyingKey::decode(Kind::PipelineKey, self.inner.vk_bytes()?)
    }
}

#[pymethods]
impl ShardedKey {
    /// Reads what is not of a shard, and the SRS beside it unless one is given.
    #[staticmethod]
    #[pyo3(signature = (path, srs=None))]
    fn load(py: Python<'_>, path: PathBuf, srs: Option<&Reference>) -> PyResult<Self> {
        let read = || -> Result<Self> {
            let LoadedPipeline { vk, recipe, asked, .. } = LoadedPipeline::read(&path).map_err(malformed)?;
            let (id, k) = (vk.srs().id(), vk.k());
            let srs = match srs {
                Some(srs) => srs.of_key(id, k)?,
                None => load_srs(&path, id, k)?,
            };
            let interface = Interface::of_pipeline(&vk)?;
            let keys = Keys::Files(std::path::absolute(&path)?);
            Ok(Self { inner: Arc::new(Sharded { keys, vk, recipe, asked, interface, srs }) })
        };
        Ok(run(py, &How::default(), &[], read)?.0)
    }

    fn to_bytes(&self, py: Python<'_>) -> PyResult<Py<PyBytes>> {
        let shards = self.inner.vk.shards();
        let error = anyhow::anyhow!("a proving key in {shards} shards is so many files and one: save it");
        Err(raise(py, &error))
    }

    /// Writes the files, which only their owner may read, and the SRS of a ceremony beside them.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        run(py, &How::default(), &[], || self.inner.write(path))?;
        Ok(())
    }

    #[getter]
    fn model_id(&self) -> String {
        self.inner.interface.model_id.to_string()
    }

    #[getter]
    fn shards(&self) -> usize {
        self.inner.vk.shards()
    }

    /// Names and extents of the inputs, and of the outputs.
    #[getter]
    fn ports(&self) -> [Vec<(String, Vec<usize>)>; 2] {
        [self.inner.interface.inputs(), self.inner.interface.outputs()].map(arrays::ports)
    }

    /// What is done to images; none if the model takes none.
    #[getter]
    fn image(&self) -> Option<String> {
        self.inner.recipe.image.as_ref().map(ToString::to_string)
    }

    /// The key of those who verify.
    fn verifying_key(&self, py: Python<'_>) -> PyResult<VerifyingKey> {
        self.vk().map_err(|error| raise(py, &error))
    }

    /// The outputs of an inference, of which nothing is proved: those that its proof would be about.
    #[pyo3(signature = (inference, threads=None))]
    fn run(&self, py: Python<'_>, inference: Vec<Named>, threads: Option<usize>) -> PyResult<Vec<Made>> {
        let how = How { threads, ..How::default() };
        let outputs = run(py, &how, &[], || self.inner.outputs(&self.inner.integers(inference)?))?.0;
        Ok(real(py, &self.inner.interface, None, &outputs))
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
            let inputs = self.inner.integers(inference)?;
            let outputs = || self.inner.outputs(&inputs);
            is_about(&self.inner.interface, &inputs, (statement, context), outputs)
        };
        Ok(run(py, &How::default(), &[], work)?.0)
    }

    /// Proves an inference, one shard after the other. `srs` is for keys in one piece.
    #[pyo3(signature = (inferences, context, srs=None, threads=None, progress=None, token=None))]
    #[allow(clippy::too_many_arguments, reason = "as keys in one piece")]
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
        let (how, inner) = (How { threads, progress, token }, &*self.inner);
        let k = inner.vk.k();
        let shards = inner.shards().map_err(|error| raise(py, &error))?;
        let plan = of_shards(shards.iter().map(|shard| shard.network().graph()), k);
        drop(shards);
        let work = || -> Result<_> {
            let count = inferences.len();
            let [inference] = <[Vec<Named>; 1]>::try_from(inferences)
                .ok()
                .filter(|_| srs.is_none())
                .with_context(|| {
                    format!("the key is in shards: expected one inference and no srs=, got {count}; prove them one by one")
                })?;
            Ok(prove_pipeline(&inner.vk, inner, &inner.srs, &inner.integers(inference)?, &context)?)
        };
        let (proved, seconds) = run(py, &how, &plan, work)?;
        inner.told(py, proved, (&plan, seconds)).map_err(|error| raise(py, &error))
    }

    /// Runs the whole inference: the beginning of a proof whose shards are proved elsewhere.
    #[pyo3(signature = (inference, context, threads=None, token=None))]
    fn start(
        &self,
        py: Python<'_>,
        inference: Vec<Named>,
        context: Vec<u8>,
        threads: Option<usize>,
        token: Option<Bound<'_, Token>>,
    ) -> PyResult<ShardedRun> {
        let (how, inner) = (How { threads, progress: None, token }, &*self.inner);
        let start = || -> Result<ShardedRun> {
            let inputs = inner.integers(inference)?;
            self.begun(Run::start(&inner.vk, inner, &inner.srs, &inputs, &context)?)
        };
        Ok(run(py, &how, &[], start)?.0)
    }

    /// A proof that was begun before, from what [`ShardedRun::to_bytes`] gave.
    fn resume(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<ShardedRun> {
        let read = || -> Result<ShardedRun> {
            let body = container::decode(bytes, Kind::ShardRun, &protocol())?;
            self.begun(Run::from_bytes(&self.inner.vk, body)?)
        };
        read().map_err(|error| raise(py, &malformed(error)))
    }

    /// Proves the shard of a job; its leaf.
    #[pyo3(signature = (job, threads=None, progress=None, token=None))]
    fn prove_job<'py>(
        &self,
        py: Python<'py>,
        job: &[u8],
        threads: Option<usize>,
        progress: Option<Bound<'py, PyAny>>,
        token: Option<Bound<'py, Token>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (how, inner) = (How { threads, progress, token }, &*self.inner);
        let read = || -> Result<_> {
            let job = ShardJob::from_bytes(container::decode(job, Kind::ShardJob, &protocol())?)?;
            let shard = inner.vk.shard(job.index())?;
            Ok((job, of_proof(shard.network().graph(), inner.vk.k())))
        };
        let (job, plan) = read().map_err(|error| raise(py, &malformed(error)))?;
        let work = || -> Result<Vec<u8>> {
            let leaf = job.prove(&inner.vk, inner, &inner.srs)?.to_bytes()?;
            Ok(container::encode(Kind::ShardLeaf, &protocol(), &leaf))
        };
        Ok(PyBytes::new(py, &run(py, &how, &plan, work)?.0))
    }
}

impl ShardedKey {
    fn begun(&self, run: Run) -> Result<ShardedRun> {
        let end = Mutex::new(Some(run.end(&self.inner.vk, &self.inner.srs)?));
        Ok(ShardedRun { key: Arc::clone(&self.inner), run, end })
    }
}

/// A proof between its beginning and its end. Secret.
#[pyclass(frozen, module = "zktorch._zktorch")]
pub(crate) struct ShardedRun {
    key: Arc<Sharded>,
    run: Run,
    /// What leaves are folded into; none after the end.
    end: Mutex<Option<End>>,
}

#[pymethods]
impl ShardedRun {
    #[getter]
    fn shards(&self) -> usize {
        self.key.vk.shards()
    }

    /// What another process needs to go on. Secret.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let body = self.run.to_bytes().map_err(|error| raise(py, &error.into()))?;
        Ok(PyBytes::new(py, &container::encode(Kind::ShardRun, &protocol(), &body)))
    }

    /// What another process needs to prove a shard: always the same bytes. Secret.
    fn job<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyBytes>> {
        let make = || -> Result<Vec<u8>> {
            let vk = &self.key.vk;
            if index >= vk.shards() {
                bail!("expected one of {} shards, got {index}", vk.shards());
            }
            let body = ShardJob::new(&self.run, vk, index, &vk.shard(index)?)?.to_bytes()?;
            Ok(container::encode(Kind::ShardJob, &protocol(), &body))
        };
        Ok(PyBytes::new(py, &make().map_err(|error| raise(py, &error))?))
    }

    /// Verifies what another process gives back of a shard, and folds it. Each shard once.
    fn add(&self, py: Python<'_>, index: usize, leaf: &[u8]) -> PyResult<()> {
        let rejected = |error: ProverError| Rejected(format!("shard {index}: {error}"));
        let add = || -> Result<()> {
            let Sharded { vk, srs, .. } = &*self.key;
            if index >= vk.shards() || leaf.len() as u64 > most_leaf_bytes(vk, index) {
                bail!("leaf of shard {index}: expected one of {}, of its size", vk.shards());
            }
            let body = container::decode(leaf, Kind::ShardLeaf, &protocol())?;
            let shared = self.run.shared(vk)?;
            let leaf =
                ProvedLeaf::from_bytes(&shared, index, &vk.shard(index)?, srs, body).map_err(rejected)?;
            let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
            let end = end.as_mut().context("the proof is at its end")?;
            Ok(end.add(index, leaf).map_err(rejected)?)
        };
        run(py, &How::default(), &[], add)?;
        Ok(())
    }

    /// Opens what all leaves are folded into.
    fn finish(&self, py: Python<'_>) -> PyResult<Proved> {
        let key = &*self.key;
        let work = || -> Result<_> {
            let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
            let end = end.context("the proof is at its end")?;
            Ok(end.finish(&self.run, &key.vk, &key.srs)?)
        };
        let (proved, seconds) = run(py, &How::default(), &[], work)?;
        key.told(py, proved, (&[], seconds)).map_err(|error| raise(py, &error))
    }
}
