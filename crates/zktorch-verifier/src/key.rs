//! Verifying keys. A key is hostile input: everything in it is derived again or checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zktorch_blocks::{BlockError, Hash, Network, NetworkProof};
use zktorch_channel::Shape;
use zktorch_commit::{Commitment, MIN_LOG_SIZE, SrsPolicy, SrsStatus, VerifierSrs};
use zktorch_graph::layout::{ChunkSize, Scope};
use zktorch_graph::{Graph, Role, TensorId, ValidGraph, Visibility, WeightParts, WeightRef};
use zktorch_mutants::enforced;

use crate::budget::{self, Refused};
use crate::{ModelId, Port, ProofEnvelope, VerifyError, Weights, WeightsId, WeightsPart};

/// Version of keys, statements and proofs.
pub const VERSION: u32 = 5;
/// Largest log2 of the chunk size.
pub const MAX_K: u32 = 22;
/// The most chunks that the padded entries of all tensors but the weights would fill: far above every model's, and it bounds the
/// verifier's work.
const MAX_CHUNKS: u64 = 1 << 12;
/// The most chunks that the padded entries of all weights would fill: each is a commitment in the key.
const MAX_WEIGHT_CHUNKS: u64 = 1 << 14;
/// The most padded entries of all public inputs and outputs.
const MAX_PUBLIC: u64 = 1 << 27;
/// The most entries of all tables.
const MAX_TABLES: u64 = 1 << 23;
/// The largest key.
pub const MAX_KEY_BYTES: usize = 32 << 20;
/// The most memory that the lists of a key's body take, in bytes: counted while they are decoded. A key that
/// is refused takes at most three times that, the values of its formulas (four bytes for each of at most 2^24),
/// and its own length once more.
pub const MAX_DECODED_BYTES: usize = 64 << 20;
/// The longest description of preprocessing, in bytes.
pub const MAX_PREPROCESSING: usize = 1024;

/// The body of a key: what its id is the hash of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyBody {
    /// [`VERSION`].
    pub version: u32,
    /// The SRS that everything is committed under.
    pub srs_id: [u8; 32],
    /// log2 of the chunk size.
    pub k: u32,
    /// The hash of transcripts: 0 for merlin, 1 for a chain of Keccak-256 ([`Hash`](enum@Hash)).
    pub transcript: u8,
    /// The quantised network.
    pub graph: Graph,
    /// The inputs, in the order of the graph's.
    pub inputs: Vec<Port>,
    /// The outputs, in the order of the graph's.
    pub outputs: Vec<Port>,
    /// What is done to raw data, such as an image, before they are the input; empty if nothing. For whoever
    /// makes or checks inputs: the proof is about the input itself.
    pub preprocessing: String,
    /// log2 of the chunk size of the weights' commitments: k, or less in a key that reads those of another one.
    pub weights_k: u32,
    /// The weights, in parts; the first ones may be those of another key.
    pub weights: Vec<WeightsPart>,
    /// Which weight of which part every weight of the graph is, in the order of its tensors.
    pub refs: Vec<WeightRef>,
}

/// A key as it is stored: the encoding of a slice is that of a list of bytes.
#[derive(Serialize, Deserialize)]
struct KeyFile<'a> {
    body: &'a [u8],
    srs: &'a [u8],
    /// Of every part of the weights.
    #[serde(borrow)]
    weight_proofs: Vec<&'a [u8]>,
}

/// A key that was decoded: consistent in itself, but nobody has said that its SRS is to be trusted, and its
/// weight-range proofs were not verified. [`check`](Self::check) does both.
#[derive(Clone, Debug)]
pub struct UncheckedKey {
    id: ModelId,
    srs: VerifierSrs,
    network: Network,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    preprocessing: String,
    parts: Vec<Weights>,
    /// Chunk commitments of all parts.
    weights: Vec<Commitment>,
    shape: Shape,
}

/// A key that proofs can be verified with: its SRS is one that the verifier accepts, and all its weights are
/// in their ranges. There is no other way to one than [`VerifyingKey::from_bytes`] and
/// [`UncheckedKey::check`].
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    key: UncheckedKey,
    status: SrsStatus,
}

pub(crate) fn malformed(what: &'static str, error: impl core::fmt::Display) -> VerifyError {
    VerifyError::Malformed { what, reason: error.to_string() }
}

