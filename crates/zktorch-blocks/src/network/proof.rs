//! The proof: its parts, its lengths, its bytes.

use zktorch_channel::{Ending, HiddenProof, Part, Shape};
use zktorch_commit::{ChunkCommitments, Commitment, VerifierSrs};
use zktorch_mira::decider::{DeciderProof, ReductionProof};
use zktorch_mira::tree::Leaf;

use super::description::Network;
use super::statement::Statement;
use super::verifier::Argument;
use crate::BlockError;
use crate::error::check_length;

/// Most cells of a row of hidden messages.
const ROW_COLUMNS: usize = 32;

impl Network {
    /// Cells of a row of hidden messages: no more than a chunk has.
    pub fn row_columns(&self) -> usize {
        ROW_COLUMNS.min(1 << self.k())
    }

    /// The lengths of every proof for the network.
    ///
    /// # Errors
    /// Those of the protocol; none for a valid network.
    pub fn proof_shape(&self) -> Result<Shape, BlockError> {
        let weights = vec![Commitment::default(); self.weight_chunks()];
        let [inputs, outputs] = self.private_chunks().map(|count| vec![Commitment::default(); count]);
        Statement::of_zeros(self, &weights, [&inputs, &outputs]).shape()
    }
}

impl Statement<'_> {
    /// The lengths of a proof.
    ///
    /// # Errors
    /// Those of the protocol; none for a valid network.
    pub fn shape(&self) -> Result<Shape, BlockError> {
        let [v, h] = self.network().proof_chunks().map(|count| vec![Commitment::default(); count]);
        let (k, columns) = (self.network().k(), self.network().row_columns());
        Shape::measure(&Argument { statement: self, v: &v, h: &h }, k, columns)
    }

    /// Verifies a proof. Whether the SRS can be trusted is decided by the caller.
    ///
    /// # Errors
    /// Of every kind, for a proof that does not prove the statement.
    pub fn verify(&self, srs: &VerifierSrs, proof: &NetworkProof) -> Result<(), BlockError> {
        let argument = self.argument(proof)?;
        let (k, columns) = (self.network().k(), self.network().row_columns());
        zktorch_channel::verify(srs, k, columns, &argument, &proof.hidden)
    }

    /// Verifies a proof up to the claim that it leaves: the statement holds if that holds.
    ///
    /// # Errors
    /// Of every kind, for a proof that does not prove the statement.
    pub fn verify_deferred(&self, srs: &VerifierSrs, proof: &DeferredProof) -> Result<Leaf, BlockError> {
        let argument = self.argument(proof)?;
        let (k, columns) = (self.network().k(), self.network().row_columns());
        zktorch_channel::verify_deferred(srs, k, columns, &argument, &proof.hidden)
    }

    fn argument<'p, E>(&'p self, proof: &'p NetworkProof<E>) -> Result<Argument<'p, 'p>, BlockError> {
        let [v, h] = self.network().proof_chunks();
        check_length("chunks V of a proof", v, proof.v.0.len())?;
        check_length("chunks H of a proof", h, proof.h.0.len())?;
        Ok(Argument { statement: self, v: &proof.v.0, h: &proof.h.0 })
    }
}

/// A proof: commitments to the tensors (V) and to the inverse columns (H), and the hidden argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkProof<E = DeciderProof> {
    /// Rescaled tensors, arguments and values of functions, multiplicities.
    pub v: ChunkCommitments,
    /// Inverse columns of looked-up chunks, then of the tables.
    pub h: ChunkCommitments,
    /// Everything else.
    pub hidden: HiddenProof<E>,
}

/// A proof that leaves one evaluation claim: a shard's.
pub type DeferredProof = NetworkProof<ReductionProof>;

impl<E: Ending> NetworkProof<E> {
    /// V, H, the hidden proof. No lengths: they follow from the network.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.v.to_bytes(), self.h.to_bytes(), self.hidden.to_bytes()].concat()
    }

    /// The length of every proof for a network.
    ///
    /// # Errors
    /// Those of [`Shape::proof_bytes`].
    pub fn encoded_len(network: &Network, shape: &Shape) -> Result<usize, BlockError> {
        let chunks: usize = network.proof_chunks().into_iter().sum();
        Ok(chunks * Commitment::BYTES + shape.bytes_of::<E>()?)
    }

    /// What the bytes of every proof for a network are, in their order.
    ///
    /// # Errors
    /// Those of [`Shape::parts`].
    pub fn parts(network: &Network, shape: &Shape) -> Result<Vec<Part>, BlockError> {
        let [v, h] = network.proof_chunks();
        let own = [("commitments of tensors", v), ("commitments of inverse columns", h)];
        let own = own.map(|(name, points)| Part { name, points, scalars: 0 });
        Ok(own.into_iter().chain(shape.parts::<E>()?).collect())
    }

    /// Decodes a proof for a network; `shape` is the statement's [`Statement::shape`].
    ///
    /// # Errors
    /// [`BlockError::Length`] if the length is not exactly the one the statement implies, and those of the parts.
    pub fn from_bytes(network: &Network, shape: &Shape, bytes: &[u8]) -> Result<Self, BlockError> {
        check_length("bytes of the proof", Self::encoded_len(network, shape)?, bytes.len())?;
        let counts = network.proof_chunks();
        let [v, h] = counts.map(|count| count * Commitment::BYTES);
        let (v, rest) = bytes.split_at(v);
        let (h, hidden) = rest.split_at(h);
        Ok(Self {
            v: ChunkCommitments::from_bytes(counts[0], v)?,
            h: ChunkCommitments::from_bytes(counts[1], h)?,
            hidden: HiddenProof::from_bytes(shape, hidden)?,
        })
    }
}
