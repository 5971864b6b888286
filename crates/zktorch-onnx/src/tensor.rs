//! Tensors of the float model.

use crate::{OnnxError, Result};

/// A row-major tensor of floats.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatTensor {
    dims: Vec<usize>,
    data: Vec<f32>,
}

impl FloatTensor {
    /// The tensor with these extents and entries.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if the number of entries is not the product of the extents.
    pub fn new(dims: impl Into<Vec<usize>>, data: Vec<f32>) -> Result<Self> {
        let dims = dims.into();
        match checked_len(&dims) {
            Some(len) if len == data.len() => Ok(Self { dims, data }),
            _ => Err(OnnxError::Input {
                name: "tensor".into(),
                field: "number of entries",
                expected: format!("the product of {dims:?}"),
                got: data.len().to_string(),
            }),
        }
    }

    /// The tensor whose entry at row-major index i is `f(i)`.
    pub fn from_fn(dims: impl Into<Vec<usize>>, f: impl FnMut(usize) -> f32) -> Self {
        let dims = dims.into();
        let data = (0..len(&dims)).map(f).collect();
        Self { dims, data }
    }

    /// Zeros.
    pub fn zeros(dims: impl Into<Vec<usize>>) -> Self {
        Self::from_fn(dims, |_| 0.0)
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The entries.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The entries.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    pub(crate) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Largest absolute value (0 for an empty tensor).
    pub fn max_abs(&self) -> f32 {
        self.data.iter().fold(0.0, |max, x| max.max(x.abs()))
    }

    /// The same entries with other extents of the same product.
    pub(crate) fn reshaped(mut self, dims: &[usize]) -> Self {
        debug_assert_eq!(len(&self.dims), len(dims));
        self.dims = dims.to_vec();
        self
    }

    pub(crate) fn check_finite(&self, name: &str) -> Result<()> {
        match self.data.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(index) => Err(OnnxError::NotFinite { name: name.into(), index, value: self.data[index] }),
        }
    }
}

/// Number of entries; saturates.
pub(crate) fn len(dims: &[usize]) -> usize {
    dims.iter().fold(1, |len, dim| len.saturating_mul(*dim))
}

/// Number of entries, if it fits.
pub(crate) fn checked_len(dims: &[usize]) -> Option<usize> {
    dims.iter().try_fold(1usize, |len, dim| len.checked_mul(*dim))
}

/// Row-major strides.
pub(crate) fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

/// A constant of the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Const {
    Float(FloatTensor),
    Int { dims: Vec<usize>, data: Vec<i64> },
}

impl Const {
    pub(crate) fn dims(&self) -> &[usize] {
        match self {
            Self::Float(tensor) => &tensor.dims,
            Self::Int { dims, .. } => dims,
        }
    }

    pub(crate) fn len(&self) -> usize {
        len(self.dims())
    }

    /// The same entries at the places `index` (None: `fill`).
    pub(crate) fn gather(
        &self,
        dims: &[usize],
        fill: f32,
        mut index: impl FnMut(usize) -> Option<usize>,
    ) -> Self {
        match self {
            Self::Float(tensor) => {
                Self::Float(FloatTensor::from_fn(dims, |i| index(i).map_or(fill, |j| tensor.data[j])))
            }
            Self::Int { data, .. } => {
                let data = (0..len(dims)).map(|i| index(i).map_or(fill as i64, |j| data[j])).collect();
                Self::Int { dims: dims.to_vec(), data }
            }
        }
    }
}
