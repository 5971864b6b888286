//! One shard's proof.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zktorch_blocks::{DeferredProof, Leaf, OpeningWitness, Private, Witness, check_leaf, prove_deferred};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Srs};
use zktorch_transcript::wire;
use zktorch_verifier::{PipelineStatement, UncheckedKey};

use super::wires::Values;
use crate::{ProverError, ProvingKey, stages};

/// What a shard's prover has to know beside the statement and the key: values of its inputs, blinds of its private inputs and
/// outputs. No nonce: that is fresh for every attempt. Secret; wiped when dropped.
pub struct ShardSecrets {
    pub(super) inputs: Vec<Vec<i32>>,
    pub(super) blinds: [Vec<Blind>; 2],
    /// The values of all its tensors, if they are known: they follow from the inputs.
    pub(super) values: Option<Arc<Values>>,
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
    /// Encodes them, without values that follow from them. Secret.
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
        let blinds = [blinds(inputs)?, blinds(outputs)?];
        Ok(Self { inputs: stored.inputs.clone(), blinds, values: None })
    }
}

pub(super) fn malformed(reason: impl ToString) -> ProverError {
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
    let span = (tracing::info_span!("witness").entered(), stages::WITNESS.enter());
    let witness = match &secrets.values {
        Some(values) => Witness::new(network, key.column(), &values.0)?,
        // Not kept: they are in the witness's columns then.
        None => Witness::new(network, key.column(), &key.execute(&secrets.inputs)?)?,
    };
    drop(span);
    let parts = statement.leaf(index, &key.vk)?;
    let own = parts.statement(&key.vk)?;
    let [inputs, outputs] = &secrets.blinds;
    let private = Private { weights: key.blinds(), io: [inputs, outputs], secret: &key.secret };
    let (proof, leaf, witness) = prove_deferred(srs, &own, &witness, &private, Nonce::from_bytes(nonce))?;
    Ok(ProvedLeaf { proof: proof.to_bytes(), leaf, witness })
}
