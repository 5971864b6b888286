//! Keys of pipelines. As hostile as other keys; how the shards are wired is checked here, and no proof says anything about it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zktorch_blocks::{Accumulation, DeferredProof};
use zktorch_commit::{Commitment, SrsPolicy, SrsStatus, VerifierSrs};
use zktorch_graph::{Graph, Tensor, TensorId};
use zktorch_mutants::enforced;

use crate::key::{decode, key_error, malformed};
use crate::{MAX_KEY_BYTES, MAX_PREPROCESSING, ModelId, Port, UncheckedKey, VERSION, VerifyError};

/// The most shards.
pub const MAX_SHARDS: usize = 1 << 8;
/// Nanoseconds, about, of work that all shards together may ask of whoever reads a key or verifies a proof, see
/// [`Network::work`](zktorch_blocks::Network::work): about as much as the limits of one key allow.
pub const MAX_WORK: u64 = 1 << 32;
/// The longest proofs: what an envelope holds.
const MAX_PROOF_BYTES: usize = 1 << 26;

/// The body of a pipeline's key: what its id is the hash of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineBody {
    /// [`VERSION`].
    pub version: u32,
    /// The inputs of the whole model: wires 0, 1, ...
    pub inputs: Vec<Port>,
    /// The outputs of the whole model: the wires after the inputs.
    pub outputs: Vec<Port>,
    /// As in [`KeyBody`](crate::KeyBody).
    pub preprocessing: String,
    /// The shards, in the order of execution.
    pub shards: Vec<ShardBody>,
}

/// A shard and what it is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardBody {
    /// The id of its key, which binds SRS, chunk size, graph and weights.
    pub key: [u8; 32],
    /// The wires of its graph's inputs.
    pub inputs: Vec<u32>,
    /// The wires of its graph's outputs.
    pub outputs: Vec<u32>,
}

/// A pipeline's key as it is stored.
#[derive(Serialize, Deserialize)]
struct PipelineFile<'a> {
    body: &'a [u8],
    #[serde(borrow)]
    shards: Vec<&'a [u8]>,
}

/// What is known of a wire.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The tensor in the shard that produces it, or that reads it first.
    pub tensor: Tensor,
    /// Chunk commitments to it; none if it is public.
    pub chunks: usize,
}

impl Wire {
    /// Whether the statement holds its values.
    pub fn is_public(&self) -> bool {
        self.tensor.role.is_public()
    }
}

/// A pipeline's key that was decoded: consistent in itself, the shards' keys and their wiring included, but
/// nobody has said that its SRS is to be trusted, and the weight-range proofs were not verified.
///
/// The keys of the shards are kept encoded: one is decoded when it is needed, so that memory is that of one shard.
#[derive(Clone, Debug)]
pub struct UncheckedPipeline {
    id: ModelId,
    srs: VerifierSrs,
    k: usize,
    body: PipelineBody,
    wires: Vec<Wire>,
    keys: Vec<Vec<u8>>,
    /// Bytes of every leaf.
    leaves: Vec<usize>,
}

/// A pipeline's key that proofs can be verified with.
#[derive(Clone, Debug)]
pub struct PipelineKey {
    key: UncheckedPipeline,
    status: SrsStatus,
}

/// The encoding of a pipeline's key from its body and the encoded keys of its shards.
///
/// # Errors
/// None for keys that fit into memory.
pub fn encode_pipeline(body: &PipelineBody, shards: &[Vec<u8>]) -> Result<Vec<u8>, VerifyError> {
    let body = postcard::to_stdvec(body).map_err(|error| malformed("pipeline body", error))?;
    let file = PipelineFile { body: &body, shards: shards.iter().map(Vec::as_slice).collect() };
    postcard::to_stdvec(&file).map_err(|error| malformed("pipeline key", error))
}

impl PipelineKey {
    /// What the key says.
    pub fn key(&self) -> &UncheckedPipeline {
        &self.key
    }

    /// How far its SRS can be trusted.
    pub fn srs_status(&self) -> SrsStatus {
        self.status
    }
}

