//! The verifier of the level-synchronous mode, over clear or hidden scalars alike.

use zktorch_commit::Commitment;
use zktorch_commit::hyperkzg::combine_commitments;
use zktorch_transcript::{Scalar, TranscriptError, VerifierChannel};

use super::{GAMMA, LEVEL, RHO, Statement};
use crate::plan::fold_weights;
use crate::{MiraError, OpeningInstance};

/// Reduces the claims with these `values` on the chunks with these `commitments` to one instance, which the caller must
/// mask and decide: nothing is checked here.
///
/// Every value is something the verifier received (or public), so it is committed before rho is drawn.
///
/// Cost: O(1) per level, an MSM over the commitments, `O(M)` products for the coefficients.
///
/// # Errors
/// [`MiraError::Length`] if the statement is inconsistent; those of the channel.
pub fn verify<V: VerifierChannel>(
    channel: &mut V,
    statement: &Statement<'_>,
    commitments: &[Commitment],
    values: &[V::Scalar],
) -> Result<OpeningInstance<V::Scalar>, MiraError> {
    statement.check(commitments.len(), values.len())?;

    // 1. rho, after every value; S = sum_j rho^j y_j.
    let rho = channel.transcript().challenge_scalar(RHO);
    let bound = statement.plan.bind(statement.coefficients, rho)?;
    let powers = core::iter::successors(Some(zktorch_field::Fr::from(1u64)), |power| Some(*power * rho));
    let mut sum = V::Scalar::combine(values.iter().zip(powers));

    // 2. One message and one challenge per level; the link Y2 = S - Y0.
    let mut gammas = Vec::with_capacity(statement.plan.levels());
    for _ in 0..statement.plan.levels() {
        let message = channel.receive(LEVEL, 2)?;
        let [y0, t] = message.as_slice() else {
            let got = message.len();
            return Err(TranscriptError::Length { what: "level message", expected: 2, got }.into());
        };
        let gamma = channel.transcript().challenge_scalar(GAMMA);
        let y2 = sum.sub(y0);
        let mut next = y0.clone();
        next.add_scaled(t, gamma);
        next.add_scaled(&y2, gamma * gamma);
        sum = next;
        gammas.push(gamma);
    }

    // 3. The accumulator in closed form.
    let weights = fold_weights(&gammas, bound.num_instances());
    Ok(OpeningInstance {
        commitment: combine_commitments(commitments, &bound.chunk_coefficients(&weights))?,
        functional: statement.functional(&bound, &weights)?,
        value: sum,
    })
}
