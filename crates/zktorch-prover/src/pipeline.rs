//! Models in shards: one inference as several proofs that are opened at once, so that memory is that of one shard.

use core::ops::Deref;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ark_std::rand::RngCore;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zktorch_blocks::{
    Accumulator, DeferredProof, Leaf, OpeningWitness, Private, Witness, check_leaf, prove_deferred,
};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_graph::layout::ArenaKind;
use zktorch_graph::{Graph, Shard, TensorId};
use zktorch_transcript::{ProverRng, Transcript, wire};
use zktorch_verifier::{
    MAX_CONTEXT, ModelId, PipelineBody, PipelineStatement, Port, ProofEnvelope, ShardBody, Statement,
    UncheckedKey, UncheckedPipeline, VERSION, encode_pipeline,
};

use crate::prove::check_srs;
use crate::setup::make_key;
use crate::{Model, Proved, ProverError, ProvingKey};

/// Where the proving keys of shards come from. One is held at a time.
pub trait ShardKeys {
    /// A key, or a reference to one.
    type Key<'a>: Deref<Target = ProvingKey>
    where
        Self: 'a;

    /// The proving key of a shard.
    ///
    /// # Errors
    /// Those of reading it; [`ProverError::Length`] if there is none.
    fn shard(&self, index: usize) -> Result<Self::Key<'_>, ProverError>;
}

impl ShardKeys for [ProvingKey] {
    type Key<'a> = &'a ProvingKey;

