//! Tensors of small integers, and what pins their values.

use serde::{Deserialize, Serialize};

use crate::{Shape, TableId};

/// Index of a tensor in [`Graph::tensors`](crate::Graph::tensors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TensorId(pub u32);

/// `lo <= x <= hi`, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// Smallest value.
    pub lo: i32,
    /// Largest value.
    pub hi: i32,
}

impl Interval {
    /// All 16-bit integers.
    pub const I16: Self = Self { lo: -(1 << 15), hi: (1 << 15) - 1 };

    /// The interval [lo, hi].
    pub fn new(lo: i32, hi: i32) -> Self {
        Self { lo, hi }
    }

    /// Whether `value` is in it.
    pub fn contains(&self, value: i64) -> bool {
        i64::from(self.lo) <= value && value <= i64::from(self.hi)
    }

    /// Number of values in it (0 if hi < lo; the largest number where 2^32 does not fit the machine's words).
    pub fn len(&self) -> usize {
        let len = i64::from(self.hi) - i64::from(self.lo) + 1;
        usize::try_from(len.max(0)).unwrap_or(usize::MAX)
    }

    /// Whether it holds no value.
    pub fn is_empty(&self) -> bool {
        self.hi < self.lo
    }
}

/// Who sees an input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Visibility {
    /// Part of the statement; the verifier evaluates it and checks its range.
    Public,
    /// Committed; the commitment is part of the statement.
    Private,
}

/// What a tensor is, and so what proves that its entries are in its range and its padding is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Committed once at setup; proved in range there.
    Weight,
    /// Input of the network. Private ones are looked up in their range, public ones are checked by the verifier.
    Input(Visibility),
    /// Output of the network, defined by a step. As for inputs.
    Output(Visibility),
    /// Defined by a step; looked up in its range.
    Ranged,
    /// The argument of one lookup in this table; defined by a step. Its range is the table's domain.
    LookupInput(TableId),
    /// The value of one lookup in this table.
    LookupOutput(TableId),
    /// The number 1, a scalar: of the verifier's own knowledge, in no statement, neither committed nor looked
    /// up. Views of it are
    /// the constants that a network's structure needs (masks, index columns); weights are none.
    One,
}

impl Role {
    /// Whether its entries are supplied to the network, not computed by it.
    pub fn is_given(self) -> bool {
        matches!(self, Self::Weight | Self::Input(_))
    }

    /// Whether the verifier sees its entries: what is public is neither committed nor looked up.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Input(Visibility::Public) | Self::Output(Visibility::Public) | Self::One)
    }
}

/// A tensor of integers; real value = integer / 2^scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// For messages: the name of the ONNX value or initialiser it comes from.
    pub name: String,
    /// Extents.
    pub shape: Shape,
    /// Real value = integer / 2^scale. Has no meaning for the proof.
    pub scale: i32,
    /// All entries, padding zeros included, are in this interval, which contains 0. It has at most 2^17
    /// values, but any
    /// number for a public input or output. That of [`Role::One`] is [1, 1].
    pub range: Interval,
    /// What it is.
    pub role: Role,
}

impl Tensor {
    /// The tensor of [`Role::One`].
    pub fn one() -> Self {
        let (shape, range) = (Shape::default(), Interval::new(1, 1));
        Self { name: "one".to_owned(), shape, scale: 0, range, role: Role::One }
    }
}
