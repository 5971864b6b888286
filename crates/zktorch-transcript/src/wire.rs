//! The one canonical byte form of scalars and points, for transcripts and for proofs.
//!
//! A scalar is 32 bytes, little-endian, smaller than the modulus. A point of G1 is 32 bytes: the x coordinate,
//! little-endian, with the sign of y and the point at infinity in the two top bits (arkworks' compressed form).
//! Decoding accepts exactly the image of encoding, so that equal values have equal bytes and vice versa.

use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};
use zktorch_field::{Fr, G1Affine};
use zktorch_mutants::enforced;

use crate::TranscriptError;

/// Bytes of an encoded scalar.
pub const SCALAR_BYTES: usize = 32;
/// Bytes of an encoded point of G1.
pub const POINT_BYTES: usize = 32;

/// The byte in front of an encoded infinity's last bits: only bit 6 of the last byte is set.
const INFINITY_LAST_BYTE: u8 = 0x40;

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

/// Decodes a point; `what` names it in the error. Costs one square root (about 5 us).
///
/// The cofactor of BN254's G1 is 1, so being on the curve is being in the group.
///
/// # Errors
/// [`TranscriptError::InvalidPoint`] if x is not canonical, is no x coordinate of the curve, or if the bytes are
/// not the ones that encoding the point gives.
pub fn point_from_bytes(bytes: &[u8; POINT_BYTES], what: &'static str) -> Result<G1Affine, TranscriptError> {
    let point = G1Affine::deserialize_with_mode(&bytes[..], Compress::Yes, Validate::Yes)
        .map_err(|_| TranscriptError::InvalidPoint { what })?;
    // arkworks ignores x where the infinity bit is set; and y = 0 (no such point here) would have two signs.
    let canonical = if point.is_zero() {
        bytes[..POINT_BYTES - 1].iter().all(|&b| b == 0) && bytes[POINT_BYTES - 1] == INFINITY_LAST_BYTE
    } else {
        bytes[POINT_BYTES - 1] & INFINITY_LAST_BYTE == 0
    };
    if canonical || !enforced() { Ok(point) } else { Err(TranscriptError::InvalidPoint { what }) }
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
        (0..count).map(|_| self.point(what)).collect()
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
