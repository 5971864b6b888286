//! Writing containers.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{HEADER_BYTES, Header, Kind};
use crate::error::IoContext;
use crate::files::{Access, write_atomically};
use crate::{Bytes32, Error};

/// Takes the body of a file piece by piece. Unbuffered, so that no secret stays behind in a buffer: give it large pieces.
#[derive(Debug)]
pub struct BodyWriter<'a> {
    file: &'a mut File,
    hasher: Sha256,
    length: u64,
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file at once: it appears under its name when it is complete. Secret kinds are readable by the owner alone from the
/// moment of creation.
///
/// # Errors
/// [`Error::File`]; the old file, if any, is then untouched.
pub fn write(path: &Path, kind: Kind, protocol: &Bytes32, body: &[u8]) -> Result<Header, Error> {
    write_with(path, kind, protocol, |writer| writer.write_all(body))
}

/// As [`write()`], with a body that is produced piece by piece.
///
/// # Errors
/// [`Error::File`], also if `body` fails; the old file, if any, is then untouched.
pub fn write_with(
    path: &Path,
    kind: Kind,
    protocol: &Bytes32,
    body: impl FnOnce(&mut BodyWriter<'_>) -> io::Result<()>,
) -> Result<Header, Error> {
    let access = if kind.is_secret() { Access::Owner } else { Access::Ordinary };
    let mut header = Header::new(kind, protocol, 0, Bytes32([0; 32]));
    write_atomically(path, access, |file| {
        file.write_all(&[0; HEADER_BYTES]).action("write")?;
        let mut writer = BodyWriter { file, hasher: Sha256::new(), length: 0 };
        body(&mut writer).action("write")?;
        let BodyWriter { hasher, length, .. } = writer;
        (header.body_bytes, header.digest) = (length, Bytes32(hasher.finalize().into()));
        file.seek(SeekFrom::Start(0)).action("write")?;
        file.write_all(&header.to_bytes()).action("write")
    })?;
    Ok(header)
}
