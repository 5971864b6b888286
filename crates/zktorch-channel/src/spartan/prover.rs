//! The prover of the clear argument.

use ark_ff::AdditiveGroup;
use zktorch_field::Fr;
use zktorch_sumcheck::{Dense, Product, SumcheckInstance, eq_table, prove as prove_sumcheck};
use zktorch_transcript::{ProverChannel, R1cs};

use super::{INNER, MESSAGES, OUTER, OUTER_DEGREE, PRODUCTS, Reduced, Sizes, draw_batching, draw_tau};
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
    let tables = vec![eq_table(&tau), a, b, w];
    let mut outer = Dense::new(tables, OUTER_DEGREE, Fr::ZERO, |t: &[Fr]| t[0] * (t[1] * t[2] - t[3]))?;
    let instances: &mut [&mut dyn SumcheckInstance] = &mut [&mut outer];
    let outer = prove_sumcheck(channel, OUTER, instances)?;

    // 2. va, vb, vc, ve at rx.
    let rx = outer.point;
    let eq_rx = eq_table(&rx);
    let at_rx = |values: &[Fr]| values.iter().zip(&eq_rx).map(|(v, e)| *v * e).sum::<Fr>();
    let (va, vb, vc, ve) = (outer.finals[0][1], outer.finals[0][2], at_rx(&c), at_rx(folded.error));
    channel.send(PRODUCTS, &[va, vb, vc, ve])?;

    // 3. gamma; sum_y M(rx, y) z(y).
    let batching = draw_batching(channel.transcript());
    let mut combined = vec![Fr::ZERO; 1 << sizes.nu()];
    let mut claim = va * batching[0] + vb * batching[1] + vc * batching[2];
    for (matrix, coefficient) in [r1cs.a(), r1cs.b(), r1cs.c()].into_iter().zip(batching) {
        claim -= coefficient * folded.slack * matrix.constant_part(&eq_rx)?;
        let row = matrix.combine_rows(&eq_rx, r1cs.layout().cells())?;
        combined.iter_mut().zip(row).for_each(|(sum, entry)| *sum += coefficient * entry);
    }
    let mut z = folded.z.to_vec();
    z.resize(1 << sizes.nu(), Fr::ZERO);
    let mut inner = Product::new(combined, z, claim)?;
    let instances: &mut [&mut dyn SumcheckInstance] = &mut [&mut inner];
    let inner = prove_sumcheck(channel, INNER, instances)?;

    // 4. vz at ry.
    let vz = inner.finals[0][1];
    channel.send(MESSAGES, &[vz])?;
    Ok(Reduced { error_point: rx, error_value: ve, message_point: inner.point, message_value: vz })
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
