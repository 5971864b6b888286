//! What the bytes of proofs are: it follows from the key, as their lengths do.

use zktorch_blocks::{Accumulation, BlockError, DeferredProof, Network, NetworkProof, Statement};
use zktorch_channel::{Part, Shape};
use zktorch_commit::Commitment;

use crate::{UncheckedKey, UncheckedPipeline, VerifyError};

/// The lengths of the proofs for a network with these weights. They depend on no value.
pub(crate) fn shape(network: &Network, id: [u8; 32], weights: &[Commitment]) -> Result<Shape, BlockError> {
    let entries = |id: &zktorch_graph::TensorId| vec![0; network.graph().tensor(*id).shape.len()];
    let zeros: Vec<Vec<i32>> = network.public_tensors().iter().map(entries).collect();
    let zeros: Vec<&[i32]> = zeros.iter().map(Vec::as_slice).collect();
    let [inputs, outputs] = network.private_chunks().map(|count| vec![Commitment::default(); count]);
    Statement::new(network, id, &[], weights, [&inputs, &outputs], &zeros)?.shape()
}

/// What proofs for a network consist of, before there is a key: their argument, without the envelope.
///
/// # Errors
/// [`VerifyError::KeyContent`] for a network that cannot be proved.
pub fn proof_parts(network: &Network) -> Result<Vec<Part>, VerifyError> {
    let weights = vec![Commitment::default(); network.weight_chunks()];
    let shape = shape(network, [0; 32], &weights).map_err(VerifyError::KeyContent)?;
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
