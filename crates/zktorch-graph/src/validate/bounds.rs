//! Upper bounds of the integers of a graph.

/// Upper bounds of the integers of a graph, from [`Graph::validate`](crate::Graph::validate).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// One per step, in order: of its expressions, the largest if there are several; zero for a lookup.
    pub steps: Vec<Bound>,
}

/// Upper bounds of the absolute values of one expression, whenever all tensors are in their ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Of its real entries; below 2^100.
    pub acc: u128,
    /// Of every coefficient, operand, product and partial sum on the way, in any order of summation; at least `acc` and
    /// below 2^100.
    pub intermediate: u128,
}

impl Bound {
    /// The sum of two.
    pub(super) fn plus(self, other: Self) -> Self {
        let [acc, intermediate] =
            [self.acc.saturating_add(other.acc), self.intermediate.saturating_add(other.intermediate)];
        Self { acc, intermediate }
    }

    /// Times a number. Zeros do not hide what else occurs: every factor of `intermediate` counts as at least one.
    pub(super) fn times(self, factor: u128) -> Self {
        self.product(Self { acc: factor, intermediate: factor })
    }

    pub(super) fn product(self, other: Self) -> Self {
        Self {
            acc: self.acc.saturating_mul(other.acc),
            intermediate: self.intermediate.max(1).saturating_mul(other.intermediate.max(1)),
        }
    }

    /// The larger one of each.
    pub(super) fn max(self, other: Self) -> Self {
        Self { acc: self.acc.max(other.acc), intermediate: self.intermediate.max(other.intermediate) }
    }

    pub(super) fn new(value: u128) -> Self {
        Self { acc: value, intermediate: value.max(1) }
    }
}
