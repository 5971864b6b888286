//! Containers on the disk: read with a limit, written at once. The format is that of [`zktorch_files::container`].

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{BodyReader, describe, digest, kind, map, read, read_with};
pub use write::{BodyWriter, write, write_with};
pub use zktorch_files::container::{HEADER_BYTES, Header, Kind, MAGIC, decode, encode, file_bytes, protocol};