impl UncheckedPipeline {
    /// Decodes and checks a key: every shard's key, and the wiring. `pinned` is the id that the user knows, if there is one: a
    /// key with another one is refused before anything of it is looked at.
    ///
    /// # Errors
    /// [`VerifyError`] of every kind but proofs'.
    pub fn from_bytes(bytes: &[u8], pinned: Option<ModelId>) -> Result<Self, VerifyError> {
        if bytes.len() > MAX_KEY_BYTES && enforced() {
            let expected = format_args!("at most {MAX_KEY_BYTES}");
            return Err(key_error("bytes of the pipeline key", expected, bytes.len()));
        }
        let file: PipelineFile<'_> = decode("pipeline key", bytes)?;
        let id = ModelId::of_pipeline(file.body);
        if let Some(expected) = pinned.filter(|pinned| *pinned != id)
            && enforced()
        {
            return Err(VerifyError::ModelId { expected, got: id });
        }
        let body: PipelineBody = decode("pipeline body", file.body)?;
        if body.version != VERSION && enforced() {
            return Err(VerifyError::Version { what: "pipeline key", expected: VERSION, got: body.version });
        }
        if body.preprocessing.len() > MAX_PREPROCESSING && enforced() {
            let expected = format_args!("at most {MAX_PREPROCESSING} bytes");
            return Err(key_error("preprocessing", expected, body.preprocessing.len()));
        }
        if !(1..=MAX_SHARDS).contains(&body.shards.len()) && enforced() {
            return Err(key_error("shards", format_args!("1 to {MAX_SHARDS}"), body.shards.len()));
        }
        if file.shards.len() != body.shards.len() && enforced() {
            return Err(key_error("keys of shards", body.shards.len(), file.shards.len()));
        }
        let mut wiring = Wiring::new(&body);
        let mut leaves = Vec::with_capacity(body.shards.len());
        let mut common: Option<(VerifierSrs, usize)> = None;
        let mut work = 0u64;
        for (index, (shard, key)) in body.shards.iter().zip(&file.shards).enumerate() {
            let key = UncheckedKey::shard_from_bytes(key, Some(ModelId(shard.key)))?;
            let (srs, k) = (key.srs(), key.network().k());
            let (common_srs, common_k) = common.get_or_insert_with(|| (srs.clone(), k));
            if (srs.id(), k) != (common_srs.id(), *common_k) && enforced() {
                let of = |srs: &VerifierSrs, k: usize| format!("{} with 2^{k} powers", srs.id());
                return Err(key_error("SRS of a shard", of(common_srs, *common_k), of(srs, k)));
            }
            // Reading ends with the first shard that is too much.
            work = work.saturating_add(key.network().work());
            if work > MAX_WORK && enforced() {
                let expected = format_args!("at most {MAX_WORK}");
                return Err(key_error(
                    "work of all shards",
                    expected,
                    format_args!("{work} up to shard {index}"),
                ));
            }
            wiring.shard(index, shard, &key)?;
            let leaf = DeferredProof::encoded_len(key.network(), key.shape());
            leaves.push(leaf.map_err(VerifyError::KeyContent)?);
        }
        let Some((srs, k)) = common else { return Err(key_error("shards", "at least 1", 0)) };
        let wires = wiring.finish()?;
        let keys = file.shards.iter().map(|key| key.to_vec()).collect();
        let key = Self { id, srs, k, body, wires, keys, leaves };
        let bytes = key.argument_bytes()?;
        if bytes > MAX_PROOF_BYTES && enforced() {
            return Err(key_error("bytes of proofs", format_args!("at most {MAX_PROOF_BYTES}"), bytes));
        }
        Ok(key)
    }

    /// Checks that the policy accepts the SRS, and the weight-range proofs of all shards.
    ///
    /// # Errors
    /// [`VerifyError::Srs`] if the policy refuses the SRS; [`VerifyError::Weights`].
    pub fn check(self, policy: &SrsPolicy) -> Result<PipelineKey, VerifyError> {
        let status = policy.check(&self.srs).map_err(VerifyError::Srs)?;
        // A part that several shards read is verified once.
        let mut known = BTreeSet::new();
        for index in 0..self.shards() {
            self.shard(index)?.check_unless(policy, &mut known)?;
        }
        Ok(PipelineKey { key: self, status })
    }

