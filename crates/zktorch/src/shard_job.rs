//! What another process gets that proves a shard of a proof.

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};
use zktorch_commit::Srs;
use zktorch_prover::{ProvedLeaf, Run, ShardKeys, ShardSecrets, prove_leaf};
use zktorch_verifier::{ModelId, PipelineStatement, Statement, UncheckedKey, UncheckedPipeline};

/// What a prover of a shard has to know beside the proving key. Secret: it holds values and blinds. No nonce: every attempt draws
/// a fresh one. The same job of the same run has the same bytes.
#[derive(Serialize, Deserialize)]
pub struct ShardJob {
    index: usize,
    model_id: [u8; 32],
    public: Vec<Vec<i32>>,
    private: [Vec<[u8; 32]>; 2],
    context: Vec<u8>,
    boundaries: Vec<[u8; 32]>,
    secrets: Vec<u8>,
}

impl std::fmt::Debug for ShardJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShardJob").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Drop for ShardJob {
    fn drop(&mut self) {
        self.secrets.zeroize();
    }
}

impl ShardJob {
    /// Shard `index` of a run, whose verifying key is `key`.
    ///
    /// # Errors
    /// If there is no such shard.
    pub fn new(run: &Run, vk: &UncheckedPipeline, index: usize, key: &UncheckedKey) -> Result<Self> {
        let shard = vk.body().shards.get(index).context("no such shard")?;
        let statement = &run.statement;
        Ok(Self {
            index,
            model_id: statement.model_id.0,
            public: statement.public.clone(),
            private: [statement.private_inputs.clone(), statement.private_outputs.clone()],
            context: statement.context.clone(),
            boundaries: run.boundaries.clone(),
            secrets: run.wires.secrets(index, shard, key).to_bytes()?.to_vec(),
        })
    }

    /// Which shard, counted from zero.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The model of which it is a part.
    pub fn model_id(&self) -> ModelId {
        ModelId(self.model_id)
    }

    /// Its bytes. Secret.
    ///
    /// # Errors
    /// None for what fits into memory.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(postcard::to_stdvec(self)?))
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (job, rest) = postcard::take_from_bytes::<Self>(bytes).context("malformed job")?;
        if !rest.is_empty() {
            bail!("malformed job: {} trailing bytes", rest.len());
        }
        Ok(job)
    }

    /// Proves it, with the keys of its model.
    ///
    /// # Errors
    /// If it is of another model; those of the key and of the proof.
    pub fn prove<K: ShardKeys + ?Sized>(
        &self,
        vk: &UncheckedPipeline,
        keys: &K,
        srs: &Srs,
    ) -> Result<ProvedLeaf> {
        let secrets = ShardSecrets::from_bytes(&self.secrets)?;
        let [private_inputs, private_outputs] = self.private.clone();
        let statement = Statement {
            model_id: self.model_id(),
            inferences: 1,
            public: self.public.clone(),
            private_inputs,
            private_outputs,
            context: self.context.clone(),
        };
        let shared = PipelineStatement::new(vk, &statement, &self.boundaries)?;
        let key = keys.shard(self.index)?;
        Ok(prove_leaf(&shared, self.index, &key, srs, &secrets)?)
    }
}

/// The most bytes of a leaf beside its proof and its witness.
const LEAF_SLACK: u64 = 1 << 20;

/// The most bytes of what another process gives back of a shard.
pub fn most_leaf_bytes(vk: &UncheckedPipeline, index: usize) -> u64 {
    let proof = vk.proof_parts().ok().and_then(|(_, leaves, _)| leaves.get(index).copied());
    proof.unwrap_or(0) as u64 + (32 << vk.k()) + LEAF_SLACK
}
