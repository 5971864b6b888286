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

use zktorch_graph::{Contract, Shape};

use crate::BlockError;
use crate::error::check_length;
use crate::point::{Point, Stage};

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
    pub(crate) fn new(contract: &Contract) -> Result<Self, BlockError> {
        let shared: BTreeMap<u32, usize> = (contract.a_axes.iter().zip(contract.a.shape.dims()))
            .filter(|(label, _)| contract.b_axes.contains(label))
            .map(|(label, dim)| (*label, Shape::axis_vars(*dim)))
            .collect();
        let batch = contract.out_axes.iter().filter(|label| shared.contains_key(label));
        let contracted =
            contract.a_axes.iter().filter(|l| shared.contains_key(l) && !contract.out_axes.contains(l));
        let of = |label: &u32| -> Result<_, BlockError> { Ok((*label, *by_label(&shared, *label)?)) };
        let mut axes = batch.map(of).collect::<Result<Vec<_>, _>>()?;
        let batch_vars = axes.iter().map(|(_, vars)| vars).sum();
        for label in contracted {
            axes.push(of(label)?);
        }
        let num_vars = axes.iter().map(|(_, vars)| vars).sum();
        Ok(Self { axes, batch_vars, num_vars })
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
    pub(crate) point: Point,
    pub(crate) value: S,
}

impl<S> ContractClaim<'_, S> {
    /// z_b, in the order of the sum's variables: the batch labels are those that the output has.
    pub(crate) fn batch_point(&self) -> Result<Point, BlockError> {
        let coords = out_coords(self.contract, &self.point)?;
        let point = Point::concat(self.axes.axes.iter().filter_map(|(label, _)| coords.get(label)));
        check_length("coordinates of the batch axes", self.axes.batch_vars, point.len())?;
        Ok(point)
    }

    /// The points of a and b at the end of sumcheck A.
    pub(crate) fn operand_points(&self) -> Result<[Point; 2], BlockError> {
        let mut coords = out_coords(self.contract, &self.point)?;
        let vars: Vec<usize> = self.axes.axes.iter().map(|(_, vars)| *vars).collect();
        // The sum's coordinates replace those of z on batch axes.
        let end = Point::suffix(Stage::A, self.axes.num_vars).split(&vars)?;
        coords.extend(self.axes.axes.iter().map(|(label, _)| *label).zip(end));
        let operand = |axes: &[u32]| -> Result<Point, BlockError> {
            let axes: Result<Vec<&Point>, _> = axes.iter().map(|label| by_label(&coords, *label)).collect();
            Ok(Point::concat(axes?))
        };
        Ok([operand(&self.contract.a_axes)?, operand(&self.contract.b_axes)?])
    }
}

fn by_label<T>(map: &BTreeMap<u32, T>, label: u32) -> Result<&T, BlockError> {
    map.get(&label).ok_or(BlockError::NoLabel { label })
}

/// The coordinates of a point of the output, by label.
fn out_coords(contract: &Contract, z: &Point) -> Result<BTreeMap<u32, Point>, BlockError> {
    let mut vars: BTreeMap<u32, usize> = BTreeMap::new();
    for (axes, linear) in [(&contract.a_axes, &contract.a), (&contract.b_axes, &contract.b)] {
        vars.extend(axes.iter().copied().zip(linear.shape.vars()));
    }
    let out: Result<Vec<usize>, BlockError> =
        contract.out_axes.iter().map(|label| by_label(&vars, *label).copied()).collect();
    Ok(contract.out_axes.iter().copied().zip(z.split(&out?)?).collect())
}
