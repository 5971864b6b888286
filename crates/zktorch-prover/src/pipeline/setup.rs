//! Setup, shard after shard.

use ark_std::rand::RngCore;
use zktorch_commit::Srs;
use zktorch_graph::{Graph, Shard, TensorId};
use zktorch_transcript::{Hash, Transcript};
use zktorch_verifier::{PipelineBody, Port, ShardBody, UncheckedKey, VERSION, encode_pipeline};

use crate::setup::{Base, InMemory as Kept, PART_CELLS, make_key, narrow};
use crate::{Model, ProverError, ProvingKey};

/// What setup in shards asks of its caller, so that the weights and the key of one shard are in memory at a time.
pub trait ShardSetup {
    /// The real entries of a weight of the whole graph, row-major.
    ///
    /// # Errors
    /// Those of reading them.
    fn weight(&mut self, id: TensorId) -> Result<Vec<i16>, ProverError>;

    /// Cells of a part of a shard's weights at most.
    fn part_cells(&self) -> u64 {
        PART_CELLS
    }

    /// Takes the proving key of a shard.
    ///
    /// # Errors
    /// Those of writing it.
    fn store(&mut self, index: usize, key: ProvingKey) -> Result<(), ProverError>;

    /// The verifying key of a shard that an earlier attempt has stored, of the same model, and that is complete. It is taken
    /// instead of a new one if its graph, SRS and chunk size are the shard's.
    ///
    /// # Errors
    /// Those of reading it.
    fn stored(&mut self, index: usize) -> Result<Option<Vec<u8>>, ProverError>;
}

/// Everything is in memory, and keys are given away one by one.
struct InMemory<'a, S> {
    model: &'a Model,
    store: S,
}

impl<S: FnMut(usize, ProvingKey) -> Result<(), ProverError>> ShardSetup for InMemory<'_, S> {
    fn weight(&mut self, id: TensorId) -> Result<Vec<i16>, ProverError> {
        let entries = self.model.weights.iter().find(|(other, _)| *other == id);
        entries.map_or_else(|| Ok(Vec::new()), |(_, entries)| narrow(self.model.graph.tensor(id), entries))
    }

    fn store(&mut self, index: usize, key: ProvingKey) -> Result<(), ProverError> {
        (self.store)(index, key)
    }

    fn stored(&mut self, _: usize) -> Result<Option<Vec<u8>>, ProverError> {
        Ok(None)
    }
}

/// Sets a model up in shards ([`zktorch_graph::shards`]), one after the other; `store` gets the proving key of each. Returns the
/// verifying key of the whole, which is encoded.
///
/// # Errors
/// Those of [`setup`](crate::setup) and of `store`; [`ProverError::Transcript`] if the system has no randomness.
#[cfg(feature = "os-rng")]
pub fn setup_pipeline(
    model: &Model,
    shards: &[Shard],
    srs: &Srs,
    store: impl FnMut(usize, ProvingKey) -> Result<(), ProverError>,
) -> Result<Vec<u8>, ProverError> {
    setup_pipeline_with_nonce(model, shards, srs, zktorch_transcript::fresh_nonce()?, store)
}

/// [`setup_pipeline`] for callers with their own source of randomness, and for reproducible tests.
///
/// # Errors
/// Those of [`setup_with_nonces`](crate::setup_with_nonces) and of `store`.
pub fn setup_pipeline_with_nonce(
    model: &Model,
    shards: &[Shard],
    srs: &Srs,
    nonce: [u8; 32],
    store: impl FnMut(usize, ProvingKey) -> Result<(), ProverError>,
) -> Result<Vec<u8>, ProverError> {
    setup_shards_with_nonce(model, shards, srs, nonce, &mut InMemory { model, store })
}

/// [`setup_pipeline`] of a model whose weights are not in memory: those of `model` are not looked at.
///
/// # Errors
/// Those of [`setup_pipeline`] and of `caller`.
#[cfg(feature = "os-rng")]
pub fn setup_shards(
    model: &Model,
    shards: &[Shard],
    srs: &Srs,
    caller: &mut impl ShardSetup,
) -> Result<Vec<u8>, ProverError> {
    setup_shards_with_nonce(model, shards, srs, zktorch_transcript::fresh_nonce()?, caller)
}

/// [`setup_shards`] for callers with their own source of randomness.
///
/// # Errors
/// Those of [`setup_pipeline_with_nonce`] and of `caller`.
pub fn setup_shards_with_nonce(
    model: &Model,
    shards: &[Shard],
    srs: &Srs,
    nonce: [u8; 32],
    caller: &mut impl ShardSetup,
) -> Result<Vec<u8>, ProverError> {
    let mut rng = Transcript::new(b"zktorch pipeline setup v1").rng(&[], nonce);
    let mut body = PipelineBody {
        version: VERSION,
        inputs: model.inputs.clone(),
        outputs: model.outputs.clone(),
        preprocessing: model.preprocessing.clone(),
        shards: Vec::with_capacity(shards.len()),
    };
    let mut keys = Vec::with_capacity(shards.len());
    let base =
        Base { size: srs.k().into(), hash: Hash::default(), part_cells: caller.part_cells(), key: None };
    for (index, shard) in shards.iter().enumerate() {
        let _span = tracing::info_span!("shard", index).entered();
        let mut nonces = [[0; 32]; 2];
        nonces.iter_mut().for_each(|nonce| rng.fill_bytes(nonce));
        let decode = |bytes: &[u8]| UncheckedKey::shard_from_bytes(bytes, None);
        let (id, bytes) = match stored_key(shard, srs, caller.stored(index)?) {
            Some(known) => known,
            None => {
                let mut weight = |id: TensorId| match shard.tensors.get(id.0 as usize) {
                    Some(id) => caller.weight(*id),
                    None => Ok(Vec::new()),
                };
                let (model, mut cells) = (shard_interface(shard), Kept::default());
                let made = make_key(&model, &mut weight, srs, &base, nonces, &decode, &mut cells)?;
                let key = made.into_key(cells);
                let made = (key.vk().model_id().0, key.vk_bytes().to_vec());
                caller.store(index, key)?;
                made
            }
        };
        keys.push(bytes);
        let (inputs, outputs) = (shard.inputs.clone(), shard.outputs.clone());
        body.shards.push(ShardBody { key: id, inputs, outputs });
    }
    Ok(encode_pipeline(&body, &keys)?)
}

/// The id of a key that was stored before, with the key, if it may be taken for this shard.
fn stored_key(shard: &Shard, srs: &Srs, bytes: Option<Vec<u8>>) -> Option<([u8; 32], Vec<u8>)> {
    let bytes = bytes?;
    let key = UncheckedKey::shard_from_bytes(&bytes, None).ok()?;
    let same = *key.network().graph() == shard.graph
        && key.srs().id() == srs.verifier().id()
        && key.network().k() == srs.k();
    same.then(|| (key.model_id().0, bytes))
}

/// A shard as a model of its own, without weights.
fn shard_interface(shard: &Shard) -> Model {
    let ports = |graph: &Graph, ids: &[TensorId]| -> Vec<Port> {
        let port = |id: &TensorId| {
            let tensor = graph.tensor(*id);
            Port::new(
                tensor.name.clone(),
                tensor.shape.dims().iter().map(|dim| u64::from(*dim)).collect::<Vec<_>>(),
            )
        };
        ids.iter().map(port).collect()
    };
    Model {
        graph: shard.graph.clone(),
        inputs: ports(&shard.graph, &shard.graph.inputs),
        outputs: ports(&shard.graph, &shard.graph.outputs),
        preprocessing: String::new(),
        weights: Vec::new(),
    }
}
