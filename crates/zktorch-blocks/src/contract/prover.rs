//! The prover's side of a contraction: its two factors over (batch, contracted), the free axes evaluated.

use std::collections::BTreeMap;

use ark_ff::{AdditiveGroup, One};
use zktorch_field::{Fr, par};
use zktorch_graph::{Contract, Graph, Indices, Linear, TensorId};
use zktorch_sumcheck::eq_table;

use super::{SumAxes, out_coords};
use crate::BlockError;
use crate::piece::prover::Entries;
use crate::point::{Drawn, Point};
use crate::reindex::prover::partial;

/// a(b, k) = A~(b, z_m, k) and b(b, k) = B~(b, k, z_n), in the order of the sum's variables.
pub(crate) struct Factors {
    pub(crate) a: Vec<Fr>,
    pub(crate) b: Vec<Fr>,
}

impl Factors {
    pub(crate) fn new<'c>(
        contract: &Contract,
        axes: &SumAxes,
        (z, drawn): (&Point, &Drawn),
        graph: &Graph,
        entries: impl Fn(TensorId) -> Result<Entries<'c>, BlockError> + Sync + Send,
        indices: Indices<'_>,
    ) -> Result<Self, BlockError> {
        let mut coords = BTreeMap::new();
        for (label, axis) in out_coords(contract, z)? {
            coords.insert(label, drawn.coords(&axis)?);
        }
        let operand = |linear: &Linear, labels: &[u32]| -> Result<Vec<Fr>, BlockError> {
            let summed = |label: &u32| axes.axes.iter().any(|(other, _)| other == label);
            let bound: Vec<Option<&[Fr]>> = labels
                .iter()
                .map(|l| if summed(l) { None } else { coords.get(l).map(Vec::as_slice) })
                .collect();
            let order: Vec<u32> = axes
                .axes
                .iter()
                .filter_map(|(label, _)| labels.iter().position(|other| other == label))
                .filter_map(|position| u32::try_from(position).ok())
                .collect();
            let mut sum: Option<Vec<Fr>> = None;
            for (coefficient, view) in &linear.terms {
                let source = &graph.tensor(view.tensor).shape;
                let mut values =
                    partial(view, source, entries(view.tensor)?.cells(), &bound, &order, indices);
                let coefficient = Fr::from(*coefficient);
                match &mut sum {
                    None => {
                        if !coefficient.is_one() {
                            values.iter_mut().for_each(|value| *value *= coefficient);
                        }
                        sum = Some(values);
                    }
                    Some(sum) => {
                        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * coefficient)
                    }
                }
            }
            sum.ok_or(BlockError::Length { what: "terms of an operand", expected: 1, got: 0 })
        };
        if (&contract.a, &contract.a_axes) == (&contract.b, &contract.b_axes) {
            // A square.
            let a = operand(&contract.a, &contract.a_axes)?;
            return Ok(Self { b: a.clone(), a });
        }
        let (a, b) =
            par::join(|| operand(&contract.a, &contract.a_axes), || operand(&contract.b, &contract.b_axes));
        Ok(Self { a: a?, b: b? })
    }

    /// `sum eq(z_b, b) a(b, k) b(b, k)`.
    pub(crate) fn value(&self, batch: &[Fr]) -> Fr {
        let weights = eq_table(batch);
        let size = self.a.len() / weights.len();
        let rows = self.a.chunks(size).zip(self.b.chunks(size)).zip(weights);
        rows.fold(Fr::ZERO, |sum, ((a, b), weight)| {
            sum + weight * a.iter().zip(b).map(|(a, b)| *a * b).sum::<Fr>()
        })
    }
}
