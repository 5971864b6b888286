//! The values of a multilinear polynomial on the cube, over small integers or field elements.

use zktorch_field::{Fr, LANES, PackedVec};

use crate::SumcheckError;
use crate::quadratic::{AtRest, Column, IntSlice};

/// Integers of at most 32 bits, borrowed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SmallColumn<'a> {
    /// 8-bit integers.
    I8(&'a [i8]),
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 16-bit unsigned integers.
    U16(&'a [u16]),
    /// 32-bit integers.
    I32(&'a [i32]),
}

impl<'a> SmallColumn<'a> {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::I8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::I32(v) => v.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values in order.
    pub fn iter(self) -> impl Iterator<Item = i64> + 'a {
        (0..self.len()).map(move |i| match self {
            Self::I8(v) => i64::from(v[i]),
            Self::I16(v) => i64::from(v[i]),
            Self::U16(v) => i64::from(v[i]),
            Self::I32(v) => i64::from(v[i]),
        })
    }

    /// A value, if it is there.
    pub(crate) fn get(self, i: usize) -> Option<i64> {
        match self {
            Self::I8(v) => v.get(i).map(|x| i64::from(*x)),
            Self::I16(v) => v.get(i).map(|x| i64::from(*x)),
            Self::U16(v) => v.get(i).map(|x| i64::from(*x)),
            Self::I32(v) => v.get(i).map(|x| i64::from(*x)),
        }
    }

    /// The eight values from `start` on, which are there.
    #[inline(always)]
    pub(crate) fn eight(self, start: usize) -> [i32; LANES] {
        let mut out = [0; LANES];
        let range = start..start + LANES;
        match self {
            Self::I8(v) => out.iter_mut().zip(&v[range]).for_each(|(out, x)| *out = i32::from(*x)),
            Self::I16(v) => out.iter_mut().zip(&v[range]).for_each(|(out, x)| *out = i32::from(*x)),
            Self::U16(v) => out.iter_mut().zip(&v[range]).for_each(|(out, x)| *out = i32::from(*x)),
            Self::I32(v) => out.copy_from_slice(&v[range]),
        }
        out
    }

    /// The first `at` values and the rest.
    pub(crate) fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::I8(v) => (Self::I8(&v[..at]), Self::I8(&v[at..])),
            Self::I16(v) => (Self::I16(&v[..at]), Self::I16(&v[at..])),
            Self::U16(v) => (Self::U16(&v[..at]), Self::U16(&v[at..])),
            Self::I32(v) => (Self::I32(&v[..at]), Self::I32(&v[at..])),
        }
    }

    /// In vectors of eight; fewer are dropped.
    pub(crate) fn vectors(self) -> IntSlice<'a> {
        match self {
            Self::I8(v) => IntSlice::I8(v.as_chunks::<LANES>().0),
            Self::I16(v) => IntSlice::I16(v.as_chunks::<LANES>().0),
            Self::U16(v) => IntSlice::U16(v.as_chunks::<LANES>().0),
            Self::I32(v) => IntSlice::I32(v.as_chunks::<LANES>().0),
        }
    }
}

/// The 2^m values of a multilinear polynomial in m variables, index order, first variable = most significant bit.
///
/// Tensors hold small integers; they are borrowed and stay small until the first variable is bound, when they
/// become field elements at half the size.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Evaluations<'a> {
    /// Field elements, owned: binding works in place.
    Field(PackedVec<Fr>),
    /// Integers of at most 32 bits.
    Small(SmallColumn<'a>),
    /// 64-bit integers; they become field elements at once.
    I64(&'a [i64]),
}

impl<'a> Evaluations<'a> {
    /// Number of values, 2^m.
    pub fn len(&self) -> usize {
        match self {
            Self::Field(v) => v.len(),
            Self::Small(v) => v.len(),
            Self::I64(v) => v.len(),
        }
    }

    /// True when there are no values (never so for a polynomial).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of variables m.
    ///
    /// # Errors
    /// [`SumcheckError::NotPowerOfTwo`]; `what` names the polynomial in it.
    pub fn num_vars(&self, what: &'static str) -> Result<usize, SumcheckError> {
        if self.len().is_power_of_two() {
            Ok(self.len().ilog2() as usize)
        } else {
            Err(SumcheckError::NotPowerOfTwo { what, got: self.len() })
        }
    }

    /// As a factor of the packed kernels. Callers have checked that there are a power of two of values; fewer than
    /// eight become field elements.
    pub(crate) fn into_column(self) -> Column<'a> {
        match self {
            Self::Field(values) => Column::Field(values),
            Self::Small(values) if values.len() >= LANES => Column::Ints(values.vectors()),
            other => Column::Field(PackedVec::from_slice(&other.to_field())),
        }
    }

    /// As operands of the packed kernels, unless the values have to be converted.
    pub(crate) fn at_rest(&self) -> Option<AtRest<'_>> {
        match self {
            Self::Field(values) => Some(AtRest::Field(values.blocks())),
            Self::Small(values) if values.len() >= LANES => Some(AtRest::Ints(values.vectors())),
            _ => None,
        }
    }

    /// All values as field elements.
    pub fn to_field(&self) -> Vec<Fr> {
        match self {
            Self::Field(v) => v.to_vec(),
            Self::Small(v) => v.iter().map(Fr::from).collect(),
            Self::I64(v) => v.iter().map(|x| Fr::from(*x)).collect(),
        }
    }
}

impl From<Vec<Fr>> for Evaluations<'_> {
    fn from(values: Vec<Fr>) -> Self {
        Self::Field(PackedVec::from_slice(&values))
    }
}

impl From<PackedVec<Fr>> for Evaluations<'_> {
    fn from(values: PackedVec<Fr>) -> Self {
        Self::Field(values)
    }
}

impl<'a> From<&'a [i64]> for Evaluations<'a> {
    fn from(values: &'a [i64]) -> Self {
        Self::I64(values)
    }
}

macro_rules! from_slices {
    ($($int:ty => $variant:ident),*) => {$(
        impl<'a> From<&'a [$int]> for SmallColumn<'a> {
            fn from(values: &'a [$int]) -> Self {
                Self::$variant(values)
            }
        }

        impl<'a> From<&'a [$int]> for Evaluations<'a> {
            fn from(values: &'a [$int]) -> Self {
                Self::Small(values.into())
            }
        }
    )*};
}
from_slices!(i8 => I8, i16 => I16, u16 => U16, i32 => I32);
