//! Setup: weights are committed once, and proved to be in their ranges.

use sha2::{Digest, Sha256};
use zeroize::Zeroize;
use zktorch_blocks::{Network, Private, SortedWeights, Statement, Witness};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_graph::layout::Scope;
use zktorch_graph::{Graph, Role, Tensor, TensorId};
use zktorch_transcript::{Hash, Transcript};
use zktorch_verifier::{KeyBody, Port, UncheckedKey, VERSION, VerifyError, encode_key};

use crate::{ProverError, ProvingKey};

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
    let nonces = [zktorch_transcript::fresh_nonce()?, zktorch_transcript::fresh_nonce()?];
    setup_with_nonces(model, srs, hash, nonces)
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
    make_key(model, weight_values(model)?, (srs, hash), nonces, UncheckedKey::from_bytes)
}

/// The key of a model with these weights by tensor, which are checked, or of a shard: `decode` says which.
pub(crate) fn make_key(
    model: &Model,
    values: Vec<Vec<i16>>,
    (srs, hash): (&Srs, Hash),
    nonces: [[u8; 32]; 2],
    decode: impl Fn(&[u8]) -> Result<UncheckedKey, VerifyError>,
) -> Result<ProvingKey, ProverError> {
    let _span = tracing::info_span!("setup").entered();
    let k = srs.k();
    let network = Network::new(model.graph.clone(), k, Scope::Weights)?.with_hash(hash);
    let column = network.stack_weights(&values)?;

    // 1. Commitments, under fresh blinds. The generator is bound to all that is public and keyed with the weights.
    let mut body = KeyBody {
        version: VERSION,
        srs_id: srs.verifier().id().0,
        k: u32::try_from(k).unwrap_or(u32::MAX),
        transcript: u8::from(hash == Hash::Keccak),
        graph: model.graph.clone(),
        inputs: model.inputs.clone(),
        outputs: model.outputs.clone(),
        preprocessing: model.preprocessing.clone(),
        weights: Vec::new(),
    };
    let mut transcript = Transcript::new(b"zktorch setup v1");
    transcript.append_message(b"body without commitments", &body.to_bytes()?);
    let mut rng = transcript.rng(&[&digest(&values)], nonces[0]);
    let blinds: Vec<Blind> = (0..network.weight_chunks()).map(|_| Blind::random(&mut rng)).collect();
    let mut key_secret = [0; 32];
    ark_std::rand::RngCore::fill_bytes(&mut rng, &mut key_secret);
    let witness = Witness::new(&network, &column, &[])?;
    let sorted = SortedWeights::new(srs, &network, &witness)?;
    let commitments = sorted.commit(srs, &blinds)?;

    // 2. The body, and with it the id.
    body.weights = commitments.iter().map(Commitment::to_bytes).collect();
    let body = body.to_bytes()?;
    let vk = decode(&encode_key(&body, srs.verifier(), &[])?)?;

    // 3. The weight-range proof, which absorbs the id.
    let mut weight_proof = Vec::new();
    if !commitments.is_empty() {
        let statement = Statement::new(&network, vk.model_id().0, &[], &commitments, [&[], &[]], &[])?;
        let private = Private { weights: &blinds, io: [&[], &[]], secret: &key_secret };
        let proof = sorted.prove(srs, &statement, &witness, &private, Nonce::from_bytes(nonces[1]))?;
        weight_proof = proof.to_bytes();
    }
    drop(witness);
    let vk_bytes = encode_key(&body, srs.verifier(), &weight_proof)?;
    Ok(ProvingKey::new(decode(&vk_bytes)?, vk_bytes, values, Some(column), blinds, key_secret))
}

impl ProvingKey {
    /// Whether the key's weights are these.
    pub fn has_weights(&self, weights: &[(TensorId, Vec<i32>)]) -> bool {
        let mut listed: Vec<&[i32]> = vec![&[]; self.weights.len()];
        for (id, entries) in weights {
            match listed.get_mut(id.0 as usize) {
                Some(slot) => *slot = entries,
                None => return false,
            }
        }
        let same =
            |(own, listed): (&Vec<i16>, &[i32])| own.iter().map(|x| i32::from(*x)).eq(listed.iter().copied());
        self.weights.iter().zip(listed).all(same)
    }

    /// Whether the key's weights are these, by tensor.
    pub fn has_values(&self, values: &[Vec<i16>]) -> bool {
        self.weights == values
    }

    /// The chunk commitments to the key's weights under its blinds, computed again.
    ///
    /// # Errors
    /// [`ProverError::Commit`] if the SRS has another size.
    pub fn commit_weights(&self, srs: &Srs) -> Result<Vec<Commitment>, ProverError> {
        Ok(srs.commit_chunks(self.column()?, self.vk.network().k(), &self.blinds)?.0)
    }
}

/// SHA-256 of the weights: as good a key as they are themselves, in a tenth of the time.
fn digest(values: &[Vec<i16>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut bytes = Vec::new();
    for entries in values {
        hash.update((entries.len() as u64).to_le_bytes());
        for piece in entries.chunks(1 << 14) {
            bytes.clear();
            bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
            hash.update(&bytes);
        }
    }
    bytes.zeroize();
    hash.finalize().into()
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
