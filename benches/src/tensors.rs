//! Float tensors on their way from one program to another, as JSON: decimal forms of 32-bit floats are read back exactly.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// A tensor, row-major.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// Extents.
    pub dims: Vec<usize>,
    /// Entries.
    pub data: Vec<f32>,
}

/// Writes tensors.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, tensors: &[Tensor]) -> Result<()> {
    fs::write(path, serde_json::to_vec(tensors)?).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads tensors.
///
/// # Errors
/// If the file cannot be read, or extents and number of entries do not agree.
pub fn read(path: &Path) -> Result<Vec<Tensor>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let tensors: Vec<Tensor> =
        serde_json::from_slice(&bytes).with_context(|| format!("{} holds no tensors", path.display()))?;
    for Tensor { dims, data } in &tensors {
        let entries = dims.iter().try_fold(1usize, |product, dim| product.checked_mul(*dim));
        ensure!(
            entries == Some(data.len()),
            "{}: expected the entries of dimensions {dims:?}, found {}",
            path.display(),
            data.len()
        );
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_come_back() {
        let path = std::env::temp_dir().join(format!("zktorch-tensors-{}.json", std::process::id()));
        let data = vec![0.1, -1.0 / 3.0, f32::MAX, f32::from_bits(1), 16_777_217.0, 1e-7];
        let tensors = [Tensor { dims: vec![2, 3], data }, Tensor { dims: vec![], data: vec![7.5] }];
        write(&path, &tensors).unwrap();
        assert_eq!(read(&path).unwrap(), tensors);
        write(&path, &[Tensor { dims: vec![2], data: vec![1.0] }]).unwrap();
        assert!(read(&path).unwrap_err().to_string().ends_with("dimensions [2], found 1"));
        fs::remove_file(&path).unwrap();
    }
}