    fn shard(&self, index: usize) -> Result<&ProvingKey, ProverError> {
        let none = || ProverError::Length {
            what: "keys of shards".to_owned(),
            expected: index + 1,
            got: self.len(),
        };
        self.get(index).ok_or_else(none)
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

/// A shard as a model of its own.
fn shard_model(model: &Model, shard: &Shard) -> Model {
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

/// Everything that crosses the border of a shard.
#[derive(Debug, Default)]
pub struct Wires {
    wires: Vec<Wire>,
}

/// Values, commitments, blinds. Secret; wiped when dropped.
#[derive(Default)]
struct Wire {
    values: Vec<i32>,
    commitments: Vec<Commitment>,
    blinds: Vec<Blind>,
}

impl core::fmt::Debug for Wire {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Wire(..)")
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl Wires {
    /// Runs the whole inference, shard by shard, keeps what crosses their borders, and commits to what of it is private: once,
    /// for all shards.
    ///
    /// # Errors
    /// [`ProverError::Graph`] if an activation leaves its range; those of keys and commitments.
    pub fn compute<K: ShardKeys + ?Sized>(
        vk: &UncheckedPipeline,
        keys: &K,
        srs: &Srs,
        inputs: &[Vec<i32>],
        rng: &mut ProverRng,
    ) -> Result<Self, ProverError> {
        if inputs.len() != vk.body().inputs.len() {
            let (expected, got) = (vk.body().inputs.len(), inputs.len());
            return Err(ProverError::Length { what: "inputs".to_owned(), expected, got });
        }
        let mut all = Self { wires: vk.wires().iter().map(|_| Wire::default()).collect() };
        all.wires.iter_mut().zip(inputs).for_each(|(wire, values)| wire.values.clone_from(values));
        for (index, shard) in vk.body().shards.iter().enumerate() {
            let _span = tracing::info_span!("witness").entered();
            let key = keys.shard(index)?;
            check_key(vk, index, &key)?;
            let values = key.execute(&all.inputs(shard))?;
            all.keep(&key, srs, (ArenaKind::PrivateInputs, &values), &shard.inputs, rng)?;
            all.keep(&key, srs, (ArenaKind::PrivateOutputs, &values), &shard.outputs, rng)?;
        }
        Ok(all)
    }

    /// Keeps a side of a shard, as far as it is new.
    fn keep(
        &mut self,
        key: &ProvingKey,
        srs: &Srs,
        (kind, values): (ArenaKind, &[Vec<i32>]),
        wires: &[u32],
        rng: &mut ProverRng,
    ) -> Result<(), ProverError> {
        let network = key.vk.network();
        let graph = network.graph();
        let ids = if kind == ArenaKind::PrivateInputs { &graph.inputs } else { &graph.outputs };
        let column = network.stack_private(kind, values)?;
        for (id, wire) in ids.iter().zip(wires) {
            let Some(kept) = self.wires.get_mut(*wire as usize) else { continue };
            if kind == ArenaKind::PrivateOutputs {
                kept.values.clone_from(&values[id.0 as usize]);
            }
            if graph.tensor(*id).role.is_public() || !kept.commitments.is_empty() {
                continue;
            }
            let chunks = network.layout().chunks_of(*id).unwrap_or(0..0);
            kept.blinds = chunks.clone().map(|_| Blind::random(rng)).collect();
            let (k, cells) = (network.k(), chunks.start << network.k()..chunks.end << network.k());
            kept.commitments = srs.commit_chunks(column.get(cells).unwrap_or_default(), k, &kept.blinds)?.0;
        }
        Ok(())
    }

    /// The inputs of a shard.
    fn inputs(&self, shard: &ShardBody) -> Vec<Vec<i32>> {
        let values =
            |wire: &u32| self.wires.get(*wire as usize).map(|wire| wire.values.clone()).unwrap_or_default();
        shard.inputs.iter().map(values).collect()
    }

    /// What one shard needs to know. `key` is the shard's.
    pub fn secrets(&self, shard: &ShardBody, key: &UncheckedKey) -> ShardSecrets {
        let graph = key.network().graph();
        let blinds =
            [(&graph.inputs, &shard.inputs), (&graph.outputs, &shard.outputs)].map(|(ids, wires)| {
                let mut found: Vec<(usize, &Wire)> = (ids.iter().zip(wires))
                    .filter(|(id, _)| !graph.tensor(**id).role.is_public())
                    .filter_map(|(id, wire)| {
                        let chunks = key.network().layout().chunks_of(*id)?;
                        Some((chunks.start, self.wires.get(*wire as usize)?))
                    })
                    .collect();
                // In the order of the shard's chunks.
                found.sort_unstable_by_key(|(start, _)| *start);
                found.into_iter().flat_map(|(_, wire)| wire.blinds.iter().cloned()).collect()
            });
        ShardSecrets { inputs: self.inputs(shard), blinds }
    }

    /// What is proved, and the commitments to the boundaries.
    pub fn statement(&self, vk: &UncheckedPipeline, context: &[u8]) -> (Statement, Vec<[u8; 32]>) {
        let (inputs, outputs) = (vk.body().inputs.len(), vk.body().outputs.len());
        let encode = |wires: &[Wire]| -> Vec<[u8; 32]> {
            wires.iter().flat_map(|wire| &wire.commitments).map(Commitment::to_bytes).collect()
        };
        let public = vk.wires().iter().zip(&self.wires).take(inputs + outputs);
        let public = public.filter(|(wire, _)| wire.is_public()).map(|(_, wire)| wire.values.clone());
        let statement = Statement {
            model_id: vk.model_id(),
            public: public.collect(),
            private_inputs: encode(&self.wires[..inputs]),
            private_outputs: encode(&self.wires[inputs..inputs + outputs]),
            context: context.to_vec(),
        };
        (statement, encode(&self.wires[inputs + outputs..]))
    }
}

/// What a shard's prover has to know beside the statement and the key: values of its inputs, blinds of its private inputs and
/// outputs. No nonce: that is fresh for every attempt. Secret; wiped when dropped.
pub struct ShardSecrets {
    inputs: Vec<Vec<i32>>,
    blinds: [Vec<Blind>; 2],
}

impl core::fmt::Debug for ShardSecrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ShardSecrets(..)")
    }
}

impl Drop for ShardSecrets {
    fn drop(&mut self) {
        self.inputs.zeroize();
    }
}

/// As they are stored.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct StoredSecrets {
    inputs: Vec<Vec<i32>>,
    blinds: [Vec<[u8; 32]>; 2],
}

impl ShardSecrets {
    /// Encodes them. Secret.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for what fits into memory.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        let blinds = [0, 1].map(|side| {
            self.blinds[side].iter().map(|blind| wire::scalar_to_bytes(blind.expose())).collect()
        });
        let stored = StoredSecrets { inputs: self.inputs.clone(), blinds };
        postcard::to_stdvec(&stored).map(Zeroizing::new).map_err(malformed)
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) wrote. Whether it fits the shard is checked when it is proved.
    ///
    /// # Errors
    /// [`ProverError::Malformed`], [`ProverError::Transcript`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        let (stored, rest) = postcard::take_from_bytes::<StoredSecrets>(bytes).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        let blinds = |side: &Vec<[u8; 32]>| -> Result<Vec<Blind>, ProverError> {
            side.iter()
                .map(|bytes| Ok(Blind::from_scalar(wire::scalar_from_bytes(bytes, "blind")?)))
                .collect()
        };
        let [inputs, outputs] = &stored.blinds;
        Ok(Self { inputs: stored.inputs.clone(), blinds: [blinds(inputs)?, blinds(outputs)?] })
    }
}

