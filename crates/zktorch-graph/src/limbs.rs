//! Wide integers as several tensors of small ones.

use serde::{Deserialize, Serialize};

use crate::{Graph, Interval, Linear, Shape, TensorId, View};

/// The integers `sum_i 2^(16 i) t_i`, entry by entry, of tensors of one shape; the last one is the most
/// significant.
///
/// Every limb but the last has the range [`Limbs::LOW`] exactly, the last one any: so an integer has one
/// representation at
/// most. One limb is the plain case. A list without limbs stands for a value that a step does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limbs(pub Vec<TensorId>);

impl Limbs {
    /// Bits of every limb but the last.
    pub const BITS: u32 = 16;
    /// Most limbs: their weights are coefficients of expressions.
    pub const MAX: usize = 4;
    /// The range of every limb but the last.
    pub const LOW: Interval = Interval { lo: 0, hi: (1 << Self::BITS) - 1 };

    /// Whether there is no limb.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of limbs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The most significant limb.
    pub fn top(&self) -> Option<TensorId> {
        self.0.last().copied()
    }

    /// The limbs and their weights `2^(16 i)`, least significant first.
    pub fn weighted(&self) -> impl Iterator<Item = (i64, TensorId)> {
        let shifts = (0u32..).map(|i| i.saturating_mul(Self::BITS));
        // More limbs than are valid: nothing may overflow.
        shifts.zip(&self.0).map(|(shift, id)| (1i64.checked_shl(shift).unwrap_or(0), *id))
    }

    /// The integers as an operand: what contractions read.
    pub fn linear(&self, shape: &Shape) -> Linear {
        let terms = self.weighted().map(|(weight, id)| (weight, View::identity(id, shape)));
        Linear { shape: shape.clone(), terms: terms.collect() }
    }

    /// The smallest and the largest integer that the limbs' ranges allow.
    ///
    /// # Panics
    /// If there is no such tensor (validated graphs have no such ids).
    pub fn range(&self, graph: &Graph) -> [i128; 2] {
        self.weighted().fold([0, 0], |[lo, hi], (weight, id)| {
            let (weight, range) = (i128::from(weight), graph.tensor(id).range);
            [lo + weight * i128::from(range.lo), hi + weight * i128::from(range.hi)]
        })
    }
}

impl From<TensorId> for Limbs {
    fn from(id: TensorId) -> Self {
        Self(vec![id])
    }
}

impl From<Option<TensorId>> for Limbs {
    fn from(id: Option<TensorId>) -> Self {
        Self(id.into_iter().collect())
    }
}
