//! Keys, in one piece or in shards, as commands use them.

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;
use zktorch::container::{self, Kind};
use zktorch_commit::{Srs, SrsPolicy, SrsStatus};
use zktorch_graph::Graph;
use zktorch_prover::{Proved, ProverError, prove_pipeline};
use zktorch_verifier::{
    ModelId, PipelineKey, Statement, UncheckedKey, UncheckedPipeline, VerifyError, VerifyingKey, verify,
    verify_pipeline,
};

use super::interface::Interface;
use super::model_file::{LoadedKey, Recipe};
use super::pipeline::LoadedPipeline;

/// A checked key, in one piece or in shards.
pub(super) enum Checked {
    Whole(Box<VerifyingKey>),
    Shards(Box<PipelineKey>),
}

impl Checked {
    pub(super) fn verify(&self, statement: &Statement, proof: &[u8]) -> Result<(), VerifyError> {
        match self {
            Self::Whole(vk) => verify(vk, statement, proof),
            Self::Shards(vk) => verify_pipeline(vk, statement, proof),
        }
    }

    pub(super) fn srs_status(&self) -> SrsStatus {
        match self {
            Self::Whole(vk) => vk.srs_status(),
            Self::Shards(vk) => vk.srs_status(),
        }
    }
}

/// A key that was read.
pub(super) enum Unchecked {
    Whole(Box<UncheckedKey>),
    Shards(Box<UncheckedPipeline>),
}

impl Unchecked {
    pub(super) fn decode(kind: Kind, bytes: &[u8], id: Option<ModelId>) -> Result<Self, VerifyError> {
        match (kind, id) {
            (Kind::PipelineKey, id) => {
                UncheckedPipeline::from_bytes(bytes, id).map(|key| Self::Shards(Box::new(key)))
            }
            (_, Some(id)) => VerifyingKey::from_bytes_pinned(bytes, id).map(|key| Self::Whole(Box::new(key))),
            (_, None) => VerifyingKey::from_bytes(bytes).map(|key| Self::Whole(Box::new(key))),
        }
    }

    pub(super) fn interface(&self) -> Result<Interface> {
        match self {
            Self::Whole(vk) => Interface::of_key(vk),
            Self::Shards(vk) => Interface::of_pipeline(vk),
        }
    }

    pub(super) fn check(self, policy: &SrsPolicy) -> Result<Checked, VerifyError> {
        match self {
            Self::Whole(vk) => vk.check(policy).map(|vk| Checked::Whole(Box::new(vk))),
            Self::Shards(vk) => vk.check(policy).map(|vk| Checked::Shards(Box::new(vk))),
        }
    }
}

/// A key, in one piece or in shards.
pub(super) enum Loaded {
    Whole(Box<LoadedKey>),
    Shards(Box<LoadedPipeline>),
}

impl Loaded {
    pub(super) fn read(path: &Path) -> Result<Self> {
        // What is no file of ours is told by whoever expects a key in one piece.
        match container::kind(path) {
            Ok(Kind::PipelineProvingKey) => Ok(Self::Shards(Box::new(LoadedPipeline::read(path)?))),
            _ => Ok(Self::Whole(Box::new(LoadedKey::read(path)?))),
        }
    }

    pub(super) fn interface(&self) -> Result<Interface> {
        match self {
            Self::Whole(loaded) => Interface::of_key(loaded.key.vk()),
            Self::Shards(loaded) => Interface::of_pipeline(&loaded.vk),
        }
    }

    pub(super) fn recipe(&self) -> &Recipe {
        match self {
            Self::Whole(loaded) => &loaded.recipe,
            Self::Shards(loaded) => &loaded.recipe,
        }
    }

    /// The graphs that are proved.
    pub(super) fn graphs(&self) -> Result<Vec<Cow<'_, Graph>>> {
        match self {
            Self::Whole(loaded) => Ok(vec![Cow::Borrowed(loaded.key.vk().network().graph())]),
            Self::Shards(loaded) => {
                let vk = &loaded.vk;
                let graph = |index| Ok(Cow::Owned(vk.shard(index)?.network().graph().clone()));
                (0..vk.shards()).map(graph).collect()
            }
        }
    }

    pub(super) fn prove(
        &self,
        srs: &Srs,
        inputs: &[Vec<i32>],
        context: &[u8],
    ) -> Result<Proved, ProverError> {
        match self {
            Self::Whole(loaded) => loaded.key.prove(srs, inputs, context),
            Self::Shards(loaded) => prove_pipeline(&loaded.vk, &**loaded, srs, inputs, context),
        }
    }

    pub(super) fn shards(&self) -> Option<usize> {
        match self {
            Self::Whole(_) => None,
            Self::Shards(loaded) => Some(loaded.vk.shards()),
        }
    }

    /// Bytes of the keys of shards.
    pub(super) fn shard_bytes(&self) -> u64 {
        match self {
            Self::Whole(_) => 0,
            Self::Shards(loaded) => loaded.shard_bytes(),
        }
    }
}
