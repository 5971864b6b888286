//! Contractions: convolutions, matrix products, elementwise products.
//!
//! Statement: `Y~(z) = y` for `Y[b, m, n] = sum_k A[b, m, k] B[b, k, n]` (batch, free and contracted axes in any order). Then
//!
//! ```text
//! Y~(z_b, z_m, z_n) = sum over (b, k) of eq(z_b, b) A~(b, z_m, k) B~(b, k, z_n),
//! ```
//!
//! a sumcheck over (b, k) of degree 3, or 2 without batch axes, which ends in one product of two claims on linear
//! expressions of views. A convolution is the contraction of the weights with windows of the input ([`reindex`](crate::reindex)):
//! no windows are ever stored. Soundness error: `3 m / |F|` for m variables.

use std::collections::BTreeMap;

use zktorch_field::Fr;
use zktorch_graph::{Contract, Shape};

use crate::point::{Point, split};

#[cfg(feature = "prover")]
pub(crate) mod prover;

/// The variables of the sum: batch labels in the order of the output, then contracted labels in the order of a.
#[derive(Clone, Debug)]
pub(crate) struct SumAxes {
    /// Labels and their variables.
    pub(crate) axes: Vec<(u32, usize)>,
    /// How many of the variables are of batch axes.
    pub(crate) batch_vars: usize,
    /// All variables.
    pub(crate) num_vars: usize,
}

impl SumAxes {
    pub(crate) fn new(contract: &Contract) -> Self {
        let vars: BTreeMap<u32, usize> = (contract.a_axes.iter().zip(contract.a.shape.dims()))
            .map(|(label, dim)| (*label, Shape::axis_vars(*dim)))
            .collect();
        let in_b = |label: &u32| contract.b_axes.contains(label);
        let of = |label: &u32| vars.get(label).map(|vars| (*label, *vars));
        let mut axes: Vec<(u32, usize)> =
            contract.out_axes.iter().filter(|label| in_b(label)).filter_map(of).collect();
        let batch_vars = axes.iter().map(|(_, vars)| vars).sum();
        let contracted = contract.a_axes.iter().filter(|l| in_b(l) && !contract.out_axes.contains(l));
        axes.extend(contracted.filter_map(of));
        let num_vars = axes.iter().map(|(_, vars)| vars).sum();
        Self { axes, batch_vars, num_vars }
    }

    /// Degree of the sumcheck.
    pub(crate) fn degree(&self) -> usize {
        if self.batch_vars > 0 { 3 } else { 2 }
    }
}

/// A claim on a contraction.
#[derive(Clone, Debug)]
pub(crate) struct ContractClaim<'a, S> {
    pub(crate) contract: &'a Contract,
    pub(crate) axes: SumAxes,
    /// z.
    pub(crate) point: Vec<Fr>,
    pub(crate) value: S,
}

impl<S> ContractClaim<'_, S> {
    /// The coordinates of z, by label.
    fn out_coords(&self) -> BTreeMap<u32, &[Fr]> {
        let coords = split(&self.point, &out_vars(self.contract));
        self.contract.out_axes.iter().copied().zip(coords).collect()
    }

    /// z_b, in the order of the sum's variables.
    pub(crate) fn batch_point(&self) -> Vec<Fr> {
        let coords = self.out_coords();
        let batch = self.axes.axes.iter().filter_map(|(label, _)| coords.get(label));
        batch.flat_map(|coords| coords.iter().copied()).collect()
    }

    /// The points of a and b, given the point of the sum.
    pub(crate) fn operand_points(&self, s: &[Fr]) -> [Point; 2] {
        let mut coords = self.out_coords();
        let vars: Vec<usize> = self.axes.axes.iter().map(|(_, vars)| *vars).collect();
        // The sum's coordinates replace those of z on batch axes.
        coords.extend(self.axes.axes.iter().map(|(label, _)| *label).zip(split(s, &vars)));
        [&self.contract.a_axes, &self.contract.b_axes].map(|axes| {
            let point = axes.iter().filter_map(|label| coords.get(label));
            Point::own(point.flat_map(|coords| coords.iter().copied()).collect())
        })
    }
}

/// Variables of the axes of the output.
fn out_vars(contract: &Contract) -> Vec<usize> {
    let mut vars: BTreeMap<u32, usize> = BTreeMap::new();
    for (axes, linear) in [(&contract.a_axes, &contract.a), (&contract.b_axes, &contract.b)] {
        vars.extend(axes.iter().copied().zip(linear.shape.vars()));
    }
    contract.out_axes.iter().filter_map(|label| vars.get(label).copied()).collect()
}
