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
mod read;
mod sniff;
#[cfg(test)]
mod tests;
mod write;

pub use header::{HEADER_BYTES, Header, Kind, MAGIC};
pub use read::{BodyReader, decode, describe, kind, read, read_with};
pub use write::{BodyWriter, encode, file_bytes, write, write_with};
