//! The verifier of one key, traced.

use sha2::{Digest, Sha256};
use traced_blocks::Statement as TracedStatement;
use traced_blocks::{Hash as TracedHash, Network as TracedNetwork, NetworkProof as TracedProof};
use traced_commit::{Commitment as TracedCommitment, VerifierSrs as TracedSrs};
use traced_field::tape::{self, Tape, Untraceable};
use zktorch_blocks::{BlockError, Hash};
use zktorch_graph::layout::Scope;
use zktorch_graph::{Interval, ValidGraph};
use zktorch_verifier::UncheckedKey;

use crate::EvmError;
use crate::contract::keccak;
use crate::parts::visit;

/// Stands for the context, a word of the caller's: 32 bytes that nothing else is.
pub(crate) const CONTEXT: [u8; 32] = *b"zktorch: the context of a caller";

/// A public tensor: where its values are in calldata, and in which range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicTensor {
    /// Its name in the graph.
    pub name: String,
    /// How many values it has.
    pub len: usize,
    /// Where they lie.
    pub range: Interval,
    /// SHA-256 of the values that stand for them while tracing.
    pub(crate) placeholder: [u8; 32],
}

impl PublicTensor {
    /// How many words its values are.
    pub fn words(&self) -> usize {
        self.len.div_ceil(8)
    }
}

/// What was traced.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) tape: Tape,
    pub(crate) publics: Vec<PublicTensor>,
    /// Points that are inputs: of private tensors (in the statement), then of the proof.
    pub(crate) points: usize,
    /// Those of private tensors.
    pub(crate) private_points: usize,
    pub(crate) scalars: usize,
}

/// Runs the verifier of `key` on names.
///
/// # Errors
/// [`EvmError::Transcript`] for a key whose transcripts are not hashed with Keccak-256; [`EvmError::Untraceable`] if what is computed
/// depends on the proof; those of the verifier.
pub(crate) fn trace(key: &UncheckedKey) -> Result<Trace, EvmError> {
    if key.network().hash() != Hash::Keccak {
        return Err(EvmError::Transcript);
    }
    // Everything that is known without a proof, as the verifier's own crates make it.
    let known = key.network();
    let graph = ValidGraph::new(known.graph().clone()).map_err(BlockError::from)?;
    let (size, parts) = (known.layout().chunk_size(), known.weight_parts().clone());
    let network =
        TracedNetwork::with_weights(graph, size, Scope::Inference, parts)?.with_hash(TracedHash::Keccak);
    let srs = TracedSrs::from_bytes(&key.srs().to_bytes())?;
    let weights = key.weights().iter().map(|c| TracedCommitment::from_bytes(&c.to_bytes()));
    let weights = weights.collect::<Result<Vec<_>, _>>()?;
    let publics = publics(key)?;
    let values: Vec<Vec<i32>> = (0u32..).zip(&publics).map(|(i, tensor)| placeholder(tensor, i)).collect();
    let mut proof = blank(&network)?;

    // And once more with one name for everything: the verifier must not take another course.
    let mut course = || {
        let result = run(&network, &srs, &weights, key, &values, &mut proof);
        let tape = tape::finish();
        result.and_then(|counts| Ok((tape?, counts)))
    };
    let mut seed = [key.model_id().0, key.srs().id().0].concat();
    weights.iter().for_each(|weight| seed.extend(weight.to_bytes()));
    tape::start(keccak(&seed));
    let (tape, (points, private_points, scalars)) = course()?;
    tape::start_blind(&tape);
    let (blind, _) = course()?;
    if tape.course() != blind.course() {
        return Err(Untraceable::Branch { what: "values that are equal" }.into());
    }
    Ok(Trace { tape, publics, points, private_points, scalars })
}

