//! The verifier of the clear argument.

use ark_ff::AdditiveGroup;
use zktorch_field::Fr;
use zktorch_sumcheck::{Statement, eq_eval, eq_table, verify as verify_sumcheck};
use zktorch_transcript::{R1cs, TranscriptError, VerifierChannel};

use super::{
    INNER, INNER_DEGREE, MESSAGES, OUTER, OUTER_DEGREE, PRODUCTS, Reduced, Sizes, draw_batching, draw_tau,
};
use crate::ChannelError;

/// Verifies the argument for slack `slack`; returns the claims on z and E.
///
/// Cost: O(2^mu + 2^nu) for two tables of equality polynomials, one multiplication per non-zero entry.
///
/// # Errors
/// [`TranscriptError::Unsatisfied`] with `spartan outer residual` or `spartan inner residual`.
pub(crate) fn verify<V: VerifierChannel<Scalar = Fr>>(
    channel: &mut V,
    r1cs: &R1cs,
    slack: Fr,
) -> Result<Reduced, ChannelError> {
    let sizes = Sizes::of(r1cs);

    // 1. tau; the outer rounds, for the claim 0.
    let tau = draw_tau(channel.transcript(), &sizes);
    let statement = Statement { num_rounds: sizes.mu, degree: OUTER_DEGREE, claim: Fr::ZERO };
    let outer = verify_sumcheck(channel, OUTER, &[statement])?;

    // 2. va, vb, vc, ve: eq(tau, rx) (va vb - u vc - ve) is what the rounds arrived at.
    let [va, vb, vc, ve] = receive(channel, PRODUCTS)?;
    let value = eq_eval(&tau, &outer.point) * (va * vb - slack * vc - ve);
    channel.enforce_zero("spartan outer residual", value - outer.residual)?;

    // 3. gamma; the constants of the matrices move to the claim, times u; the inner rounds.
    let batching = draw_batching(channel.transcript());
    let eq_rx = eq_table(&outer.point);
    let mut claim = va * batching[0] + vb * batching[1] + vc * batching[2];
    let matrices = [r1cs.a(), r1cs.b(), r1cs.c()];
    for (matrix, coefficient) in matrices.into_iter().zip(batching) {
        claim -= coefficient * slack * matrix.constant_part(&eq_rx)?;
    }
    let statement = Statement { num_rounds: sizes.nu(), degree: INNER_DEGREE, claim };
    let inner = verify_sumcheck(channel, INNER, &[statement])?;

    // 4. vz: M(rx, ry) vz is what the rounds arrived at.
    let [vz] = receive(channel, MESSAGES)?;
    let eq_ry = eq_table(&inner.point);
    let mut m = Fr::ZERO;
    for (matrix, coefficient) in matrices.into_iter().zip(batching) {
        m += coefficient * matrix.evaluate(&eq_rx, &eq_ry)?;
    }
    channel.enforce_zero("spartan inner residual", m * vz - inner.residual)?;
    Ok(Reduced { error_point: outer.point, error_value: ve, message_point: inner.point, message_value: vz })
}

/// Receives exactly N scalars.
fn receive<V: VerifierChannel<Scalar = Fr>, const N: usize>(
    channel: &mut V,
    label: &'static [u8],
) -> Result<[Fr; N], ChannelError> {
    let message = channel.receive(label, N)?;
    let got = message.len();
    let array = message.try_into();
    Ok(array.map_err(|_| TranscriptError::Length { what: "clear message", expected: N, got })?)
}
