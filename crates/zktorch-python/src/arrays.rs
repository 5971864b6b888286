//! Arrays as they come from numpy and go to it: a letter for the type, extents, entries in little-endian bytes.

use anyhow::{Result, bail};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zktorch::data::{self, Values, Wanted};
use zktorch_graph::PortInfo;
use zktorch_onnx::{FloatTensor, IntTensor, Tensor};

/// `("f" or "i", extents, bytes)`: 32-bit floats or 64-bit integers.
pub(crate) type Given = (String, Vec<usize>, Vec<u8>);

/// A named array; no name for the only one.
pub(crate) type Named = (Option<String>, Given);

/// Arrays as tensors: all numbers are finite.
pub(crate) fn tensors(given: Vec<Named>) -> Result<Vec<data::Tensor>> {
    let tensor = |(name, (kind, dims, bytes)): Named| -> Result<data::Tensor> {
        let values = match kind.as_str() {
            "f" => {
                let words = bytes.as_chunks::<4>().0.iter();
                Values::Floats(words.map(|word| f32::from_le_bytes(*word)).collect())
            }
            "i" => {
                let words = bytes.as_chunks::<8>().0.iter();
                Values::Integers(words.map(|word| i64::from_le_bytes(*word)).collect())
            }
            other => bail!("an array of type {other:?}"),
        };
        Ok(data::Tensor::new(name, dims, values)?)
    };
    given.into_iter().map(tensor).collect()
}

/// The samples that arrays hold for inputs of these names and extents.
pub(crate) fn samples(given: Vec<Named>, inputs: &[(String, Vec<usize>)]) -> Result<Vec<Vec<Tensor>>> {
    let wanted: Vec<Wanted<'_>> = inputs.iter().map(|(name, dims)| Wanted { name, dims }).collect();
    let samples = data::assign(&tensors(given)?, &wanted)?;
    samples.into_iter().map(|sample| sample.into_iter().map(convert).collect()).collect()
}

/// The only sample that arrays hold.
pub(crate) fn sample(given: Vec<Named>, inputs: &[(String, Vec<usize>)]) -> Result<Vec<Tensor>> {
    let mut samples = samples(given, inputs)?;
    match (samples.pop(), samples.len()) {
        (Some(sample), 0) => Ok(sample),
        (_, others) => bail!("inputs: expected one sample, got {}", others + 1),
    }
}

pub(crate) fn convert(data::Tensor { dims, values, .. }: data::Tensor) -> Result<Tensor> {
    Ok(match values {
        Values::Floats(data) => FloatTensor::new(dims, data)?.into(),
        Values::Integers(data) => IntTensor::new(dims, data)?.into(),
    })
}

/// Names and extents of ports.
pub(crate) fn ports(ports: &[PortInfo]) -> Vec<(String, Vec<usize>)> {
    ports.iter().map(|port| (port.name.clone(), port.dims.clone())).collect()
}

/// A named array of 64-bit floats for numpy.
pub(crate) type Made = (String, Vec<usize>, Py<PyBytes>);

pub(crate) fn made(py: Python<'_>, name: &str, dims: &[usize], values: &[f64]) -> Made {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    (name.to_owned(), dims.to_vec(), PyBytes::new(py, &bytes).unbind())
}
