//! One inverse.

use crate::modulus::Element;

/// The inverse of `x`, `None` if it is the number zero.
pub fn invert<F: Element>(x: &F) -> Option<F> {
    x.inverse()
}
