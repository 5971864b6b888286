//! Proving keys.

use std::io::{Read, Write};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};
use zktorch_commit::{Blind, MappedFile};
use zktorch_transcript::wire;
use zktorch_verifier::{ModelId, UncheckedKey, VerifyError};

use crate::ProverError;
use crate::cells::Held;

/// Everything the prover keeps: the verifying key, the weights, the blinds of their commitments. Secret; wiped when dropped, but
/// for what lies in a file.
pub struct ProvingKey {
    pub(crate) vk: UncheckedKey,
    vk_bytes: Vec<u8>,
    /// What is committed to in every part of the weights. Keys of several graphs may have them in common.
    pub(crate) parts: Vec<SecretPart>,
    /// The weights of all parts as they are committed, when they have been asked for: a copy if they are not neighbours.
    column: OnceLock<Held>,
    /// Those of all parts.
    blinds: Vec<Blind>,
    pub(crate) secret: [u8; 32],
}

/// A part of the weights. Secret.
#[derive(Clone)]
pub(crate) struct SecretPart {
    /// As they are committed: whole chunks.
    pub(crate) cells: Held,
    /// Of its chunk commitments.
    pub(crate) blinds: Vec<Blind>,
}

/// The version of the format.
const VERSION: u64 = 5;
/// What comes before the weights: version, bytes of the weights, and zeros.
const START: usize = 64;
/// Bytes of the weights that are converted at a time.
const PIECE: usize = 1 << 16;

/// What is stored after the weights.
#[derive(Serialize, Deserialize)]
struct Head {
    vk: Vec<u8>,
    blinds: Vec<[u8; 32]>,
    secret: [u8; 32],
}

impl Drop for Head {
    fn drop(&mut self) {
        self.blinds.zeroize();
        self.secret.zeroize();
    }
}

impl Drop for ProvingKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl core::fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProvingKey").field("model_id", &self.vk.model_id()).finish_non_exhaustive()
    }
}

impl ProvingKey {
    pub(crate) fn new(vk: UncheckedKey, vk_bytes: Vec<u8>, parts: Vec<SecretPart>, secret: [u8; 32]) -> Self {
        let blinds = parts.iter().flat_map(|part| &part.blinds).cloned().collect();
        Self { vk, vk_bytes, parts, column: OnceLock::new(), blinds, secret }
    }

    /// The blinds of the weights' commitments.
    pub(crate) fn blinds(&self) -> &[Blind] {
        &self.blinds
    }

    /// The weights of all parts as they are committed. A copy only where parts were read from several keys.
    pub(crate) fn column(&self) -> &[i16] {
        let joined = || {
            let mut parts = self.parts.iter().map(|part| part.cells.clone());
            let first = parts.next()?;
            parts.try_fold(first, |all, part| all.followed_by(&part))
        };
        let copied = || {
            let mut cells = Vec::new();
            // Not grown: what was left behind would not be wiped.
            cells.reserve_exact(self.parts.iter().map(|part| part.cells.cells().len()).sum());
            self.parts.iter().for_each(|part| cells.extend_from_slice(part.cells.cells()));
            Held::new(cells)
        };
        self.column.get_or_init(|| joined().unwrap_or_else(copied)).cells()
    }

    /// The verifying key. Its weight-range proof was not verified.
    pub fn vk(&self) -> &UncheckedKey {
        &self.vk
    }

    /// The verifying key's encoding.
    pub fn vk_bytes(&self) -> &[u8] {
        &self.vk_bytes
    }

    /// Encodes the key. The result is secret.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for keys that fit into memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProverError> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the key: format version and number of bytes of the weights, as 64-bit little-endian numbers; zeros up to 64 bytes; the
    /// weights as they are committed, chunk by chunk, as 16-bit little-endian numbers; verifying key, blinds and secret. Secret.
    ///
    /// # Errors
    /// [`ProverError::Io`], [`ProverError::Malformed`].
    pub fn write_to(&self, mut writer: impl Write) -> Result<(), ProverError> {
        write_start(&mut writer, self.cells())?;
        self.parts.iter().try_for_each(|part| write_cells(&mut writer, part.cells.cells()))?;
        Ok(writer.write_all(&self.head()?)?)
    }

