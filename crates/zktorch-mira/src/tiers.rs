//! eq tables in two tiers.

use zktorch_field::Fr;
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

    /// b.
    pub(crate) fn low_len(&self) -> usize {
        self.low.len()
    }
}
