//! Several vectors at one point: a random linear combination of claims, then one opening.

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mutants::enforced;
use zktorch_transcript::Transcript;

use super::{OpeningProof, kernels, open, verify};
use crate::msm::msm_points;
use crate::{CommitError, Commitment, Srs, VerifierSrs};

/// `sum_j c_j C_j`.
///
/// # Errors
/// [`CommitError::Length`] when there are not as many coefficients as commitments.
pub fn combine_commitments(
    commitments: &[Commitment],
    coefficients: &[Fr],
) -> Result<G1Projective, CommitError> {
    same_length("combination coefficients", commitments.len(), coefficients.len())?;
    let points: Vec<G1Affine> = commitments.iter().map(|c| c.0).collect();
    Ok(msm_points(&points, coefficients))
}

/// `sum_j c_j v_j`, shorter vectors being padded with zeros.
///
/// # Errors
/// [`CommitError::Length`] when there are not as many coefficients as vectors.
pub fn combine_vectors(vectors: &[&[Fr]], coefficients: &[Fr]) -> Result<Vec<Fr>, CommitError> {
    same_length("combination coefficients", vectors.len(), coefficients.len())?;
    let mut sum = vec![Fr::ZERO; vectors.iter().map(|v| v.len()).max().unwrap_or(0)];
    vectors.iter().zip(coefficients).for_each(|(v, c)| kernels::add_scaled(&mut sum, v, c));
    Ok(sum)
}

/// Opens several commitments (without blinds) at one point: all claims are absorbed, then `rho` is drawn, then
/// `sum_j rho^j C_j` is opened to `sum_j rho^j v_j`. Soundness error of the combination: `(count - 1) / |F|`.
///
/// # Errors
/// As [`open`], and [`CommitError::Length`] when the lists differ in length.
pub fn open_many(
    srs: &Srs,
    transcript: &mut Transcript,
    commitments: &[Commitment],
    vectors: &[&[Fr]],
    point: &[Fr],
    values: &[Fr],
) -> Result<OpeningProof, CommitError> {
    same_length("opened vectors", commitments.len(), vectors.len())?;
    let rho = batch(transcript, commitments, point, values)?;
    let (commitment, value) = combine_claims(commitments, values, &rho)?;
    open(srs, transcript, commitment, &combine_vectors(vectors, &rho)?, point, value)
}

/// Verifies [`open_many`].
///
/// # Errors
/// As [`verify`], and [`CommitError::Length`] when the lists differ in length.
pub fn verify_many(
    srs: &VerifierSrs,
    transcript: &mut Transcript,
    k: usize,
    commitments: &[Commitment],
    point: &[Fr],
    values: &[Fr],
    proof: &OpeningProof,
) -> Result<(), CommitError> {
    let rho = batch(transcript, commitments, point, values)?;
    let (commitment, value) = combine_claims(commitments, values, &rho)?;
    verify(srs, transcript, k, commitment, point, value, proof)
}

/// Absorbs every claim, then draws the powers of `rho`.
fn batch(
    transcript: &mut Transcript,
    commitments: &[Commitment],
    point: &[Fr],
    values: &[Fr],
) -> Result<Vec<Fr>, CommitError> {
    same_length("opened values", commitments.len(), values.len())?;
    let points: Vec<G1Affine> = commitments.iter().map(|c| c.0).collect();
    transcript.append_points(b"hyperkzg batch commitments", &points);
    transcript.append_scalars(b"hyperkzg batch point", point);
    transcript.append_scalars(b"hyperkzg batch values", values);
    let rho = transcript.challenge_scalar(b"hyperkzg batch rho");
    Ok(core::iter::successors(Some(Fr::from(1u64)), |power| Some(*power * rho)).take(values.len()).collect())
}

fn combine_claims(
    commitments: &[Commitment],
    values: &[Fr],
    rho: &[Fr],
) -> Result<(Commitment, Fr), CommitError> {
    let commitment = Commitment::from(combine_commitments(commitments, rho)?);
    Ok((commitment, values.iter().zip(rho).map(|(v, c)| *v * c).sum()))
}

#[track_caller]
fn same_length(what: &'static str, expected: usize, got: usize) -> Result<(), CommitError> {
    if expected == got || !enforced() { Ok(()) } else { Err(CommitError::Length { what, expected, got }) }
}
