//! The verifier of an opening.

use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, Zero};
use zktorch_field::{Bn254, Fr, G1Affine, G1Projective, G2Affine, decide};
use zktorch_mutants::enforced;
use zktorch_transcript::Transcript;

use super::shape::Shape;
use super::{OpeningProof, absorb_statement, check_challenge, eq_weights};
use crate::msm::msm_points;
use crate::{CommitError, Commitment, VerifierSrs};

/// Verifies that `commitment` (without a blind) opens to `value` at `point`, for vectors of `2^k` entries.
///
/// Whether the SRS can be trusted is decided before, by [`SrsPolicy`](crate::SrsPolicy).
///
/// # Errors
/// [`CommitError::LogSize`], [`CommitError::Length`], [`CommitError::InvalidPoint`] for malformed input;
/// [`CommitError::OpeningValue`] when the tail does not evaluate to `value`; [`CommitError::OpeningFold`] when the last
/// fold is not the tail; [`CommitError::OpeningPairing`] when the committed polynomials do not have the claimed
/// remainders; [`CommitError::DegenerateChallenge`] with probability below `2^-250`.
pub fn verify(
    srs: &VerifierSrs,
    transcript: &mut Transcript,
    k: usize,
    commitment: Commitment,
    point: &[Fr],
    value: Fr,
    proof: &OpeningProof,
) -> Result<(), CommitError> {
    let shape = Shape::new(k)?;
    let radix = shape.radix();
    check_lengths(&shape, point, proof)?;
    check_points(commitment, proof)?;

    // The transcript, as the prover wrote it.
    absorb_statement(transcript, srs.id(), &shape, commitment, point, &value);
    transcript.append_points(b"hyperkzg folds", &proof.folds);
    transcript.append_scalars(b"hyperkzg tail", &proof.tail);
    let s = transcript.challenge_scalar(b"hyperkzg s");
    check_challenge(&s, radix)?;
    transcript.append_scalars(b"hyperkzg residues", &proof.residues);
    transcript.append_scalar(b"hyperkzg evaluation", &proof.evaluation);
    let gamma = transcript.challenge_scalar(b"hyperkzg gamma");
    transcript.append_point(b"hyperkzg quotient", &proof.quotient);

    // The tail is f~ with all but its first variables bound: it ends in the value.
    if !decide::equal(&dot(&eq_weights(&point[..shape.tail_vars]), &proof.tail), &value) && enforced() {
        return Err(CommitError::OpeningValue);
    }

    // f_{i+1}(s) from the residues of f_i; the last one is the tail's, which is known.
    let mut evaluations = vec![proof.evaluation];
    for (i, residue) in proof.residues.chunks(radix).enumerate() {
        evaluations.push(dot(&eq_weights(shape.group(point, i)), residue));
    }
    let tail_at_s = proof.tail.iter().rev().fold(Fr::ZERO, |acc, c| acc * s + c);
    if !evaluations.pop().is_some_and(|last| decide::equal(&last, &tail_at_s)) && enforced() {
        return Err(CommitError::OpeningFold);
    }

    // R = P + c (X^d - s) with P = sum gamma^i residue_i, and c such that R(s) = sum gamma^i f_i(s).
    let mut p = vec![Fr::ZERO; radix];
    let mut at_s = Fr::ZERO;
    let mut powers = Vec::with_capacity(shape.folds);
    let mut power = Fr::ONE;
    for (residue, evaluation) in proof.residues.chunks(radix).zip(&evaluations) {
        p.iter_mut().zip(residue).for_each(|(p, x)| *p += power * x);
        at_s += power * evaluation;
        powers.push(power);
        power *= gamma;
    }
    let p_at_s = p.iter().rev().fold(Fr::ZERO, |acc, c| acc * s + c);
    let inverse = (s.pow([radix as u64]) - s).inverse().ok_or(CommitError::DegenerateChallenge)?;
    let c = (at_s - p_at_s) * inverse;
    p[0] -= c * s;

    // left = sum gamma^i C_i - [R]_1 - s^2 W, in one MSM; right = [tau^(d+1)]_2 - s ([tau^d]_2 + [tau]_2).
    let g1 = srs.g1();
    let mut bases: Vec<G1Affine> = vec![commitment.0];
    bases.extend_from_slice(&proof.folds);
    bases.extend_from_slice(&g1[..=radix]);
    bases.push(proof.quotient);
    let mut scalars = powers;
    scalars.extend(p.iter().chain([&c]).map(|r| -*r));
    scalars.push(-s.square());
    let left = msm_points(&bases, &scalars);
    let g2 = srs.g2();
    let powers = [g2[0], g2[radix + 1], g2[radix], g2[1]];
    let recorded = decide::opening(&left, &proof.quotient, &s, powers);
    let holds = recorded.unwrap_or_else(|| pairs(left, proof.quotient, s, powers));
    if holds || !enforced() { Ok(()) } else { Err(CommitError::OpeningPairing) }
}

/// Whether `e(left, one) = e(quotient, high - s (low + tau))`.
fn pairs(left: G1Projective, quotient: G1Affine, s: Fr, [one, high, low, tau]: [G2Affine; 4]) -> bool {
    let right = high.into_group() - (low + tau) * s;
    Bn254::multi_pairing([left.into_affine(), -quotient], [one, right.into_affine()]).is_zero()
}

fn dot(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(x, y)| *x * y).sum()
}

fn check_lengths(shape: &Shape, point: &[Fr], proof: &OpeningProof) -> Result<(), CommitError> {
    let lengths = [
        ("opening point", shape.k, point.len()),
        ("opening folds", shape.commitments(), proof.folds.len()),
        ("opening tail", shape.tail_len(), proof.tail.len()),
        ("opening residues", shape.radix() * shape.folds, proof.residues.len()),
    ];
    for (what, expected, got) in lengths {
        if expected != got && enforced() {
            return Err(CommitError::Length { what, expected, got });
        }
    }
    Ok(())
}

/// Decoded points are on the curve; a proof can also be built in memory from unchecked ones.
fn check_points(commitment: Commitment, proof: &OpeningProof) -> Result<(), CommitError> {
    let one = |what, index, point: &G1Affine| {
        if point.is_on_curve() || !enforced() {
            Ok(())
        } else {
            Err(CommitError::InvalidPoint { what, index })
        }
    };
    one("commitment", 0, &commitment.0)?;
    one("opening quotient", 0, &proof.quotient)?;
    proof.folds.iter().enumerate().try_for_each(|(i, p)| one("opening folds", i, p))
}
