//! Setup: weights are committed once, and proved to be in their ranges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ark_std::UniformRand;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};
use zktorch_blocks::{Network, Private, SortedWeights, Statement, Witness};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Projective, par};
use zktorch_graph::layout::{ChunkSize, Scope};
use zktorch_graph::{Graph, Role, Tensor, TensorId, ValidGraph, WeightParts, WeightRef, WeightSpec};
use zktorch_transcript::{Hash, Transcript};
use zktorch_verifier::{
    KeyBody, Port, UncheckedKey, VERSION, VerifyError, WeightsId, WeightsPart, encode_key,
};

use crate::key::SecretPart;
use crate::prove::check_srs;
use crate::{ProverError, ProvingKey};

/// Cells that a thread adds up at a time.
const PIECE: usize = 1 << 12;

/// What setup needs to know of a model.
#[derive(Clone, Debug)]
pub struct Model {
    /// The quantised network.
    pub graph: Graph,
    /// Its inputs as its user knows them.
    pub inputs: Vec<Port>,
    /// Its outputs as its user knows them.
    pub outputs: Vec<Port>,
    /// What is done to raw data before they are the input ([`KeyBody::preprocessing`]); empty if nothing.
    pub preprocessing: String,
    /// The real entries of every weight tensor, row-major.
    pub weights: Vec<(TensorId, Vec<i32>)>,
}

/// Commits to the weights and proves that they are in their ranges. The SRS must have exactly `2^k` powers for the wanted
/// chunk size 2^k ([`choose_k`](crate::choose_k), [`Srs::truncated`]).
///
/// # Errors
/// Those of [`setup_with_nonces`]; [`ProverError::Transcript`] if the system has no randomness.
#[cfg(feature = "os-rng")]
pub fn setup(model: &Model, srs: &Srs) -> Result<ProvingKey, ProverError> {
    setup_with_hash(model, srs, Hash::default())
}

/// [`setup`] of a key whose transcripts are on a hash of the caller's choice: it is part of the key, and so of its id.
///
/// # Errors
/// As [`setup`].
#[cfg(feature = "os-rng")]
pub fn setup_with_hash(model: &Model, srs: &Srs, hash: Hash) -> Result<ProvingKey, ProverError> {
    setup_with_nonces(model, srs, hash, fresh_nonces()?)
}

/// [`setup`] for callers with their own source of randomness, and for reproducible tests.
///
/// `nonces` are fresh, one for the blinds and one for the weight-range proof.
///
/// # Errors
/// [`ProverError::WeightRange`], [`ProverError::Length`] for weights that do not fit the graph; those of the proof.
pub fn setup_with_nonces(
    model: &Model,
    srs: &Srs,
    hash: Hash,
    nonces: [[u8; 32]; 2],
) -> Result<ProvingKey, ProverError> {
    let base = Base { size: srs.k().into(), hash, key: None };
    make_key(model, weight_values(model)?, srs, &base, nonces, UncheckedKey::from_bytes)
}

/// [`setup`] of a model that reads weights of another key: the same integers, with the same extents and ranges, are
/// not committed to again, and what is proved of them is taken as it is. Other weights become a part of their own.
///
/// The chunks of proofs have `2^k` entries ([`choose_k`](crate::choose_k)), or as many as those of the weights, if that
/// is more. The SRS is that of the other key, with as many powers as the weights' chunks have entries
/// ([`Network::layout`], [`ChunkSize::weights`]); transcripts are on its hash.
///
/// # Errors
/// Those of [`setup`]; [`ProverError::Srs`] for another SRS; [`ProverError::Key`] for more parts than there may be.
#[cfg(feature = "os-rng")]
pub fn setup_beside(
    model: &Model,
    srs: &Srs,
    k: usize,
    other: &ProvingKey,
) -> Result<ProvingKey, ProverError> {
    setup_beside_with_nonces(model, srs, k, other, fresh_nonces()?)
}

/// [`setup_beside`] for callers with their own source of randomness, and for reproducible tests.
///
/// # Errors
/// Those of [`setup_beside`].
pub fn setup_beside_with_nonces(
    model: &Model,
    srs: &Srs,
    k: usize,
    other: &ProvingKey,
    nonces: [[u8; 32]; 2],
) -> Result<ProvingKey, ProverError> {
    let network = other.vk.network();
    let weights = network.layout().chunk_size().weights;
    check_srs(srs, other.vk.srs().id(), weights)?;
    let base =
        Base { size: ChunkSize { weights, ..k.max(weights).into() }, hash: network.hash(), key: Some(other) };
    make_key(model, weight_values(model)?, srs, &base, nonces, UncheckedKey::from_bytes)
}

