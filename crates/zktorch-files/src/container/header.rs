//! The header.

use std::fmt;

use serde::Serialize;

use super::sniff::looks_like;
use crate::Error;
use crate::hex::Bytes32;

/// The first bytes of every file.
pub const MAGIC: [u8; 8] = *b"ZKTORCH\0";
/// Length of the header.
pub const HEADER_BYTES: usize = 88;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A compiled model. Secret: it holds the weights.
    Model,
    /// A proving key. Secret: it holds the weights.
    ProvingKey,
    /// A verifying key.
    VerifyingKey,
    /// A proof.
    Proof,
    /// The verifier's part of a structured reference string.
    SrsPart,
    /// The verifying key of a model in shards.
    PipelineKey,
    /// The proving key of a model in shards, but for the keys of these. Secret, as they are.
    PipelineProvingKey,
    /// The proving key of a shard. Secret: it holds weights.
    ShardKey,
    /// What another process needs to prove a shard. Secret: it holds values and blinds.
    ShardJob,
    /// What it gives back.
    ShardLeaf,
    /// Why it gives nothing back. Secret: it may quote a value of the run.
    ShardError,
    /// A proof of shards between its beginning and its end. Secret: it holds values and blinds.
    ShardRun,
    /// The commitment to a labelled test set.
    TestSet,
    /// A labelled test set with what opens its commitment. Secret: it holds images and labels.
    TestSetOpening,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::Model,
        Self::ProvingKey,
        Self::VerifyingKey,
        Self::Proof,
        Self::SrsPart,
        Self::PipelineKey,
        Self::PipelineProvingKey,
        Self::ShardKey,
        Self::ShardJob,
        Self::ShardLeaf,
        Self::ShardError,
        Self::ShardRun,
        Self::TestSet,
        Self::TestSetOpening,
    ];

    /// Its number in the header.
    pub fn code(self) -> u32 {
        match self {
            Self::Model => 1,
            Self::ProvingKey => 2,
            Self::VerifyingKey => 3,
            Self::Proof => 4,
            Self::SrsPart => 5,
            Self::PipelineKey => 6,
            Self::PipelineProvingKey => 7,
            Self::ShardKey => 8,
            Self::ShardJob => 9,
            Self::ShardLeaf => 10,
            Self::ShardError => 11,
            Self::ShardRun => 12,
            Self::TestSet => 13,
            Self::TestSetOpening => 14,
        }
    }

    /// The version of its format that this program reads and writes.
    pub fn version(self) -> u32 {
        match self {
            // 2: the weights are one section of 16-bit numbers.
            Self::ProvingKey => 2,
            // 2: large weights of external data stay there.
            Self::Model => 2,
            // 2: it says what it was made of.
            Self::ShardKey => 2,
            Self::VerifyingKey | Self::Proof | Self::SrsPart => 1,
            Self::PipelineKey | Self::PipelineProvingKey => 1,
            Self::ShardJob | Self::ShardLeaf | Self::ShardError | Self::ShardRun => 1,
            Self::TestSet | Self::TestSetOpening => 1,
        }
    }

    /// The kind with this number.
    ///
    /// # Errors
    /// [`Error::UnknownKind`].
    pub fn from_code(code: u32) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.code() == code).ok_or(Error::UnknownKind { found: code })
    }

    /// Whether only the owner may read such files.
    pub fn is_secret(self) -> bool {
        match self {
            Self::Model | Self::ProvingKey | Self::PipelineProvingKey => true,
            Self::ShardKey | Self::ShardJob | Self::ShardError | Self::ShardRun | Self::TestSetOpening => {
                true
            }
            Self::VerifyingKey | Self::Proof | Self::SrsPart | Self::PipelineKey | Self::ShardLeaf => false,
            Self::TestSet => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "a compiled model",
            Self::ProvingKey => "a proving key (pk)",
            Self::VerifyingKey => "a verifying key (vk)",
            Self::Proof => "a proof",
            Self::SrsPart => "the verifier's part of an SRS",
            Self::PipelineKey => "a verifying key in shards (vk)",
            Self::PipelineProvingKey => "a proving key in shards (pk)",
            Self::ShardKey => "the proving key of a shard",
            Self::ShardJob => "a shard to be proved",
            Self::ShardLeaf => "the proof of a shard",
            Self::ShardError => "why a shard was not proved",
            Self::ShardRun => "a proof of shards that has begun",
            Self::TestSet => "the commitment to a test set",
            Self::TestSetOpening => "a test set (opening)",
        })
    }
}

/// What a file says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// What it holds.
    pub kind: Kind,
    /// Version of its format.
    pub version: u32,
    /// The protocol that it belongs to.
    pub protocol: Bytes32,
    /// Length of the body in bytes.
    pub body_bytes: u64,
    /// SHA-256 of the body.
    pub digest: Bytes32,
}

impl Header {
    /// The header of a file with this body.
    pub fn new(kind: Kind, protocol: &Bytes32, body_bytes: u64, digest: Bytes32) -> Self {
        Self { kind, version: kind.version(), protocol: *protocol, body_bytes, digest }
    }

    /// The bytes of the header.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.kind.code().to_le_bytes());
        bytes[12..16].copy_from_slice(&self.version.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.protocol.0);
        bytes[48..56].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[56..].copy_from_slice(&self.digest.0);
        bytes
    }

    /// Reads the header at the beginning of a file. Refuses other files, unknown kinds and unknown versions.
    ///
    /// # Errors
    /// [`Error::Magic`], [`Error::Length`], [`Error::UnknownKind`], [`Error::Version`].
    pub fn from_prefix(bytes: &[u8]) -> Result<Self, Error> {
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if magic != MAGIC {
            let (expected, found) = (MAGIC.escape_ascii().to_string(), magic.escape_ascii().to_string());
            return Err(Error::Magic { expected, found, looks_like: looks_like(bytes) });
        }
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(Error::Length {
                field: "header",
                expected: HEADER_BYTES as u64,
                found: bytes.len() as u64,
            });
        };
        let kind = Kind::from_code(u32::from_le_bytes(part(bytes, 8)))?;
        let version = u32::from_le_bytes(part(bytes, 12));
        if version != kind.version() {
            return Err(Error::Version { kind, expected: kind.version(), found: version });
        }
        Ok(Self {
            kind,
            version,
            protocol: Bytes32(part(bytes, 16)),
            body_bytes: u64::from_le_bytes(part(bytes, 48)),
            digest: Bytes32(part(bytes, 56)),
        })
    }

    /// Checks what the file is against what is needed.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Protocol`].
    pub fn demand(&self, kind: Kind, protocol: &Bytes32) -> Result<(), Error> {
        if self.kind != kind {
            return Err(Error::Kind { expected: kind, found: self.kind });
        }
        if self.protocol != *protocol {
            return Err(Error::Protocol { expected: *protocol, found: self.protocol });
        }
        Ok(())
    }

    /// Checks the length of what follows the header.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn demand_length(&self, found: u64) -> Result<(), Error> {
        if self.body_bytes == found {
            Ok(())
        } else {
            Err(Error::Length { field: "body", expected: self.body_bytes, found })
        }
    }

    /// Checks the digest of the body.
    ///
    /// # Errors
    /// [`Error::Digest`].
    pub fn demand_digest(&self, found: Bytes32) -> Result<(), Error> {
        if self.digest == found { Ok(()) } else { Err(Error::Digest { expected: self.digest, found }) }
    }
}

fn part<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}
