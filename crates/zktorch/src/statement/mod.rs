//! Statements: what a proof is about, as a JSON file.
//!
//! ```json
//! {
//!   "version": 1,
//!   "model_id": "...64 digits...",
//!   "srs_id": "...64 digits...",
//!   "inputs": [
//!     {"name": "image", "dims": [1, 2], "scale": 4, "visibility": "public", "integers": [16, -8], "real": [1.0, -0.5]}
//!   ],
//!   "outputs": [
//!     {"name": "logits", "dims": [1, 10], "scale": 8, "visibility": "private", "commitments": ["...64 digits..."]}
//!   ]
//! }
//! ```
//!
//! Real value = integer / 2^scale, exactly. A public tensor of more than [`MAX_INLINE`] entries has
//! `"integers": {"npy": "statement.input0.npy", "sha256": "..."}` and no `real`: the integers are in that file beside the statement.
//! A private tensor has the commitments to its chunks in the place of values.
//!
//! Reading is strict: no unknown, missing, repeated or superfluous field, one form for every statement's content. Whether the
//! ids, shapes, scales and commitments are those of the model is for the verifier to check against its key.

mod json;
#[cfg(test)]
mod tests;

use std::path::Path;

use zktorch_onnx::real_value;

use crate::error::IoContext;
use crate::files::{Access, MAX_FILE_BYTES, is_special, read_limited, write_bytes};
use crate::{Bytes32, Error};

/// The version of the format.
pub const STATEMENT_VERSION: u32 = 1;
/// The most entries of a tensor whose values stand in the statement itself.
pub const MAX_INLINE: usize = 4096;
/// The most inputs, and the most outputs.
pub const MAX_TENSORS: usize = 256;
/// The most commitments of a tensor.
pub const MAX_COMMITMENTS: usize = 1 << 16;
/// Scales are from -256 to 256.
pub const MAX_SCALE: i32 = 256;
/// Multipliers are from 2^-64 to 2^64.
pub const MAX_LOG_MULTIPLIER: i32 = 64;

const FORMAT: &str = "statement";

/// What a proof is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The model that the statement claims to be about. A verifier compares it with the one that it trusts.
    pub model_id: Bytes32,
    /// The structured reference string that it claims to be proved under.
    pub srs_id: Bytes32,
    /// Inputs, in the model's order.
    pub inputs: Vec<StatementTensor>,
    /// Outputs, in the model's order.
    pub outputs: Vec<StatementTensor>,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementTensor {
    /// Name in the model.
    pub name: String,
    /// Extents.
    pub dims: Vec<usize>,
    /// Real value = (integer - zero) * multiplier / 2^scale.
    pub scale: i32,
    /// The integer that stands for zero.
    pub zero: i32,
    /// What a step of the integer is worth, in units of 2^-scale: from 2^-64 to 2^64.
    pub multiplier: f64,
    /// Its values, if they are public.
    pub value: TensorValue,
}

/// What a statement says about the values of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TensorValue {
    /// All of them, row-major.
    Public(Vec<i32>),
    /// Commitments to the chunks that hold them, compressed points.
    Private(Vec<Bytes32>),
}

impl StatementTensor {
    /// The real values of a public tensor.
    pub fn real(&self) -> Option<Vec<f64>> {
        match &self.value {
            TensorValue::Public(integers) => {
                Some(real(integers, self.scale, self.zero, self.multiplier).collect())
            }
            TensorValue::Private(_) => None,
        }
    }
}

/// Far from the ends of the exponent's range, so that all agree on every bit.
fn real(integers: &[i32], scale: i32, zero: i32, multiplier: f64) -> impl Iterator<Item = f64> {
    integers.iter().map(move |integer| real_value(*integer, scale, zero, multiplier))
}

/// A file that stands beside a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// Its name, without a folder.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Statement {
    /// Reads a statement and the files that it names, which are in the same folder.
    ///
    /// # Errors
    /// [`Error::File`], which names the file, the field, and what is wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_limited(path, MAX_FILE_BYTES)?;
        let sibling = |name: &str, limit: u64| read_limited(&path.with_file_name(name), limit);
        Self::from_json(&bytes, sibling).map_err(|error| error.at(path))
    }

    /// Writes a statement, and its large tensors beside it, each file at once; the statement comes last.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Format`] if the statement breaks a rule of the format.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let (text, siblings) = self.to_json(&stem).map_err(|error| error.at(path))?;
        // Beside a device there is no place for tensors.
        for sibling in siblings.iter().filter(|_| !is_special(path)) {
            let beside = path.with_file_name(&sibling.name);
            if beside == path {
                let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
                return Err(taken).action("write a tensor beside it").map_err(|error: Error| error.at(path));
            }
            write_bytes(&beside, Access::Ordinary, &sibling.bytes)?;
        }
        write_bytes(path, Access::Ordinary, text.as_bytes())
    }
}
