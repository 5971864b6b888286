//! Passes that read and write vectors at rest without changing to the working form.
//!
//! Linear maps commute with the factor 2^256 that elements carry at rest. Multiplied by a number in the working form
//! (factor 2^260, at most 16p), a number at rest stays at rest; and it is below p, not below 16p, so the products are small enough
//! to be made canonical by at most two conditional subtractions, and no division by 16 is needed.

use super::{
    arith::{V5, broadcast, canonical_2p, canonical_3p, carry, multiply_add, redc_open},
    constants::Constants,
    rest,
    vector::{self as v, limbs},
};
use crate::{block::Block, modulus::Element};

/// a <- a b: a at rest times b in the working form, below 16p p / 2^260 + U + p < 0.2p + 0.2p + p < 2p. (U < 0.2p for both
/// moduli; a test checks it.)
#[inline(always)]
pub(super) fn mul<F: Element>(a: &mut Block<F>, b: &Block<F>) {
    let mut t = [[v::zero(); 10]];
    multiply_add(&mut t, &[rest::split(rest::load_block(a))], &[rest::lift(rest::load_block(b))]);
    let [r] = redc_open::<F, 1>(t);
    rest::store_block(a, rest::join(canonical_2p::<F>(r)));
}

/// y <- y + a x: below p + 16p p / 2^260 + U + p < 3p.
#[inline(always)]
pub(super) fn axpy<F: Element>(y: &mut Block<F>, a: &V5, x: &Block<F>) {
    let mut t = [[v::zero(); 10]];
    multiply_add(&mut t, &[rest::split(rest::load_block(x))], &[*a]);
    let [r] = redc_open::<F, 1>(t);
    let y_limbs = rest::split(rest::load_block(y));
    rest::store_block(y, rest::join(canonical_3p::<F>(limbs!(|i| v::add(r[i], y_limbs[i])))));
}

/// lo <- lo + r (hi - lo), and the result in the working form: below p + 16p 2p / 2^260 + U + p < 3p.
#[inline(always)]
pub(super) fn bind<F: Element, const S: usize>(
    lo: [&mut Block<F>; S],
    hi: [&Block<F>; S],
    r: &V5,
) -> [V5; S] {
    let zero = [v::zero(); 5];
    let lent = broadcast(&Constants::<F>::LEND_P);
    let (mut lo_limbs, mut difference) = ([zero; S], [zero; S]);
    for s in 0..S {
        lo_limbs[s] = rest::split(rest::load_block(lo[s]));
        let hi = rest::split(rest::load_block(hi[s]));
        difference[s] = limbs!(|i| v::add(hi[i], v::sub(lent[i], lo_limbs[s][i])));
        carry(&mut difference[s]);
    }
    let mut t = [[v::zero(); 10]; S];
    multiply_add(&mut t, &difference, &[*r; S]);
    let product = redc_open::<F, S>(t);
    let mut out = [zero; S];
    for (s, lo) in lo.into_iter().enumerate() {
        let words = rest::join(canonical_3p::<F>(limbs!(|i| v::add(product[s][i], lo_limbs[s][i]))));
        rest::store_block(lo, words);
        out[s] = rest::lift(words);
    }
    out
}
