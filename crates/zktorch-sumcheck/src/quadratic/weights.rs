//! The public weight of a quadratic sum, kept factored: split eq.
//!
//! w(x) = prod_i w_i(x_i) with w_i(x) = eq(z_i, x) for the first variables and w_i = 1 for the rest. Because w is a
//! product, the prover never binds a table of it: it splits the variables into an outer and an inner part, keeps
//! one small table for each, and multiplies the round polynomial by the current variable's own factor at the
//! end (Gruen, "Some improvements for the PIOP for ZeroCheck", 2024, section 3; Dao and Thaler, "More
//! optimizations to sum-check proving", 2024).

use ark_ff::One;
use zktorch_field::{Block, Fr, LANES};

use crate::{RoundPolynomial, eq_table};

/// log2 of the entries summed under one outer weight.
pub(crate) const INNER_VARS: usize = 8;
/// Packed vectors of the inner part.
pub(crate) const INNER: usize = (1 << INNER_VARS) / LANES;

/// The weight polynomial together with what has been bound of it.
pub(crate) struct Weights {
    /// The point of eq, one coordinate per weighted variable; the weighted variables come first.
    point: Vec<Fr>,
    num_vars: usize,
    /// Number of variables bound so far.
    bound: usize,
    /// prod of w_i(r_i) over the bound variables.
    scale: Fr,
}

impl Weights {
    /// eq(`point`, first variables) on the cube of `num_vars` variables.
    pub(crate) fn new(point: &[Fr], num_vars: usize) -> Self {
        debug_assert!(point.len() <= num_vars, "callers check the length of the point");
        Self { point: point.to_vec(), num_vars, bound: 0, scale: Fr::one() }
    }

    /// Whether all inner weights are one.
    pub(crate) fn inner_is_trivial(&self) -> bool {
        self.point.len() + INNER_VARS <= self.num_vars
    }

    /// w restricted to variables `from..to` on the cube: eq on the weighted ones, repeated over the others.
    fn table(&self, from: usize, to: usize) -> Vec<Fr> {
        let weighted = self.point.len().clamp(from, to);
        // Past the weighted variables there is no such range: the table of no variables, the constant one.
        let eq = eq_table(self.point.get(from..weighted).unwrap_or(&[]));
        let repeat = 1 << (to - weighted);
        eq.iter().flat_map(|value| std::iter::repeat_n(*value, repeat)).collect()
    }

    /// The weights of the last [`INNER_VARS`] variables, packed.
    pub(crate) fn inner(&self) -> Vec<Block<Fr>> {
        let table = self.table(self.num_vars - INNER_VARS, self.num_vars);
        table.as_chunks::<LANES>().0.iter().map(Block::from_array).collect()
    }

    /// The weights of the variables between the current one and the inner ones.
    pub(crate) fn outer(&self) -> Vec<Fr> {
        self.table(self.bound + 1, self.num_vars - INNER_VARS)
    }

    /// [`outer`](Self::outer) for the next variable, from the table `outer` of the current one: summing over a
    /// weighted variable gives eq(z, 0) + eq(z, 1) = 1.
    pub(crate) fn next_outer(&self, outer: &mut Vec<Fr>) {
        let half = outer.len() / 2;
        if self.bound + 1 < self.point.len() {
            let (low, high) = outer.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high.iter()) {
                *low += high;
            }
        }
        outer.truncate(half);
    }

    /// The weights of all variables after the current one.
    pub(crate) fn rest(&self) -> Vec<Fr> {
        self.table(self.bound + 1, self.num_vars)
    }

    /// The round polynomial scale w_i(X) t(X) + linear(X), from t(0), t(1), the quadratic coefficient t(inf), and
    /// linear(0).
    ///
    /// Needs no division by w_i and no claim, so it also works where the point has boolean coordinates.
    pub(crate) fn round_polynomial(&self, t: [Fr; 3], linear: Fr) -> RoundPolynomial {
        let [at_zero, at_one, quadratic] = t;
        match self.point.get(self.bound) {
            None => RoundPolynomial::new(self.scale * at_zero + linear, [self.scale * quadratic]),
            Some(z) => {
                // w_i(X) = (1 - z) + (2z - 1) X; t(X) = t(0) + slope X + t(inf) X^2.
                let constant = self.scale * (Fr::one() - z);
                let slope = self.scale * (*z + z - Fr::one());
                let t_slope = at_one - at_zero - quadratic;
                RoundPolynomial::new(
                    constant * at_zero + linear,
                    [constant * quadratic + slope * t_slope, slope * quadratic],
                )
            }
        }
    }

    /// Binds the current variable to `r`.
    pub(crate) fn bind(&mut self, r: Fr) {
        if let Some(z) = self.point.get(self.bound) {
            self.scale *= crate::eq_eval(&[*z], &[r]);
        }
        self.bound += 1;
    }

    pub(crate) fn num_vars(&self) -> usize {
        self.num_vars
    }

    /// Number of variables not yet bound.
    pub(crate) fn remaining(&self) -> usize {
        self.num_vars - self.bound
    }

    /// The degree of the round polynomials, at most.
    pub(crate) fn degree(&self) -> usize {
        if self.point.is_empty() { 2 } else { 3 }
    }
}
