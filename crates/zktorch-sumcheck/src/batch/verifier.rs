//! The verifier's side of the batch, over clear or hidden scalars alike.

use zktorch_field::Fr;
use zktorch_mutants::enforced;
use zktorch_transcript::{Scalar, VerifierChannel};

use super::{ROUND, Shape, draw_coefficients, repetitions};
use crate::SumcheckError;
use crate::round::EvaluationWeights;

/// One claim of a batch as the verifier sees it. Rounds and degree come from its key, never from the proof.
#[derive(Clone, Debug)]
pub struct Statement<S> {
    /// Number of variables.
    pub num_rounds: usize,
    /// Degree in each variable: fixes the length of the round messages.
    pub degree: usize,
    /// The claimed sum, something the verifier received earlier (or a public value in the transcript).
    pub claim: S,
}

/// What is left to check after the rounds: sum_i coefficients\[i\] f_i(suffix of point) = residual.
#[derive(Clone, Debug)]
#[must_use = "the residual claim is not checked yet: enforce it from the final values"]
pub struct Reduced<S> {
    /// The shared point r_0, .., r_{m-1}.
    pub point: Vec<Fr>,
    /// The value that the batch of final values must have.
    pub residual: S,
    /// The batching coefficients 1, rho, rho^2, ...
    pub coefficients: Vec<Fr>,
}

impl<S> Reduced<S> {
    /// The point of an instance with `num_rounds` variables: the last coordinates of the shared point.
    ///
    /// More variables than the batch has is a bug of the caller; the whole point is returned then.
    pub fn suffix(&self, num_rounds: usize) -> &[Fr] {
        &self.point[self.point.len().saturating_sub(num_rounds)..]
    }
}

impl<S: Scalar> Reduced<S> {
    /// Enforces sum_i coefficients\[i\] finals\[i\] = residual, where finals\[i\] is the value f_i at its point.
    ///
    /// # Errors
    /// [`SumcheckError::Length`] when there is not one value per instance; in the clear
    /// [`TranscriptError::Unsatisfied`](zktorch_transcript::TranscriptError) when the claim is false.
    #[track_caller]
    pub fn enforce<V: VerifierChannel<Scalar = S>>(
        self,
        channel: &mut V,
        constraint: &'static str,
        finals: &[S],
    ) -> Result<(), SumcheckError> {
        if finals.len() != self.coefficients.len() && enforced() {
            return Err(SumcheckError::Length {
                what: "final values of a batch",
                expected: self.coefficients.len(),
                got: finals.len(),
            });
        }
        let mut difference = self.residual;
        for (value, coefficient) in finals.iter().zip(&self.coefficients) {
            difference.add_scaled(value, -*coefficient);
        }
        Ok(channel.enforce_zero(constraint, difference)?)
    }
}

/// Verifies the rounds of a batch and returns the residual claim.
///
/// Nothing is checked here: the linear coefficient of every round polynomial is *derived* from the running
/// claim, so all a false claim can do is to arrive at a false residual. Cost: O(m d) scalar operations, linear in
/// the received scalars (no constraint is recorded), one hash per round.
///
/// # Errors
/// [`SumcheckError::NoInstances`]; a channel error when a message is missing or has another length than the
/// statements' degree demands.
pub fn verify<V: VerifierChannel>(
    channel: &mut V,
    label: &'static [u8],
    statements: &[Statement<V::Scalar>],
) -> Result<Reduced<V::Scalar>, SumcheckError> {
    let shapes: Vec<(usize, usize)> = statements.iter().map(|s| (s.num_rounds, s.degree)).collect();
    if shapes.is_empty() && enforced() {
        return Err(SumcheckError::NoInstances);
    }
    let shape = Shape::of(&shapes);

    // 1. The batching coefficients, after every claim.
    let coefficients = draw_coefficients(channel.transcript(), label, &shapes);
    let weighted = statements.iter().zip(&coefficients).map(|(statement, coefficient)| {
        (&statement.claim, *coefficient * repetitions(shape.rounds - statement.num_rounds))
    });
    let mut residual = V::Scalar::combine(weighted);

    // 2. One message and one challenge per round; the claim becomes p(challenge).
    let mut point = Vec::with_capacity(shape.rounds);
    for _ in 0..shape.rounds {
        let message = channel.receive(label, shape.degree)?;
        let challenge = channel.transcript().challenge_scalar(ROUND);
        let weights = EvaluationWeights::new(shape.degree, challenge);
        let mut next = V::Scalar::zero();
        next.add_scaled(&residual, weights.claim);
        for (coefficient, weight) in message.iter().zip(&weights.message) {
            next.add_scaled(coefficient, *weight);
        }
        residual = next;
        point.push(challenge);
    }
    Ok(Reduced { point, residual, coefficients })
}