fn run(
    network: &TracedNetwork,
    srs: &TracedSrs,
    weights: &[TracedCommitment],
    key: &UncheckedKey,
    values: &[Vec<i32>],
    proof: &mut TracedProof,
) -> Result<(usize, usize, usize), EvmError> {
    srs.g1().iter().chain([&srs.hiding_generator()]).for_each(tape::constant);
    weights.iter().for_each(|weight| tape::constant(&weight.0));
    for ((number, id), values) in (0u32..).zip(network.public_tensors()).zip(values) {
        tape::public(id.0, number, values.len());
    }
    let (mut points, mut scalars) = (0, 0);
    let mut private = || {
        points += 1;
        TracedCommitment(tape::input(points - 1))
    };
    let [inputs, outputs] = network.private_chunks();
    let inputs: Vec<_> = (0..inputs).map(|_| private()).collect();
    let outputs: Vec<_> = (0..outputs).map(|_| private()).collect();
    let private_points = points as usize;
    visit!(
        &mut *proof,
        TracedCommitment,
        |point: &mut traced_field::G1Affine| {
            *point = tape::input(points);
            points += 1;
        },
        |scalar: &mut traced_field::Fr| {
            *scalar = tape::scalar(scalars);
            scalars += 1;
        }
    );
    let public: Vec<&[i32]> = values.iter().map(Vec::as_slice).collect();
    let statement =
        TracedStatement::new(network, key.model_id().0, &CONTEXT, weights, [&inputs, &outputs], &public)?;
    statement.verify(srs, proof)?;
    Ok((points as usize, private_points, scalars as usize))
}

/// A proof of the right lengths: the words of all its parts are 1, which is a scalar, and the x of a point.
fn blank(network: &TracedNetwork) -> Result<TracedProof, EvmError> {
    let mut word = [0; 32];
    word[0] = 1;
    let [inputs, outputs] = network.private_chunks().map(|count| vec![TracedCommitment::default(); count]);
    let weights = vec![TracedCommitment::default(); network.weight_chunks()];
    let zeros: Vec<Vec<i32>> = network
        .public_tensors()
        .iter()
        .map(|id| {
            let tensor = network.graph().tensor(*id);
            vec![tensor.range.lo; tensor.shape.len()]
        })
        .collect();
    let public: Vec<&[i32]> = zeros.iter().map(Vec::as_slice).collect();
    let statement = TracedStatement::new(network, [0; 32], &[], &weights, [&inputs, &outputs], &public)?;
    let shape = statement.shape()?;
    let bytes = TracedProof::<traced_mira::decider::DeciderProof>::encoded_len(network, &shape)?;
    Ok(TracedProof::from_bytes(network, &shape, &word.repeat(bytes / 32))?)
}

fn publics(key: &UncheckedKey) -> Result<Vec<PublicTensor>, EvmError> {
    let network = key.network();
    let mut publics: Vec<PublicTensor> = Vec::new();
    for (number, id) in (0u32..).zip(network.public_tensors()) {
        let tensor = network.graph().tensor(id);
        let mut public = PublicTensor {
            name: tensor.name.clone(),
            len: tensor.shape.len(),
            range: tensor.range,
            placeholder: [0; 32],
        };
        let bytes: Vec<u8> = placeholder(&public, number).iter().flat_map(|x| x.to_le_bytes()).collect();
        public.placeholder = Sha256::digest(&bytes).into();
        if publics.iter().any(|other| other.placeholder == public.placeholder) {
            return Err(EvmError::AlikePublic { name: public.name });
        }
        publics.push(public);
    }
    Ok(publics)
}

/// Values within the range that no other tensor has: the tensor's number in their last bits.
fn placeholder(tensor: &PublicTensor, number: u32) -> Vec<i32> {
    let width = tensor.range.hi.saturating_sub(tensor.range.lo);
    let digit = |i: usize| width.min((number.checked_shr(i as u32).unwrap_or(0) & 1) as i32);
    (0..tensor.len).map(|i| tensor.range.lo + digit(i)).collect()
}
