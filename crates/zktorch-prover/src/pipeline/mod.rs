//! Models in shards: one inference as several proofs that are opened at once, so that memory is that of one shard.
//!
//! | file | holds |
//! |---|---|
//! | `setup` | the keys |
//! | `wires` | what crosses the borders of shards: values, commitments, blinds |
//! | `leaf` | one shard's proof, and what other processes get and give that make it |
//! | `run` | a whole proof, from the witness to the opening |

mod leaf;
mod run;
mod setup;
mod wires;

use core::ops::Deref;

use zktorch_verifier::{ModelId, UncheckedPipeline};

#[cfg(feature = "os-rng")]
pub use self::leaf::prove_leaf;
pub use self::leaf::{ProvedLeaf, ShardSecrets, prove_leaf_with_nonce};
#[cfg(feature = "os-rng")]
pub use self::run::prove_pipeline;
pub use self::run::{End, Run, prove_pipeline_with_nonce};
pub use self::setup::{ShardSetup, setup_pipeline_with_nonce, setup_shards_with_nonce};
#[cfg(feature = "os-rng")]
pub use self::setup::{setup_pipeline, setup_shards};
pub(crate) use self::wires::KEPT;
pub use self::wires::Wires;
use crate::{ProverError, ProvingKey};

/// Where the proving keys of shards come from. One is held at a time.
pub trait ShardKeys {
    /// A key, or a reference to one.
    type Key<'a>: Deref<Target = ProvingKey>
    where
        Self: 'a;

    /// The proving key of a shard.
    ///
    /// # Errors
    /// Those of reading it; [`ProverError::Length`] if there is none.
    fn shard(&self, index: usize) -> Result<Self::Key<'_>, ProverError>;
}

impl ShardKeys for [ProvingKey] {
    type Key<'a> = &'a ProvingKey;

    fn shard(&self, index: usize) -> Result<&ProvingKey, ProverError> {
        let none = || ProverError::Length {
            what: "keys of shards".to_owned(),
            expected: index + 1,
            got: self.len(),
        };
        self.get(index).ok_or_else(none)
    }
}

/// That a proving key is that of a shard.
fn check_key(vk: &UncheckedPipeline, index: usize, key: &ProvingKey) -> Result<(), ProverError> {
    let expected = vk.body().shards.get(index).map(|shard| ModelId(shard.key));
    let got = key.vk.model_id();
    match expected {
        Some(expected) if expected == got => Ok(()),
        _ => Err(ProverError::Shard { index, expected, got }),
    }
}
