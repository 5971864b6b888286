//! Keys, in one piece or in shards, as commands use them.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Result, bail};
use zktorch::container::{self, Kind};
use zktorch_commit::Srs;
use zktorch_files::Interface;
use zktorch_graph::Graph;
use zktorch_prover::{Memory, Proved, ProverError, prove_pipeline};
use zktorch_verifier::{Batch, Part, VerifyError};

use zktorch::key_file::LoadedKey;
use zktorch::model_file::Recipe;
use zktorch::pipeline_file::LoadedPipeline;

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

    pub(super) fn interface(&self) -> Result<Interface, VerifyError> {
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

    /// What the argument of every proof consists of.
    pub(super) fn parts(&self) -> Result<Vec<Part>, VerifyError> {
        match self {
            Self::Whole(loaded) => loaded.key.vk().parts(),
            Self::Shards(loaded) => loaded.vk.parts(),
        }
    }

    /// What the key says of a proof of so many inferences; nothing of a single one.
    pub(super) fn batch(&self, inferences: usize) -> Result<Option<Batch>> {
        match self {
            _ if inferences == 1 => Ok(None),
            Self::Whole(loaded) => {
                let count = u32::try_from(inferences).unwrap_or(u32::MAX);
                Ok(Some(loaded.key.vk().batch(count)?))
            }
            Self::Shards(_) => bail!(
                "--input: expected one inference, as the key is in shards, got {inferences}: prove them one by one, or set up a key in \
                 one piece"
            ),
        }
    }

    /// Proves inferences, several ones with their batch.
    pub(super) fn prove(
        &self,
        srs: &Srs,
        (batch, inferences): (Option<&Batch>, &[Vec<Vec<i32>>]),
        context: &[u8],
    ) -> Result<Proved, ProverError> {
        match (self, batch, inferences) {
            (Self::Whole(loaded), Some(batch), _) => {
                let inferences: Vec<&[Vec<i32>]> = inferences.iter().map(Vec::as_slice).collect();
                loaded.key.prove_batch(srs, batch, &inferences, context)
            }
            (Self::Whole(loaded), None, [inputs]) => loaded.key.prove(srs, inputs, context),
            (Self::Shards(loaded), None, [inputs]) => {
                prove_pipeline(&loaded.vk, &**loaded, srs, inputs, context)
            }
            (_, _, others) => {
                let (what, expected, got) = ("inferences".to_owned(), 1, others.len());
                Err(ProverError::Length { what, expected, got })
            }
        }
    }

    /// What proving these graphs takes, one after the other.
    pub(super) fn memory(&self, graphs: &[Cow<'_, Graph>], k: usize, computed: bool) -> Memory {
        let graphs: Vec<&Graph> = graphs.iter().map(AsRef::as_ref).collect();
        Memory::of_graphs(&graphs, k, self.shards().is_some(), computed)
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
