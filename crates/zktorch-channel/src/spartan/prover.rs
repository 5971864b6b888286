//! The prover of the clear argument.

use ark_ff::AdditiveGroup;
use zktorch_field::Fr;
use zktorch_sumcheck::{SumcheckInstance, eq_table, prove as prove_sumcheck};
use zktorch_transcript::{ProverChannel, R1cs};

use super::rows::RowProduct;
use super::{Batched, INNER, PRODUCTS, Reduced, Sizes, draw_batching, draw_tau, outer};
use crate::ChannelError;

/// A satisfying relaxed assignment: the masked one.
#[derive(Debug)]
pub(crate) struct Folded<'a> {
    /// u.
    pub(crate) slack: Fr,
    /// z, all cells of all rows.
    pub(crate) z: &'a [Fr],
    /// E, one entry per constraint.
    pub(crate) error: &'a [Fr],
}

/// Proves that `folded` satisfies the relaxed constraints; the verifier's view of z and E is in the transcript already.
///
/// Cost: O(2^mu + 2^nu + non-zero entries) field operations, a few dozen per entry.
///
/// # Errors
/// [`ChannelError::Transcript`] if z does not fit the matrices. (That the assignment satisfies them is not checked.)
pub(crate) fn prove<P: ProverChannel>(
    channel: &mut P,
    r1cs: &R1cs,
    folded: &Folded<'_>,
) -> Result<Reduced, ChannelError> {
    let sizes = Sizes::of(r1cs);

    // 1. tau; sum_x eq(tau, x) (a(x) b(x) - w(x)) = 0 with w = u c + E, which is linear and so needs one table.
    let tau = draw_tau(channel.transcript(), &sizes);
    let [a, b, c] = products(r1cs, folded)?;
    let mut w = vec![Fr::ZERO; 1 << sizes.mu];
    w.iter_mut().zip(c.iter().zip(folded.error)).for_each(|(w, (c, e))| *w = folded.slack * c + e);
    let (rx, [va, vb, _]) = outer::prove(channel, &tau, [a, b, w])?;

    // 2. va, vb, vc at rx; ve follows.
    let eq_rx = eq_table(&rx);
    let at_rx = |values: &[Fr]| values.iter().zip(&eq_rx).map(|(v, e)| *v * e).sum::<Fr>();
    let (vc, ve) = (at_rx(&c), at_rx(folded.error));
    channel.send(PRODUCTS, &[va, vb, vc])?;

    // 3. gamma; sum_i <M(rx, i, .), z_i>.
    let batching = draw_batching(channel.transcript());
    let Batched { matrix, constant } = Batched::new(r1cs, &sizes, &eq_rx, batching)?;
    let claim = va * batching[0] + vb * batching[1] + vc * batching[2] - folded.slack * constant;
    let mut z = folded.z.to_vec();
    z.resize(1 << sizes.nu(), Fr::ZERO);
    let mut inner = RowProduct::new(matrix, z, sizes.row_vars, claim);
    let instances: &mut [&mut dyn SumcheckInstance] = &mut [&mut inner];
    let inner = prove_sumcheck(channel, INNER, instances)?;
    let weights = inner.finals.into_iter().next().unwrap_or_default();
    let (row_point, message_value) = (inner.point, inner.residual);
    Ok(Reduced { error_point: rx, error_value: ve, row_point, weights, message_value })
}

/// A (u, z), B (u, z), C (u, z), padded with zeros.
fn products(r1cs: &R1cs, folded: &Folded<'_>) -> Result<[Vec<Fr>; 3], ChannelError> {
    let padded = r1cs.num_constraints().next_power_of_two();
    let product = |matrix: &zktorch_transcript::SparseMatrix| -> Result<Vec<Fr>, ChannelError> {
        let mut values = matrix.multiply(folded.slack, folded.z)?;
        values.resize(padded, Fr::ZERO);
        Ok(values)
    };
    Ok([product(r1cs.a())?, product(r1cs.b())?, product(r1cs.c())?])
}
