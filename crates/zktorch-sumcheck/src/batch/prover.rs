//! The prover's side of the batch.

use zktorch_field::Fr;
use zktorch_field::task::checkpoint;
use zktorch_transcript::ProverChannel;

use super::{ROUND, Shape, draw_coefficients, repetitions};
use crate::{RoundPolynomial, SumcheckError, SumcheckInstance};

/// What the prover knows after a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProverOutput {
    /// The shared point r_0, .., r_{m-1}; an instance with m_i variables sits at its last m_i coordinates.
    pub point: Vec<Fr>,
    /// Per instance the values of its factors at its point, as returned by
    /// [`SumcheckInstance::finish`].
    pub finals: Vec<Vec<Fr>>,
    /// The batching coefficients 1, rho, rho^2, ...
    pub coefficients: Vec<Fr>,
    /// The reduced claim: an honest prover's sum_i coefficients\[i\] f_i(point suffix).
    pub residual: Fr,
}

/// Proves all `instances` together: `sum_i rho^i 2^(m - m_i) S_i = sum over {0,1}^m of sum_i rho^i f_i(last m_i variables)`.
///
/// The caller has sent every instance's claim through `channel` before (or it is public and absorbed): the
/// batching coefficient is drawn here, first thing.
///
/// Cost: the instances' passes over their tables, plus one hash per round.
///
/// # Errors
/// [`SumcheckError::NoInstances`], [`SumcheckError::Degree`] when an instance breaks its declaration, and
/// whatever the channel reports.
pub fn prove<P: ProverChannel>(
    channel: &mut P,
    label: &'static [u8],
    instances: &mut [&mut dyn SumcheckInstance],
) -> Result<ProverOutput, SumcheckError> {
    let shapes: Vec<(usize, usize)> = instances.iter().map(|i| (i.num_rounds(), i.degree())).collect();
    if shapes.is_empty() {
        return Err(SumcheckError::NoInstances);
    }
    let shape = Shape::of(&shapes);

    // 1. The batching coefficients, after every claim.
    let coefficients = draw_coefficients(channel.transcript(), label, &shapes);
    let claims: Vec<Fr> = instances.iter().map(|i| i.claim()).collect();
    let mut residual = (0..claims.len())
        .map(|i| coefficients[i] * claims[i] * repetitions(shape.rounds - shapes[i].0))
        .sum::<Fr>();

    // 2. One message and one challenge per round.
    let mut point: Vec<Fr> = Vec::with_capacity(shape.rounds);
    for round in 0..shape.rounds {
        let _span = tracing::debug_span!("sumcheck round", round).entered();
        checkpoint();
        let mut sum = RoundPolynomial::new(Fr::from(0u64), []);
        sum.raise_degree(shape.degree);
        for (index, instance) in instances.iter_mut().enumerate() {
            let (rounds, degree) = shapes[index];
            let joins = shape.rounds - rounds;
            let polynomial = if round < joins {
                // Not yet joined: the constant 2^(rounds still missing after this one) S.
                RoundPolynomial::new(claims[index] * repetitions(joins - round - 1), [])
            } else {
                let previous = if round > joins { point.last().copied() } else { None };
                instance.round(previous)
            };
            if polynomial.degree() > degree.max(1) {
                return Err(SumcheckError::Degree {
                    instance: index,
                    round: round - joins.min(round),
                    declared: degree,
                    got: polynomial.degree(),
                });
            }
            sum.add_scaled(&polynomial, coefficients[index]);
        }
        channel.send(label, sum.message())?;
        let challenge = channel.transcript().challenge_scalar(ROUND);
        residual = sum.evaluate(residual, challenge);
        point.push(challenge);
    }

    // 3. The factors' values at the point.
    let finals = instances
        .iter_mut()
        .zip(&shapes)
        .map(|(instance, (rounds, _))| {
            instance.finish(if *rounds == 0 { None } else { point.last().copied() })
        })
        .collect();
    Ok(ProverOutput { point, finals, coefficients, residual })
}
