//! Tensors of the model: floats, and exact integers.

use crate::program::Kind;
use crate::{OnnxError, Result, StoredTensor};

/// A row-major tensor of floats.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatTensor {
    dims: Vec<usize>,
    data: Vec<f32>,
}

/// A row-major tensor of exact integers; booleans are 0 and 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntTensor {
    dims: Vec<usize>,
    data: Vec<i64>,
}

/// A tensor of the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    /// Real numbers.
    Float(FloatTensor),
    /// Integers or booleans.
    Int(IntTensor),
    /// Real numbers that stay in a file.
    Stored(StoredTensor),
}

/// Whether `len` entries fill these extents.
fn check_len(dims: &[usize], got: usize) -> Result<()> {
    match checked_len(dims) {
        Some(len) if len == got => Ok(()),
        _ => Err(OnnxError::Input {
            name: "tensor".into(),
            field: "number of entries",
            expected: format!("the product of {dims:?}"),
            got: got.to_string(),
        }),
    }
}

impl FloatTensor {
    /// The tensor with these extents and entries.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if the number of entries is not the product of the extents.
    pub fn new(dims: impl Into<Vec<usize>>, data: Vec<f32>) -> Result<Self> {
        let dims = dims.into();
        check_len(&dims, data.len())?;
        Ok(Self { dims, data })
    }

    /// The tensor whose entry at row-major index i is `f(i)`.
    pub fn from_fn(dims: impl Into<Vec<usize>>, f: impl FnMut(usize) -> f32) -> Self {
        let dims = dims.into();
        let data = (0..len(&dims)).map(f).collect();
        Self { dims, data }
    }

    /// The tensor with these extents and entries, and others where there are not enough.
    pub(crate) fn padded(dims: &[usize], mut data: Vec<f32>, others: f32) -> Self {
        data.resize(len(dims), others);
        Self { dims: dims.to_vec(), data }
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

    /// Largest absolute value (0 for an empty tensor).
    pub fn max_abs(&self) -> f32 {
        self.data.iter().fold(0.0, |max, x| max.max(x.abs()))
    }

    pub(crate) fn check_finite(&self, name: &str) -> Result<()> {
        match self.data.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(index) => Err(OnnxError::NotFinite { name: name.into(), index, value: self.data[index] }),
        }
    }
}

impl IntTensor {
    /// The tensor with these extents and entries.
    ///
    /// # Errors
    /// [`OnnxError::Input`] if the number of entries is not the product of the extents.
    pub fn new(dims: impl Into<Vec<usize>>, data: Vec<i64>) -> Result<Self> {
        let dims = dims.into();
        check_len(&dims, data.len())?;
        Ok(Self { dims, data })
    }

