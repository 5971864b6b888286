//! The verifier of the clear argument.

use zktorch_field::Fr;
use zktorch_sumcheck::{Statement, eq_table, verify as verify_sumcheck};
use zktorch_transcript::{R1cs, VerifierChannel};

use super::{
    Batched, INNER, INNER_DEGREE, PRODUCTS, Reduced, Sizes, bind, draw_batching, draw_tau, outer, receive,
};
use crate::ChannelError;

/// Verifies the argument for slack `slack`; returns the claims on z and E. Nothing is checked here: what is false in the
/// messages makes a claim false.
///
/// Cost: O(2^mu + cells of z) for a table of equality polynomials and a row of M, one multiplication per non-zero entry.
///
/// # Errors
/// A channel error when a message is missing.
pub(crate) fn verify<V: VerifierChannel<Scalar = Fr>>(
    channel: &mut V,
    r1cs: &R1cs,
    slack: Fr,
) -> Result<Reduced, ChannelError> {
    let sizes = Sizes::of(r1cs);

    // 1. tau; the outer rounds, for the claim 0.
    let tau = draw_tau(channel.transcript(), &sizes);
    let (rx, arrived_at) = outer::verify(channel, &tau)?;

    // 2. va, vb, vc: va vb - u vc - ve is what the rounds arrived at.
    let [va, vb, vc] = receive(channel, PRODUCTS)?;
    let ve = va * vb - slack * vc - arrived_at;

    // 3. gamma; the constants of the matrices move to the claim, times u; the inner rounds.
    let batching = draw_batching(channel.transcript());
    let Batched { matrix, constant } = Batched::new(r1cs, &sizes, &eq_table(&rx), batching)?;
    let claim = va * batching[0] + vb * batching[1] + vc * batching[2] - slack * constant;
    let statement = Statement { num_rounds: sizes.row_vars, degree: INNER_DEGREE, claim };
    let inner = verify_sumcheck(channel, INNER, &[statement])?;

    // 4. g; vz is what the rounds arrived at.
    let mut weights = matrix;
    inner.point.iter().for_each(|r| bind(&mut weights, *r));
    let (row_point, message_value) = (inner.point, inner.residual);
    Ok(Reduced { error_point: rx, error_value: ve, row_point, weights, message_value })
}