    fn head(&self) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        head(&self.vk_bytes, &self.blinds, &self.secret)
    }

    /// Cells of all parts.
    fn cells(&self) -> u64 {
        self.parts.iter().map(|part| part.cells.cells().len() as u64).sum()
    }

    /// Length of the encoding.
    ///
    /// # Errors
    /// [`ProverError::Malformed`]; none for keys that fit into memory.
    pub fn encoded_bytes(&self) -> Result<u64, ProverError> {
        Ok(START as u64 + 2 * self.cells() + self.head()?.len() as u64)
    }

    /// Decodes and checks a key: [`read_from`](Self::read_from).
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        Self::read_from(bytes, bytes.len() as u64)
    }

    /// Reads and checks a key of this length in bytes. That the weights belong to the commitments is not checked here (a proof with
    /// other weights does not verify).
    ///
    /// # Errors
    /// [`ProverError::Io`], [`ProverError::Version`], [`ProverError::Malformed`], [`ProverError::Key`], [`ProverError::Length`].
    pub fn read_from(reader: impl Read, length: u64) -> Result<Self, ProverError> {
        Self::read(reader, length, UncheckedKey::from_bytes)
    }

    /// [`read_from`](Self::read_from) from a byte of a file to its end; the weights stay in the file, which must not be modified as
    /// long as the key is used.
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn map_from(file: MappedFile, start: usize) -> Result<Self, ProverError> {
        let bytes = file.bytes().get(start..).unwrap_or_default();
        let cells = read_start(&mut &*bytes, bytes.len() as u64)?;
        let end = START + cells;
        check_head(bytes.len().saturating_sub(end) as u64)?;
        let head = Zeroizing::new(bytes.get(end..).unwrap_or_default().to_vec());
        match Held::mapped(file, start + START..start + end) {
            Ok(cells) => Self::of(cells, &head, UncheckedKey::from_bytes),
            Err(file) => {
                let bytes = file.bytes().get(start..).unwrap_or_default();
                Self::read_from(bytes, bytes.len() as u64)
            }
        }
    }

    /// [`read_from`](Self::read_from) for the key of a shard with this id.
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn read_shard_from(reader: impl Read, length: u64, id: ModelId) -> Result<Self, ProverError> {
        Self::read(reader, length, |bytes| UncheckedKey::shard_from_bytes(bytes, Some(id)))
    }

    fn read(
        mut reader: impl Read,
        length: u64,
        decode: impl FnOnce(&[u8]) -> Result<UncheckedKey, VerifyError>,
    ) -> Result<Self, ProverError> {
        let bytes = read_start(&mut reader, length)?;
        let rest = length.saturating_sub((START + bytes) as u64);
        let head_bytes = check_head(rest)?;
        // No more than there are, if the length is right.
        let mut cells: Vec<i16> = Vec::with_capacity(bytes / 2);
        let mut piece = Zeroizing::new(vec![0; PIECE]);
        while 2 * cells.len() < bytes {
            let count = (bytes - 2 * cells.len()).min(PIECE);
            reader.read_exact(&mut piece[..count])?;
            cells.extend(piece[..count].as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)));
        }
        let cells = Held::new(cells);
        // Never grown: what was read would be left where it was before.
        let mut head = Zeroizing::new(Vec::with_capacity(head_bytes));
        reader.take(rest).read_to_end(&mut head)?;
        Self::of(cells, &head, decode)
    }

    /// Of all cells, and what follows them.
    fn of(
        cells: Held,
        head: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<UncheckedKey, VerifyError>,
    ) -> Result<Self, ProverError> {
        let (mut head, rest) =
            postcard::take_from_bytes::<Head>(head).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        let blinds =
            head.blinds.iter().map(|bytes| Ok(Blind::from_scalar(wire::scalar_from_bytes(bytes, "blind")?)));
        let blinds = blinds.collect::<Result<Vec<Blind>, ProverError>>()?;
        let vk = decode(&head.vk)?;
        let k = vk.network().layout().chunk_size().weights;
        let (expected, got) = (vk.network().weight_chunks() << k, cells.cells().len());
        if got != expected {
            return Err(malformed(format!("expected {} bytes of weights, found {}", 2 * expected, 2 * got)));
        }
        if blinds.len() != vk.weights().len() {
            let (what, expected) = ("blinds of the proving key".to_owned(), vk.weights().len());
            return Err(ProverError::Length { what, expected, got: blinds.len() });
        }
        let part = |chunks: &core::ops::Range<usize>| {
            let blinds = blinds.get(chunks.clone())?.to_vec();
            Some(SecretPart { cells: cells.slice(chunks.start << k..chunks.end << k)?, blinds })
        };
        let parts: Option<Vec<SecretPart>> = vk.network().layout().part_chunks().iter().map(part).collect();
        let parts = parts.ok_or_else(|| malformed("parts of the weights without cells".to_owned()))?;
        Ok(Self::new(vk, std::mem::take(&mut head.vk), parts, head.secret))
    }
}

