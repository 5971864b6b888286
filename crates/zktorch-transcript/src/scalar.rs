//! The abstract scalar that verifiers compute with.

use core::fmt::Debug;

use ark_ff::AdditiveGroup;
use zktorch_field::Fr;

/// A scalar a verifier may compute with but not look at: an element of an F-module with constants.
///
/// There is deliberately no way to read a value, to compare two, or to multiply two: what needs a product or an
/// equality is a constraint ([`VerifierChannel`](crate::VerifierChannel)). On plain scalars (`Fr`) this is ordinary
/// arithmetic; on hidden ones it builds a [`LinearCombination`](crate::LinearCombination).
pub trait Scalar: Clone + Debug {
    /// The constant 0.
    fn zero() -> Self;
    /// The public constant `c`.
    fn constant(c: Fr) -> Self;
    /// `self += c * other`.
    fn add_scaled(&mut self, other: &Self, c: Fr);

    /// `self + other`.
    #[must_use]
    fn add(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.add_scaled(other, Fr::from(1u64));
        out
    }

    /// `self - other`.
    #[must_use]
    fn sub(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.add_scaled(other, -Fr::from(1u64));
        out
    }

    /// `c * self`.
    #[must_use]
    fn scale(&self, c: Fr) -> Self {
        let mut out = Self::zero();
        out.add_scaled(self, c);
        out
    }

    /// `sum c_i s_i`.
    fn combine<'a>(terms: impl IntoIterator<Item = (&'a Self, Fr)>) -> Self
    where
        Self: 'a,
    {
        let mut out = Self::zero();
        terms.into_iter().for_each(|(scalar, c)| out.add_scaled(scalar, c));
        out
    }
}

impl Scalar for Fr {
    fn zero() -> Self {
        Fr::ZERO
    }
    fn constant(c: Fr) -> Self {
        c
    }
    fn add_scaled(&mut self, other: &Self, c: Fr) {
        *self += c * other;
    }
}
