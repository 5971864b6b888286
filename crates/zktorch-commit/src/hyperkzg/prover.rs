//! The prover of an opening.

use ark_ec::CurveGroup;
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

use super::shape::Shape;
use super::{OpeningProof, absorb_statement, eq_weights, kernels};
use crate::{CommitError, Commitment, Srs, msm};

/// Opens `commitment` (which has no blind, or whose blind was subtracted) to `value` at `point`.
///
/// `poly` has `n = 2^k` entries, `k = point.len()`, and the SRS at least `n` powers. Nothing is hidden: whoever needs
/// that masks the vector first. An untrue claim gives a proof that does not verify.
///
/// Cost: MSMs of `n/d + n/d^2 + .. = n/(d - 1)` and `n` points, and about seven multiplications an entry.
///
/// # Errors
/// [`CommitError::LogSize`], [`CommitError::Length`], [`CommitError::ShortSrs`];
/// [`CommitError::DegenerateChallenge`] with probability below `2^-250`.
pub fn open(
    srs: &Srs,
    transcript: &mut Transcript,
    commitment: Commitment,
    poly: &[Fr],
    point: &[Fr],
    value: Fr,
) -> Result<OpeningProof, CommitError> {
    let shape = Shape::new(point.len())?;
    if poly.len() != 1 << shape.k {
        return Err(CommitError::Length { what: "opened vector", expected: 1 << shape.k, got: poly.len() });
    }
    let bases = srs.prefix("opened vector", poly.len())?;
    let _span = tracing::info_span!("hyperkzg open", k = shape.k).entered();
    absorb_statement(transcript, srs.verifier().id(), &shape, commitment, point, &value);

    // Fold a times; commit to all but the last, which is the tail.
    let mut layers: Vec<Vec<Fr>> = Vec::with_capacity(shape.folds);
    for i in 0..shape.folds {
        let current = layers.last().map_or(poly, Vec::as_slice);
        layers.push(kernels::fold(current, &eq_weights(shape.group(point, i))));
    }
    let tail = layers.pop().unwrap_or_default();
    let folds: Vec<_> = layers.iter().map(|f| msm::msm(&bases[..f.len()], f).into_affine()).collect();
    transcript.append_points(b"hyperkzg folds", &folds);
    transcript.append_scalars(b"hyperkzg tail", &tail);

    // Residues of all of them modulo X^d - s, and f_0(s).
    let radix = shape.radix();
    let s = transcript.challenge_scalar(b"hyperkzg s");
    super::check_challenge(&s, radix)?;
    let powers = kernels::powers(&s, poly.len() / radix);
    let polys = core::iter::once(poly).chain(layers.iter().map(Vec::as_slice));
    let residues: Vec<Fr> = polys.flat_map(|f| kernels::residue(f, &powers, radix)).collect();
    let evaluation = kernels::evaluate(poly, &powers);
    transcript.append_scalars(b"hyperkzg residues", &residues);
    transcript.append_scalar(b"hyperkzg evaluation", &evaluation);

    // One quotient for the random combination.
    let gamma = transcript.challenge_scalar(b"hyperkzg gamma");
    let mut combined = poly.to_vec();
    let mut power = Fr::from(1u64);
    for f in &layers {
        power *= gamma;
        kernels::add_scaled(&mut combined, f, &power);
    }
    let w = kernels::divide(&mut combined, &powers, radix);
    let quotient = msm::msm(&bases[..w.len()], w).into_affine();
    transcript.append_point(b"hyperkzg quotient", &quotient);
    Ok(OpeningProof { folds, tail, residues, evaluation, quotient })
}

/// The multilinear extension of a vector of `2^k` entries at a point of `F^k`, `k >= 4`, by the folds of an opening.
/// Costs about one multiplication an entry.
///
/// # Errors
/// [`CommitError::LogSize`], [`CommitError::Length`].
pub fn evaluate(vector: &[Fr], point: &[Fr]) -> Result<Fr, CommitError> {
    let shape = Shape::new(point.len())?;
    if vector.len() != 1 << shape.k {
        return Err(CommitError::Length { what: "vector", expected: 1 << shape.k, got: vector.len() });
    }
    let mut folded = kernels::fold(vector, &eq_weights(shape.group(point, 0)));
    for i in 1..shape.folds {
        folded = kernels::fold(&folded, &eq_weights(shape.group(point, i)));
    }
    let weights = eq_weights(&point[..shape.tail_vars]);
    Ok(folded.iter().zip(&weights).map(|(x, w)| *x * w).sum())
}
