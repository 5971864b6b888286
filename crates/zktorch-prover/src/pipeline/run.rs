//! A whole proof.

use std::time::{Duration, Instant};

use ark_std::rand::RngCore;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zktorch_blocks::Accumulator;
use zktorch_commit::Srs;
use zktorch_transcript::Transcript;
use zktorch_verifier::{
    MAX_CONTEXT, ModelId, PipelineStatement, ProofEnvelope, Statement, UncheckedPipeline,
};

use super::leaf::malformed;
use super::wires::StoredWire;
use super::{ProvedLeaf, ShardKeys, Wires, check_key, prove_leaf_with_nonce};
use crate::prove::check_srs;
use crate::{Proved, ProverError, ProvingKey};

/// Proves that the model maps these inputs to its outputs, shard by shard; as [`ProvingKey::prove`](crate::ProvingKey::prove).
///
/// # Errors
/// Those of [`prove_pipeline_with_nonce`]; [`ProverError::Transcript`] if the system has no randomness.
#[cfg(feature = "os-rng")]
pub fn prove_pipeline<K: ShardKeys + ?Sized>(
    vk: &UncheckedPipeline,
    keys: &K,
    srs: &Srs,
    inputs: &[Vec<i32>],
    context: &[u8],
) -> Result<Proved, ProverError> {
    prove_pipeline_with_nonce(vk, keys, srs, inputs, context, zktorch_transcript::fresh_nonce()?)
}

/// [`prove_pipeline`] for callers with their own source of randomness, and for reproducible tests: two proofs under one nonce
/// reveal the witness.
///
/// # Errors
/// As [`ProvingKey::prove_with_nonce`](crate::ProvingKey::prove_with_nonce); [`ProverError::Length`] if a proving key is missing or another shard's.
pub fn prove_pipeline_with_nonce<K: ShardKeys + ?Sized>(
    vk: &UncheckedPipeline,
    keys: &K,
    srs: &Srs,
    inputs: &[Vec<i32>],
    context: &[u8],
    nonce: [u8; 32],
) -> Result<Proved, ProverError> {
    let run = Run::start_with_nonce(vk, keys, srs, inputs, context, nonce)?;
    let shared = run.shared(vk)?;
    // Keyed with the secret of the first shard, whose key is read for its leaf anyway.
    let mut rng = None;
    let mut end = run.end(vk, srs)?;
    for (index, shard) in vk.body().shards.iter().enumerate() {
        let key = keys.shard(index)?;
        check_key(vk, index, &key)?;
        let keyed = || Transcript::new(b"zktorch pipeline leaves v1").rng(&[&key.secret], nonce);
        let mut leaf_nonce = [0; 32];
        rng.get_or_insert_with(keyed).fill_bytes(&mut leaf_nonce);
        let secrets = run.wires.secrets(index, shard, &key.vk);
        end.add(index, prove_leaf_with_nonce(&shared, index, &key, srs, &secrets, leaf_nonce)?)?;
    }
    end.finish(&run, vk, srs)
}

/// A proof of a pipeline between its beginning, the witness, and its end, the opening: shards are proved in any order, by any
/// process.
#[derive(Debug)]
pub struct Run {
    /// What crosses the borders of shards.
    pub wires: Wires,
    /// What is proved.
    pub statement: Statement,
    /// The commitments to the boundaries.
    pub boundaries: Vec<[u8; 32]>,
    witness_time: Duration,
}

impl Run {
    /// Runs the inference, and commits to what crosses the shards' borders.
    ///
    /// # Errors
    /// Those of [`prove_pipeline`].
    #[cfg(feature = "os-rng")]
    pub fn start<K: ShardKeys + ?Sized>(
        vk: &UncheckedPipeline,
        keys: &K,
        srs: &Srs,
        inputs: &[Vec<i32>],
        context: &[u8],
    ) -> Result<Self, ProverError> {
        Self::start_with_nonce(vk, keys, srs, inputs, context, zktorch_transcript::fresh_nonce()?)
    }

