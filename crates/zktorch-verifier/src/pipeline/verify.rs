//! Verification of a proof in shards.

use zktorch_blocks::{Accumulation, DeferredProof, verify_accumulation};
use zktorch_commit::Commitment;
use zktorch_mutants::enforced;

use super::{PipelineKey, PipelineStatement};
use crate::verify::require;
use crate::{ProofEnvelope, Statement, VerifyError};

/// Verifies that `proof` proves `statement` for the model of a pipeline's key. The statement's private commitments are those of
/// every private tensor by itself, in the order of the ports.
///
/// Every shard's proof is verified up to the claim that it leaves, under a statement in which a boundary has the same
/// commitments wherever it occurs: they are in the proof once. The claims are folded, and opened at once.
///
/// # Errors
/// [`VerifyError::WrongKey`] for a statement or proof made with another key, [`VerifyError::Malformed`],
/// [`VerifyError::Shard`], [`VerifyError::Proof`].
pub fn verify_pipeline(vk: &PipelineKey, statement: &Statement, proof: &[u8]) -> Result<(), VerifyError> {
    let vk = vk.key();
    let envelope = ProofEnvelope::from_bytes(proof)?;
    require("proof", vk.model_id(), envelope.model()?)?;
    let (expected, got) = (vk.argument_bytes()?, envelope.argument.len());
    if expected != got && enforced() {
        let reason = format!("expected {expected} bytes, got {got}");
        return Err(VerifyError::Malformed { what: "proof", reason });
    }
    let (boundaries, lengths, _) = vk.proof_parts()?;
    let (boundaries, mut rest) = take(&envelope.argument, boundaries)?;
    let boundaries: Vec<[u8; 32]> = boundaries.as_chunks::<{ Commitment::BYTES }>().0.to_vec();
    let statement = PipelineStatement::new(vk, statement, &boundaries)?;

    let mut leaves = Vec::with_capacity(lengths.len());
    for (index, length) in lengths.iter().enumerate() {
        let bytes;
        (bytes, rest) = take(rest, *length)?;
        let shard = |error| VerifyError::Shard { index, error };
        let key = vk.shard(index)?;
        let parts = statement.leaf(index, &key)?;
        let proof = DeferredProof::from_bytes(key.network(), key.shape(), bytes).map_err(shard)?;
        let leaf = parts.statement(&key)?.verify_deferred(vk.srs(), &proof).map_err(shard)?;
        leaves.push(leaf);
    }
    let accumulation = Accumulation::from_bytes(vk.shards(), vk.k(), rest).map_err(VerifyError::Proof)?;
    verify_accumulation(vk.srs(), vk.k(), &leaves, &accumulation).map_err(VerifyError::Proof)
}

fn take(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), VerifyError> {
    let short =
        || VerifyError::Malformed { what: "proof", reason: "it ends before its last part".to_owned() };
    bytes.split_at_checked(count).ok_or_else(short)
}
