//! The statements this crate can prove.

mod dense;
mod product;
mod repeated;
mod zero_check;

pub use self::dense::Dense;
pub use self::product::{EqProduct, Product};
pub use self::repeated::{RepeatedZeroCheck, ZeroSum};
pub use self::zero_check::ZeroCheck;

use crate::SumcheckError;

/// Fails unless `got` equals `expected` entries.
fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), SumcheckError> {
    if expected == got { Ok(()) } else { Err(SumcheckError::Length { what, expected, got }) }
}

/// Fails unless there are 2^`num_vars` entries.
fn check_cube(what: &'static str, num_vars: usize, got: usize) -> Result<(), SumcheckError> {
    let expected = u32::try_from(num_vars).ok().and_then(|m| 1usize.checked_shl(m)).unwrap_or(usize::MAX);
    check_length(what, expected, got)
}

#[cfg(test)]
mod tests;