pub(crate) fn key_error(field: &'static str, expected: impl ToString, got: impl ToString) -> VerifyError {
    VerifyError::Key { field, expected: expected.to_string(), got: got.to_string() }
}

impl KeyBody {
    /// The encoding that the id is the hash of.
    ///
    /// # Errors
    /// None for bodies that fit into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VerifyError> {
        postcard::to_stdvec(self).map_err(|error| malformed("key body", error))
    }
}

/// The encoding of a key from its parts.
///
/// # Errors
/// None for keys that fit into memory.
pub fn encode_key(body: &[u8], srs: &VerifierSrs, weight_proofs: &[&[u8]]) -> Result<Vec<u8>, VerifyError> {
    let file = KeyFile { body, srs: &srs.to_bytes(), weight_proofs: weight_proofs.to_vec() };
    postcard::to_stdvec(&file).map_err(|error| malformed("verifying key", error))
}

impl VerifyingKey {
    /// Decodes a key, which is then to be checked.
    ///
    /// # Errors
    /// Those of [`UncheckedKey::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<UncheckedKey, VerifyError> {
        UncheckedKey::from_bytes(bytes)
    }

    /// Decodes a key whose id the user knows; it is then to be checked.
    ///
    /// # Errors
    /// Those of [`UncheckedKey::from_bytes_pinned`].
    pub fn from_bytes_pinned(bytes: &[u8], id: ModelId) -> Result<UncheckedKey, VerifyError> {
        UncheckedKey::from_bytes_pinned(bytes, id)
    }

    /// What the key says.
    pub fn key(&self) -> &UncheckedKey {
        &self.key
    }

    /// The model's id.
    pub fn model_id(&self) -> ModelId {
        self.key.id
    }

    /// How far its SRS can be trusted.
    pub fn srs_status(&self) -> SrsStatus {
        self.status
    }
}

