//! How an argument ends: with an opening, or with a claim that is left to a tree of folds.

use core::fmt::Debug;

use zktorch_commit::{Srs, VerifierSrs};
use zktorch_field::Fr;
use zktorch_mira::decider::{self, DeciderProof, ReductionProof, ReductionShape};
use zktorch_mira::{MiraError, OpeningInstance, OpeningWitness};
use zktorch_transcript::Transcript;

use crate::Part;

/// The last part of a proof, for its masked claims and those of the argument about messages.
pub trait Ending: Sized + Clone + Debug + PartialEq {
    /// What the prover keeps.
    type Kept;
    /// What is left to be checked.
    type Left;

    /// Proves all `claims`.
    ///
    /// # Errors
    /// Those of the decider.
    fn prove(
        srs: &Srs,
        transcript: &mut Transcript,
        claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    ) -> Result<(Self, Self::Kept), MiraError>;

    /// Verifies [`prove`](Self::prove).
    ///
    /// # Errors
    /// Those of the decider.
    fn verify(
        &self,
        srs: &VerifierSrs,
        transcript: &mut Transcript,
        claims: &[OpeningInstance<Fr>],
    ) -> Result<Self::Left, MiraError>;

    /// Length of the encoding.
    ///
    /// # Errors
    /// [`MiraError::Commit`] for sizes that cannot be opened.
    fn proof_bytes(shape: ReductionShape) -> Result<usize, MiraError>;

    /// What the encoding consists of.
    ///
    /// # Errors
    /// [`MiraError::Commit`] for sizes that cannot be opened.
    fn parts(shape: ReductionShape) -> Result<Vec<Part>, MiraError>;

    /// The encoding, without lengths.
    fn to_bytes(&self) -> Vec<u8>;

    /// Decodes exactly what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`MiraError::Length`] for another number of bytes; those of values that are not canonical.
    fn from_bytes(shape: ReductionShape, bytes: &[u8]) -> Result<Self, MiraError>;
}

/// Everything is opened; nothing is left.
impl Ending for DeciderProof {
    type Kept = ();
    type Left = ();

    fn prove(
        srs: &Srs,
        transcript: &mut Transcript,
        claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    ) -> Result<(Self, ()), MiraError> {
        Ok((decider::prove(srs, transcript, claims)?, ()))
    }

    fn verify(
        &self,
        srs: &VerifierSrs,
        transcript: &mut Transcript,
        claims: &[OpeningInstance<Fr>],
    ) -> Result<(), MiraError> {
        decider::verify(srs, transcript, claims, self)
    }

    fn proof_bytes(shape: ReductionShape) -> Result<usize, MiraError> {
        Self::proof_bytes(shape)
    }

    fn parts(shape: ReductionShape) -> Result<Vec<Part>, MiraError> {
        Ok(vec![Part::reduction(shape), Part::opening(shape.num_vars)?])
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }

    fn from_bytes(shape: ReductionShape, bytes: &[u8]) -> Result<Self, MiraError> {
        Self::from_bytes(shape, bytes)
    }
}

/// All claims are one evaluation claim, which is left.
impl Ending for ReductionProof {
    type Kept = (OpeningInstance<Fr>, OpeningWitness);
    type Left = OpeningInstance<Fr>;

    fn prove(
        _: &Srs,
        transcript: &mut Transcript,
        claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    ) -> Result<(Self, Self::Kept), MiraError> {
        let (proof, instance, witness) = decider::reduce(transcript, claims)?;
        Ok((proof, (instance, witness)))
    }

    fn verify(
        &self,
        _: &VerifierSrs,
        transcript: &mut Transcript,
        claims: &[OpeningInstance<Fr>],
    ) -> Result<OpeningInstance<Fr>, MiraError> {
        decider::verify_reduce(transcript, claims, self)
    }

    fn proof_bytes(shape: ReductionShape) -> Result<usize, MiraError> {
        Ok(shape.proof_bytes())
    }

    fn parts(shape: ReductionShape) -> Result<Vec<Part>, MiraError> {
        Ok(vec![Part::reduction(shape)])
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }

    fn from_bytes(shape: ReductionShape, bytes: &[u8]) -> Result<Self, MiraError> {
        Self::from_bytes(shape, bytes)
    }
}
