//! Batches: many inferences of one model in one proof, under the key of one.

use zktorch_blocks::{BlockError, Network, NetworkProof};
use zktorch_channel::{Part, Shape};
use zktorch_mutants::enforced;

use crate::key::check_sizes;
use crate::{ModelId, ProofEnvelope, UncheckedKey, VerifyError};

/// The most inferences of a batch. What a key allows may be less: the batch is held to the limits of keys.
pub const MAX_INFERENCES: u32 = 1 << 12;

/// What a key says of a batch of so many inferences: derived from the key and their number, and from nothing else. Or of a claim about a
/// set ([`UncheckedKey::accuracy`]), whose images are the inferences: then from the claim as well.
#[derive(Clone, Debug)]
pub struct Batch {
    id: ModelId,
    network: Network,
    shape: Shape,
}

impl UncheckedKey {
    /// What this key says of a batch of so many inferences, from 2 to [`MAX_INFERENCES`]. The derived graph is validated as a key's is,
    /// held to the same limits, and reads the weights that the key commits to. Takes about as long as reading the key.
    ///
    /// # Errors
    /// [`VerifyError::Inferences`]; [`VerifyError::Batch`] for a key of a shard, a model that has no batches, or more than a verifier
    /// looks at.
    pub fn batch(&self, inferences: u32) -> Result<Batch, VerifyError> {
        check_inferences(inferences)?;
        let refused = |error| VerifyError::Batch { inferences, error };
        let network = self.network().batch(inferences, check_sizes).map_err(refused)?;
        Batch::of_network(self, network).map_err(refused)
    }
}

/// That there can be a batch of so many inferences at all.
pub(crate) fn check_inferences(inferences: u32) -> Result<(), VerifyError> {
    if !(2..=MAX_INFERENCES).contains(&inferences) && enforced() {
        return Err(VerifyError::Inferences { most: MAX_INFERENCES, got: inferences });
    }
    Ok(())
}

impl Batch {
    /// That of a network which was derived from a key's.
    pub(crate) fn of_network(key: &UncheckedKey, network: Network) -> Result<Self, BlockError> {
        let shape = network.proof_shape()?;
        Ok(Self { id: key.model_id(), network, shape })
    }

    /// The model.
    pub fn model_id(&self) -> ModelId {
        self.id
    }

    /// The network of all inferences: [`Network::inferences`] says how many.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The lengths of the parts of proofs.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What every proof of such a batch consists of: its argument, without the envelope.
    ///
    /// # Errors
    /// None for a batch of a key that was decoded.
    pub fn parts(&self) -> Result<Vec<Part>, VerifyError> {
        <NetworkProof>::parts(&self.network, &self.shape).map_err(VerifyError::KeyContent)
    }

    /// The length of every proof of such a batch.
    ///
    /// # Errors
    /// None for a batch of a key that was decoded.
    pub fn proof_bytes(&self) -> Result<usize, VerifyError> {
        let argument =
            <NetworkProof>::encoded_len(&self.network, &self.shape).map_err(VerifyError::KeyContent)?;
        Ok(ProofEnvelope::new(self.id, vec![0; argument]).to_bytes().len())
    }
}
