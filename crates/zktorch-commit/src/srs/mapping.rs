//! Memory-mapped files, and points and numbers in them without a copy.

#![allow(unsafe_code, reason = "maps files and reads aligned integers from the maps")]

use core::ops::Range;
use std::fs::File;
use std::path::Path;

use memmap2::Mmap;
use zktorch_field::RawAffine;

use crate::CommitError;

/// A read-only map of a whole file, which must not be modified while it is in use.
#[derive(Debug)]
pub struct MappedFile(Mmap);

impl MappedFile {
    /// Maps a file.
    ///
    /// # Errors
    /// [`CommitError::Io`].
    pub fn open(path: &Path) -> Result<Self, CommitError> {
        let io = |operation| {
            move |e: std::io::Error| CommitError::Io { operation, path: path.to_owned(), kind: e.kind() }
        };
        let file = File::open(path).map_err(io("open"))?;
        // SAFETY: the map is private to this type and never written. The operating system cannot stop other processes
        // from changing the file under us; `Srs::open` and this type document that the file must not be modified while it is in
        // use, as every memory-mapped format requires. The bytes are only read as integers, for which every bit
        // pattern is valid.
        let map = unsafe { Mmap::map(&file) }.map_err(io("map"))?;
        Ok(Self(map))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The little-endian numbers of 16 bits in a range of its bytes; none if it is not there, is no whole number of them, or
    /// alignment or byte order do not fit (then they have to be decoded into a copy).
    pub fn integers(&self, bytes: Range<usize>) -> Option<&[i16]> {
        let bytes = self.0.get(bytes)?;
        if cfg!(target_endian = "big") {
            return None;
        }
        // SAFETY: every bit pattern is a valid `i16`; `align_to` takes care of the alignment.
        let (before, numbers, after) = unsafe { bytes.align_to::<i16>() };
        (before.is_empty() && after.is_empty()).then_some(numbers)
    }
}

/// The aligned points in `bytes`, which must be a whole number of them; `None` if memory or byte order do not fit (then
/// they have to be decoded into a copy).
pub(super) fn as_points(bytes: &[u8]) -> Option<&[RawAffine]> {
    if cfg!(target_endian = "big") {
        return None;
    }
    // SAFETY: `RawAffine` is eight `u64` in a `repr(C)` struct of 64 bytes without padding, so every bit pattern is
    // a valid value; `align_to` takes care of the alignment.
    let (before, points, after) = unsafe { bytes.align_to::<RawAffine>() };
    (before.is_empty() && after.is_empty()).then_some(points)
}
