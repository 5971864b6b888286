//! The powers of tau of a prover, in memory or in a mapped file.

use core::ops::Range;

use ark_ec::AffineRepr;
use zktorch_field::{G1Affine, RawAffine};

use super::mapping::{MappedFile, as_points};

/// Bytes of a point at rest: eight little-endian limbs.
pub(super) const POINT_BYTES: usize = 64;

/// A list of points.
#[derive(Debug)]
pub(super) enum Bases {
    /// In memory.
    Owned(Vec<RawAffine>),
    /// In a mapped file.
    Mapped {
        /// The file.
        file: MappedFile,
        /// Where its points are.
        range: Range<usize>,
    },
}

impl Bases {
    /// The points in a range of a mapped file, without a copy wherever the machine permits it. The range is inside
    /// the file and a multiple of the size of a point.
    pub(super) fn mapped(file: MappedFile, range: Range<usize>) -> Self {
        match file.bytes().get(range.clone()) {
            Some(bytes) if as_points(bytes).is_none() => Self::Owned(decode(bytes)),
            _ => Self::Mapped { file, range },
        }
    }

    pub(super) fn as_slice(&self) -> &[RawAffine] {
        match self {
            Self::Owned(points) => points,
            Self::Mapped { file, range } => {
                file.bytes().get(range.clone()).and_then(as_points).unwrap_or_default()
            }
        }
    }
}

/// The points of bytes in the form at rest.
pub(super) fn decode(bytes: &[u8]) -> Vec<RawAffine> {
    bytes.as_chunks::<POINT_BYTES>().0.iter().map(decode_point).collect()
}

/// One point from its 64 bytes.
pub(super) fn decode_point(bytes: &[u8; POINT_BYTES]) -> RawAffine {
    let mut limbs = [0u64; 8];
    limbs.iter_mut().zip(bytes.as_chunks::<8>().0).for_each(|(limb, b)| *limb = u64::from_le_bytes(*b));
    let [x0, x1, x2, x3, y0, y1, y2, y3] = limbs;
    RawAffine { x: [x0, x1, x2, x3], y: [y0, y1, y2, y3] }
}

/// The 64 bytes of a point.
pub(super) fn encode_point(point: &RawAffine) -> [u8; POINT_BYTES] {
    let mut bytes = [0u8; POINT_BYTES];
    let limbs = point.x.iter().chain(&point.y);
    bytes.as_chunks_mut::<8>().0.iter_mut().zip(limbs).for_each(|(b, limb)| *b = limb.to_le_bytes());
    bytes
}

/// The point that untrusted limbs encode: canonical, on the curve, and not infinity (which no power of tau is; its
/// encoding, zeros, would pass for a point).
pub(super) fn checked_point(point: &RawAffine) -> Option<G1Affine> {
    point.to_affine().filter(|p| !p.is_zero())
}