#[cfg(feature = "os-rng")]
fn fresh_nonces() -> Result<[[u8; 32]; 2], ProverError> {
    Ok([zktorch_transcript::fresh_nonce()?, zktorch_transcript::fresh_nonce()?])
}

/// What a key is made on.
pub(crate) struct Base<'a> {
    pub(crate) size: ChunkSize,
    pub(crate) hash: Hash,
    /// A key whose weights may be read.
    pub(crate) key: Option<&'a ProvingKey>,
}

/// The key of a model with these weights by tensor, which are checked, or of a shard: `decode` says which.
pub(crate) fn make_key(
    model: &Model,
    mut values: Vec<Vec<i16>>,
    srs: &Srs,
    base: &Base<'_>,
    nonces: [[u8; 32]; 2],
    decode: impl Fn(&[u8]) -> Result<UncheckedKey, VerifyError>,
) -> Result<ProvingKey, ProverError> {
    let _span = tracing::info_span!("setup").entered();
    let number = |k: usize| u32::try_from(k).unwrap_or(u32::MAX);
    let mut body = KeyBody {
        version: VERSION,
        srs_id: srs.verifier().id().0,
        k: number(base.size.k),
        transcript: u8::from(base.hash == Hash::Keccak),
        graph: model.graph.clone(),
        inputs: model.inputs.clone(),
        outputs: model.outputs.clone(),
        preprocessing: model.preprocessing.clone(),
        weights_k: number(base.size.weights),
        weights: Vec::new(),
        refs: Vec::new(),
    };
    // 1. What was committed to before stays as it is: the parts of which something is read.
    let key_of_values = Zeroizing::new(digest(&values));
    let mut known = base.key.map(Known::new).unwrap_or_default();
    let mut specs = Vec::new();
    let mut own = SecretPart { values: Vec::new(), blinds: Vec::new() };
    let mut found: Vec<Option<WeightRef>> = Vec::new();
    for (tensor, values) in model.graph.tensors.iter().zip(&mut values) {
        if tensor.role == Role::Weight {
            let there = known.take(tensor, values);
            if there.is_none() {
                own.values.push(std::mem::take(values));
                specs.push(WeightSpec::from(tensor));
            }
            found.push(there);
        }
        values.zeroize();
    }
    let read: BTreeSet<u32> = found.iter().flatten().map(|found| found.part).collect();
    let numbers: BTreeMap<u32, u32> = read.iter().copied().zip(0..).collect();
    let mut own_refs = (0..).map(|index| WeightRef { part: number(numbers.len()), index });
    let renumbered = |found: WeightRef| Some(WeightRef { part: *numbers.get(&found.part)?, ..found });
    body.refs =
        found.into_iter().filter_map(|found| found.map_or_else(|| own_refs.next(), renumbered)).collect();
    let (mut parts, mut proofs) = (Vec::new(), Vec::new());
    let shared = base.key.into_iter().flat_map(|key| read.iter().map(move |part| (key, *part as usize)));
    for (key, part) in shared.clone() {
        let stated = &key.vk.weight_parts()[part];
        let commitments = stated.commitments().iter().map(Commitment::to_bytes).collect();
        let specs = key.vk.network().weight_parts().parts[part].clone();
        body.weights.push(WeightsPart { specs, commitments });
        proofs.push(stated.proof().to_vec());
        parts.push(Arc::clone(&key.parts[part]));
    }

    // 2. What would be refused in the end is refused before it is worked for.
    let own_specs = (!specs.is_empty()).then(|| specs.clone());
    let stated = body.weights.iter().map(|part| part.specs.clone()).chain(own_specs).collect();
    let weights = Arc::new(WeightParts { parts: stated, refs: body.refs.clone() });
    let graph = ValidGraph::new(model.graph.clone())?;
    Network::with_weights(graph, base.size, Scope::Inference, weights)?;

    // The generator is bound to all that is public and keyed with the weights.
    let mut transcript = Transcript::new(b"zktorch setup v2");
    transcript.append_message(b"body without own commitments", &body.to_bytes()?);
    let mut rng = transcript.rng(&[&*key_of_values], nonces[0]);
    // A key's file may say that it has committed to other weights than it holds: then somebody else could prove with them.
    for (key, part) in shared {
        key.check_part(srs, part, Fr::rand(&mut rng))?;
    }

    // 3. Commitments to the others, under fresh blinds.
    let mut made = None;
    if !own.values.is_empty() {
        let parts = WeightParts { parts: vec![specs.clone()], refs: Vec::new() };
        let network = Network::new(parts.graph(0), base.size.weights, Scope::Weights)?.with_hash(base.hash);
        let column = Zeroizing::new(network.stack_weights(&own.values)?);
        own.blinds = (0..network.weight_chunks()).map(|_| Blind::random(&mut rng)).collect();
        made = Some((network, column));
    }
    let mut key_secret = [0; 32];
    ark_std::rand::RngCore::fill_bytes(&mut rng, &mut key_secret);
    let encode = |body: &KeyBody, proofs: &[Vec<u8>]| {
        let proofs: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
        encode_key(&body.to_bytes()?, srs.verifier(), &proofs)
    };
    if let Some((network, column)) = made {
        let witness = Witness::new(&network, column.as_slice(), &[])?;
        let sorted = SortedWeights::new(srs, &network, &witness)?;
        let commitments = sorted.commit(srs, &own.blinds)?;
        let bytes = commitments.iter().map(Commitment::to_bytes).collect();
        let part = WeightsPart { specs, commitments: bytes };
        let id = WeightsId::new(&body, &part)?;
        body.weights.push(part);
        proofs.push(Vec::new());
        decode(&encode(&body, &proofs)?)?;

        // 4. The weight-range proof, which absorbs the part's id.
        let statement = Statement::new(&network, id.0, &[], &commitments, [&[], &[]], &[])?;
        let private = Private { weights: &own.blinds, io: [&[], &[]], secret: &key_secret };
        let proof = sorted.prove(srs, &statement, &witness, &private, Nonce::from_bytes(nonces[1]))?;
        if let Some(last) = proofs.last_mut() {
            *last = proof.to_bytes();
        }
        parts.push(Arc::new(own));
    }

    // 5. The body, and with it the model's id.
    let vk_bytes = encode(&body, &proofs)?;
    Ok(ProvingKey::new(decode(&vk_bytes)?, vk_bytes, parts, key_secret))
}