impl UncheckedKey {
    /// Decodes and checks a key: version, sizes, the graph (ids, shapes, ranges, tables, bounds of all
    /// accumulators), the SRS part (groups, consistency, its id), the commitments, their number. Whether the
    /// SRS is to be trusted and the weights are in their ranges is left to [`check`](Self::check), and
    /// whether the model is the wanted one to the caller.
    ///
    /// # Errors
    /// [`VerifyError`] of every kind but proofs'.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        Self::decode(bytes, None, Scope::Inference)
    }

    /// [`from_bytes`](Self::from_bytes) of a key whose id the user knows: a key with another one is refused before anything of it is
    /// looked at.
    ///
    /// # Errors
    /// [`VerifyError::ModelId`] and those of [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_pinned(bytes: &[u8], id: ModelId) -> Result<Self, VerifyError> {
        Self::decode(bytes, Some(id), Scope::Inference)
    }

    /// The key of a shard of a pipeline: its private inputs and outputs have commitments of their own, and its proofs are
    /// leaves. An ordinary proof does not verify with it, nor a leaf with an ordinary key. `pinned` is the id that it has to have,
    /// if that is known.
    ///
    /// # Errors
    /// Those of [`from_bytes_pinned`](Self::from_bytes_pinned).
    pub fn shard_from_bytes(bytes: &[u8], pinned: Option<ModelId>) -> Result<Self, VerifyError> {
        Self::decode(bytes, pinned, Scope::Shard)
    }

    fn decode(bytes: &[u8], pinned: Option<ModelId>, scope: Scope) -> Result<Self, VerifyError> {
        if bytes.len() > MAX_KEY_BYTES && enforced() {
            let expected = format_args!("at most {MAX_KEY_BYTES}");
            return Err(key_error("bytes of the verifying key", expected, bytes.len()));
        }
        let file: KeyFile<'_> = decode("verifying key", bytes)?;
        let id = ModelId::of(file.body);
        if let Some(expected) = pinned.filter(|pinned| *pinned != id)
            && enforced()
        {
            return Err(VerifyError::ModelId { expected, got: id });
        }
        let mut body: KeyBody = decode("key body", file.body)?;
        if body.version != VERSION && enforced() {
            return Err(VerifyError::Version { what: "verifying key", expected: VERSION, got: body.version });
        }
        let srs = VerifierSrs::from_bytes(file.srs).map_err(VerifyError::Srs)?;
        if srs.id().0 != body.srs_id && enforced() {
            let expected = zktorch_commit::SrsId(body.srs_id);
            return Err(key_error("SRS id of the SRS part", expected, srs.id()));
        }
        let k = usize::try_from(body.k).unwrap_or(usize::MAX);
        if (k < MIN_LOG_SIZE || body.k > MAX_K) && enforced() {
            return Err(key_error("k", format_args!("{MIN_LOG_SIZE} to {MAX_K}"), body.k));
        }
        let hash = match (body.transcript, scope) {
            (0, _) => Hash::Merlin,
            (1, Scope::Inference) => Hash::Keccak,
            (other, _) => return Err(key_error("transcript", "0, or 1 in a key of one piece", other)),
        };
        if body.preprocessing.len() > MAX_PREPROCESSING && enforced() {
            let expected = format_args!("at most {MAX_PREPROCESSING} bytes");
            return Err(key_error("preprocessing", expected, body.preprocessing.len()));
        }
        let graph = ValidGraph::new(std::mem::take(&mut body.graph))
            .map_err(|error| VerifyError::KeyContent(error.into()))?;
        check_sizes(graph.graph(), k).map_err(refused_size)?;
        let size = ChunkSize { k, weights: usize::try_from(body.weights_k).unwrap_or(usize::MAX), inputs: k };
        if !(MIN_LOG_SIZE..=k).contains(&size.weights) && enforced() {
            let expected = format_args!("{MIN_LOG_SIZE} to {k}, the log2 of the proofs' chunk size");
            return Err(key_error("log2 of the chunk size of the weights", expected, body.weights_k));
        }
        let parts = body.weights.iter().map(|part| part.specs.clone()).collect();
        let weights = Arc::new(WeightParts { parts, refs: body.refs.clone() });
        let network = Network::with_weights(graph, size, scope, weights);
        let network = network.map_err(VerifyError::KeyContent)?.with_hash(hash);
        // Those that the graph does not read, too.
        check_sizes(&network.weight_parts().all(), size.weights).map_err(refused_size)?;
        check_ports("inputs", &network, &network.graph().inputs, &body.inputs)?;
        check_ports("outputs", &network, &network.graph().outputs, &body.outputs)?;
        let parts = Weights::of_key(&body, &network, &file.weight_proofs)?;
        let weights: Vec<Commitment> = parts.iter().flat_map(Weights::commitments).copied().collect();
        let shape = network.proof_shape().map_err(VerifyError::KeyContent)?;
        let KeyBody { inputs, outputs, preprocessing, .. } = body;
        Ok(Self { id, srs, network, inputs, outputs, preprocessing, parts, weights, shape })
    }

    /// The model's id, computed from the key's body.
    pub fn model_id(&self) -> ModelId {
        self.id
    }

    /// The SRS part; its id was recomputed from its points.
    pub fn srs(&self) -> &VerifierSrs {
        &self.srs
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The inputs, as the model's user knows them.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// The outputs, as the model's user knows them.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// What is done to raw data before they are the input; empty if nothing.
    pub fn preprocessing(&self) -> &str {
        &self.preprocessing
    }

    /// The weights, part by part.
    pub fn weight_parts(&self) -> &[Weights] {
        &self.parts
    }

    /// Chunk commitments to the weights, those of all parts.
    pub fn weights(&self) -> &[Commitment] {
        &self.weights
    }

    /// The length of every proof that is made with this key.
    ///
    /// # Errors
    /// None for a key that was decoded.
    pub fn proof_bytes(&self) -> Result<usize, VerifyError> {
        let argument =
            <NetworkProof>::encoded_len(&self.network, &self.shape).map_err(VerifyError::KeyContent)?;
        Ok(ProofEnvelope::new(self.id, vec![0; argument]).to_bytes().len())
    }

    /// The lengths of the parts of proofs.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Checks that the policy accepts the SRS, and the weight-range proofs: all weights are in their ranges
    /// and their padding is zero. Only then are the integers of the network's semantics the committed ones,
    /// so that a proof says something. Depends on the key alone: need be done once per key.
    ///
    /// # Errors
    /// [`VerifyError::Srs`] if the policy refuses the SRS; [`VerifyError::Weights`].
    pub fn check(self, policy: &SrsPolicy) -> Result<VerifyingKey, VerifyError> {
        self.check_beside(policy, &[])
    }

    /// [`check`](Self::check) beside keys that were checked: what they have proved of weights that this key reads too
    /// is not verified again.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn check_beside(
        self,
        policy: &SrsPolicy,
        checked: &[&VerifyingKey],
    ) -> Result<VerifyingKey, VerifyError> {
        let mut known = checked.iter().flat_map(|key| &key.key.parts).map(Weights::id).collect();
        self.check_unless(policy, &mut known)
    }

    /// [`check`](Self::check), but for the ranges of parts that are known; those that were verified are known from then on.
    pub(crate) fn check_unless(
        self,
        policy: &SrsPolicy,
        known: &mut BTreeSet<WeightsId>,
    ) -> Result<VerifyingKey, VerifyError> {
        let status = policy.check(&self.srs).map_err(VerifyError::Srs)?;
        for (number, part) in self.parts.iter().enumerate() {
            if !known.contains(&part.id()) {
                self.check_part(number)?;
                known.insert(part.id());
            }
        }
        Ok(VerifyingKey { key: self, status })
    }

    /// Verifies the range proof of one part of the weights.
    ///
    /// # Errors
    /// [`VerifyError::Weights`]; [`VerifyError::Key`] if there is no such part.
    pub fn check_part(&self, number: usize) -> Result<(), VerifyError> {
        let missing =
            || key_error("parts of the weights", format_args!("more than {number}"), self.parts.len());
        let part = self.parts.get(number).ok_or_else(missing)?;
        let network =
            self.network.of_weights(number).map_err(|error| VerifyError::Weights { part: number, error })?;
        part.check(number, &network, &self.srs)
    }
}

