//! DATA: named tensors from files.
//!
//! | format | recognised by | tensors |
//! |---|---|---|
//! | `.npy` | first bytes | one, unnamed |
//! | `.npz` | first bytes (a zip archive) | one for each entry, named as the entry |
//! | `.json` | extension | nested arrays: one, unnamed; an object of nested arrays: one for each key |
//! | ONNX TensorProto | extension `.pb` | one, with the name it has |
//! | JPEG, PNG | first bytes | one, unnamed, as the [`ImageSpec`] says |
//!
//! Half and double floats become the nearest 32-bit float; booleans and integers stay exact, up to 2^63 - 1.
//! A JSON array of integers is one of integers, any other one of floats. Every tensor has at least one entry
//! and at most [`MAX_RANK`] axes, and all values are finite. Memory is bounded by a small multiple of the
//! size of the file and of what its compressed parts decode to, which is limited to [`MAX_FILE_BYTES`].

mod assign;
mod json;
mod npy;
mod npz;
mod numeric;
mod pb;
mod tensor;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::Path;

pub use assign::{Wanted, assign};
pub(crate) use npy::decode_npy_i32;
pub use npy::{encode_npy_f32, encode_npy_i32};
pub(crate) use tensor::checked_len;
pub use tensor::{MAX_RANK, Tensor, Values};

use crate::files::{MAX_FILE_BYTES, read_limited};
use crate::image::ImageSpec;
use crate::{Error, image};

/// A format of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One NumPy array.
    Npy,
    /// A zip archive of NumPy arrays.
    Npz,
    /// Nested arrays of numbers, or an object of such.
    Json,
    /// An ONNX TensorProto.
    TensorProto,
    /// A JPEG or PNG image.
    Image,
}

impl Format {
    /// What the first bytes say, else what the extension says.
    ///
    /// # Errors
    /// [`Error::Format`] if neither says anything.
    pub fn detect(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.starts_with(npy::MAGIC) {
            return Ok(Self::Npy);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            return Ok(Self::Npz);
        }
        if image::is_image(bytes) {
            return Ok(Self::Image);
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match extension.as_str() {
            "json" => Ok(Self::Json),
            "pb" => Ok(Self::TensorProto),
            _ => Err(Error::format(
                "data",
                "file type",
                "the content of a .npy, .npz, .jpg or .png file, or the extension .json or .pb",
                format!("the extension {extension:?} and other content"),
            )),
        }
    }
}

/// Whether a file begins like an image. Not whether it is one: [`load`] says that.
pub fn is_image(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = crate::files::open(path).is_ok_and(|(file, _)| file.take(16).read_to_end(&mut start).is_ok());
    read && image::is_image(&start)
}

/// Reads the tensors of a file. Images need a specification, other formats ignore it.
///
/// # Errors
/// [`Error::File`], which names the file and what in it is wrong.
pub fn load(path: &Path, spec: Option<&ImageSpec>) -> Result<Vec<Tensor>, Error> {
    let bytes = read_limited(path, MAX_FILE_BYTES)?;
    Format::detect(path, &bytes)
        .and_then(|format| decode(format, &bytes, spec))
        .map_err(|error| error.at(path))
}

/// Decodes tensors. Images need a specification, other formats ignore it.
///
/// # Errors
/// [`Error::Format`] and its relatives, which say what in the bytes is wrong.
pub fn decode(format: Format, bytes: &[u8], spec: Option<&ImageSpec>) -> Result<Vec<Tensor>, Error> {
    match format {
        Format::Npy => Ok(vec![npy::decode(bytes, None)?]),
        Format::Npz => npz::decode(bytes),
        Format::Json => json::decode(bytes),
        Format::TensorProto => Ok(vec![pb::decode(bytes)?]),
        Format::Image => match spec {
            Some(spec) => Ok(vec![spec.apply(bytes)?]),
            None => Err(Error::format(
                "image",
                "preprocessing",
                "a model that was compiled with --image",
                "a model without image preprocessing",
            )),
        },
    }
}
