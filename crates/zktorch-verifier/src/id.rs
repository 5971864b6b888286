//! The identity of a model.

use sha2::{Digest, Sha256};

/// SHA-256 of the whole body of a verifying key: version, SRS id, chunk size, graph, shapes, scales, tables,
/// ports, preprocessing, weight commitments. Of a model in shards the body is the list of its shards' ids and how they
/// are wired. Two keys with the same id accept the same proofs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(pub [u8; 32]);

impl ModelId {
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(Sha256::new().chain_update(b"zktorch model id v1").chain_update(body).finalize().into())
    }

    pub(crate) fn of_pipeline(body: &[u8]) -> Self {
        Self(Sha256::new().chain_update(b"zktorch pipeline id v1").chain_update(body).finalize().into())
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

/// SHA-256 of the commitment to a labelled test set: SRS id, number and extents of the images, number of classes, chunk commitments. Who knows
/// it knows that the set is the one that was committed to, and nothing else of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(pub [u8; 32]);

impl SetId {
    pub(crate) fn of(commitment: &[u8]) -> Self {
        Self(Sha256::new().chain_update(b"zktorch set id v1").chain_update(commitment).finalize().into())
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut id = [0; 32];
    for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
        let text = core::str::from_utf8(pair).ok().filter(|text| !text.starts_with('+'))?;
        *byte = u8::from_str_radix(text, 16).ok()?;
    }
    Some(id)
}

fn write_hex(id: &[u8; 32], f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
    id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl core::fmt::Display for ModelId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write_hex(&self.0, f)
    }
}

impl core::fmt::Debug for ModelId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ModelId({self})")
    }
}

impl core::fmt::Display for SetId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write_hex(&self.0, f)
    }
}

impl core::fmt::Debug for SetId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SetId({self})")
    }
}
