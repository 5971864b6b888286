//! Files: a header that says what a file is, then the body.
//!
//! | bytes | field |
//! |---|---|
//! | 8 | magic, `ZKTORCH\0` |
//! | 4 | kind |
//! | 4 | format version |
//! | 32 | protocol id |
//! | 8 | length of the body |
//! | 32 | SHA-256 of the body |
//! | ... | body |
//!
//! Numbers are little-endian. A file is accepted only if every field is what is expected and the body has exactly its length and
//! digest: no trailing bytes, no unknown versions. The digest finds damage, not forgery; what a body says is checked by its decoder.

mod header;
mod sniff;
#[cfg(test)]
mod tests;

pub use header::{HEADER_BYTES, Header, Kind, MAGIC};

use crate::Error;
use crate::hex::Bytes32;

/// The id of the protocol, which all files carry.
pub fn protocol() -> Bytes32 {
    Bytes32::sha256(b"zktorch protocol v1")
}

/// The body within the bytes of a file of this kind and protocol.
///
/// # Errors
/// The field that is not as expected.
pub fn decode<'a>(bytes: &'a [u8], kind: Kind, protocol: &Bytes32) -> Result<&'a [u8], Error> {
    let header = Header::from_prefix(bytes)?;
    header.demand(kind, protocol)?;
    let body = bytes.get(HEADER_BYTES..).unwrap_or_default();
    header.demand_length(body.len() as u64)?;
    header.demand_digest(Bytes32::sha256(body))?;
    Ok(body)
}

/// Length of a file whose body has this length, in bytes.
pub fn file_bytes(body: usize) -> u64 {
    (HEADER_BYTES + body) as u64
}

/// The bytes of a whole file.
pub fn encode(kind: Kind, protocol: &Bytes32, body: &[u8]) -> Vec<u8> {
    let header = Header::new(kind, protocol, body.len() as u64, Bytes32::sha256(body));
    [&header.to_bytes(), body].concat()
}
