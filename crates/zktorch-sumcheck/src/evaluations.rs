//! The values of a multilinear polynomial on the cube, over small integers or field elements.

use zktorch_field::{Fr, LANES, PackedVec};

use crate::SumcheckError;
use crate::quadratic::{Column, IntSlice};

/// The 2^m values of a multilinear polynomial in m variables, index order, first variable = most significant bit.
///
/// Tensors hold small integers; they are borrowed and stay small until the first variable is bound, when they
/// become field elements at half the size.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Evaluations<'a> {
    /// Field elements, owned: binding works in place.
    Field(PackedVec<Fr>),
    /// 8-bit integers.
    I8(&'a [i8]),
    /// 16-bit integers.
    I16(&'a [i16]),
    /// 16-bit unsigned integers.
    U16(&'a [u16]),
    /// 32-bit integers.
    I32(&'a [i32]),
    /// 64-bit integers.
    I64(&'a [i64]),
}

impl<'a> Evaluations<'a> {
    /// Number of values, 2^m.
    pub fn len(&self) -> usize {
        match self {
            Self::Field(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::I32(v) => v.len(),
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
        if self.len() >= LANES {
            match self {
                Self::Field(v) => return Column::Field(v),
                Self::I8(v) => return Column::Ints(IntSlice::I8(v.as_chunks().0)),
                Self::I16(v) => return Column::Ints(IntSlice::I16(v.as_chunks().0)),
                Self::U16(v) => return Column::Ints(IntSlice::U16(v.as_chunks().0)),
                Self::I32(v) => return Column::Ints(IntSlice::I32(v.as_chunks().0)),
                // Too wide for the small-integer products.
                Self::I64(_) => {}
            }
        }
        Column::Field(PackedVec::from_slice(&self.to_field()))
    }

    /// All values as field elements.
    pub fn to_field(&self) -> Vec<Fr> {
        match self {
            Self::Field(v) => v.to_vec(),
            Self::I8(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::I16(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::U16(v) => v.iter().map(|x| Fr::from(*x)).collect(),
            Self::I32(v) => v.iter().map(|x| Fr::from(*x)).collect(),
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

macro_rules! from_slices {
    ($($int:ty => $variant:ident),*) => {$(
        impl<'a> From<&'a [$int]> for Evaluations<'a> {
            fn from(values: &'a [$int]) -> Self {
                Self::$variant(values)
            }
        }
    )*};
}
from_slices!(i8 => I8, i16 => I16, u16 => U16, i32 => I32, i64 => I64);
