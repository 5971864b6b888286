//! Images as a model takes them: what `zktorch prove --input photo.jpg` does.

use anyhow::Result;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zktorch::ImageSpec;
use zktorch::data::{self, Format, Tensor, Wanted};

use crate::errors::raise;

/// Names and extents of a model's inputs.
type Ports = Vec<(String, Vec<usize>)>;

/// A specification, with the layout of these inputs if there are any.
pub(crate) fn specification(text: &str, inputs: &[(String, Vec<usize>)]) -> Result<ImageSpec> {
    let spec: ImageSpec = text.parse()?;
    if inputs.is_empty() {
        return Ok(spec);
    }
    let wanted: Vec<Wanted<'_>> = inputs.iter().map(|(name, dims)| Wanted { name, dims }).collect();
    Ok(spec.for_inputs(&wanted)?)
}

/// Extents, and 32-bit floats in little-endian bytes.
type Pixels = (Vec<usize>, Py<PyBytes>);

fn given(py: Python<'_>, tensor: Result<Tensor>) -> PyResult<Pixels> {
    let tensor = tensor.map_err(|error| raise(py, &error))?;
    let bytes: Vec<u8> = tensor.floats().iter().flat_map(|value| value.to_le_bytes()).collect();
    Ok((tensor.dims, PyBytes::new(py, &bytes).unbind()))
}

/// Decodes and preprocesses a JPEG or PNG image.
#[pyfunction]
#[pyo3(name = "image_of_file")]
pub(crate) fn of_file(py: Python<'_>, spec: &str, inputs: Ports, bytes: Vec<u8>) -> PyResult<Pixels> {
    let make = || -> Result<Tensor> {
        let spec = specification(spec, &inputs)?;
        let mut tensors = data::decode(Format::Image, &bytes, Some(&spec))?;
        tensors.pop().ok_or_else(|| anyhow::anyhow!("no image"))
    };
    given(py, py.detach(make))
}

/// Preprocesses an image that is decoded: red, green and blue of each pixel, row by row.
#[pyfunction]
#[pyo3(name = "image_of_pixels")]
pub(crate) fn of_pixels(
    py: Python<'_>,
    spec: &str,
    inputs: Ports,
    extents: [u32; 2],
    rgb: Vec<u8>,
) -> PyResult<Pixels> {
    let make = || Ok(data::of_pixels(&specification(spec, &inputs)?, extents, rgb)?);
    given(py, py.detach(make))
}
