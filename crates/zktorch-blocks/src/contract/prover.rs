//! The prover's side of a contraction: its two factors over (batch, contracted), the free axes evaluated.

use std::collections::BTreeMap;

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, par};
use zktorch_graph::{Contract, Graph, Linear, TensorId};
use zktorch_sumcheck::eq_table;

use super::{SumAxes, out_vars};
use crate::point::split;
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
        z: &[Fr],
        graph: &Graph,
        cells: impl Fn(TensorId) -> &'c [i32] + Sync + Send,
    ) -> Self {
        let coords: BTreeMap<u32, &[Fr]> =
            contract.out_axes.iter().copied().zip(split(z, &out_vars(contract))).collect();
        let operand = |linear: &Linear, labels: &[u32]| {
            let summed = |label: &u32| axes.axes.iter().any(|(other, _)| other == label);
            let bound: Vec<Option<&[Fr]>> =
                labels.iter().map(|l| if summed(l) { None } else { coords.get(l).copied() }).collect();
            let order: Vec<u32> = axes
                .axes
                .iter()
                .filter_map(|(label, _)| labels.iter().position(|other| other == label))
                .filter_map(|position| u32::try_from(position).ok())
                .collect();
            let mut sum: Option<Vec<Fr>> = None;
            for (coefficient, view) in &linear.terms {
                let source = &graph.tensor(view.tensor).shape;
                let mut values = partial(view, source, cells(view.tensor), &bound, &order);
                if *coefficient != 1 {
                    let coefficient = Fr::from(*coefficient);
                    values.iter_mut().for_each(|value| *value *= coefficient);
                }
                match &mut sum {
                    None => sum = Some(values),
                    Some(sum) => sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
                }
            }
            sum.unwrap_or_default()
        };
        let (a, b) =
            par::join(|| operand(&contract.a, &contract.a_axes), || operand(&contract.b, &contract.b_axes));
        Self { a, b }
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
