//! The outer sumcheck: `sum_x eq(tau, x) F(x) = 0` for `F = a b - w`.
//!
//! In round i, with the first i variables bound to r, the message is the quadratic
//!
//! ```text
//! g(X) = sum_x' eq(tau_{>i}, x') F(r, X, x') = g0 + g1 X + g2 X^2,      (1 - tau_i) g(0) + tau_i g(1) = claim,
//! ```
//!
//! and the next claim `g(r_i)`: the factor `eq(tau_i, X)` is the verifier's, so neither it nor the product of the earlier ones is
//! in a message (Gruen, "Some improvements for the PIOP for ZeroCheck", eprint 2024/108). g1 and g2 are sent; `g0 = claim -
//! tau_i (g1 + g2)` follows, and in the end `F(r) = claim` without a factor.
//!
//! Soundness error: `2/|F|` a round.

use zktorch_field::Fr;
use zktorch_sumcheck::eq_table;
use zktorch_transcript::{ProverChannel, VerifierChannel};

use crate::ChannelError;

/// Label of the messages.
const ROUND: &[u8] = b"spartan outer";
const CHALLENGE: &[u8] = b"spartan outer challenge";
/// Scalars of a message.
pub(super) const SCALARS: usize = 2;

/// Proves that the sum over the tables `[a, b, w]` is zero; returns the point, and the values of a, b, w there.
///
/// # Errors
/// Those of the channel.
pub(crate) fn prove<P: ProverChannel>(
    channel: &mut P,
    tau: &[Fr],
    mut tables: [Vec<Fr>; 3],
) -> Result<(Vec<Fr>, [Fr; 3]), ChannelError> {
    let mut point = Vec::with_capacity(tau.len());
    for i in 0..tau.len() {
        let eq = eq_table(&tau[i + 1..]);
        let [mut g0, mut at_one, mut g2] = [Fr::from(0u64); 3];
        let [(a0, a1), (b0, b1), (w0, w1)] = tables.each_ref().map(|table| table.split_at(eq.len()));
        for (x, e) in eq.iter().enumerate() {
            g0 += *e * (a0[x] * b0[x] - w0[x]);
            at_one += *e * (a1[x] * b1[x] - w1[x]);
            g2 += *e * (a1[x] - a0[x]) * (b1[x] - b0[x]);
        }
        channel.send(ROUND, &[at_one - g0 - g2, g2])?;
        let r = channel.transcript().challenge_scalar(CHALLENGE);
        tables.iter_mut().for_each(|table| super::bind(table, r));
        point.push(r);
    }
    Ok((point, tables.map(|table| table[0])))
}

/// Verifies the rounds; returns the point, and what `F` has to be there.
///
/// # Errors
/// A channel error when a message is missing.
pub(super) fn verify<V: VerifierChannel<Scalar = Fr>>(
    channel: &mut V,
    tau: &[Fr],
) -> Result<(Vec<Fr>, Fr), ChannelError> {
    let mut point = Vec::with_capacity(tau.len());
    let mut claim = Fr::from(0u64);
    for tau in tau {
        let [g1, g2] = super::receive(channel, ROUND)?;
        let r = channel.transcript().challenge_scalar(CHALLENGE);
        // g0 + r g1 + r^2 g2 with g0 = claim - tau (g1 + g2).
        claim += (r - tau) * g1 + (r * r - tau) * g2;
        point.push(r);
    }
    Ok((point, claim))
}
