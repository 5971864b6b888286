//! Shapes: real extents, each padded to a power of two.

use serde::{Deserialize, Serialize};

/// The extents of a tensor's axes. An axis of extent d has `ceil(log2 d)` variables; entries beyond d are padding and zero.
///
/// Index order is row-major over the *padded* extents, the first variable being the most significant bit of the index.
/// A shape without axes is a scalar: one entry, no variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape(Vec<u32>);

impl Shape {
    /// The extents without those of an axis.
    pub(crate) fn without(&self, axis: u32) -> Self {
        let others = (0u32..).zip(self.dims()).filter(|(other, _)| *other != axis);
        Self::new(others.map(|(_, dim)| *dim).collect::<Vec<_>>())
    }

    /// The shape with these extents.
    pub fn new(dims: impl Into<Vec<u32>>) -> Self {
        Self(dims.into())
    }

    /// The extents.
    pub fn dims(&self) -> &[u32] {
        &self.0
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Variables of one axis: `ceil(log2 dim)`.
    pub fn axis_vars(dim: u32) -> usize {
        dim.max(1).next_power_of_two().trailing_zeros() as usize
    }

    /// Variables of every axis.
    pub fn vars(&self) -> Vec<usize> {
        self.0.iter().map(|dim| Self::axis_vars(*dim)).collect()
    }

    /// Variables of all axes together.
    pub fn num_vars(&self) -> usize {
        self.0.iter().map(|dim| Self::axis_vars(*dim)).sum()
    }

    /// Number of real entries. Validated shapes ([`Graph::validate`](crate::Graph::validate)) do not overflow.
    pub fn len(&self) -> usize {
        self.0.iter().fold(1usize, |len, dim| len.saturating_mul(*dim as usize))
    }

    /// Whether there is no entry (an extent is zero; refused by validation).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of entries with padding, `2^num_vars`.
    pub fn padded_len(&self) -> usize {
        1 << self.num_vars()
    }
}
