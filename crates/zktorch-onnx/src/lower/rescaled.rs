//! Sums that were rescaled, so that each is stored once.

use std::collections::BTreeMap;

use zktorch_graph::{Expr, Interval, Limbs, Operand, TensorId};

/// Sums that were rescaled, and the tensors that they became.
#[derive(Default)]
pub(super) struct Rescaled(BTreeMap<Key, Vec<(Expr, Limbs)>>);

/// What two of them have in common if they are the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// A tensor that is read.
    reads: Option<TensorId>,
    divisor: u64,
    scale: i32,
    /// None where there are as many limbs as the sum needs.
    range: Option<(i32, i32)>,
}

impl Key {
    fn new(sum: &Expr, divisor: u64, scale: i32, range: Option<Interval>) -> Self {
        let reads = sum.terms.first().and_then(|term| match &term.operand {
            Operand::View(view) => Some(view.tensor),
            Operand::Contract(contract) => contract.a.terms.first().map(|(_, view)| view.tensor),
        });
        Self { reads, divisor, scale, range: range.map(|range| (range.lo, range.hi)) }
    }
}

impl Rescaled {
    /// What this sum became with this divisor, scale and range.
    pub(super) fn find(
        &self,
        sum: &Expr,
        divisor: u64,
        scale: i32,
        range: Option<Interval>,
    ) -> Option<Limbs> {
        let known = self.0.get(&Key::new(sum, divisor, scale, range))?;
        known.iter().find(|(other, _)| other == sum).map(|(_, limbs)| limbs.clone())
    }

    pub(super) fn insert(
        &mut self,
        sum: Expr,
        divisor: u64,
        scale: i32,
        range: Option<Interval>,
        limbs: Limbs,
    ) {
        self.0.entry(Key::new(&sum, divisor, scale, range)).or_default().push((sum, limbs));
    }
}
