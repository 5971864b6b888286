//! The prover's side of a contraction: its two factors over (batch, contracted), the free axes evaluated.

use std::collections::BTreeMap;
use std::ops::Range;

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, par};
use zktorch_graph::{Contract, Graph, Indices, Linear, TensorId};
use zktorch_sumcheck::eq_table;

use super::{SumAxes, out_coords};
use crate::BlockError;
use crate::array::Operand;
use crate::piece::prover::Entries;
use crate::point::{Drawn, Point};
use crate::reindex::prover::partial;

/// Batch variables whose weights are a table of their own.
const WEIGHTS: usize = 10;
/// Entries per piece of parallel work, about.
const PIECE: usize = 1 << 14;

/// a(b, k) = A~(b, z_m, k) and b(b, k) = B~(b, k, z_n), in the order of the sum's variables.
pub(crate) struct Factors {
    pub(crate) a: Operand,
    pub(crate) b: Operand,
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
        let operand = |linear: &Linear, labels: &[u32]| -> Result<Operand, BlockError> {
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
            let terms = linear.terms.iter().map(|(coefficient, view)| {
                let source = &graph.tensor(view.tensor).shape;
                let values = partial(view, source, entries(view.tensor)?.cells(), &bound, &order, indices);
                Ok::<_, BlockError>((*coefficient, values))
            });
            Operand::combine(terms)?.ok_or(BlockError::Length {
                what: "terms of an operand",
                expected: 1,
                got: 0,
            })
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
        // A product of tensors may have as many batch entries as these: their weights are made a few at a time.
        let (first, last) = batch.split_at(batch.len().saturating_sub(WEIGHTS));
        let (outer, inner) = (eq_table(first), eq_table(last));
        let part = self.a.len() / outer.len();
        let sum = par::map_reduce(
            outer.len(),
            (PIECE / part.max(1)).max(1),
            |range| {
                let of = |o: usize| outer[o] * self.weighted(o * part..(o + 1) * part, &inner);
                range.map(of).sum::<Fr>()
            },
            |a, b| a + b,
        );
        sum.unwrap_or(Fr::ZERO)
    }

    /// The same over some of the entries, with a weight for equally many each.
    fn weighted(&self, range: Range<usize>, weights: &[Fr]) -> Fr {
        let size = (range.len() / weights.len()).max(1);
        let rows = range.step_by(size).zip(weights).map(|(start, weight)| (start..start + size, weight));
        match (&self.a, &self.b) {
            (Operand::Small(a), Operand::Small(b)) => rows.fold(Fr::ZERO, |sum, (row, weight)| {
                let products = a[row.clone()].iter().zip(&b[row]);
                match products.map(|(a, b)| i128::from(i64::from(*a) * i64::from(*b))).sum::<i128>() {
                    0 => sum,
                    product => sum + *weight * Fr::from(product),
                }
            }),
            (Operand::Small(small), Operand::Field(field))
            | (Operand::Field(field), Operand::Small(small)) => rows.fold(Fr::ZERO, |sum, (row, weight)| {
                let products = small[row.clone()].iter().zip(&field[row]).filter(|(a, _)| **a != 0);
                sum + *weight * products.map(|(a, b)| *b * Fr::from(*a)).sum::<Fr>()
            }),
            (Operand::Field(a), Operand::Field(b)) => rows.fold(Fr::ZERO, |sum, (row, weight)| {
                let products = a[row.clone()].iter().zip(&b[row]);
                sum + *weight * products.map(|(a, b)| *a * b).sum::<Fr>()
            }),
        }
    }
}
