//! The multilinear bind: one variable fixed.

use super::piece_len;
use crate::{Backend, Block, Element, FieldError, Kernel, LANES, Packed, PackedVec, dispatch, par};

/// Fixes the first variable (the most significant index bit) of a multilinear polynomial at r, in place:
/// `out[j] = v[j] + r (v[j + h] - v[j])`, h half the length; then keeps the first half.
///
/// # Errors
/// [`FieldError::NotEven`] if the length is odd or zero.
pub fn bind<F: Element>(v: &mut PackedVec<F>, r: F) -> Result<(), FieldError> {
    let len = v.len();
    if len == 0 || !len.is_multiple_of(2) {
        return Err(FieldError::NotEven { what: "bind", got: len });
    }
    let half = len / 2;
    if let Some((lo, hi)) = v.halves_mut() {
        let (size, hi) = (piece_len(half) / LANES, &*hi);
        par::for_each_chunk_mut(lo, size, |i, lo| dispatch(Bind { lo, hi: &hi[i * size..], r }));
    } else {
        // The halves do not meet at a block boundary: short vectors, or lengths that are no power of two.
        for j in 0..half {
            let lo = v.get(j);
            v.set(j, lo + r * (v.get(j + half) - lo));
        }
    }
    v.truncate(half);
    Ok(())
}

struct Bind<'a, F> {
    lo: &'a mut [Block<F>],
    hi: &'a [Block<F>],
    r: F,
}

impl<F: Element> Kernel for Bind<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let r = F::Packed::<B>::splat(self.r);
        for (lo, hi) in self.lo.iter_mut().zip(self.hi) {
            F::Packed::<B>::bind_in_place(lo, hi, r);
        }
    }
}