/// Writes what comes before so many cells.
pub(crate) fn write_start(writer: &mut dyn Write, cells: u64) -> Result<(), ProverError> {
    let mut start = [0; START];
    start[..8].copy_from_slice(&VERSION.to_le_bytes());
    start[8..16].copy_from_slice(&(2 * cells).to_le_bytes());
    Ok(writer.write_all(&start)?)
}

/// Writes cells.
pub(crate) fn write_cells(writer: &mut dyn Write, cells: &[i16]) -> Result<(), ProverError> {
    let mut piece = Zeroizing::new(Vec::with_capacity(PIECE));
    for cells in cells.chunks(PIECE / 2) {
        piece.clear();
        piece.extend(cells.iter().flat_map(|value| value.to_le_bytes()));
        writer.write_all(&piece)?;
    }
    Ok(())
}

/// What comes after the cells.
pub(crate) fn head(
    vk_bytes: &[u8],
    blinds: &[Blind],
    secret: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, ProverError> {
    let blinds = blinds.iter().map(|blind| wire::scalar_to_bytes(blind.expose())).collect();
    let head = Head { vk: vk_bytes.to_vec(), blinds, secret: *secret };
    postcard::to_stdvec(&head).map(Zeroizing::new).map_err(|error| malformed(error.to_string()))
}

/// Reads what comes before the cells of a key of this length: how many bytes they have.
fn read_start(reader: &mut dyn Read, length: u64) -> Result<usize, ProverError> {
    let mut start = [0; START];
    reader.read_exact(&mut start[..16])?;
    let number = |at: usize| start[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (version, bytes) = (number(0), number(8));
    if version != VERSION {
        return Err(ProverError::Version { expected: VERSION, got: version });
    }
    reader.read_exact(&mut start[16..])?;
    if start[16..].iter().any(|byte| *byte != 0) {
        return Err(malformed("expected zeros before the weights, found something else".to_owned()));
    }
    let fits = bytes % 2 == 0 && bytes <= length.saturating_sub(START as u64);
    let known = usize::try_from(bytes).ok().filter(|_| fits);
    known.ok_or_else(|| malformed(format!("{bytes} bytes of weights in a key of {length}")))
}

/// Bytes of what comes after the cells at most: a verifying key, and as many blinds as it may have chunks.
const MOST_OF_HEAD: usize = 2 * zktorch_verifier::MAX_KEY_BYTES;

/// Refuses a file in which more comes after the cells than any key has: memory is taken for it before it is read.
fn check_head(bytes: u64) -> Result<usize, ProverError> {
    usize::try_from(bytes).ok().filter(|bytes| *bytes <= MOST_OF_HEAD).ok_or_else(|| {
        malformed(format!("expected at most {MOST_OF_HEAD} bytes after the weights, found {bytes}"))
    })
}

fn malformed(reason: String) -> ProverError {
    ProverError::Malformed { reason }
}
