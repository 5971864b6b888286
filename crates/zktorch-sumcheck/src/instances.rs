//! The statements this crate can prove.

mod dense;
mod product;

pub use self::dense::Dense;
pub use self::product::{EqProduct, Product};

use crate::SumcheckError;

/// Fails unless `got` equals `expected` entries.
fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), SumcheckError> {
    if expected == got { Ok(()) } else { Err(SumcheckError::Length { what, expected, got }) }
}
