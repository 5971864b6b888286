//! Many inverses for the price of one.

use super::piece_len;
use crate::{Backend, Element, Kernel, LANES, Packed, dispatch, par};

/// Replaces every element by its inverse; zeros stay zero.
///
/// Three multiplications per element (Montgomery's trick, over vectors of eight) and one inversion per piece.
pub fn batch_inverse<F: Element>(elements: &mut [F]) {
    let size = piece_len(elements.len());
    par::for_each_chunk_mut(elements, size, |_, piece| dispatch(Inverses(piece)));
}

pub(super) struct Inverses<'a, F>(pub(super) &'a mut [F]);

impl<F: Element> Kernel for Inverses<'_, F> {
    type Output = ();

    /// Two chains of vectors: one multiplication's latency hides behind the other's.
    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let (pairs, rest) = self.0.as_chunks_mut::<{ 2 * LANES }>();
        // Forward: what is kept of a pair is the products of all pairs before it, and where its zeros are (they count as one).
        let (mut even, mut odd) = (F::Packed::<B>::one(), F::Packed::<B>::one());
        let mut prefixes = Vec::with_capacity(pairs.len());
        for pair in pairs.iter() {
            let (halves, _) = pair.as_chunks::<LANES>();
            let (x, x_zeros) = F::Packed::<B>::load_nonzero(&halves[0]);
            let (y, y_zeros) = F::Packed::<B>::load_nonzero(&halves[1]);
            prefixes.push((even, odd, [x_zeros, y_zeros]));
            (even, odd) = F::Packed::<B>::mul2(even, x, odd, y);
        }
        // One inversion for both chains and all lanes.
        let all = even.mul(odd).inverse();
        (even, odd) = F::Packed::<B>::mul2(all, odd, all, even);
        // Backward: peel one pair off the chains.
        for (pair, (x_prefix, y_prefix, [x_zeros, y_zeros])) in pairs.iter_mut().zip(&prefixes).rev() {
            let (halves, _) = pair.as_chunks_mut::<LANES>();
            let (x, _) = F::Packed::<B>::load_nonzero(&halves[0]);
            let (y, _) = F::Packed::<B>::load_nonzero(&halves[1]);
            let (x_inverse, y_inverse) = F::Packed::<B>::mul2(even, *x_prefix, odd, *y_prefix);
            (even, odd) = F::Packed::<B>::mul2(even, x, odd, y);
            let zero = F::Packed::<B>::zero();
            F::Packed::<B>::select(*x_zeros, zero, x_inverse).store_slice(&mut halves[0]);
            F::Packed::<B>::select(*y_zeros, zero, y_inverse).store_slice(&mut halves[1]);
        }
        for element in rest {
            *element = crate::invert(element).unwrap_or(F::ZERO);
        }
    }
}
