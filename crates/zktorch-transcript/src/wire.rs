//! The one canonical byte form of scalars and points, for transcripts and for proofs.
//!
//! A scalar is 32 bytes, little-endian, smaller than the modulus. A point of G1 is 32 bytes: the x coordinate,
//! little-endian, with the sign of y and the point at infinity in the two top bits (arkworks' compressed form).
//! Decoding accepts exactly the image of encoding, so that equal values have equal bytes and vice versa.

use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::Field;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};
use zktorch_field::{Fq, Fr, G1Affine, square_roots};
use zktorch_mutants::enforced;

use crate::TranscriptError;

/// Bytes of an encoded scalar.
pub const SCALAR_BYTES: usize = 32;
/// Bytes of an encoded point of G1.
pub const POINT_BYTES: usize = 32;

/// Flags in the last byte: the point is infinity; y is the larger one of y and -y.
const INFINITY: u8 = 0x40;
const NEGATIVE: u8 = 0x80;

/// Encodes a scalar.
pub fn scalar_to_bytes(scalar: &Fr) -> [u8; SCALAR_BYTES] {
    let mut bytes = [0; SCALAR_BYTES];
    // Writing 32 bytes into 32 bytes cannot fail.
    let written = scalar.serialize_with_mode(&mut bytes[..], Compress::Yes);
    debug_assert!(written.is_ok());
    bytes
}

/// Encodes a point.
pub fn point_to_bytes(point: &G1Affine) -> [u8; POINT_BYTES] {
    let mut bytes = [0; POINT_BYTES];
    // As above.
    let written = point.serialize_with_mode(&mut bytes[..], Compress::Yes);
    debug_assert!(written.is_ok());
    bytes
}

/// Decodes a scalar; `what` names it in the error.
///
/// # Errors
/// [`TranscriptError::NonCanonicalScalar`] if it is not smaller than the modulus.
pub fn scalar_from_bytes(bytes: &[u8; SCALAR_BYTES], what: &'static str) -> Result<Fr, TranscriptError> {
    Fr::deserialize_with_mode(&bytes[..], Compress::Yes, Validate::Yes)
        .map_err(|_| TranscriptError::NonCanonicalScalar { what })
}

/// Decodes a point; `what` names it in the error. Costs one square root.
///
/// The cofactor of BN254's G1 is 1, so being on the curve is being in the group.
///
/// # Errors
/// [`TranscriptError::InvalidPoint`] if x is not canonical, is no x coordinate of the curve, or if the bytes are
/// not the ones that encoding the point gives.
pub fn point_from_bytes(bytes: &[u8; POINT_BYTES], what: &'static str) -> Result<G1Affine, TranscriptError> {
    let points = points_from_bytes(core::slice::from_ref(bytes), what)?;
    points.first().copied().ok_or(TranscriptError::InvalidPoint { what })
}

/// Decodes points as [`point_from_bytes`] does, with all their square roots at once.
fn points_from_bytes(
    encoded: &[[u8; POINT_BYTES]],
    what: &'static str,
) -> Result<Vec<G1Affine>, TranscriptError> {
    type Curve = <G1Affine as AffineRepr>::Config;
    let invalid = || TranscriptError::InvalidPoint { what };
    let (mut abscissas, mut squares) = (Vec::with_capacity(encoded.len()), Vec::with_capacity(encoded.len()));
    for bytes in encoded {
        let mut x = *bytes;
        let [.., last] = &mut x;
        *last &= !(INFINITY | NEGATIVE);
        let flags = bytes[POINT_BYTES - 1] & (INFINITY | NEGATIVE);
        let x = match flags & INFINITY {
            0 => {
                Some(Fq::deserialize_with_mode(&x[..], Compress::Yes, Validate::Yes).map_err(|_| invalid())?)
            }
            // One encoding of infinity: nothing but its flag.
            _ if (x != [0; POINT_BYTES] || flags != INFINITY) && enforced() => return Err(invalid()),
            _ => None,
        };
        abscissas.push(x.map(|x| (x, flags == NEGATIVE)));
        squares.extend(x.map(|x| x.square() * x + Curve::COEFF_B));
    }
    let mut roots = squares.iter().zip(square_roots(&squares));
    let decode = |x: Option<(Fq, bool)>| {
        let Some((x, negative)) = x else { return Ok(G1Affine::identity()) };
        let (square, y) = roots.next().ok_or_else(invalid)?;
        if y.square() != *square && enforced() {
            return Err(invalid());
        }
        // The flag says which of y and -y is larger. y = 0 would have two encodings, but the group has no point of order two.
        let y = if (y > -y) == negative { y } else { -y };
        Ok(G1Affine::new_unchecked(x, y))
    };
    abscissas.into_iter().map(decode).collect()
}

/// Reads canonical values from untrusted bytes. Lengths are the caller's, never the bytes'.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len()
    }

    /// Reads `N` raw bytes.
    ///
    /// # Errors
    /// [`TranscriptError::ByteLength`] if fewer are left.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], TranscriptError> {
        let got = self.bytes.len();
        let (head, tail) = self.bytes.split_first_chunk::<N>().ok_or(TranscriptError::ByteLength {
            what,
            expected: N,
            got,
        })?;
        self.bytes = tail;
        Ok(*head)
    }

    /// Reads a scalar.
    ///
    /// # Errors
    /// [`TranscriptError::ByteLength`], [`TranscriptError::NonCanonicalScalar`].
    pub fn scalar(&mut self, what: &'static str) -> Result<Fr, TranscriptError> {
        scalar_from_bytes(&self.array(what)?, what)
    }

    /// Reads a point.
    ///
    /// # Errors
    /// [`TranscriptError::ByteLength`], [`TranscriptError::InvalidPoint`].
    pub fn point(&mut self, what: &'static str) -> Result<G1Affine, TranscriptError> {
        point_from_bytes(&self.array(what)?, what)
    }

    /// Reads `count` scalars. Nothing is allocated unless the bytes are there.
    ///
    /// # Errors
    /// As [`Reader::scalar`].
    pub fn scalars(&mut self, what: &'static str, count: usize) -> Result<Vec<Fr>, TranscriptError> {
        self.ensure(what, count, SCALAR_BYTES)?;
        (0..count).map(|_| self.scalar(what)).collect()
    }

    /// Reads `count` points. Nothing is allocated unless the bytes are there.
    ///
    /// # Errors
    /// As [`Reader::point`].
    pub fn points(&mut self, what: &'static str, count: usize) -> Result<Vec<G1Affine>, TranscriptError> {
        self.ensure(what, count, POINT_BYTES)?;
        let encoded = (0..count).map(|_| self.array(what)).collect::<Result<Vec<_>, _>>()?;
        points_from_bytes(&encoded, what)
    }

    /// Checks that every byte was read.
    ///
    /// # Errors
    /// [`TranscriptError::ByteLength`] if some are left.
    pub fn finish(self, what: &'static str) -> Result<(), TranscriptError> {
        match self.bytes.len() {
            got if got > 0 && enforced() => Err(TranscriptError::ByteLength { what, expected: 0, got }),
            _ => Ok(()),
        }
    }

    fn ensure(&self, what: &'static str, count: usize, size: usize) -> Result<(), TranscriptError> {
        let (expected, got) = (count.saturating_mul(size), self.bytes.len());
        if expected <= got || !enforced() {
            Ok(())
        } else {
            Err(TranscriptError::ByteLength { what, expected, got })
        }
    }
}
