//! Tensors of floats.

use crate::Error;

/// The most axes a tensor has.
pub const MAX_RANK: usize = 16;

/// The most entries a tensor has.
pub(crate) const MAX_ENTRIES: usize = 1 << 28;

/// A tensor as it is read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatTensor {
    /// Its name, if the format has names.
    pub name: Option<String>,
    /// Extents; none for a scalar.
    pub dims: Vec<usize>,
    /// Entries, row-major.
    pub data: Vec<f32>,
}

impl FloatTensor {
    /// A tensor whose extents and entries agree.
    ///
    /// # Errors
    /// [`Error::Format`] if they do not, or there is no entry, or there are more than [`MAX_RANK`] axes;
    /// [`Error::NotFinite`].
    pub fn new(name: Option<String>, dims: Vec<usize>, data: Vec<f32>) -> Result<Self, Error> {
        let len = checked_len("tensor", &dims)?;
        if len != data.len() {
            return Err(Error::format(
                "tensor",
                "number of entries",
                format!("{len} for dimensions {dims:?}"),
                data.len().to_string(),
            ));
        }
        if let Some((index, value)) = data.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            let tensor = name.unwrap_or_else(|| "(unnamed)".to_owned());
            return Err(Error::NotFinite { tensor, index, value: *value });
        }
        Ok(Self { name, dims, data })
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
        let new = |dims: &[usize], data: &[f32]| FloatTensor::new(None, dims.to_vec(), data.to_vec());
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
}
