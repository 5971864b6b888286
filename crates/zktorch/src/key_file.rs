//! The file of a proving key.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;
use zktorch_commit::{Srs, SrsId};
use zktorch_prover::ProvingKey;

use crate::container::{self, HEADER_BYTES, Kind, protocol};
use crate::model_file::{Recipe, decode, preprocessing};
use crate::srs_path;

/// Bytes of a recipe at most: memory is taken for it before it is read.
const MAX_RECIPE: usize = 256 << 20;

/// A proving key with what it was made from. In the file the recipe comes first, after its length as a 64-bit little-endian number,
/// and a zero after one of odd length: so numbers of 16 bits lie where they can be read.
pub struct LoadedKey {
    /// The key.
    pub key: ProvingKey,
    /// How its model was compiled.
    pub recipe: Recipe,
}

impl LoadedKey {
    /// Reads a proving key. The weights stay in the file, which must not be modified as long as the key is used.
    ///
    /// # Errors
    /// If it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let _span = tracing::info_span!("read key").entered();
        let file = container::map(path, Kind::ProvingKey, &protocol())?;
        let decode = || {
            let body = file.bytes().get(HEADER_BYTES..).unwrap_or_default();
            let (recipe, left) = Self::recipe(&mut &*body, body.len() as u64)?;
            let start = file.bytes().len() - usize::try_from(left)?;
            Self::with(ProvingKey::map_from(file, start)?, &recipe)
        };
        decode().with_context(|| path.display().to_string())
    }

    /// Decodes the body of a file, which has so many bytes.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn from_body(mut body: impl Read, bytes: u64) -> Result<Self> {
        let (recipe, left) = Self::recipe(&mut body, bytes)?;
        Self::with(ProvingKey::read_from(body, left)?, &recipe)
    }

    /// Reads the recipe; how many bytes are left.
    fn recipe(body: &mut dyn Read, bytes: u64) -> Result<(Zeroizing<Vec<u8>>, u64)> {
        let mut length = [0; 8];
        body.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let padding = length % 2;
        let left = bytes.checked_sub(8 + padding).and_then(|left| left.checked_sub(length));
        let known = left.zip(usize::try_from(length).ok().filter(|length| *length <= MAX_RECIPE));
        let (left, length) = known.context("malformed proving key: length of the recipe")?;
        let mut recipe = Zeroizing::new(vec![0; length]);
        body.read_exact(&mut recipe)?;
        let mut zeros = vec![0; padding as usize];
        body.read_exact(&mut zeros)?;
        if zeros.iter().any(|byte| *byte != 0) {
            bail!("malformed proving key: expected a zero after the recipe");
        }
        Ok((recipe, left))
    }

    fn with(key: ProvingKey, recipe: &[u8]) -> Result<Self> {
        let recipe: Recipe = decode(recipe).context("malformed proving key")?;
        if key.vk().preprocessing() != preprocessing(recipe.image.as_ref()) {
            bail!("the key's preprocessing is not that of its model");
        }
        Ok(Self { key, recipe })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written; then the old one, if any, is untouched.
    pub fn write(path: &Path, key: &ProvingKey, recipe: &Recipe) -> Result<()> {
        container::write_with(path, Kind::ProvingKey, &protocol(), |writer| {
            Self::write_body(writer, key, recipe).map_err(io::Error::other)
        })?;
        Ok(())
    }

    /// Writes the body of the file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_body(mut writer: impl Write, key: &ProvingKey, recipe: &Recipe) -> Result<()> {
        Self::write_recipe(&mut writer, recipe)?;
        Ok(key.write_to(writer)?)
    }

    /// Writes what comes before the key itself.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_recipe(writer: &mut dyn Write, recipe: &Recipe) -> Result<()> {
        let recipe = Zeroizing::new(postcard::to_stdvec(recipe)?);
        writer.write_all(&(recipe.len() as u64).to_le_bytes())?;
        writer.write_all(&recipe)?;
        Ok(writer.write_all(&[0][..recipe.len() % 2])?)
    }
}

/// The SRS that a key was made under, with as many powers as it needs: the development SRS is computed,
/// another one is beside it.
///
/// # Errors
/// If it cannot be read, or is another one.
pub fn load_srs(pk: &Path, id: SrsId, k: usize) -> Result<Srs> {
    let _span = tracing::info_span!("SRS").entered();
    if id == zktorch_commit::srs::DEVELOPMENT {
        return Ok(Srs::dev(k)?);
    }
    let path = srs_path(pk);
    let srs = Srs::open(&path).with_context(|| format!("{}: the SRS of the proving key", path.display()))?;
    if srs.verifier().id() != id {
        bail!("{}: expected SRS {id}, got {}", path.display(), srs.verifier().id());
    }
    srs.truncated(k).with_context(|| path.display().to_string())
}