    /// [`start`](Self::start) for callers with their own source of randomness.
    ///
    /// # Errors
    /// Those of [`prove_pipeline_with_nonce`].
    pub fn start_with_nonce<K: ShardKeys + ?Sized>(
        vk: &UncheckedPipeline,
        keys: &K,
        srs: &Srs,
        inputs: &[Vec<i32>],
        context: &[u8],
        nonce: [u8; 32],
    ) -> Result<Self, ProverError> {
        check_srs(srs, vk.srs().id(), vk.k())?;
        if context.len() > MAX_CONTEXT {
            return Err(ProverError::Context { most: MAX_CONTEXT, got: context.len() });
        }
        let started = Instant::now();
        let mut transcript = Transcript::new(b"zktorch pipeline wires v1");
        transcript.append_message(b"model id", &vk.model_id().0);
        let input_bytes: Vec<u8> = inputs.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        let input_bytes = Zeroizing::new(input_bytes);
        let rng = |key: &ProvingKey| transcript.rng(&[&key.secret, &input_bytes], nonce);
        let wires = Wires::compute(vk, keys, srs, inputs, rng)?;
        let (statement, boundaries) = wires.statement(vk, context);
        Ok(Self { wires, statement, boundaries, witness_time: started.elapsed() })
    }

    /// What all shards share.
    ///
    /// # Errors
    /// None for the key that it was started with.
    pub fn shared<'a>(&'a self, vk: &'a UncheckedPipeline) -> Result<PipelineStatement<'a>, ProverError> {
        Ok(PipelineStatement::new(vk, &self.statement, &self.boundaries)?)
    }

    /// The end of the proof, which takes the leaves of all shards.
    ///
    /// # Errors
    /// None for the key that it was started with.
    pub fn end(&self, vk: &UncheckedPipeline, srs: &Srs) -> Result<End, ProverError> {
        let accumulator = Accumulator::new(srs, vk.shards())?;
        Ok(End { accumulator, proofs: vec![Vec::new(); vk.shards()] })
    }

    /// Encodes what crosses the shards' borders, so that another process can go on with this proof. Secret; no nonce.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for what fits into memory.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        let Self { wires, statement, .. } = self;
        let stored = StoredRun {
            model_id: statement.model_id.0,
            context: statement.context.clone(),
            wires: wires.stored(),
        };
        postcard::to_stdvec(&stored).map(Zeroizing::new).map_err(malformed)
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) wrote under the same key. That commitments are those of the values is found out
    /// when shards are proved: of others there is no proof.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] for other bytes, or those of another key.
    pub fn from_bytes(vk: &UncheckedPipeline, bytes: &[u8]) -> Result<Self, ProverError> {
        let (stored, rest) = postcard::take_from_bytes::<StoredRun>(bytes).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        let (expected, got) = (vk.model_id(), ModelId(stored.model_id));
        if got != expected {
            return Err(malformed(format!("a run of model {got}, expected one of {expected}")));
        }
        if stored.context.len() > MAX_CONTEXT {
            return Err(ProverError::Context { most: MAX_CONTEXT, got: stored.context.len() });
        }
        let wires = Wires::from_stored(vk, &stored.wires)?;
        let (statement, boundaries) = wires.statement(vk, &stored.context);
        Ok(Self { wires, statement, boundaries, witness_time: Duration::ZERO })
    }
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct StoredRun {
    model_id: [u8; 32],
    context: Vec<u8>,
    wires: Vec<StoredWire>,
}

/// Takes leaves as they come, and folds them.
#[derive(Debug)]
pub struct End {
    accumulator: Accumulator,
    /// Of every shard.
    proofs: Vec<Vec<u8>>,
}

impl End {
    /// Adds the leaf of a shard, in any order.
    ///
    /// # Errors
    /// [`ProverError::Block`] for a shard that there is not, or that was added before.
    pub fn add(&mut self, index: usize, leaf: ProvedLeaf) -> Result<(), ProverError> {
        self.accumulator.push(index, &leaf.leaf, leaf.witness)?;
        if let Some(proof) = self.proofs.get_mut(index) {
            *proof = leaf.proof;
        }
        Ok(())
    }

    /// Opens what all leaves are folded into. Run, key and SRS are those that it was made of.
    ///
    /// # Errors
    /// [`ProverError::Block`] if a leaf is missing; those of the opening.
    pub fn finish(self, run: &Run, vk: &UncheckedPipeline, srs: &Srs) -> Result<Proved, ProverError> {
        let Self { accumulator, proofs } = self;
        let accumulation = accumulator.finish(srs)?.to_bytes();
        let argument = [run.boundaries.concat(), proofs.concat(), accumulation].concat();
        let outputs = run.wires.wires.iter().skip(vk.body().inputs.len()).take(vk.body().outputs.len());
        Ok(Proved {
            statement: run.statement.clone(),
            proof: ProofEnvelope::new(vk.model_id(), argument).to_bytes(),
            outputs: outputs.map(|wire| wire.values.clone()).collect(),
            witness_time: run.witness_time,
        })
    }
}
