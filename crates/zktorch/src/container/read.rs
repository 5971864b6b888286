//! Reading containers.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;
use zktorch_commit::{CommitError, MappedFile};

use super::{HEADER_BYTES, Header, Kind};
use crate::error::IoContext;
use crate::{Bytes32, Error, files};

/// The body of a file of this kind and protocol, of at most `limit` bytes. Erased when dropped: it may be a proving key.
///
/// # Errors
/// [`Error::File`] with the field that is not as expected.
pub fn read(path: &Path, kind: Kind, protocol: &Bytes32, limit: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let read = || {
        let (mut file, header) = open(path)?;
        header.demand(kind, protocol)?;
        let too_large = || Error::too_large(kind.to_string(), header.body_bytes, limit);
        let length = usize::try_from(header.body_bytes).ok().filter(|_| header.body_bytes <= limit);
        // The file has this length (checked when it was opened), so the allocation is justified.
        let mut body = Zeroizing::new(vec![0; length.ok_or_else(too_large)?]);
        file.read_exact(&mut body).action("read")?;
        header.demand_digest(Bytes32::sha256(&body))?;
        Ok(body)
    };
    read().map_err(|error: Error| error.at(path))
}

/// A body on its way from a file. Another thread hashes what was read.
#[derive(Debug)]
pub struct BodyReader {
    file: File,
    left: u64,
    read: SyncSender<Zeroizing<Vec<u8>>>,
}

/// Pieces that wait to be hashed, at most.
const WAITING: usize = 16;

impl BodyReader {
    /// Bytes that have not been read.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        self.left -= count as u64;
        // Nobody drops the other end before this one.
        let _ = self.read.send(Zeroizing::new(buffer[..count].to_vec()));
        Ok(count)
    }
}

/// As [`read`], for a body that is decoded piece by piece: `decode` sees bytes whose digest is not known yet, and what it makes of
/// them is returned only if the digest of the whole body is right.
///
/// # Errors
/// [`Error::File`] with the field that is not as expected.
pub fn read_with<T>(
    path: &Path,
    kind: Kind,
    protocol: &Bytes32,
    limit: u64,
    decode: impl FnOnce(&mut BodyReader) -> T,
) -> Result<T, Error> {
    let read = || {
        let (file, header) = open(path)?;
        header.demand(kind, protocol)?;
        if header.body_bytes > limit {
            return Err(Error::too_large(kind.to_string(), header.body_bytes, limit));
        }
        let (sender, pieces) = sync_channel(WAITING);
        std::thread::scope(|scope| {
            let hasher = scope.spawn(move || {
                let mut hasher = Sha256::new();
                pieces.iter().for_each(|piece: Zeroizing<Vec<u8>>| hasher.update(&piece));
                Bytes32(hasher.finalize().into())
            });
            let mut reader = BodyReader { file, left: header.body_bytes, read: sender };
            let decoded = decode(&mut reader);
            let mut rest = Zeroizing::new(vec![0; 1 << 16]);
            while reader.read(&mut rest).action("read")? > 0 {}
            drop(reader);
            let digest = hasher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            header.demand_digest(digest)?;
            Ok(decoded)
        })
    };
    read().map_err(|error: Error| error.at(path))
}

/// Bytes that are hashed at a time: so much of a mapped file is in memory.
const HASHED: usize = 1 << 20;

/// A file of this kind and protocol without a copy: its body is what comes after [`HEADER_BYTES`]. The file must not be modified as
/// long as it is used.
///
/// # Errors
/// [`Error::File`] with the field that is not as expected.
pub fn map(path: &Path, kind: Kind, protocol: &Bytes32) -> Result<MappedFile, Error> {
    let map = || {
        // A pipe or a device is none.
        files::open(path)?;
        let refused = |error: CommitError| Error::Io { action: "map", error: std::io::Error::other(error) };
        let file = MappedFile::open(path).map_err(refused)?;
        let header = Header::from_prefix(file.bytes())?;
        header.demand(kind, protocol)?;
        let body = file.bytes().get(HEADER_BYTES..).unwrap_or_default();
        header.demand_length(body.len() as u64)?;
        let mut hasher = Sha256::new();
        body.chunks(HASHED).for_each(|piece| hasher.update(piece));
        header.demand_digest(Bytes32(hasher.finalize().into()))?;
        Ok(file)
    };
    map().map_err(|error: Error| error.at(path))
}

/// What a file is, of any kind and protocol; length and digest are checked, in constant memory.
///
/// # Errors
/// [`Error::File`] with the field that is not as expected.
pub fn describe(path: &Path) -> Result<Header, Error> {
    let describe = || {
        let (mut file, header) = open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = Zeroizing::new(vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer).action("read")? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        header.demand_digest(Bytes32(hasher.finalize().into()))?;
        Ok(header)
    };
    describe().map_err(|error: Error| error.at(path))
}

/// What a file holds, by its header and its length alone.
///
/// # Errors
/// [`Error::File`] with the field that is not as expected.
pub fn kind(path: &Path) -> Result<Kind, Error> {
    open(path).map(|(_, header)| header.kind).map_err(|error: Error| error.at(path))
}

/// The digest of a file's body that its header states: whoever reads the body checks it.
///
/// # Errors
/// [`Error::File`] with the field that is not as expected.
pub fn digest(path: &Path) -> Result<Bytes32, Error> {
    open(path).map(|(_, header)| header.digest).map_err(|error: Error| error.at(path))
}

/// Opens a file, reads its header and checks its length.
fn open(path: &Path) -> Result<(File, Header), Error> {
    let (mut file, size) = files::open(path)?;
    let mut start = Vec::with_capacity(HEADER_BYTES);
    (&mut file).take(HEADER_BYTES as u64).read_to_end(&mut start).action("read")?;
    let header = Header::from_prefix(&start)?;
    header.demand_length(size.saturating_sub(HEADER_BYTES as u64))?;
    Ok((file, header))
}
