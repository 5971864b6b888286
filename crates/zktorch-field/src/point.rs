//! Affine G1 points as one cache line.

use ark_ec::AffineRepr;

use crate::{
    Fq, G1Affine,
    modulus::{Element, less_than},
};

/// A G1 point other than infinity, at rest: both coordinates as canonical Montgomery limbs (arkworks' and
/// snarkjs' form), one cache line.
///
/// The type does not promise that the point is on the curve: whoever reads it from outside checks with
/// [`to_affine`](Self::to_affine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(C, align(64))]
pub struct RawAffine {
    /// x * 2^256 mod q.
    pub x: [u64; 4],
    /// y * 2^256 mod q.
    pub y: [u64; 4],
}

impl RawAffine {
    /// The point's coordinates, or `None` for infinity.
    pub fn new(point: &G1Affine) -> Option<Self> {
        point.xy().map(|(x, y)| Self { x: *x.limbs(), y: *y.limbs() })
    }

    /// The coordinates if both are canonical (below q).
    pub fn coordinates(&self) -> Option<(Fq, Fq)> {
        (less_than(&self.x, &Fq::P) && less_than(&self.y, &Fq::P))
            .then(|| (Fq::from_limbs(self.x), Fq::from_limbs(self.y)))
    }

    /// The point, if its coordinates are canonical and it lies on the curve. (G1 of BN254 has cofactor one: a point
    /// on the curve is in the subgroup.)
    pub fn to_affine(&self) -> Option<G1Affine> {
        let (x, y) = self.coordinates()?;
        let point = G1Affine::new_unchecked(x, y);
        point.is_on_curve().then_some(point)
    }

    /// The point of limbs that are known to be a point: no curve check (canonicity is checked in debug builds).
    pub fn to_affine_unchecked(&self) -> G1Affine {
        G1Affine::new_unchecked(Fq::from_limbs(self.x), Fq::from_limbs(self.y))
    }
}

/// An affine point between two kernels of one backend: lazily reduced limbs, cheaper to store than the canonical ones.
///
/// Only the backend that wrote it can read it: through another one the coordinates are some other (harmless)
/// elements.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct ScratchPoint(pub(crate) [u64; 8]);
