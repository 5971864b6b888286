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
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut id = [0; 32];
        for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
            let text = core::str::from_utf8(pair).ok().filter(|text| !text.starts_with('+'))?;
            *byte = u8::from_str_radix(text, 16).ok()?;
        }
        Some(Self(id))
    }
}

impl core::fmt::Display for ModelId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::fmt::Debug for ModelId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ModelId({self})")
    }
}
