//! The proof of a tree.

use zktorch_field::Fr;
use zktorch_transcript::wire::{self, Reader, SCALAR_BYTES};

use super::TreeShape;
use crate::MiraError;
use crate::error::check_length;

/// The error terms t of all folds, in the order of the shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeProof {
    /// One per fold.
    pub errors: Vec<Fr>,
}

impl TreeProof {
    /// Length of the encoding.
    pub fn proof_bytes(shape: &TreeShape) -> usize {
        shape.folds().len() * SCALAR_BYTES
    }

    /// The scalars, without their number.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.errors.iter().flat_map(wire::scalar_to_bytes).collect()
    }

    /// Decodes exactly what [`to_bytes`](Self::to_bytes) wrote. The length is checked before anything is allocated.
    ///
    /// # Errors
    /// [`MiraError::Length`] for another number of bytes; [`MiraError::Transcript`] for a scalar that is not canonical.
    pub fn from_bytes(shape: &TreeShape, bytes: &[u8]) -> Result<Self, MiraError> {
        check_length("tree bytes", Self::proof_bytes(shape), bytes.len())?;
        let errors = Reader::new(bytes).scalars("error terms of a tree", shape.folds().len())?;
        Ok(Self { errors })
    }
}