    /// The tensor whose entry at row-major index i is `f(i)`.
    pub fn from_fn(dims: impl Into<Vec<usize>>, f: impl FnMut(usize) -> i64) -> Self {
        let dims = dims.into();
        let data = (0..len(&dims)).map(f).collect();
        Self { dims, data }
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The entries.
    pub fn data(&self) -> &[i64] {
        &self.data
    }
}

impl From<FloatTensor> for Tensor {
    fn from(tensor: FloatTensor) -> Self {
        Self::Float(tensor)
    }
}

impl From<IntTensor> for Tensor {
    fn from(tensor: IntTensor) -> Self {
        Self::Int(tensor)
    }
}

impl Tensor {
    /// From its message; external data are not read.
    ///
    /// # Errors
    /// [`OnnxError::Tensor`] for entries that are no numbers, and if extents and data do not fit.
    pub fn from_proto(tensor: crate::proto::TensorProto) -> Result<Self> {
        crate::model::decode_tensor(tensor, &crate::Options::default()).map(|(tensor, _)| tensor)
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        match self {
            Self::Float(tensor) => &tensor.dims,
            Self::Int(tensor) => &tensor.dims,
            Self::Stored(tensor) => tensor.dims(),
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(tensor) => tensor.data.len(),
            Self::Int(tensor) => tensor.data.len(),
            Self::Stored(tensor) => tensor.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One entry (integers beyond 2^53 are rounded).
    ///
    /// # Panics
    /// If there is none with this row-major index.
    pub fn get(&self, index: usize) -> f64 {
        match self {
            Self::Float(tensor) => f64::from(tensor.data[index]),
            Self::Int(tensor) => tensor.data[index] as f64,
            Self::Stored(tensor) => tensor.get(index),
        }
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let stored = if let Self::Stored(tensor) = self { Some(tensor.iter()) } else { None };
        let here = if stored.is_some() { 0 } else { self.len() };
        (0..here).map(|index| self.get(index)).chain(stored.into_iter().flatten())
    }

    /// Largest absolute value (0 for an empty tensor).
    pub fn max_abs(&self) -> f64 {
        match self {
            Self::Stored(tensor) => tensor.max_abs(),
            _ => self.iter().fold(0.0, |max, x| max.max(x.abs())),
        }
    }

    /// As floats.
    pub fn to_float(&self) -> FloatTensor {
        match self {
            Self::Float(tensor) => tensor.clone(),
            Self::Int(tensor) => FloatTensor::from_fn(tensor.dims.clone(), |i| tensor.data[i] as f32),
            Self::Stored(tensor) => tensor.to_float(),
        }
    }

    /// The integers, if they are.
    pub(crate) fn ints(&self) -> Option<&[i64]> {
        match self {
            Self::Float(_) | Self::Stored(_) => None,
            Self::Int(tensor) => Some(&tensor.data),
        }
    }

    /// The entries at the places `index` (None: zero).
    pub(crate) fn gather(&self, dims: &[usize], mut index: impl FnMut(usize) -> Option<usize>) -> Self {
        match self {
            Self::Float(t) => {
                Self::Float(FloatTensor::from_fn(dims, |i| index(i).map_or(0.0, |j| t.data[j])))
            }
            Self::Int(t) => Self::Int(IntTensor::from_fn(dims, |i| index(i).map_or(0, |j| t.data[j]))),
            Self::Stored(t) => Self::from(t.to_float()).gather(dims, index),
        }
    }

    /// The entries in another kind: to integers rounded.
    pub(crate) fn of_kind(&self, kind: Kind) -> Self {
        match (self, kind) {
            (Self::Int(_), Kind::Float) => self.to_float().into(),
            (Self::Float(tensor), Kind::Int | Kind::Bool) => {
                IntTensor::from_fn(tensor.dims(), |i| tensor.data()[i].round() as i64).into()
            }
            (Self::Stored(tensor), Kind::Int | Kind::Bool) => Self::from(tensor.to_float()).of_kind(kind),
            _ => self.clone(),
        }
    }

    /// The same entries with other extents of the same product.
    pub(crate) fn with_dims(self, dims: Vec<usize>) -> Result<Self> {
        Ok(match self {
            Self::Float(tensor) => FloatTensor::new(dims, tensor.data)?.into(),
            Self::Int(tensor) => IntTensor::new(dims, tensor.data)?.into(),
            Self::Stored(tensor) => {
                check_len(&dims, tensor.len())?;
                Self::Stored(tensor.reshaped(dims))
            }
        })
    }

    /// Every entry times one of these factors, that of its index on an axis; rounded to 32 bits.
    pub(crate) fn scaled_along(&self, axis: usize, factors: &[f64]) -> Self {
        if let Self::Stored(tensor) = self {
            return Self::Stored(tensor.scaled(axis, factors));
        }
        let inner = len(&self.dims()[axis + 1..]);
        let factor = |i: usize| factors[i / inner % factors.len()];
        FloatTensor::from_fn(self.dims(), |i| (self.get(i) * factor(i)) as f32).into()
    }

    /// Whether no entry is known to be infinite or no number: what stays in a file is looked at when it is quantised.
    pub(crate) fn may_be_finite(&self) -> bool {
        matches!(self, Self::Stored(_)) || self.check_finite("").is_ok()
    }

    /// Every entry times a number, rounded to 32 bits.
    pub(crate) fn times(&self, c: f64) -> Self {
        match self {
            Self::Stored(tensor) => Self::Stored(tensor.times(c)),
            _ => FloatTensor::from_fn(self.dims(), |i| (self.get(i) * c) as f32).into(),
        }
    }

    pub(crate) fn check_finite(&self, name: &str) -> Result<()> {
        match self {
            Self::Float(tensor) => tensor.check_finite(name),
            Self::Int(_) => Ok(()),
            Self::Stored(tensor) => tensor.check_finite(name),
        }
    }
}

/// Number of entries; saturates.
pub(crate) fn len(dims: &[usize]) -> usize {
    dims.iter().fold(1, |len, dim| len.saturating_mul(*dim))
}

/// Number of entries, if it fits, and so would it without extents of zero: products of some of the extents fit, too.
pub(crate) fn checked_len(dims: &[usize]) -> Option<usize> {
    let len = dims.iter().try_fold(1usize, |len, dim| len.checked_mul((*dim).max(1)))?;
    Some(if dims.contains(&0) { 0 } else { len })
}

/// Row-major strides.
pub(crate) fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}
