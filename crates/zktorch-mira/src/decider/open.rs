//! The opening of one evaluation claim on a hiding commitment, in the clear.

use ark_ff::Zero;
use zktorch_commit::{Commitment, Srs, VerifierSrs, hyperkzg};
use zktorch_field::{Fr, G1Affine};
use zktorch_transcript::Transcript;

use super::OpenProof;
use crate::{MiraError, OpeningInstance, OpeningWitness};

/// Opens a claim `(C, eq(r, .), y)`: the blind in the clear, absorbed and subtracted; then HyperKZG at r.
///
/// # Errors
/// [`MiraError::NotReduced`] if the functional is not the evaluation at one point; [`MiraError::TooLong`]; those of
/// the commitment scheme.
pub fn open(
    srs: &Srs,
    transcript: &mut Transcript,
    instance: &OpeningInstance<Fr>,
    mut witness: OpeningWitness,
) -> Result<OpenProof, MiraError> {
    let point = evaluation_point(instance)?;
    let limit = 1usize << point.len();
    if witness.vector.len() > limit {
        return Err(MiraError::TooLong { what: "opened vector", limit, got: witness.vector.len() });
    }
    witness.vector.resize(limit, Fr::zero());
    let blind = *witness.blind.expose();
    let commitment = subtract_blind(transcript, instance, blind, srs.hiding_generator());
    let opening = hyperkzg::open(srs, transcript, commitment, &witness.vector, point, instance.value)?;
    Ok(OpenProof { blind, opening })
}

/// The verifier of [`open`].
///
/// # Errors
/// [`MiraError::NotReduced`]; [`MiraError::Commit`] if the opening does not verify.
pub fn verify_open(
    srs: &VerifierSrs,
    transcript: &mut Transcript,
    instance: &OpeningInstance<Fr>,
    proof: &OpenProof,
) -> Result<(), MiraError> {
    let point = evaluation_point(instance)?;
    let commitment = subtract_blind(transcript, instance, proof.blind, srs.hiding_generator());
    hyperkzg::verify(srs, transcript, point.len(), commitment, point, instance.value, &proof.opening)?;
    Ok(())
}

fn evaluation_point(instance: &OpeningInstance<Fr>) -> Result<&[Fr], MiraError> {
    instance.functional.require_evaluation("opened claim")
}

/// `C - blind H`, with the blind absorbed: it is part of the statement that is opened.
fn subtract_blind(
    transcript: &mut Transcript,
    instance: &OpeningInstance<Fr>,
    blind: Fr,
    h: G1Affine,
) -> Commitment {
    transcript.append_scalar(b"mira decider blind", &blind);
    Commitment::from(instance.commitment - h * blind)
}
