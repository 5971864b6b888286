//! What can be wrong with the arguments of a slice operation.

use thiserror::Error;

/// Why a slice operation was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FieldError {
    /// Two arguments of an operation have different lengths.
    #[error("{what}: expected {expected} elements, got {got}")]
    LengthMismatch {
        /// The operation and the argument.
        what: &'static str,
        /// The length of the other argument.
        expected: usize,
        /// Its own length.
        got: usize,
    },
    /// A vector that is to be halved has no middle.
    #[error("{what}: a vector of {got} elements cannot be halved")]
    NotEven {
        /// The operation.
        what: &'static str,
        /// The length.
        got: usize,
    },
}

/// `Ok` if the lengths agree.
pub(crate) fn check_len(what: &'static str, expected: usize, got: usize) -> Result<(), FieldError> {
    if expected == got { Ok(()) } else { Err(FieldError::LengthMismatch { what, expected, got }) }
}