fn malformed(reason: impl ToString) -> ProverError {
    ProverError::Malformed { reason: reason.to_string() }
}

/// A shard's proof: what goes into the proof of the whole, and what is folded. Nothing secret.
#[derive(Debug)]
pub struct ProvedLeaf {
    /// The proof's bytes.
    pub proof: Vec<u8>,
    /// The claim that it leaves.
    pub leaf: Leaf,
    /// What opens it: masked.
    pub witness: OpeningWitness,
}

/// What another process gives back of a leaf.
#[derive(Serialize, Deserialize)]
struct StoredLeaf {
    proof: Vec<u8>,
    vector: Vec<u8>,
    blind: [u8; 32],
}

impl ProvedLeaf {
    /// Encodes proof and witness; the claim follows from the proof.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for what fits into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProverError> {
        let vector = self.witness.vector.iter().flat_map(wire::scalar_to_bytes).collect();
        let blind = wire::scalar_to_bytes(self.witness.blind.expose());
        postcard::to_stdvec(&StoredLeaf { proof: self.proof.clone(), vector, blind }).map_err(malformed)
    }

    /// Decodes what another process says is a leaf of this statement, and believes nothing: the proof is verified up to its
    /// claim, and the witness has to open that. `key` is the shard's.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; [`ProverError::Block`] for a proof or witness that is not right.
    pub fn from_bytes(
        statement: &PipelineStatement<'_>,
        index: usize,
        key: &UncheckedKey,
        srs: &Srs,
        bytes: &[u8],
    ) -> Result<Self, ProverError> {
        let (stored, rest) = postcard::take_from_bytes::<StoredLeaf>(bytes).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        let (scalars, rest) = stored.vector.as_chunks::<{ wire::SCALAR_BYTES }>();
        if !rest.is_empty() || scalars.len() != srs.size() {
            return Err(malformed(format!("a witness of {} bytes", stored.vector.len())));
        }
        let parts = statement.leaf(index, key)?;
        let proof = DeferredProof::from_bytes(key.network(), key.shape(), &stored.proof)?;
        let leaf = parts.statement(key)?.verify_deferred(key.srs(), &proof)?;
        let vector = scalars.iter().map(|bytes| wire::scalar_from_bytes(bytes, "witness of a leaf"));
        let vector = vector.collect::<Result<_, _>>()?;
        let blind = Blind::from_scalar(wire::scalar_from_bytes(&stored.blind, "blind of a leaf")?);
        let witness = OpeningWitness { vector, blind };
        check_leaf(srs, &leaf, &witness)?;
        Ok(Self { proof: stored.proof, leaf, witness })
    }
}

