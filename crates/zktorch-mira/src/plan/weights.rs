//! The plan with numbers: coefficients of the instances, and closed forms of the accumulator.

use std::collections::BTreeMap;

use ark_ff::{AdditiveGroup, One, Zero};
use zktorch_field::Fr;

use super::{FoldPlan, Star};
use crate::MiraError;

/// The rows `a_{i,.}` and `d_{i,.}` of a [`FoldPlan`] for given challenges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundPlan {
    chunks: usize,
    points: usize,
    rows: Vec<Row>,
}

/// One instance: `v_i = sum_b a_b v_b`, `u_i = sum_p d_p e_p`, as sparse lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) chunks: Vec<(usize, Fr)>,
    pub(crate) points: Vec<(usize, Fr)>,
}

impl FoldPlan {
    /// The plan's rows for the coefficients `k_{j,t}` of the claims' terms and the batching challenge rho.
    ///
    /// # Errors
    /// [`MiraError::Length`] unless there is one coefficient per term.
    pub fn bind(&self, coefficients: &[Vec<Fr>], rho: Fr) -> Result<BoundPlan, MiraError> {
        self.check_coefficients(coefficients)?;
        let mut c: BTreeMap<(usize, usize), Fr> = BTreeMap::new();
        let mut power = Fr::one();
        for (claim, coefficients) in self.claims().iter().zip(coefficients) {
            for (term, coefficient) in claim.iter().zip(coefficients) {
                *c.entry((term.chunk, term.point)).or_insert(Fr::ZERO) += power * coefficient;
            }
            power *= rho;
        }
        let at = |chunk, point| c.get(&(chunk, point)).copied().unwrap_or_else(Fr::zero);
        let rows = self
            .stars()
            .iter()
            .map(|star| match star {
                Star::Chunk { chunk, points } => Row {
                    chunks: vec![(*chunk, Fr::one())],
                    points: points.iter().map(|p| (*p, at(*chunk, *p))).collect(),
                },
                Star::Point { point, chunks } => Row {
                    chunks: chunks.iter().map(|b| (*b, at(*b, *point))).collect(),
                    points: vec![(*point, Fr::one())],
                },
            })
            .collect();
        Ok(BoundPlan { chunks: self.num_chunks(), points: self.num_points(), rows })
    }
}

impl BoundPlan {
    /// The instances' rows.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Number of instances, identity instances not counted.
    pub fn num_instances(&self) -> usize {
        self.rows.len()
    }

    /// The coefficients of the commitments in the accumulator: `C_acc = sum_b (sum_i w_i a_{i,b}) C_b`.
    pub fn chunk_coefficients(&self, weights: &[Fr]) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; self.chunks];
        for (row, w) in self.rows.iter().zip(weights) {
            row.chunks.iter().for_each(|(b, a)| out[*b] += *w * a);
        }
        out
    }

    /// The coefficients of the points: `u_acc = sum_p (sum_i w_i d_{i,p}) e_p`.
    pub fn point_coefficients(&self, weights: &[Fr]) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; self.points];
        for (row, w) in self.rows.iter().zip(weights) {
            row.points.iter().for_each(|(p, d)| out[*p] += *w * d);
        }
        out
    }
}

/// The weight of instance i after all levels: `w(i) = prod_l gamma_l^{i_l}`, `i_l` the l-th least significant bit. The
/// first `count` weights are returned.
pub fn fold_weights(gammas: &[Fr], count: usize) -> Vec<Fr> {
    let mut weights = vec![Fr::one()];
    for gamma in gammas {
        let folded: Vec<Fr> = weights.iter().map(|w| *w * gamma).collect();
        weights.extend(folded);
    }
    weights.truncate(count);
    weights
}
