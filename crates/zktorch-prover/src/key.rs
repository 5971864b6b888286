//! Proving keys.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;
use zktorch_commit::{Blind, Commitment};
use zktorch_graph::Role;
use zktorch_transcript::wire;
use zktorch_verifier::UncheckedKey;

use crate::ProverError;

/// Everything the prover keeps: the verifying key, the weights, the blinds of their commitments. Secret; wiped when dropped.
pub struct ProvingKey {
    pub(crate) vk: UncheckedKey,
    vk_bytes: Vec<u8>,
    /// Real entries by tensor; empty for tensors that are no weights.
    pub(crate) weights: Vec<Vec<i16>>,
    /// The weights as they are committed.
    pub(crate) column: Vec<i32>,
    pub(crate) blinds: Vec<Blind>,
    pub(crate) secret: [u8; 32],
    /// The sums of the bases over the padding of every looked-up column.
    pub(crate) padding: Vec<Commitment>,
}

/// The key as it is stored.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    vk: Vec<u8>,
    weights: Vec<Vec<i16>>,
    blinds: Vec<[u8; 32]>,
    secret: [u8; 32],
    padding: Vec<[u8; 32]>,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.weights.zeroize();
        self.blinds.zeroize();
        self.secret.zeroize();
    }
}

impl Drop for ProvingKey {
    fn drop(&mut self) {
        self.weights.zeroize();
        self.column.zeroize();
        self.secret.zeroize();
    }
}

impl core::fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProvingKey").field("model_id", &self.vk.model_id()).finish_non_exhaustive()
    }
}

impl ProvingKey {
    pub(crate) fn new(
        vk_bytes: Vec<u8>,
        weights: Vec<Vec<i16>>,
        blinds: Vec<Blind>,
        secret: [u8; 32],
        padding: Vec<Commitment>,
    ) -> Result<Self, ProverError> {
        let vk = UncheckedKey::from_bytes(&vk_bytes)?;
        let column = vk.network().stack_weights(&weights)?;
        Ok(Self { vk, vk_bytes, weights, column, blinds, secret, padding })
    }

    /// The verifying key. Its weight-range proof was not verified.
    pub fn vk(&self) -> &UncheckedKey {
        &self.vk
    }

    /// The verifying key's encoding.
    pub fn vk_bytes(&self) -> &[u8] {
        &self.vk_bytes
    }

    /// Encodes the key. The result is secret.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for keys that fit into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProverError> {
        let file = KeyFile {
            vk: self.vk_bytes.clone(),
            weights: self.weights.clone(),
            blinds: self.blinds.iter().map(|blind| wire::scalar_to_bytes(blind.expose())).collect(),
            secret: self.secret,
            padding: self.padding.iter().map(Commitment::to_bytes).collect(),
        };
        postcard::to_stdvec(&file).map_err(|error| ProverError::Malformed { reason: error.to_string() })
    }

    /// Decodes and checks a key. That the weights belong to the commitments is not checked here (a proof with other weights does
    /// not verify).
    ///
    /// # Errors
    /// [`ProverError::Malformed`], [`ProverError::Key`], [`ProverError::Length`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        let malformed = |reason: String| ProverError::Malformed { reason };
        let (mut file, rest) =
            postcard::take_from_bytes::<KeyFile>(bytes).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        let blinds =
            file.blinds.iter().map(|bytes| Ok(Blind::from_scalar(wire::scalar_from_bytes(bytes, "blind")?)));
        let blinds = blinds.collect::<Result<Vec<Blind>, ProverError>>()?;
        let padding = file.padding.iter().map(Commitment::from_bytes).collect::<Result<_, _>>()?;
        let (vk, weights) = (std::mem::take(&mut file.vk), std::mem::take(&mut file.weights));
        let key = Self::new(vk, weights, blinds, file.secret, padding)?;
        let graph = key.vk.network().graph();
        let length = |what: &str, expected, got| ProverError::Length { what: what.to_owned(), expected, got };
        if key.weights.len() != graph.tensors.len() {
            let got = key.weights.len();
            return Err(length("tensors of the proving key", graph.tensors.len(), got));
        }
        for (tensor, values) in graph.tensors.iter().zip(&key.weights) {
            let expected = if tensor.role == Role::Weight { tensor.shape.len() } else { 0 };
            if values.len() != expected {
                return Err(length(&tensor.name, expected, values.len()));
            }
        }
        if key.blinds.len() != key.vk.weights().len() {
            let got = key.blinds.len();
            return Err(length("blinds of the proving key", key.vk.weights().len(), got));
        }
        Ok(key)
    }
}
