//! Statements and their verification.

use zktorch_blocks::{BlockError, Network, NetworkProof, Statement as BlockStatement};
use zktorch_commit::Commitment;
use zktorch_mutants::enforced;

use crate::batch::check_inferences;
use crate::{ModelId, ProofEnvelope, VerifyError, VerifyingKey};

/// What a proof is about: "the model maps these inputs to these outputs", once or for each of several inferences. Comes from the user, never out of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The model.
    pub model_id: ModelId,
    /// How many inferences it is about: 1, or several in a batch. Whoever verifies it sees the public values of all of them.
    pub inferences: u32,
    /// Integers of the public inputs, then of the public outputs, each in the order of the key's ports; of all inferences, one after
    /// the other.
    pub public: Vec<Vec<i32>>,
    /// Chunk commitments to the private inputs.
    pub private_inputs: Vec<[u8; 32]>,
    /// Chunk commitments to the private outputs.
    pub private_outputs: Vec<[u8; 32]>,
    /// The verifier's own bytes, at most [`MAX_CONTEXT`]: a proof made for others does not verify. With a
    /// challenge that was never used before, no old proof can be shown again. Empty if there is none.
    pub context: Vec<u8>,
}

/// The longest context, in bytes.
pub const MAX_CONTEXT: usize = 1 << 16;

/// Verifies that `proof` proves `statement` for the model of `vk`.
///
/// A pure function of its arguments. The key was checked; that it is the wanted model's is for the caller to
/// see to ([`VerifyingKey::from_bytes_pinned`]).
///
/// # Errors
/// [`VerifyError::WrongKey`] for a statement or proof made with another key, [`VerifyError::Malformed`],
/// [`VerifyError::Inferences`], [`VerifyError::Batch`], [`VerifyError::Proof`].
pub fn verify(vk: &VerifyingKey, statement: &Statement, proof: &[u8]) -> Result<(), VerifyError> {
    let vk = vk.key();
    let expected = vk.model_id();
    check_statement(expected, statement)?;
    let envelope = ProofEnvelope::from_bytes(proof)?;
    require("proof", expected, envelope.model()?)?;
    let batch = match statement.inferences {
        1 => None,
        inferences => {
            check_inferences(inferences)?;
            check_public(vk.network(), statement).map_err(VerifyError::Proof)?;
            Some(vk.batch(inferences)?)
        }
    };
    let (network, shape) = match &batch {
        Some(batch) => (batch.network(), batch.shape()),
        None => (vk.network(), vk.shape()),
    };
    let [inputs, outputs] = network.private_chunks();
    let inputs = decode_commitments("statement", &statement.private_inputs, inputs)?;
    let outputs = decode_commitments("statement", &statement.private_outputs, outputs)?;
    let public: Vec<&[i32]> = statement.public.iter().map(Vec::as_slice).collect();
    let (context, io) = (statement.context.as_slice(), [inputs.as_slice(), &outputs]);
    let statement = BlockStatement::new(network, expected.0, context, vk.weights(), io, &public)
        .map_err(VerifyError::Proof)?;
    let proof = NetworkProof::from_bytes(network, shape, &envelope.argument).map_err(VerifyError::Proof)?;
    statement.verify(vk.srs(), &proof).map_err(VerifyError::Proof)
}

/// That a statement is of this key, and its context not too long.
pub(crate) fn check_statement(expected: ModelId, statement: &Statement) -> Result<(), VerifyError> {
    require("statement", expected, statement.model_id)?;
    check_context(&statement.context)
}

/// That a context is not too long.
pub(crate) fn check_context(context: &[u8]) -> Result<(), VerifyError> {
    if context.len() > MAX_CONTEXT && enforced() {
        let reason = format!("expected at most {MAX_CONTEXT} bytes, got {}", context.len());
        return Err(VerifyError::Malformed { what: "context", reason });
    }
    Ok(())
}

/// That a statement about several inferences has as many public values: looked at before a graph of as many is derived, which takes
/// as long as reading a key.
fn check_public(network: &Network, statement: &Statement) -> Result<(), BlockError> {
    let length = |what, expected: usize, got: usize| {
        if expected == got { Ok(()) } else { Err(BlockError::Length { what, expected, got }) }
    };
    let ids = network.public_tensors();
    length("public tensors", ids.len(), statement.public.len())?;
    for (id, values) in ids.iter().zip(&statement.public) {
        let one = network.graph().tensor(*id).shape.len();
        length("values of a public tensor", one.saturating_mul(statement.inferences as usize), values.len())?;
    }
    Ok(())
}

/// The points of exactly this many commitments. Decoding takes a square root each: first their number.
pub(crate) fn decode_commitments(
    what: &'static str,
    commitments: &[[u8; 32]],
    expected: usize,
) -> Result<Vec<Commitment>, VerifyError> {
    let malformed = |reason| VerifyError::Malformed { what, reason };
    if commitments.len() != expected && enforced() {
        let got = commitments.len();
        return Err(malformed(format!("expected {expected} commitments, got {got}")));
    }
    let points = commitments.iter().map(Commitment::from_bytes).collect::<Result<Vec<_>, _>>();
    points.map_err(|error| malformed(error.to_string()))
}

/// That something is of this key.
#[track_caller]
pub(crate) fn require(what: &'static str, expected: ModelId, got: ModelId) -> Result<(), VerifyError> {
    if got == expected || !enforced() { Ok(()) } else { Err(VerifyError::WrongKey { what, expected, got }) }
}
