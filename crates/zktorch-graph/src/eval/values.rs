//! The entries of tensors while a graph is executed.

use std::borrow::Cow;

use zktorch_field::par;

use super::number::Number;
use crate::Interval;

/// The real entries of a tensor, row-major: computed, or lent by the caller in the type that it has.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Entries<'a> {
    /// The executor's own.
    Owned(Vec<i32>),
    /// The caller's.
    Lent(&'a [i32]),
    /// The caller's, in half the memory.
    LentI16(&'a [i16]),
    /// Given away by the caller, in half the memory.
    OwnedI16(Vec<i16>),
}

impl Entries<'_> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Owned(values) => values.len(),
            Self::Lent(values) => values.len(),
            Self::LentI16(values) => values.len(),
            Self::OwnedI16(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One entry.
    #[inline]
    pub(super) fn get(&self, at: usize) -> i32 {
        match self {
            Self::Owned(values) => values[at],
            Self::Lent(values) => values[at],
            Self::LentI16(values) => values[at].into(),
            Self::OwnedI16(values) => values[at].into(),
        }
    }

    /// All entries.
    pub(super) fn to_vec(&self) -> Vec<i32> {
        (0..self.len()).map(|at| self.get(at)).collect()
    }

    /// Entries `step` apart.
    pub(super) fn read_step<N: Number>(&self, from: usize, step: usize, out: &mut [N]) {
        fn convert<N: Number>(values: &[impl Copy + Into<i32>], step: usize, out: &mut [N]) {
            let number = |value| N::from_i32(value);
            match step {
                0 => out.fill(number(values[0].into())),
                // Neighbours go into vector instructions.
                1 => out.iter_mut().zip(values).for_each(|(out, value)| *out = number((*value).into())),
                _ => {
                    let values = values.iter().step_by(step);
                    out.iter_mut().zip(values).for_each(|(out, value)| *out = number((*value).into()));
                }
            }
        }
        match self {
            Self::Owned(values) => convert(&values[from..], step, out),
            Self::Lent(values) => convert(&values[from..], step, out),
            Self::LentI16(values) => convert(&values[from..], step, out),
            Self::OwnedI16(values) => convert(&values[from..], step, out),
        }
    }

    /// The first entry that is not in a range.
    pub(super) fn find_outside(&self, range: Interval) -> Option<usize> {
        fn find<T: Copy + Ord + Into<i64> + Sync>(values: &[T], range: Interval) -> Option<usize> {
            let inside = |value: T| range.contains(value.into());
            let outside = par::map_reduce(
                values.len(),
                super::PIECE,
                |piece| {
                    // A loop without branches first, which is all that most pieces need.
                    let (start, values) = (piece.start, &values[piece]);
                    let extremes = |[low, high]: [T; 2], x: &T| [low.min(*x), high.max(*x)];
                    let [low, high] = values.iter().fold([values[0]; 2], extremes);
                    if inside(low) && inside(high) {
                        return None;
                    }
                    values.iter().position(|value| !inside(*value)).map(|i| start + i)
                },
                Option::or,
            );
            outside.flatten()
        }
        match self {
            Self::Owned(values) => find(values, range),
            Self::Lent(values) => find(values, range),
            Self::LentI16(values) => find(values, range),
            Self::OwnedI16(values) => find(values, range),
        }
    }

    /// The executor's own entries; none of what was lent, or has 16 bits.
    pub(super) fn into_owned(self) -> Vec<i32> {
        match self {
            Self::Owned(values) => values,
            Self::Lent(_) | Self::LentI16(_) | Self::OwnedI16(_) => Vec::new(),
        }
    }
}

impl Default for Entries<'_> {
    fn default() -> Self {
        Self::Owned(Vec::new())
    }
}

impl From<Vec<i32>> for Entries<'_> {
    fn from(values: Vec<i32>) -> Self {
        Self::Owned(values)
    }
}

impl<'a> From<&'a [i32]> for Entries<'a> {
    fn from(values: &'a [i32]) -> Self {
        Self::Lent(values)
    }
}

impl<'a> From<&'a [i16]> for Entries<'a> {
    fn from(values: &'a [i16]) -> Self {
        Self::LentI16(values)
    }
}

impl From<Vec<i16>> for Entries<'_> {
    fn from(values: Vec<i16>) -> Self {
        Self::OwnedI16(values)
    }
}

impl<'a> From<Cow<'a, [i16]>> for Entries<'a> {
    fn from(values: Cow<'a, [i16]>) -> Self {
        match values {
            Cow::Borrowed(values) => Self::LentI16(values),
            Cow::Owned(values) => Self::OwnedI16(values),
        }
    }
}