/// Proves one shard of a statement. `key` is the shard's.
///
/// # Errors
/// Those of the proof; [`ProverError::Transcript`] if the system has no randomness.
#[cfg(feature = "os-rng")]
pub fn prove_leaf(
    statement: &PipelineStatement<'_>,
    index: usize,
    key: &ProvingKey,
    srs: &Srs,
    secrets: &ShardSecrets,
) -> Result<ProvedLeaf, ProverError> {
    prove_leaf_with_nonce(statement, index, key, srs, secrets, zktorch_transcript::fresh_nonce()?)
}

/// [`prove_leaf`] for callers with their own source of randomness. `nonce` must be fresh for every attempt.
///
/// # Errors
/// Those of the proof.
pub fn prove_leaf_with_nonce(
    statement: &PipelineStatement<'_>,
    index: usize,
    key: &ProvingKey,
    srs: &Srs,
    secrets: &ShardSecrets,
    nonce: [u8; 32],
) -> Result<ProvedLeaf, ProverError> {
    let _span = tracing::info_span!("shard", index).entered();
    let network = key.vk.network();
    let span = tracing::info_span!("witness").entered();
    let values = key.execute(&secrets.inputs)?;
    let witness = Witness::new(network, &key.column, &values)?;
    drop((span, values));
    let parts = statement.leaf(index, &key.vk)?;
    let own = parts.statement(&key.vk)?;
    let [inputs, outputs] = &secrets.blinds;
    let private =
        Private { weights: &key.blinds, io: [inputs, outputs], secret: &key.secret, padding: &key.padding };
    let (proof, leaf, witness) = prove_deferred(srs, &own, &witness, &private, Nonce::from_bytes(nonce))?;
    Ok(ProvedLeaf { proof: proof.to_bytes(), leaf, witness })
}

/// Proves that the model maps these inputs to its outputs, shard by shard; as [`ProvingKey::prove`].
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
/// As [`ProvingKey::prove_with_nonce`]; [`ProverError::Length`] if a proving key is missing or another shard's.
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
    let mut rng = Transcript::new(b"zktorch pipeline leaves v1").rng(&[&keys.shard(0)?.secret], nonce);
    let mut end = run.end(vk, srs)?;
    for (index, shard) in vk.body().shards.iter().enumerate() {
        let key = keys.shard(index)?;
        check_key(vk, index, &key)?;
        let mut leaf_nonce = [0; 32];
        rng.fill_bytes(&mut leaf_nonce);
        let secrets = run.wires.secrets(shard, &key.vk);
        end.add(index, prove_leaf_with_nonce(&shared, index, &key, srs, &secrets, leaf_nonce)?)?;
    }
    end.finish()
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
        let mut rng = transcript.rng(&[&keys.shard(0)?.secret, &input_bytes], nonce);
        let wires = Wires::compute(vk, keys, srs, inputs, &mut rng)?;
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
    pub fn end<'a>(&'a self, vk: &'a UncheckedPipeline, srs: &'a Srs) -> Result<End<'a>, ProverError> {
        let accumulator = Accumulator::new(srs, vk.shards())?;
        Ok(End { run: self, vk, srs, accumulator, proofs: vec![Vec::new(); vk.shards()] })
    }
}

/// Takes leaves as they come, and folds them.
#[derive(Debug)]
pub struct End<'a> {
    run: &'a Run,
    vk: &'a UncheckedPipeline,
    srs: &'a Srs,
    accumulator: Accumulator,
    /// Of every shard.
    proofs: Vec<Vec<u8>>,
}

impl End<'_> {
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

    /// Opens what all leaves are folded into.
    ///
    /// # Errors
    /// [`ProverError::Block`] if a leaf is missing; those of the opening.
    pub fn finish(self) -> Result<Proved, ProverError> {
        let Self { run, vk, srs, accumulator, proofs } = self;
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

/// That a proving key is that of a shard.
fn check_key(vk: &UncheckedPipeline, index: usize, key: &ProvingKey) -> Result<(), ProverError> {
    let expected = vk.body().shards.get(index).map(|shard| ModelId(shard.key));
    let got = key.vk.model_id();
    match expected {
        Some(expected) if expected == got => Ok(()),
        _ => Err(ProverError::Shard { index, expected, got }),
    }
}
