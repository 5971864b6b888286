//! The opening proof and its encoding.

use zktorch_field::{Fr, G1Affine};
use zktorch_mutants::enforced;
use zktorch_transcript::wire;

use super::shape::Shape;
use crate::CommitError;

/// An opening of one commitment at one point; see the [module](super) for the notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningProof {
    /// Commitments to `f_1, .., f_{a-1}`.
    pub folds: Vec<G1Affine>,
    /// The `2^t` coefficients of `f_a`.
    pub tail: Vec<Fr>,
    /// For each `i < a` the d coefficients of `f_i mod (X^d - s)`.
    pub residues: Vec<Fr>,
    /// `f_0(s)`.
    pub evaluation: Fr,
    /// Commitment to the quotient `W`.
    pub quotient: G1Affine,
}

impl OpeningProof {
    /// The exact length of the encoding for vectors of `2^k` entries.
    ///
    /// # Errors
    /// [`CommitError::LogSize`].
    pub fn size(k: usize) -> Result<usize, CommitError> {
        Ok(Shape::new(k)?.proof_bytes())
    }

    /// How many group elements and how many scalars a proof for vectors of `2^k` entries has.
    ///
    /// # Errors
    /// [`CommitError::LogSize`].
    pub fn elements(k: usize) -> Result<[usize; 2], CommitError> {
        Ok(Shape::new(k)?.elements())
    }

    /// Encodes the proof: folds, tail, residues, evaluation, quotient; every item 32 canonical bytes, no lengths.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.folds.iter().for_each(|p| bytes.extend_from_slice(&wire::point_to_bytes(p)));
        self.tail.iter().for_each(|s| bytes.extend_from_slice(&wire::scalar_to_bytes(s)));
        self.residues.iter().for_each(|s| bytes.extend_from_slice(&wire::scalar_to_bytes(s)));
        bytes.extend_from_slice(&wire::scalar_to_bytes(&self.evaluation));
        bytes.extend_from_slice(&wire::point_to_bytes(&self.quotient));
        bytes
    }

    /// Decodes a proof for vectors of `2^k` entries. The length must be [`size(k)`](Self::size); it is checked before
    /// anything is allocated.
    ///
    /// # Errors
    /// [`CommitError::LogSize`], [`CommitError::Length`], [`CommitError::Encoding`].
    pub fn from_bytes(k: usize, bytes: &[u8]) -> Result<Self, CommitError> {
        let shape = Shape::new(k)?;
        if bytes.len() != shape.proof_bytes() && enforced() {
            return Err(CommitError::Length {
                what: "opening proof bytes",
                expected: shape.proof_bytes(),
                got: bytes.len(),
            });
        }
        let mut reader = wire::Reader::new(bytes);
        let folds = reader.points("opening folds", shape.commitments())?;
        let tail = reader.scalars("opening tail", shape.tail_len())?;
        let residues = reader.scalars("opening residues", shape.radix() * shape.folds)?;
        let evaluation = reader.scalar("opening evaluation")?;
        let quotient = reader.point("opening quotient")?;
        reader.finish("opening proof bytes")?;
        Ok(Self { folds, tail, residues, evaluation, quotient })
    }
}
