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

struct Inverses<'a, F>(&'a mut [F]);

/// Independent running products, to hide the latency of a multiplication behind the others.
const CHAINS: usize = 4;

impl<F: Element> Kernel for Inverses<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        let (chunks, rest) = self.0.as_chunks_mut::<LANES>();
        for element in rest {
            *element = element.inverse().unwrap_or(F::ZERO);
        }
        let one = F::Packed::<B>::one();
        // Forward: prefix[i] is the product of all earlier vectors of its chain. A zero lane counts as one.
        let mut running = [one; CHAINS];
        let mut prefixes = Vec::with_capacity(chunks.len());
        for (i, chunk) in chunks.iter().enumerate() {
            let x = F::Packed::<B>::load_slice(chunk);
            let x = F::Packed::<B>::select(F::Packed::<B>::is_zero(x), one, x);
            let chain = &mut running[i % CHAINS];
            prefixes.push(*chain);
            *chain = chain.mul(x);
        }
        // One inversion for all chains and lanes.
        let (p01, p23) = F::Packed::<B>::mul2(running[0], running[1], running[2], running[3]);
        let all = p01.mul(p23).inverse();
        let (i01, i23) = F::Packed::<B>::mul2(all, p23, all, p01);
        let (i0, i1) = F::Packed::<B>::mul2(i01, running[1], i01, running[0]);
        let (i2, i3) = F::Packed::<B>::mul2(i23, running[3], i23, running[2]);
        let mut inverses = [i0, i1, i2, i3];
        // Backward: peel one vector off its chain.
        for (i, (chunk, prefix)) in chunks.iter_mut().zip(&prefixes).enumerate().rev() {
            let x = F::Packed::<B>::load_slice(chunk);
            let zeros = F::Packed::<B>::is_zero(x);
            let chain = &mut inverses[i % CHAINS];
            let (inverse, next) =
                F::Packed::<B>::mul2(*chain, *prefix, *chain, F::Packed::<B>::select(zeros, one, x));
            *chain = next;
            F::Packed::<B>::select(zeros, F::Packed::<B>::zero(), inverse).store_slice(chunk);
        }
    }
}
