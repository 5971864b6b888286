//! Setup, shard after shard.

use std::collections::BTreeMap;

use ark_std::rand::RngCore;
use zktorch_commit::Srs;
use zktorch_graph::{Graph, Shard, TensorId};
use zktorch_transcript::Transcript;
use zktorch_verifier::{PipelineBody, Port, ShardBody, UncheckedKey, VERSION, encode_pipeline};

use crate::setup::make_key;
use crate::{Model, ProverError, ProvingKey};

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
    mut store: impl FnMut(usize, ProvingKey) -> Result<(), ProverError>,
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
    for (index, shard) in shards.iter().enumerate() {
        let _span = tracing::info_span!("shard", index).entered();
        let mut nonces = [[0; 32]; 2];
        nonces.iter_mut().for_each(|nonce| rng.fill_bytes(nonce));
        let decode = |bytes: &[u8]| UncheckedKey::shard_from_bytes(bytes, None);
        let key = make_key(&shard_model(model, shard), srs, nonces, decode)?;
        keys.push(key.vk_bytes().to_vec());
        body.shards.push(ShardBody {
            key: key.vk().model_id().0,
            inputs: shard.inputs.clone(),
            outputs: shard.outputs.clone(),
        });
        store(index, key)?;
    }
    Ok(encode_pipeline(&body, &keys)?)
}

/// A shard as a model of its own: its graph, and its part of the weights.
pub fn shard_model(model: &Model, shard: &Shard) -> Model {
    let own: BTreeMap<TensorId, TensorId> =
        shard.tensors.iter().copied().zip((0u32..).map(TensorId)).collect();
    let weights = model.weights.iter().filter_map(|(id, values)| Some((*own.get(id)?, values.clone())));
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
        weights: weights.collect(),
    }
}
