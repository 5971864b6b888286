//! Cells of columns, as they lie in memory: weights have 16 bits, and there are many.

use zktorch_mira::levels::Column;
use zktorch_sumcheck::{Evaluations, SmallColumn};

/// Adjacent cells of a column.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cells<'a> {
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 32-bit integers.
    I32(&'a [i32]),
}

impl<'a> Cells<'a> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(cells) => cells.len(),
            Self::I32(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells of a range, if all are there.
    pub(crate) fn get(self, range: std::ops::Range<usize>) -> Option<Self> {
        match self {
            Self::I16(cells) => cells.get(range).map(Self::I16),
            Self::I32(cells) => cells.get(range).map(Self::I32),
        }
    }

    /// Consecutive chunks of `n` cells.
    pub(crate) fn chunks(self, n: usize) -> impl Iterator<Item = Self> {
        (0..self.len()).step_by(n).filter_map(move |start| self.get(start..(start + n).min(self.len())))
    }
}

/// Whether all numbers are zero: found out soon where they are not.
pub(crate) fn is_zero<T: Default + PartialEq>(cells: &[T]) -> bool {
    cells.iter().all(|cell| *cell == T::default())
}

impl<'a> From<&'a [i16]> for Cells<'a> {
    fn from(cells: &'a [i16]) -> Self {
        Self::I16(cells)
    }
}

impl<'a> From<&'a [i32]> for Cells<'a> {
    fn from(cells: &'a [i32]) -> Self {
        Self::I32(cells)
    }
}

impl<'a, T> From<&'a Vec<T>> for Cells<'a>
where
    Self: From<&'a [T]>,
{
    fn from(cells: &'a Vec<T>) -> Self {
        cells.as_slice().into()
    }
}

impl<'a> From<Cells<'a>> for SmallColumn<'a> {
    fn from(cells: Cells<'a>) -> Self {
        match cells {
            Cells::I16(cells) => cells.into(),
            Cells::I32(cells) => cells.into(),
        }
    }
}

impl<'a> From<Cells<'a>> for Evaluations<'a> {
    fn from(cells: Cells<'a>) -> Self {
        Self::Small(cells.into())
    }
}

impl<'a> From<Cells<'a>> for Column<'a> {
    fn from(cells: Cells<'a>) -> Self {
        match cells {
            Cells::I16(cells) => Self::I16(cells),
            Cells::I32(cells) => Self::I32(cells),
        }
    }
}
