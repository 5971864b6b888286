//! Commitments and their blinds.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, UniformRand};
use ark_std::rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_transcript::wire;

use crate::{CommitError, hiding_generator};

/// A commitment `sum_i v_i [tau^i]_1 + r H`: one point of G1, 32 bytes on the wire.
///
/// The identity is a legal commitment (of the zero vector without a blind).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Commitment(pub G1Affine);

impl Commitment {
    /// Length of the encoding.
    pub const BYTES: usize = 32;

    /// The point.
    pub fn point(&self) -> G1Affine {
        self.0
    }

    /// The point, ready for additions.
    pub fn projective(&self) -> G1Projective {
        self.0.into_group()
    }

    /// `C - r H`: what is left of a commitment when its blind is revealed, and can be opened.
    #[must_use]
    pub fn without_blind(&self, blind: &Blind) -> Self {
        Self::from(self.projective() - hiding_generator() * *blind.expose())
    }

    /// Canonical compressed encoding.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        wire::point_to_bytes(&self.0)
    }

    /// Decodes a canonical encoding: the coordinate is reduced, the point is on the curve (G1 has cofactor one), and
    /// no other bytes encode the same point.
    ///
    /// # Errors
    /// [`CommitError::Encoding`].
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, CommitError> {
        Ok(Self(wire::point_from_bytes(bytes, "commitment")?))
    }
}

impl From<G1Projective> for Commitment {
    fn from(point: G1Projective) -> Self {
        Self(point.into_affine())
    }
}

/// The blind `r` of a hiding commitment. Wiped from memory when dropped; not `Copy`, not printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Blind(Fr);

impl Blind {
    /// No blinding: for commitments to public values.
    pub fn zero() -> Self {
        Self(Fr::ZERO)
    }

    /// A uniform blind. The generator must be cryptographic and never reused under the same state.
    pub fn random<R: RngCore + CryptoRng>(rng: &mut R) -> Self {
        Self(Fr::rand(rng))
    }

    /// Wraps a scalar.
    pub fn from_scalar(scalar: Fr) -> Self {
        Self(scalar)
    }

    /// The scalar. Whoever reveals it must have masked it first.
    pub fn expose(&self) -> &Fr {
        &self.0
    }

    /// `self += c * other`: blinds follow the linear combinations of their commitments.
    pub fn add_scaled(&mut self, other: &Self, c: Fr) {
        self.0 += c * other.0;
    }
}

impl core::fmt::Debug for Blind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Blind(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Srs;

    #[test]
    fn blinds_follow_linear_combinations() {
        let srs = Srs::dev(4).unwrap();
        let (v, w) = ([Fr::from(3u64), Fr::from(5u64)], [Fr::from(7u64), Fr::from(11u64)]);
        let (a, b, c) =
            (Blind::from_scalar(Fr::from(2u64)), Blind::from_scalar(Fr::from(9u64)), Fr::from(6u64));
        let sum: Vec<Fr> = v.iter().zip(&w).map(|(x, y)| *x + c * y).collect();
        let mut blind = a.clone();
        blind.add_scaled(&b, c);
        let combined =
            srs.commit(&v, &a).unwrap().projective() + srs.commit(&w, &b).unwrap().projective() * c;
        assert_eq!(srs.commit(&sum, &blind), Ok(Commitment::from(combined)));
        let bare = srs.commit(&sum, &Blind::zero()).unwrap();
        assert_eq!(Commitment::from(combined).without_blind(&blind), bare);
    }

    #[test]
    fn blinds_are_not_printed() {
        assert_eq!(format!("{:?}", Blind::from_scalar(Fr::from(123_456u64))), "Blind(..)");
    }
}
