//! Round polynomials in the compressed form that is sent.

use ark_ff::Zero;
use zktorch_field::Fr;

/// A round polynomial p(X) = c0 + c1 X + .. + cd X^d without its linear coefficient.
///
/// The round's claim fixes p(0) + p(1) = claim, hence c1 = claim - 2 c0 - (c2 + .. + cd): a verifier that derives
/// c1 needs no check at all, and the prover sends d scalars instead of d + 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundPolynomial {
    /// c0, c2, c3, .., cd. Never empty.
    message: Vec<Fr>,
}

impl RoundPolynomial {
    /// The polynomial with constant coefficient `constant` and coefficients c2, c3, .. `higher`.
    pub fn new(constant: Fr, higher: impl IntoIterator<Item = Fr>) -> Self {
        Self { message: std::iter::once(constant).chain(higher).collect() }
    }

    /// From all coefficients c0, c1, .., cd (c1 is dropped: it follows from the claim).
    ///
    /// An empty slice is the zero polynomial.
    pub fn from_coefficients(coefficients: &[Fr]) -> Self {
        let constant = coefficients.first().copied().unwrap_or_else(Fr::zero);
        Self::new(constant, coefficients.iter().skip(2).copied())
    }

    /// The degree this polynomial is sent with, at least 1.
    pub fn degree(&self) -> usize {
        self.message.len()
    }

    /// The scalars that are sent: c0, c2, .., cd.
    pub fn message(&self) -> &[Fr] {
        &self.message
    }

    /// p(point), where `claim` = p(0) + p(1) supplies the linear coefficient.
    pub fn evaluate(&self, claim: Fr, point: Fr) -> Fr {
        let weights = EvaluationWeights::new(self.degree(), point);
        self.message.iter().zip(&weights.message).fold(claim * weights.claim, |sum, (c, w)| sum + *c * w)
    }

    /// Adds `scale` times `other`, raising the degree when needed.
    pub(crate) fn add_scaled(&mut self, other: &Self, scale: Fr) {
        self.raise_degree(other.degree());
        for (sum, c) in self.message.iter_mut().zip(&other.message) {
            *sum += *c * scale;
        }
    }

    /// Pads with zero coefficients up to `degree`.
    pub(crate) fn raise_degree(&mut self, degree: usize) {
        if self.message.len() < degree {
            self.message.resize(degree, Fr::zero());
        }
    }
}

/// The public linear form that maps (claim, c0, c2, .., cd) to p(point).
///
/// p(r) = r claim + (1 - 2r) c0 + sum_{j>=2} (r^j - r) cj. Prover and verifier share it, and a verifier of hidden
/// messages can apply it because it never looks at a value.
pub(crate) struct EvaluationWeights {
    pub(crate) claim: Fr,
    pub(crate) message: Vec<Fr>,
}

impl EvaluationWeights {
    pub(crate) fn new(degree: usize, point: Fr) -> Self {
        let mut message = Vec::with_capacity(degree);
        message.push(Fr::from(1u64) - point - point);
        let mut power = point;
        for _ in 2..=degree {
            power *= point;
            message.push(power - point);
        }
        Self { claim: point, message }
    }
}

#[cfg(test)]
mod tests;