/// Weights that were committed to, each until it is taken: by their names too, so that it tells nobody which weights of different
/// names are equal, and no weight of an unrelated model is taken that happens to be the same.
#[derive(Default)]
struct Known(BTreeMap<[u8; 32], WeightRef>);

impl Known {
    fn new(key: &ProvingKey) -> Self {
        let network = key.vk.network();
        let tensors = network.graph().tensors.iter().filter(|tensor| tensor.role == Role::Weight);
        let weights = tensors
            .zip(&network.weight_parts().refs)
            .zip(key.weight_values().filter(|values| !values.is_empty()));
        Self(weights.map(|((tensor, found), values)| (said(tensor, values), *found)).collect())
    }

    fn take(&mut self, tensor: &Tensor, values: &[i16]) -> Option<WeightRef> {
        self.0.remove(&said(tensor, values))
    }
}

/// SHA-256 of a weight: name, extents, range, entries.
fn said(tensor: &Tensor, values: &[i16]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((tensor.name.len() as u64).to_le_bytes());
    hash.update(&tensor.name);
    hash.update((tensor.shape.rank() as u64).to_le_bytes());
    tensor.shape.dims().iter().for_each(|dim| hash.update(dim.to_le_bytes()));
    [tensor.range.lo, tensor.range.hi].iter().for_each(|bound| hash.update(bound.to_le_bytes()));
    absorb(&mut hash, values);
    hash.finalize().into()
}

impl ProvingKey {
    /// The real entries of all tensors of the graph that are weights, none of others.
    pub(crate) fn weight_values(&self) -> impl Iterator<Item = &[i16]> {
        let network = self.vk.network();
        let mut refs = network.weight_parts().refs.iter();
        network.graph().tensors.iter().map(move |tensor| {
            let found = if tensor.role == Role::Weight { refs.next() } else { None };
            let part = found.and_then(|found| Some((self.parts.get(found.part as usize)?, found.index)));
            let values = part.and_then(|(part, index)| part.values.get(index as usize));
            values.map(Vec::as_slice).unwrap_or_default()
        })
    }

