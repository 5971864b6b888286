//! What the bytes of proofs are: it follows from the key, as their lengths do.

use zktorch_blocks::{Accumulation, DeferredProof, Network, NetworkProof};
use zktorch_channel::Part;

use crate::{UncheckedKey, UncheckedPipeline, VerifyError};

/// What proofs for a network consist of, before there is a key: their argument, without the envelope.
///
/// # Errors
/// [`VerifyError::KeyContent`] for a network that cannot be proved.
pub fn proof_parts(network: &Network) -> Result<Vec<Part>, VerifyError> {
    let shape = network.proof_shape().map_err(VerifyError::KeyContent)?;
    <NetworkProof>::parts(network, &shape).map_err(VerifyError::KeyContent)
}

impl UncheckedKey {
    /// What every proof that is made with this key consists of: its argument, without the envelope.
    ///
    /// # Errors
    /// None for a key that was decoded.
    pub fn parts(&self) -> Result<Vec<Part>, VerifyError> {
        <NetworkProof>::parts(self.network(), self.shape()).map_err(VerifyError::KeyContent)
    }
}

impl UncheckedPipeline {
    /// The same of a pipeline: parts of one kind are those of all shards together.
    ///
    /// # Errors
    /// None for a key that was decoded.
    pub fn parts(&self) -> Result<Vec<Part>, VerifyError> {
        let points = self.boundaries().iter().map(|wire| wire.chunks).sum();
        let mut all = vec![Part { name: "commitments of what crosses the cuts", points, scalars: 0 }];
        for index in 0..self.shards() {
            let key = self.shard(index)?;
            let own = DeferredProof::parts(key.network(), key.shape()).map_err(VerifyError::KeyContent)?;
            merge(&mut all, own);
        }
        merge(&mut all, Accumulation::parts(self.shards(), self.k()).map_err(VerifyError::KeyContent)?);
        Ok(all)
    }
}

/// Adds parts to those of the same name.
fn merge(all: &mut Vec<Part>, parts: Vec<Part>) {
    for part in parts {
        match all.iter_mut().find(|other| other.name == part.name) {
            Some(other) => {
                other.points += part.points;
                other.scalars += part.scalars;
            }
            None => all.push(part),
        }
    }
}
