//! Tensors as files hold them.

use crate::Error;

/// The most axes a tensor has.
pub const MAX_RANK: usize = 16;

/// The most entries a tensor has.
pub(crate) const MAX_ENTRIES: usize = 1 << 28;

/// Entries of a tensor, row-major, exactly as the file has them: a float cannot hold every integer.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Floats of 16, 32 or 64 bits: the nearest 32-bit ones, all finite.
    Floats(Vec<f32>),
    /// Booleans and integers of 8 to 64 bits.
    Integers(Vec<i64>),
}

impl Values {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(data) => data.len(),
            Self::Integers(data) => data.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nearest 32-bit floats.
    pub fn floats(&self) -> Vec<f32> {
        match self {
            Self::Floats(data) => data.clone(),
            Self::Integers(data) => data.iter().map(|x| *x as f32).collect(),
        }
    }

    /// The entries as 64-bit floats: exact, but for integers beyond 2^53.
    pub fn iter(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        match self {
            Self::Floats(data) => Box::new(data.iter().map(|x| f64::from(*x))),
            Self::Integers(data) => Box::new(data.iter().map(|x| *x as f64)),
        }
    }

    /// Consecutive parts of `len` entries each; what is left over is in none.
    pub(super) fn parts(&self, len: usize) -> Vec<Self> {
        match self {
            Self::Floats(data) => data.chunks_exact(len).map(|part| Self::Floats(part.to_vec())).collect(),
            Self::Integers(data) => {
                data.chunks_exact(len).map(|part| Self::Integers(part.to_vec())).collect()
            }
        }
    }
}

impl From<Vec<f32>> for Values {
    fn from(data: Vec<f32>) -> Self {
        Self::Floats(data)
    }
}

impl From<Vec<i64>> for Values {
    fn from(data: Vec<i64>) -> Self {
        Self::Integers(data)
    }
}

/// A tensor as it is read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name, if the format has names.
    pub name: Option<String>,
    /// Extents; none for a scalar.
    pub dims: Vec<usize>,
    /// Its entries.
    pub values: Values,
}

impl Tensor {
    /// A tensor whose extents and entries agree.
    ///
    /// # Errors
    /// [`Error::Format`] if they do not, or there is no entry, or there are more than [`MAX_RANK`] axes;
    /// [`Error::NotFinite`].
    pub fn new(name: Option<String>, dims: Vec<usize>, values: impl Into<Values>) -> Result<Self, Error> {
        let (len, values) = (checked_len("tensor", &dims)?, values.into());
        if len != values.len() {
            return Err(Error::format(
                "tensor",
                "number of entries",
                format!("{len} for dimensions {dims:?}"),
                values.len().to_string(),
            ));
        }
        if let Values::Floats(data) = &values
            && let Some((index, value)) = data.iter().enumerate().find(|(_, value)| !value.is_finite())
        {
            let tensor = name.unwrap_or_else(|| "(unnamed)".to_owned());
            return Err(Error::NotFinite { tensor, index, value: *value });
        }
        Ok(Self { name, dims, values })
    }

    /// The entries as the nearest 32-bit floats.
    pub fn floats(&self) -> Vec<f32> {
        self.values.floats()
    }
}

/// Number of entries of a tensor with these extents, which are not trusted.
pub(crate) fn checked_len(format: &'static str, dims: &[usize]) -> Result<usize, Error> {
    let refuse = |expected: String| Err(Error::format(format, "dimensions", expected, shown(dims)));
    if dims.len() > MAX_RANK {
        return refuse(format!("at most {MAX_RANK} axes"));
    }
    if dims.contains(&0) {
        return refuse("no empty axis".to_owned());
    }
    match dims.iter().try_fold(1usize, |len, dim| len.checked_mul(*dim)) {
        Some(len) if len <= MAX_ENTRIES => Ok(len),
        _ => refuse(format!("at most {MAX_ENTRIES} entries")),
    }
}

/// The extents for a message, which is short even if they are many.
fn shown(dims: &[usize]) -> String {
    match dims.get(..=MAX_RANK) {
        Some(first) => format!("{first:?} and so on ({} axes)", dims.len()),
        None => format!("{dims:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_and_entries_agree() {
        let new = |dims: &[usize], data: &[f32]| Tensor::new(None, dims.to_vec(), data.to_vec());
        assert!(new(&[], &[1.0]).is_ok());
        assert!(new(&[2, 1], &[1.0, 2.0]).is_ok());
        for (dims, data) in [(&[][..], &[][..]), (&[0], &[]), (&[2], &[1.0]), (&[usize::MAX, 3], &[1.0])] {
            assert!(new(dims, data).is_err(), "{dims:?}");
        }
        assert!(new(&[1; MAX_RANK], &[1.0]).is_ok());
        assert!(new(&[1; MAX_RANK + 1], &[1.0]).is_err());
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(matches!(new(&[2], &[0.0, value]), Err(Error::NotFinite { index: 1, .. })));
        }
    }

    #[test]
    fn integers_stay_exact() {
        let big = (1i64 << 53) + 1;
        let tensor = Tensor::new(None, vec![2], vec![big, -big]).unwrap();
        assert_eq!(tensor.values, Values::Integers(vec![big, -big]));
        assert_eq!(tensor.floats(), [2f32.powi(53), -(2f32.powi(53))]);
    }
}
