//! The SRS file: written once, memory-mapped ever after.
//!
//! All integers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0..8 | magic `zktSRS\r\n` (the line break shows damage by text-mode transfers) |
//! | 8..12 | version, 1 |
//! | 12..16 | `k` |
//! | 16..32 | zero |
//! | 32..64 | SRS id |
//! | 64..96 | SHA-256 of everything else: bytes 0..64 and 96.. |
//! | 96..1024 | verifier part: ten points of G2, nine of G1, compressed |
//! | 1024.. | `2^k` points: x and y, four 64-bit limbs each, Montgomery form with `R = 2^256` |

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use zktorch_field::RawAffine;

use super::bases::{Bases, POINT_BYTES, encode_point};
use super::mapping::MappedFile;
use super::verifier::{SrsId, VerifierSrs};
use super::{Srs, check_log_size};
use crate::CommitError;

const WHAT: &str = "SRS file";
const MAGIC: &[u8; 8] = b"zktSRS\r\n";
const VERSION: u32 = 1;
const POINTS_AT: usize = 1024;
const PART_AT: usize = POINTS_AT - VerifierSrs::BYTES;
/// Names of temporary files that are tried before giving up.
const ATTEMPTS: usize = 64;

impl Srs {
    /// Opens an SRS file and maps its points into memory.
    ///
    /// Checks the digest of the whole file, the verifier part (groups, pairings), that the id belongs to it, and that the
    /// points start with its powers. The digest is against damage, not against an adversary: call
    /// [`check`](Srs::check) on a file that somebody else wrote.
    ///
    /// The file must not be modified while the SRS is in use ([`write`](Srs::write) replaces files and never modifies
    /// one).
    ///
    /// # Errors
    /// [`CommitError::Io`], [`CommitError::Magic`], [`CommitError::Version`], [`CommitError::Header`],
    /// [`CommitError::LogSize`], [`CommitError::FileLength`], [`CommitError::Digest`],
    /// [`CommitError::SrsIdMismatch`], [`CommitError::InconsistentPowers`], and those of [`VerifierSrs::from_bytes`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CommitError> {
        let file = MappedFile::open(path.as_ref())?;
        let bytes = file.bytes();
        let length = bytes.len();
        let short = CommitError::FileLength { what: WHAT, expected: POINTS_AT as u64, got: length as u64 };
        let Some((header, _)) = bytes.split_first_chunk::<POINTS_AT>() else {
            // A file of another kind is named as such whatever its length.
            return Err(if bytes.starts_with(MAGIC) { short } else { CommitError::Magic { what: WHAT } });
        };
        let k = read_header(header)?;
        let expected = POINTS_AT + (POINT_BYTES << k);
        if length != expected {
            return Err(CommitError::FileLength {
                what: WHAT,
                expected: expected as u64,
                got: length as u64,
            });
        }
        let digest = Sha256::new().chain_update(&bytes[..64]).chain_update(&bytes[96..]).finalize();
        if digest[..] != bytes[64..96] {
            return Err(CommitError::Digest { what: WHAT });
        }
        let verifier = VerifierSrs::from_bytes(&bytes[PART_AT..POINTS_AT])?;
        let stored = SrsId(core::array::from_fn(|i| header[32 + i]));
        if stored != verifier.id() {
            return Err(CommitError::SrsIdMismatch { expected: stored, got: verifier.id() });
        }
        let bases = Bases::mapped(file, POINTS_AT..length);
        if !verifier.starts(bases.as_slice()) {
            return Err(CommitError::InconsistentPowers { what: "powers of tau in G1" });
        }
        Ok(Self::from_parts(k, bases, verifier))
    }

    /// Writes the SRS to a file: to a temporary one beside it, which then takes its name. Several threads and processes may
    /// write the same file at once: each has a temporary one of its own, and the last one stays.
    ///
    /// # Errors
    /// [`CommitError::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), CommitError> {
        let path = path.as_ref();
        let (mut file, temporary) = create_beside(path)?;
        let result = self
            .write_to(&mut file)
            .and_then(|()| file.sync_all())
            .map_err(|e| io("write", &temporary, &e))
            .and_then(|()| fs::rename(&temporary, path).map_err(|e| io("rename", &temporary, &e)));
        if result.is_err() {
            // The error that is reported is the first one.
            let _ = fs::remove_file(&temporary);
        }
        result
    }

    /// Size of the file of `2^k` powers, in bytes.
    pub fn file_bytes(k: usize) -> u64 {
        POINTS_AT as u64 + ((POINT_BYTES as u64) << k)
    }

    /// Writes the bytes of the file to where the caller wants them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: impl Write) -> std::io::Result<()> {
        let mut header = [0u8; 64];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&(self.k as u32).to_le_bytes());
        header[32..64].copy_from_slice(&self.verifier.id().0);
        let part = self.verifier.to_bytes();
        let mut digest = Sha256::new().chain_update(header).chain_update(&part);
        for_each_piece(self.bases(), |bytes| {
            digest.update(bytes);
            Ok(())
        })?;

        let mut out = BufWriter::new(out);
        out.write_all(&header)?;
        out.write_all(&digest.finalize())?;
        out.write_all(&part)?;
        for_each_piece(self.bases(), |bytes| out.write_all(bytes))?;
        out.flush()
    }
}

/// A new file beside `path`, and its name: `path`, the process and a number that this process has not used before. A file of
/// that name (of a process that died, or runs on another machine) is nobody's to remove: the next number is tried.
fn create_beside(path: &Path) -> Result<(File, PathBuf), CommitError> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut attempts = 0;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}-{number}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        attempts += 1;
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && attempts < ATTEMPTS => {}
            Err(error) => return Err(io("create", &temporary, &error)),
        }
    }
}

/// Checks the fixed fields and returns `k`.
fn read_header(header: &[u8; POINTS_AT]) -> Result<usize, CommitError> {
    if !header.starts_with(MAGIC) {
        return Err(CommitError::Magic { what: WHAT });
    }
    let word = |at: usize| u32::from_le_bytes(core::array::from_fn(|i| header[at + i]));
    if word(8) != VERSION {
        return Err(CommitError::Version { what: WHAT, expected: VERSION, got: word(8) });
    }
    if let Some(byte) = header[16..32].iter().find(|b| **b != 0) {
        return Err(CommitError::Header { what: WHAT, field: "reserved byte", got: u64::from(*byte) });
    }
    let k = word(12) as usize;
    check_log_size(k)?;
    Ok(k)
}

/// Calls `f` with the encodings of the points, a few thousand at a time.
fn for_each_piece(
    points: &[RawAffine],
    mut f: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    for piece in points.chunks(4096) {
        buffer.clear();
        piece.iter().for_each(|p| buffer.extend_from_slice(&encode_point(p)));
        f(&buffer)?;
    }
    Ok(())
}

fn io(operation: &'static str, path: &Path, error: &std::io::Error) -> CommitError {
    CommitError::Io { operation, path: path.to_owned(), kind: error.kind() }
}
