//! DATA: named tensors from files.
//!
//! | format | recognised by | tensors |
//! |---|---|---|
//! | `.npy` | first bytes | one, unnamed |
//! | `.npz` | first bytes (a zip archive) | one for each entry, named as the entry |
//! | `.json` | extension | nested arrays: one, unnamed; an object of nested arrays: one for each key |
//! | ONNX TensorProto | extension `.pb` | one, with the name it has |
//! | JPEG, PNG | first bytes | recognised, but decoded elsewhere: one, unnamed, as an [`ImageSpec`](crate::ImageSpec) says |
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

use std::path::Path;

pub use assign::{Wanted, assign};
pub(crate) use npy::decode_npy_i32;
pub use npy::{encode_npy_f32, encode_npy_i32};
pub(crate) use tensor::checked_len;
pub use tensor::{MAX_RANK, Tensor, Values};

use crate::Error;

/// The most that is read of one data, statement or JSON file: 256 MiB.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

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
        if is_image(bytes) {
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

/// Whether the bytes begin like a JPEG or PNG image. Not whether they are one.
pub fn is_image(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xd8\xff") || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// Decodes tensors.
///
/// # Errors
/// [`Error::Format`] and its relatives, which say what in the bytes is wrong. Images are not decoded here.
pub fn decode(format: Format, bytes: &[u8]) -> Result<Vec<Tensor>, Error> {
    match format {
        Format::Npy => Ok(vec![npy::decode(bytes, None)?]),
        Format::Npz => npz::decode(bytes),
        Format::Json => json::decode(bytes),
        Format::TensorProto => Ok(vec![pb::decode(bytes)?]),
        Format::Image => Err(Error::format("data", "content", "arrays of numbers", "an image")),
    }
}