    /// The model's id, computed from the key's body.
    pub fn model_id(&self) -> ModelId {
        self.id
    }

    /// The SRS part of all shards.
    pub fn srs(&self) -> &VerifierSrs {
        &self.srs
    }

    /// log2 of the chunk size.
    pub fn k(&self) -> usize {
        self.k
    }

    /// What the id is the hash of.
    pub fn body(&self) -> &PipelineBody {
        &self.body
    }

    /// Number of shards.
    pub fn shards(&self) -> usize {
        self.keys.len()
    }

    /// The encoded key of a shard; empty if there is none.
    pub fn shard_bytes(&self, index: usize) -> &[u8] {
        self.keys.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// The key of a shard, decoded.
    ///
    /// # Errors
    /// [`VerifyError::Key`] if there is none.
    pub fn shard(&self, index: usize) -> Result<UncheckedKey, VerifyError> {
        match self.body.shards.get(index) {
            Some(shard) => UncheckedKey::shard_from_bytes(self.shard_bytes(index), Some(ModelId(shard.key))),
            None => Err(key_error("number of a shard", format_args!("below {}", self.shards()), index)),
        }
    }

    /// All wires: inputs, outputs, boundaries.
    pub fn wires(&self) -> &[Wire] {
        &self.wires
    }

    /// The wires of the model's inputs and outputs.
    pub fn ports(&self) -> [&[Wire]; 2] {
        let (inputs, rest) = self.wires.split_at(self.body.inputs.len().min(self.wires.len()));
        [inputs, &rest[..self.body.outputs.len().min(rest.len())]]
    }

    /// The wires that are neither inputs nor outputs of the model.
    pub fn boundaries(&self) -> &[Wire] {
        let [inputs, outputs] = self.ports();
        &self.wires[inputs.len() + outputs.len()..]
    }

    /// Lengths of a proof's parts: the commitments of the boundaries, every leaf, the accumulation.
    ///
    /// # Errors
    /// None for a key that was decoded.
    pub fn proof_parts(&self) -> Result<(usize, &[usize], usize), VerifyError> {
        let boundaries: usize = self.boundaries().iter().map(|wire| wire.chunks).sum();
        let accumulation =
            Accumulation::encoded_len(self.shards(), self.k).map_err(VerifyError::KeyContent)?;
        Ok((boundaries * Commitment::BYTES, &self.leaves, accumulation))
    }

    /// Length of a proof's argument, without its envelope.
    ///
    /// # Errors
    /// None for a key that was decoded.
    pub fn argument_bytes(&self) -> Result<usize, VerifyError> {
        let (boundaries, leaves, accumulation) = self.proof_parts()?;
        Ok(boundaries + leaves.iter().sum::<usize>() + accumulation)
    }
}

/// The wiring, while the shards are gone through in their order.
struct Wiring<'a> {
    body: &'a PipelineBody,
    wires: Vec<Option<Wire>>,
}

impl<'a> Wiring<'a> {
    fn new(body: &'a PipelineBody) -> Self {
        // Every wire is on a list: so there are not more.
        let listed = body.shards.iter().map(|shard| shard.inputs.len() + shard.outputs.len()).sum::<usize>();
        let named = body.shards.iter().flat_map(|shard| shard.inputs.iter().chain(&shard.outputs));
        let last = named.map(|wire| *wire as usize + 1).max().unwrap_or(0);
        let ports = body.inputs.len() + body.outputs.len();
        Self { body, wires: vec![None; last.max(ports).min(listed)] }
    }

