//! What a verifier decides by looking at values, in one place: whether two are equal, whether one is zero, whether an opening holds.
//!
//! A verifier's arithmetic is the same for all proofs, and so is the order in which it asks these questions. Whoever records a
//! verifier, to run it where this code does not run, puts a module of the same functions in the place of this one. Here they are
//! inlined: what would be recorded is computed by the caller, as if nobody had asked.

use ark_ff::Zero;

use crate::{Fr, G1Affine, G1Projective, G2Affine};

/// Whether `a = b`: a check, of which only one answer lets a verifier go on.
#[inline]
pub fn equal(a: &Fr, b: &Fr) -> bool {
    a == b
}

/// Whether no element is zero, for those that are divided by.
///
/// # Errors
/// The index of the first zero.
#[inline]
pub fn nonzero(elements: &[Fr]) -> Result<(), usize> {
    elements.iter().position(Zero::is_zero).map_or(Ok(()), Err)
}

/// Whether this is zero, so that terms with this factor may be left out: for questions of which either answer leads to the same
/// sums. Whoever records may answer no.
#[inline(always)]
pub fn absent(factor: &Fr) -> bool {
    factor.is_zero()
}

/// Whether two are equal, so that what was computed of one need not be computed of the other: either answer leads to the same results.
/// Whoever records may answer no.
#[inline(always)]
pub fn alike(a: &Fr, b: &Fr) -> bool {
    a == b
}

/// `sum_i scalars[i] points[i]`, where somebody records it; `None` here, where it is to be computed.
#[inline(always)]
pub fn combination(_points: &[G1Affine], _scalars: &[Fr]) -> Option<G1Projective> {
    None
}

/// The values of a public tensor as somebody records them; `None` here, where they are what they are.
#[inline(always)]
pub fn public(_tensor: u32, _values: &[i32]) -> Option<Vec<Fr>> {
    None
}

/// Told of points that are absorbed; nothing to do here.
#[inline(always)]
pub fn absorbed(_points: &[G1Affine]) {}

/// Told that public values decide what is computed; nothing to do here.
#[inline(always)]
pub fn branches(_what: &'static str) {}

/// Whether `e(left, one) = e(quotient, high - s (low + tau))`, where somebody records the question; `None` here, where it is to be
/// answered.
#[inline(always)]
pub fn opening(_left: &G1Projective, _quotient: &G1Affine, _s: &Fr, _powers: [G2Affine; 4]) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use ark_ff::AdditiveGroup;

    use super::*;

    #[test]
    fn answers_are_those_of_the_numbers() {
        let [zero, one, two] = [Fr::ZERO, Fr::from(1u64), Fr::from(2u64)];
        assert!(equal(&(one + one), &two) && !equal(&one, &two));
        assert_eq!(nonzero(&[]), Ok(()));
        assert_eq!(nonzero(&[one, two]), Ok(()));
        assert_eq!(nonzero(&[one, zero, two, zero]), Err(1));
        assert!(absent(&zero) && !absent(&one));
        assert!(alike(&(one + one), &two) && !alike(&one, &two));
    }

    #[test]
    fn nothing_is_recorded() {
        let point = G1Affine::default();
        absorbed(&[point]);
        branches("a test");
        assert!(combination(&[point], &[Fr::ZERO]).is_none());
        assert!(public(0, &[1]).is_none());
        assert!(opening(&point.into(), &point, &Fr::ZERO, [G2Affine::default(); 4]).is_none());
    }
}
