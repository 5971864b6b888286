//! eq tables in two tiers.

use std::collections::BTreeMap;

use ark_ff::AdditiveGroup;
use zktorch_field::{Fr, par};
use zktorch_sumcheck::eq_table;

/// `eq(point, x) = high[x >> b] low[x mod 2^b]`: two short tables instead of one of `2^m` entries. An inner product with
/// eq multiplies by `low` alone and scales once per `2^b` entries.
#[derive(Clone, Debug)]
pub(crate) struct EqTiers {
    pub(crate) low: Vec<Fr>,
    pub(crate) high: Vec<Fr>,
}

impl EqTiers {
    /// The tiers of a point, with at most `2^low_bits` entries in the lower one.
    pub(crate) fn new(point: &[Fr], low_bits: usize) -> Self {
        let (high, low) = point.split_at(point.len().saturating_sub(low_bits));
        Self { low: eq_table(low), high: eq_table(high) }
    }

    /// `sum_t c_t eq(point_t, .)` as few such products: of terms whose points end in the same coordinates, as most do, the lower
    /// tier is one table and the upper one a sum.
    pub(crate) fn sums(terms: &[(Fr, Vec<Fr>)], low_bits: usize) -> Vec<Self> {
        let mut of_tail: BTreeMap<&[Fr], Vec<(Fr, &[Fr])>> = BTreeMap::new();
        for (coefficient, point) in terms {
            let (head, tail) = point.split_at(point.len().saturating_sub(low_bits));
            of_tail.entry(tail).or_default().push((*coefficient, head));
        }
        let tails: Vec<_> = of_tail.into_iter().collect();
        par::map(tails.len(), |i| {
            let (tail, heads) = &tails[i];
            let mut high = vec![Fr::ZERO; heads.first().map_or(1, |(_, head)| 1 << head.len())];
            for (coefficient, head) in heads {
                high.iter_mut().zip(eq_table(head)).for_each(|(sum, eq)| *sum += eq * coefficient);
            }
            Self { low: eq_table(tail), high }
        })
    }

    /// b.
    pub(crate) fn low_len(&self) -> usize {
        self.low.len()
    }
}
