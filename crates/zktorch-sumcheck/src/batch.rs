//! The batched sumcheck: many claims, one shared point.
//!
//! Instance i claims S_i = sum over {0,1}^{m_i} of f_i. With m = max m_i and a coefficient e_i = rho^i per
//! instance, drawn *after* every claim is in the transcript, the batch proves
//!
//! ```text
//! sum_i e_i 2^(m - m_i) S_i  =  sum over {0,1}^m of  sum_i e_i f_i(last m_i variables)
//! ```
//!
//! so an instance with fewer variables joins in round m - m_i (before that its polynomial is a constant that
//! halves each round) and its point is the *suffix* of the shared point. The result is the residual claim
//! sum_i e_i f_i(point suffix) = residual, which the caller must enforce from its final values.
//!
//! Soundness error: (k - 1)/|F| for k instances (the batching polynomial in rho) plus d m/|F| (a degree-d
//! polynomial per round), d the largest degree. Proof: m messages of d scalars.

mod prover;
mod verifier;

use ark_ff::{Field, One};
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

pub use self::prover::{ProverOutput, prove};
pub use self::verifier::{Reduced, Statement, verify};

/// Domain separator of the batching coefficient.
const BATCHING: &[u8] = b"sumcheck batching";
/// Domain separator of the round challenges.
const ROUND: &[u8] = b"sumcheck round";

/// Rounds and degree of the whole batch.
struct Shape {
    rounds: usize,
    degree: usize,
}

impl Shape {
    /// Of a batch whose instances have these (rounds, degree).
    fn of(instances: &[(usize, usize)]) -> Self {
        Self {
            rounds: instances.iter().map(|(rounds, _)| *rounds).max().unwrap_or(0),
            // A polynomial is sent with at least its constant coefficient.
            degree: instances.iter().map(|(_, degree)| *degree).max().unwrap_or(0).max(1),
        }
    }
}

/// Absorbs the batch's shape and draws the coefficients 1, rho, rho^2, ...
///
/// Called by both sides at the start of the batch. The claims themselves were sent (or hidden and committed)
/// before: a verifier can hold a claim only as something it received or computed from what it received.
fn draw_coefficients(
    transcript: &mut Transcript,
    label: &'static [u8],
    instances: &[(usize, usize)],
) -> Vec<Fr> {
    transcript.append_message(b"sumcheck", label);
    transcript.append_u64(b"instances", instances.len() as u64);
    for (rounds, degree) in instances {
        transcript.append_u64(b"rounds", *rounds as u64);
        transcript.append_u64(b"degree", *degree as u64);
    }
    let rho = transcript.challenge_scalar(BATCHING);
    std::iter::successors(Some(Fr::one()), |power| Some(*power * rho)).take(instances.len()).collect()
}

/// 2^missing: how often the sum of an instance is repeated over the variables it lacks.
fn repetitions(missing: usize) -> Fr {
    Fr::from(2u64).pow([missing as u64])
}

#[cfg(test)]
mod tests;
