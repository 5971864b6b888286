//! Keys in shards on the disk: the proving keys of the shards are files beside that of the whole.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zktorch_prover::{ProverError, ProvingKey, ShardKeys};
use zktorch_verifier::{ModelId, UncheckedPipeline};

use crate::container::{self, Kind, protocol};
use crate::model_file::{Recipe, preprocessing};
use crate::{Bytes32, shard_path};

/// The largest file of a shard's key.
const MAX_BYTES: u64 = 8 << 30;

/// The proving key of a model in shards, without those of the shards: these are read one by one.
#[derive(Debug)]
pub struct LoadedPipeline {
    /// What it says of the whole.
    pub vk: UncheckedPipeline,
    /// How its model was compiled.
    pub recipe: Recipe,
    /// The number of shards that setup was asked for: there may be fewer.
    pub asked: usize,
    path: PathBuf,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Head {
    recipe: Recipe,
    asked: usize,
    vk: Vec<u8>,
}

impl LoadedPipeline {
    /// Reads the part that is not of a shard.
    ///
    /// # Errors
    /// If it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let _span = tracing::info_span!("read key").entered();
        let body = container::read(path, Kind::PipelineProvingKey, &protocol(), MAX_BYTES)?;
        let decode = || -> Result<Self> {
            let (head, rest) = postcard::take_from_bytes::<Head>(&body).context("malformed proving key")?;
            if !rest.is_empty() {
                bail!("malformed proving key: {} trailing bytes", rest.len());
            }
            let vk = UncheckedPipeline::from_bytes(&head.vk, None)?;
            if vk.body().preprocessing != preprocessing(head.recipe.image.as_ref()) {
                bail!("the key's preprocessing is not that of its model");
            }
            Ok(Self { vk, recipe: head.recipe, asked: head.asked, path: path.to_path_buf() })
        };
        decode().with_context(|| path.display().to_string())
    }

    /// Writes the part that is not of a shard. Comes last: then all others are there.
    ///
    /// # Errors
    /// If it cannot be written; then the old one, if any, is untouched.
    pub fn write(path: &Path, vk: &[u8], recipe: &Recipe, asked: usize) -> Result<()> {
        let head = Head { recipe: recipe.clone(), asked, vk: vk.to_vec() };
        let head = Zeroizing::new(postcard::to_stdvec(&head)?);
        container::write(path, Kind::PipelineProvingKey, &protocol(), &head)?;
        Ok(())
    }

    /// Writes the proving key of a shard, and what it was made of ([`origin`]).
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write_shard(
        path: &Path,
        index: usize,
        origin: Bytes32,
        key: &ProvingKey,
    ) -> Result<(), ProverError> {
        let written =
            container::write_with(&shard_path(path, index), Kind::ShardKey, &protocol(), |writer| {
                writer.write_all(&key.vk().model_id().0)?;
                writer.write_all(&origin.0)?;
                key.write_to(writer).map_err(std::io::Error::other)
            });
        written.map(drop).map_err(|error| ProverError::Io(std::io::Error::other(error)))
    }

    /// The proving key of a shard in the folder of a key that may not be there (yet), with what it was made of.
    ///
    /// # Errors
    /// [`ProverError::Io`] if it cannot be read; those of decoding it.
    pub fn read_shard(path: &Path, index: usize) -> Result<(Bytes32, ProvingKey), ProverError> {
        let _span = tracing::info_span!("read key").entered();
        let read = |reader: &mut container::BodyReader| -> Result<_, ProverError> {
            let [mut id, mut origin] = [[0; 32]; 2];
            reader.read_exact(&mut id)?;
            reader.read_exact(&mut origin)?;
            let left = reader.left();
            Ok((Bytes32(origin), ProvingKey::read_shard_from(reader, left, ModelId(id))?))
        };
        let path = shard_path(path, index);
        let key = container::read_with(&path, Kind::ShardKey, &protocol(), MAX_BYTES, read);
        key.map_err(|error| ProverError::Io(std::io::Error::other(error)))?
    }

    /// Bytes of the files of all shards' keys, as far as they are there.
    pub fn shard_bytes(&self) -> u64 {
        let bytes = |index| fs::metadata(shard_path(&self.path, index)).ok().map(|metadata| metadata.len());
        (0..self.vk.shards()).filter_map(bytes).sum()
    }
}

impl ShardKeys for LoadedPipeline {
    type Key<'a> = Box<ProvingKey>;

    fn shard(&self, index: usize) -> Result<Box<ProvingKey>, ProverError> {
        Ok(Box::new(Self::read_shard(&self.path, index)?.1))
    }
}

/// What the key of a shard is made of: the model's file, and which shard of how many it is.
pub fn origin(model: Bytes32, index: usize, shards: usize) -> Bytes32 {
    let numbers = [index as u64, shards as u64].map(u64::to_le_bytes).concat();
    Bytes32::sha256(&[b"zktorch shard of a model v1".as_slice(), &model.0, &numbers].concat())
}
