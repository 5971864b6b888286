//! The decider's messages and their encoding. Every length comes from the verifier's shape.

use zktorch_commit::hyperkzg::OpeningProof;
use zktorch_field::Fr;
use zktorch_transcript::wire::{self, Reader, SCALAR_BYTES};

use crate::error::check_length;
use crate::{MiraError, OpeningInstance};

/// What fixes the lengths of a [`ReductionProof`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReductionShape {
    /// Variables of the shared point: the most that an instance has.
    pub num_vars: usize,
    /// Number of instances.
    pub instances: usize,
}

impl ReductionShape {
    /// Of these instances.
    pub fn of<Y>(instances: &[OpeningInstance<Y>]) -> Self {
        let num_vars = instances.iter().map(|i| i.functional.num_vars()).max().unwrap_or(0);
        Self { num_vars, instances: instances.len() }
    }

    /// Length of the encoding of the proof.
    pub fn proof_bytes(&self) -> usize {
        (2 * self.num_vars + self.instances) * SCALAR_BYTES
    }
}

/// The messages of the batched sumcheck, then the evaluations at its point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReductionProof {
    /// Constant and quadratic coefficient of every round polynomial.
    pub rounds: Vec<[Fr; 2]>,
    /// `e_i = v_i~(r)`.
    pub evaluations: Vec<Fr>,
}

impl ReductionProof {
    /// From the scalars in the order in which they were sent.
    pub(super) fn from_messages(num_vars: usize, messages: &[Fr]) -> Self {
        let (rounds, evaluations) = messages.split_at((2 * num_vars).min(messages.len()));
        let rounds = rounds.chunks_exact(2).map(|round| [round[0], round[1]]).collect();
        Self { rounds, evaluations: evaluations.to_vec() }
    }

    /// The scalars in the order in which they were sent.
    pub(super) fn messages(&self, shape: ReductionShape) -> Result<Vec<Fr>, MiraError> {
        check_length("rounds of the reduction", shape.num_vars, self.rounds.len())?;
        check_length("evaluations of the reduction", shape.instances, self.evaluations.len())?;
        Ok([self.rounds.as_flattened(), &self.evaluations].concat())
    }

    /// Rounds, then evaluations; no lengths.
    pub fn to_bytes(&self) -> Vec<u8> {
        let scalars = self.rounds.as_flattened().iter().chain(&self.evaluations);
        scalars.flat_map(wire::scalar_to_bytes).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, from a longer encoding.
    ///
    /// # Errors
    /// [`MiraError::Transcript`] for missing bytes or a non-canonical scalar.
    pub fn read(reader: &mut Reader<'_>, shape: ReductionShape) -> Result<Self, MiraError> {
        let messages = reader.scalars("reduction", 2 * shape.num_vars + shape.instances)?;
        Ok(Self::from_messages(shape.num_vars, &messages))
    }

    /// Decodes exactly what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`MiraError::Length`] for another number of bytes; [`MiraError::Transcript`] for a scalar that is not canonical.
    pub fn from_bytes(shape: ReductionShape, bytes: &[u8]) -> Result<Self, MiraError> {
        check_length("bytes of the reduction", shape.proof_bytes(), bytes.len())?;
        Self::read(&mut Reader::new(bytes), shape)
    }
}

/// The opening of one evaluation claim on a hiding commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenProof {
    /// The blind of the commitment.
    pub blind: Fr,
    /// The opening of the commitment without it.
    pub opening: OpeningProof,
}

impl OpenProof {
    /// Length of the encoding for vectors of `2^num_vars` entries.
    ///
    /// # Errors
    /// [`MiraError::Commit`] for sizes that cannot be opened.
    pub fn proof_bytes(num_vars: usize) -> Result<usize, MiraError> {
        Ok(SCALAR_BYTES + OpeningProof::size(num_vars)?)
    }

    /// Blind, then opening.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = wire::scalar_to_bytes(&self.blind).to_vec();
        bytes.extend(self.opening.to_bytes());
        bytes
    }

    /// Decodes exactly what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`MiraError::Length`] for another number of bytes; [`MiraError::Transcript`] and [`MiraError::Commit`] for values that
    /// are not canonical.
    pub fn from_bytes(num_vars: usize, bytes: &[u8]) -> Result<Self, MiraError> {
        check_length("opening bytes", Self::proof_bytes(num_vars)?, bytes.len())?;
        let (head, tail) = bytes.split_at(SCALAR_BYTES);
        let blind = Reader::new(head).scalar("folded blind")?;
        Ok(Self { blind, opening: OpeningProof::from_bytes(num_vars, tail)? })
    }
}

/// Everything the decider sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeciderProof {
    /// The reduction to one point.
    pub reduction: ReductionProof,
    /// The opening there.
    pub opening: OpenProof,
}

impl DeciderProof {
    /// Length of the encoding.
    ///
    /// # Errors
    /// [`MiraError::Commit`] for sizes that cannot be opened.
    pub fn proof_bytes(shape: ReductionShape) -> Result<usize, MiraError> {
        Ok(shape.proof_bytes() + OpenProof::proof_bytes(shape.num_vars)?)
    }

    /// Reduction, then opening.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.reduction.to_bytes(), self.opening.to_bytes()].concat()
    }

    /// Decodes exactly what [`to_bytes`](Self::to_bytes) wrote. The length is checked before anything is allocated.
    ///
    /// # Errors
    /// As [`OpenProof::from_bytes`].
    pub fn from_bytes(shape: ReductionShape, bytes: &[u8]) -> Result<Self, MiraError> {
        check_length("decider bytes", Self::proof_bytes(shape)?, bytes.len())?;
        let (head, tail) = bytes.split_at(shape.proof_bytes());
        let reduction = ReductionProof::read(&mut Reader::new(head), shape)?;
        Ok(Self { reduction, opening: OpenProof::from_bytes(shape.num_vars, tail)? })
    }
}
