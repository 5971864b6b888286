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
//! A statement about several inferences says how many, `"inferences": 32` after the ids, and all of its tensors have a first axis of as
//! many entries before the dimensions of the model; one about a single inference has no such field. Whoever sees it sees the public
//! values of all inferences.
//!
//! Real value = integer / 2^scale, exactly. A public tensor of more than [`MAX_INLINE`] entries has
//! `"integers": {"npy": "statement.input0.npy", "sha256": "..."}` and no `real`: the integers are in that file beside the statement.
//! A private tensor has the commitments to its chunks in the place of values.
//!
//! Reading is strict: no unknown, missing, repeated or superfluous field, one form for every statement's content. Whether the
//! ids, shapes, scales and commitments are those of the model is for [`Interface::check`](crate::Interface::check) to say.

mod json;
#[cfg(test)]
mod tests;

use zktorch_graph::real_value;

use crate::{Bytes32, Side};

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
    /// How many inferences it is about: 1, or several in a batch. Then the first axis of every tensor counts them.
    pub inferences: u32,
    /// Inputs, in the model's order.
    pub inputs: Vec<StatementTensor>,
    /// Outputs, in the model's order.
    pub outputs: Vec<StatementTensor>,
}

impl Statement {
    /// Its inputs or its outputs.
    pub fn tensors(&self, side: Side) -> &[StatementTensor] {
        match side {
            Side::Input => &self.inputs,
            Side::Output => &self.outputs,
        }
    }
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
