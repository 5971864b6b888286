//! Cross terms by interpolation, for every relation alike.

use ark_ff::{Field, One, Zero};
use zktorch_field::Fr;

use super::{Pair, RelaxedRelation};
use crate::MiraError;
use crate::module::Module;

/// The cross terms T_1, .., T_{d-1} of the line `a + gamma b`; `ends` are f(a) and f(b), which the error terms of the two
/// accumulators supply.
///
/// With P(gamma) = f(a + gamma b), the polynomial `Q = (P - P_0 - P_d gamma^d) / gamma` has degree d - 2 and the
/// cross terms as its coefficients; it is interpolated from gamma = 1, .., d - 1. For d = 2 this is polarisation:
/// `T = f(a + b) - f(a) - f(b)`.
///
/// # Errors
/// What the relation reports.
pub fn cross_terms<R: RelaxedRelation + ?Sized>(
    relation: &R,
    a: Pair<'_, R>,
    b: Pair<'_, R>,
    ends: (R::Value, R::Value),
) -> Result<Vec<R::Value>, MiraError> {
    let degree = relation.degree();
    let mut values = Vec::with_capacity(degree.saturating_sub(1));
    for node in 1..degree {
        let node = Fr::from(node as u64);
        // P(node) - P_0 - P_d node^d; the division by node is part of the weights below.
        let mut value = relation.form_on_line(a, b, node)?;
        value.accumulate(&ends.0, -Fr::one());
        value.accumulate(&ends.1, -node.pow([degree as u64]));
        values.push(value);
    }
    let weights = interpolation_weights(values.len());
    Ok((0..values.len())
        .filter_map(|j| {
            let mut terms = values.iter().zip(&weights);
            let (first, weight) = terms.next()?;
            let mut sum = first.clone();
            sum.accumulate(first, weight[j] - Fr::one());
            terms.for_each(|(value, weight)| sum.accumulate(value, weight[j]));
            Some(sum)
        })
        .collect())
}

/// `weights[i][j]`: the coefficient of X^j in the i-th Lagrange polynomial of the nodes 1, .., count, divided by the
/// node i + 1.
fn interpolation_weights(count: usize) -> Vec<Vec<Fr>> {
    let node = |i: usize| Fr::from(i as u64 + 1);
    (0..count)
        .map(|i| {
            let mut numerator = vec![Fr::one()];
            let mut denominator = node(i);
            for j in (0..count).filter(|j| *j != i) {
                // times (X - node_j)
                let shifted = core::iter::once(Fr::zero()).chain(numerator.iter().copied());
                let scaled = numerator.iter().map(|c| -node(j) * c).chain(core::iter::once(Fr::zero()));
                numerator = shifted.zip(scaled).map(|(x, y)| x + y).collect();
                denominator *= node(i) - node(j);
            }
            // Distinct small nodes: the denominator is not zero.
            let inverse = denominator.inverse().unwrap_or_else(Fr::zero);
            numerator.into_iter().map(|c| c * inverse).collect()
        })
        .collect()
}
