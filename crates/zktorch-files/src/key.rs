//! Verifying keys, in one piece or in shards.

use zktorch_commit::{SrsPolicy, SrsStatus};
use zktorch_verifier::{
    ModelId, PipelineKey, Statement, UncheckedKey, UncheckedPipeline, VerifyError, VerifyingKey, verify,
    verify_pipeline,
};

use crate::container::{self, Kind, protocol};
use crate::{Error, Interface};

/// A key that was decoded. Whether its SRS and its weights are acceptable is not known yet.
#[derive(Debug)]
pub enum UncheckedVk {
    /// In one piece.
    Whole(Box<UncheckedKey>),
    /// In shards.
    Shards(Box<UncheckedPipeline>),
}

impl UncheckedVk {
    /// Decodes the body of a file of this kind ([`Kind::VerifyingKey`] or [`Kind::PipelineKey`]). If the caller knows the model,
    /// the id comes first: then nothing of another key is decoded.
    ///
    /// # Errors
    /// [`VerifyError`]: the key is malformed, or another model's.
    pub fn decode(kind: Kind, body: &[u8], id: Option<ModelId>) -> Result<Self, VerifyError> {
        match (kind, id) {
            (Kind::PipelineKey, id) => {
                UncheckedPipeline::from_bytes(body, id).map(|key| Self::Shards(Box::new(key)))
            }
            (_, Some(id)) => VerifyingKey::from_bytes_pinned(body, id).map(|key| Self::Whole(Box::new(key))),
            (_, None) => VerifyingKey::from_bytes(body).map(|key| Self::Whole(Box::new(key))),
        }
    }

    /// Decodes a whole file.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and if the file is no verifying key.
    pub fn from_file(bytes: &[u8], id: Option<ModelId>) -> Result<Self, Error> {
        let kind = Self::kind(container::Header::from_prefix(bytes).map(|header| header.kind));
        Ok(Self::decode(kind, container::decode(bytes, kind, &protocol())?, id)?)
    }

    /// The kind of key to expect in a file that says that it is of this kind. What is no file of ours, or another one, is told by
    /// whoever then expects a key in one piece.
    pub fn kind<E>(found: Result<Kind, E>) -> Kind {
        match found {
            Ok(Kind::PipelineKey) => Kind::PipelineKey,
            _ => Kind::VerifyingKey,
        }
    }

    /// What it states of its model.
    ///
    /// # Errors
    /// As [`Interface::of_key`].
    pub fn interface(&self) -> Result<Interface, VerifyError> {
        match self {
            Self::Whole(vk) => Interface::of_key(vk),
            Self::Shards(vk) => Interface::of_pipeline(vk),
        }
    }

    /// Asks the policy whether the SRS is trusted, and verifies the ranges of the weights.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn check(self, policy: &SrsPolicy) -> Result<CheckedVk, VerifyError> {
        match self {
            Self::Whole(vk) => vk.check(policy).map(|vk| CheckedVk::Whole(Box::new(vk))),
            Self::Shards(vk) => vk.check(policy).map(|vk| CheckedVk::Shards(Box::new(vk))),
        }
    }
}

/// A checked key.
#[derive(Debug)]
pub enum CheckedVk {
    /// In one piece.
    Whole(Box<VerifyingKey>),
    /// In shards.
    Shards(Box<PipelineKey>),
}

impl CheckedVk {
    /// Verifies a proof, the body of its file.
    ///
    /// # Errors
    /// [`Error::Proof`], [`Error::Verify`]: it is not accepted.
    pub fn verify(&self, statement: &Statement, proof: &[u8]) -> Result<(), Error> {
        let verified = match self {
            Self::Whole(vk) => verify(vk, statement, proof),
            Self::Shards(vk) => verify_pipeline(vk, statement, proof),
        };
        verified.map_err(|error| match error {
            VerifyError::Proof(_) | VerifyError::Shard { .. } => {
                Error::Proof { error, context: statement.context.len() }
            }
            error => error.into(),
        })
    }

    /// What the SRS is worth.
    pub fn srs_status(&self) -> SrsStatus {
        match self {
            Self::Whole(vk) => vk.srs_status(),
            Self::Shards(vk) => vk.srs_status(),
        }
    }
}
