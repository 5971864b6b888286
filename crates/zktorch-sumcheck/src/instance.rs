//! The interface between the engine and the statements it proves.

use zktorch_field::Fr;

use crate::RoundPolynomial;

/// One claim "sum over the cube of f(x) = claim" whose prover can produce round polynomials.
///
/// The engine ([`prove`](crate::prove)) drives it and is the only one that sees the transcript: an instance gets
/// challenges as plain numbers, so it can neither absorb a value out of order nor choose a coefficient. The first
/// variable bound is the most significant index bit.
///
/// With m = `num_rounds()` the calls are `round(None)`, `round(Some(r_0))`, .., `round(Some(r_{m-2}))`,
/// `finish(Some(r_{m-1}))`; for m = 0 just `finish(None)`.
pub trait SumcheckInstance: Send {
    /// Number of variables m of f.
    fn num_rounds(&self) -> usize;

    /// Degree of f in each variable; at least 1.
    fn degree(&self) -> usize;

    /// The claimed sum of f over the cube {0,1}^m.
    fn claim(&self) -> Fr;

    /// Binds the current first variable to `previous` (absent in the first round) and returns the next round
    /// polynomial p(X) = sum_{x'} f(bound.., X, x'), whose degree is at most [`degree`](Self::degree).
    ///
    /// Binding is part of the same call so that an implementation can fuse the two passes over its tables.
    fn round(&mut self, previous: Option<Fr>) -> RoundPolynomial;

    /// Binds the last variable to `last` (absent when there are no variables) and returns the values of f's
    /// factors at the point, in the order the instance documents. The caller turns them into claims.
    fn finish(&mut self, last: Option<Fr>) -> Vec<Fr>;
}