/// A value and nothing after it, in the only encoding that is accepted: numbers have several, of which this
/// is the shortest.
pub(crate) fn decode<'a, T: Serialize + Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, VerifyError> {
    let (value, rest) = budget::decode::<T>(bytes, MAX_DECODED_BYTES).map_err(|refused| match refused {
        Refused::Malformed(error) => malformed(what, error),
        Refused::TooLarge => {
            let expected = format_args!("at most {MAX_DECODED_BYTES} bytes");
            key_error("memory of the key once decoded", expected, "more")
        }
    })?;
    if !rest.is_empty() && enforced() {
        return Err(malformed(what, format_args!("{} trailing bytes", rest.len())));
    }
    if postcard::serialize_with_flavor(&value, Same(bytes)).is_err() && enforced() {
        return Err(malformed(what, "not the canonical encoding"));
    }
    Ok(value)
}

/// Compares an encoding with what is expected of it, and keeps nothing.
struct Same<'a>(&'a [u8]);

impl postcard::ser_flavors::Flavor for Same<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0 = self.0.strip_prefix(bytes).ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(postcard::Error::SerializeBufferFull) }
    }
}

fn refused_size(error: BlockError) -> VerifyError {
    match error {
        BlockError::Limit { what, max, got } => key_error(what, format_args!("at most {max}"), got),
        error => VerifyError::KeyContent(error),
    }
}

/// A few bytes describe a (valid) graph of any size: what would take much time or memory is refused before anything is laid out.
///
/// # Errors
/// [`BlockError::Limit`].
pub(crate) fn check_sizes(graph: &Graph, k: usize) -> Result<(), BlockError> {
    let public =
        |role: &Role| matches!(role, Role::Input(Visibility::Public) | Role::Output(Visibility::Public));
    let weight = |role: &Role| *role == Role::Weight;
    let entries = |of: &dyn Fn(&Role) -> bool| -> u64 {
        let tensors = graph.tensors.iter().filter(|tensor| of(&tensor.role));
        tensors.map(|tensor| tensor.shape.padded_len() as u64).sum()
    };
    let tables = graph.tables.iter().map(|table| table.domain.len() as u64).sum();
    for (what, max, got) in [
        ("entries of public tensors", MAX_PUBLIC, entries(&public)),
        ("entries of committed tensors", MAX_CHUNKS << k, entries(&|role| !public(role) && !weight(role))),
        ("entries of weights", MAX_WEIGHT_CHUNKS << k, entries(&weight)),
        ("entries of tables", MAX_TABLES.min(MAX_CHUNKS << k), tables),
    ] {
        if got > max && enforced() {
            return Err(BlockError::Limit { what, max, got });
        }
    }
    Ok(())
}

fn check_ports(
    field: &'static str,
    network: &Network,
    ids: &[TensorId],
    ports: &[Port],
) -> Result<(), VerifyError> {
    if ids.len() != ports.len() && enforced() {
        return Err(key_error(field, ids.len(), ports.len()));
    }
    for (id, port) in ids.iter().zip(ports) {
        port.check(field, network.graph().tensor(*id))?;
    }
    Ok(())
}