    fn shard(&mut self, index: usize, shard: &ShardBody, key: &UncheckedKey) -> Result<(), VerifyError> {
        let graph = key.network().graph();
        let (inputs, outputs) = (self.body.inputs.len(), self.body.outputs.len());
        for (field, ids, wires) in [
            ("inputs of a shard", &graph.inputs, &shard.inputs),
            ("outputs of a shard", &graph.outputs, &shard.outputs),
        ] {
            if ids.len() != wires.len() && enforced() {
                return Err(key_error(field, ids.len(), wires.len()));
            }
        }
        for (id, wire) in graph.inputs.iter().zip(&shard.inputs) {
            let own = Wire::of(graph, *id, key);
            let is_input = (*wire as usize) < inputs;
            match self.slot(*wire)? {
                // What goes into the model has no producer.
                slot @ None if is_input => *slot = Some(own),
                None if enforced() => {
                    let expected = format_args!("an output of a shard before {index}");
                    return Err(key_error(
                        "producer of a wire",
                        expected,
                        format_args!("wire {wire} has none"),
                    ));
                }
                None => {}
                Some(known) => own.is_the_same_as(known, *wire)?,
            }
        }
        for (id, wire) in graph.outputs.iter().zip(&shard.outputs) {
            let own = Wire::of(graph, *id, key);
            let number = *wire as usize;
            if number < inputs && enforced() {
                return Err(key_error(
                    "producer of a wire",
                    "none for an input",
                    format_args!("shard {index}"),
                ));
            }
            if number >= inputs + outputs && own.is_public() && enforced() {
                return Err(key_error(
                    "visibility of a boundary",
                    "private",
                    format_args!("wire {wire} is public"),
                ));
            }
            let slot = self.slot(*wire)?;
            if slot.is_some() && enforced() {
                let got = format_args!("shard {index} is another one of wire {wire}");
                return Err(key_error("producer of a wire", "one", got));
            }
            *slot = Some(own);
        }
        Ok(())
    }

    fn slot(&mut self, wire: u32) -> Result<&mut Option<Wire>, VerifyError> {
        let count = self.wires.len();
        let slot = self.wires.get_mut(wire as usize);
        slot.ok_or_else(|| key_error("number of a wire", format_args!("below {count}"), wire))
    }

    /// All wires, if there is none that nobody has, and the ports are those of the first ones.
    fn finish(self) -> Result<Vec<Wire>, VerifyError> {
        let Self { body, wires } = self;
        let missing = wires.iter().position(Option::is_none);
        if let Some(wire) = missing {
            return Err(key_error("wires", "each in a shard", format_args!("wire {wire} in none")));
        }
        let wires: Vec<Wire> = wires.into_iter().flatten().collect();
        let ports = body.inputs.len() + body.outputs.len();
        if wires.len() < ports {
            return Err(key_error("wires of inputs and outputs", ports, wires.len()));
        }
        let fields = body.inputs.iter().map(|port| ("inputs", port));
        let fields = fields.chain(body.outputs.iter().map(|port| ("outputs", port)));
        for ((field, port), wire) in fields.zip(&wires) {
            port.check(field, &wire.tensor)?;
        }
        Ok(wires)
    }
}

impl Wire {
    fn of(graph: &Graph, id: TensorId, key: &UncheckedKey) -> Self {
        let chunks = key.network().layout().chunks_of(id).map_or(0, |chunks| chunks.len());
        Self { tensor: graph.tensor(id).clone(), chunks }
    }

    /// That a shard reads what another one gives (or reads): commitments, or values, of one tensor.
    fn is_the_same_as(&self, known: &Self, wire: u32) -> Result<(), VerifyError> {
        let of = |wire: &Self| {
            let Tensor { shape, scale, range, .. } = &wire.tensor;
            (wire.is_public(), shape.clone(), *scale, *range, wire.chunks)
        };
        if of(self) == of(known) || !enforced() {
            return Ok(());
        }
        let show = |wire: &Self| {
            let Tensor { shape, scale, range, .. } = &wire.tensor;
            let visibility = if wire.is_public() { "public" } else { "private" };
            format!("{visibility} {:?} of scale {scale} in [{}, {}]", shape.dims(), range.lo, range.hi)
        };
        Err(key_error("tensor of a wire", show(known), format_args!("wire {wire}: {}", show(self))))
    }
}