    /// That a part's range proof verifies, and that what the key holds of the part is what it has committed to: a random combination of
    /// the chunks is committed to once more.
    fn check_part(&self, srs: &Srs, part: usize, rho: Fr) -> Result<(), ProverError> {
        self.vk.check_part(part)?;
        let (held, stated) = (&self.parts[part], &self.vk.weight_parts()[part]);
        let network = self.vk.network().of_weights(part)?;
        let column = Zeroizing::new(network.stack_weights(&held.values)?);
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::from(1u64)), |power| Some(*power * rho))
            .take(held.blinds.len())
            .collect();
        let n = 1usize << network.k();
        let mut combined = vec![Fr::from(0u64); n];
        par::for_each_chunk_mut(&mut combined, PIECE, |piece, cells| {
            for (chunk, power) in column.chunks(n).zip(&powers) {
                let chunk = &chunk[piece * PIECE..][..cells.len()];
                for (cell, value) in cells.iter_mut().zip(chunk).filter(|(_, value)| **value != 0) {
                    *cell += *power * Fr::from(*value);
                }
            }
        });
        let blind: Fr = powers.iter().zip(&held.blinds).map(|(power, blind)| *power * blind.expose()).sum();
        let expected: G1Projective =
            powers.iter().zip(stated.commitments()).map(|(power, point)| point.projective() * power).sum();
        if srs.commit(&combined, &Blind::from_scalar(blind))?.projective() != expected {
            return Err(ProverError::Part { part, id: stated.id() });
        }
        Ok(())
    }

    /// Whether the key's weights are these.
    pub fn has_weights(&self, weights: &[(TensorId, Vec<i32>)]) -> bool {
        let mut listed: Vec<&[i32]> = vec![&[]; self.vk.network().graph().tensors.len()];
        for (id, entries) in weights {
            match listed.get_mut(id.0 as usize) {
                Some(slot) => *slot = entries,
                None => return false,
            }
        }
        let same =
            |(own, listed): (&[i16], &[i32])| own.iter().map(|x| i32::from(*x)).eq(listed.iter().copied());
        self.weight_values().zip(listed).all(same)
    }

    /// Whether the key's weights are these, by tensor.
    pub fn has_values(&self, values: &[Vec<i16>]) -> bool {
        self.weight_values().eq(values.iter().map(Vec::as_slice))
    }

    /// The chunk commitments to the key's weights under its blinds, computed again: those that its graph does not read
    /// too. The SRS has as many powers as the weights' chunks have entries, or more.
    ///
    /// # Errors
    /// [`ProverError::Commit`] if the SRS is too small.
    pub fn commit_weights(&self, srs: &Srs) -> Result<Vec<Commitment>, ProverError> {
        let k = self.vk.network().layout().chunk_size().weights;
        Ok(srs.commit_chunks(self.column()?, k, self.blinds())?.0)
    }
}

/// SHA-256 of the weights: as good a key as they are themselves, in a tenth of the time.
fn digest(values: &[Vec<i16>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    values.iter().for_each(|entries| absorb(&mut hash, entries));
    hash.finalize().into()
}

/// Their number, and numbers of 16 bits.
fn absorb(hash: &mut Sha256, entries: &[i16]) {
    hash.update((entries.len() as u64).to_le_bytes());
    let mut bytes = Vec::new();
    for piece in entries.chunks(1 << 14) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
        hash.update(&bytes);
    }
    bytes.zeroize();
}

/// The weights by tensor, checked.
fn weight_values(model: &Model) -> Result<Vec<Vec<i16>>, ProverError> {
    let mut values: Vec<Vec<i16>> = vec![Vec::new(); model.graph.tensors.len()];
    for (id, entries) in &model.weights {
        let found = model.graph.tensors.get(id.0 as usize).zip(values.get_mut(id.0 as usize));
        let Some((tensor, slot)) = found.filter(|(tensor, _)| tensor.role == Role::Weight) else {
            let (expected, got) = (model.graph.tensors.len(), id.0 as usize);
            return Err(ProverError::Length { what: "number of a weight tensor".to_owned(), expected, got });
        };
        *slot = narrow(tensor, entries)?;
    }
    for (tensor, values) in model.graph.tensors.iter().zip(&values) {
        check_weight(tensor, values)?;
    }
    Ok(values)
}

/// Weights of 32 bits in 16: those in their range have no more.
///
/// # Errors
/// [`ProverError::WeightRange`].
pub fn narrow(tensor: &Tensor, entries: &[i32]) -> Result<Vec<i16>, ProverError> {
    let narrow = |(index, value): (usize, &i32)| {
        let outside = || ProverError::WeightRange { tensor: tensor.name.clone(), index, value: *value };
        i16::try_from(*value).map_err(|_| outside())
    };
    entries.iter().enumerate().map(narrow).collect()
}

/// That a tensor has these entries, if it is a weight, and none if it is not, in its range.
pub(crate) fn check_weight(tensor: &Tensor, values: &[i16]) -> Result<(), ProverError> {
    let expected = if tensor.role == Role::Weight { tensor.shape.len() } else { 0 };
    if values.len() != expected {
        return Err(ProverError::Length { what: tensor.name.clone(), expected, got: values.len() });
    }
    let outside = |value: &i16| !tensor.range.contains(i64::from(*value));
    match values.iter().enumerate().find(|(_, value)| outside(value)) {
        None => Ok(()),
        Some((index, value)) => {
            let (tensor, value) = (tensor.name.clone(), i32::from(*value));
            Err(ProverError::WeightRange { tensor, index, value })
        }
    }
}
