//! What all shards of an inference share.

use sha2::{Digest, Sha256};
use zktorch_blocks::{BlockError, Statement as BlockStatement};
use zktorch_commit::Commitment;
use zktorch_graph::TensorId;
use zktorch_mutants::enforced;

use super::UncheckedPipeline;
use crate::verify::{check_statement, decode_commitments};
use crate::{Statement, UncheckedKey, VerifyError};

/// A statement about a pipeline together with the commitments to all boundaries: what every shard's proof binds before its
/// first challenge.
#[derive(Clone, Debug)]
pub struct PipelineStatement<'a> {
    key: &'a UncheckedPipeline,
    wires: Vec<Value<'a>>,
    digest: [u8; 32],
}

#[derive(Clone, Debug)]
enum Value<'a> {
    Public(&'a [i32]),
    Private(Vec<Commitment>),
}

/// The parts of a shard's statement.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    context: Vec<u8>,
    io: [Vec<Commitment>; 2],
    public: Vec<&'a [i32]>,
}

impl<'a> PipelineStatement<'a> {
    /// `boundaries` are the commitments to the boundaries' chunks, in the order of the wires.
    ///
    /// # Errors
    /// [`VerifyError::WrongKey`] for a statement made with another key; [`VerifyError::Batch`] for one about several inferences;
    /// [`VerifyError::Malformed`] for other numbers of values or commitments than the key's.
    pub fn new(
        key: &'a UncheckedPipeline,
        statement: &'a Statement,
        boundaries: &[[u8; 32]],
    ) -> Result<Self, VerifyError> {
        check_statement(key.model_id(), statement)?;
        if statement.inferences != 1 && enforced() {
            let error = BlockError::Shard;
            return Err(VerifyError::Batch { inferences: statement.inferences, error });
        }
        let [inputs, outputs] = key.ports();
        let public = inputs.iter().chain(outputs).filter(|wire| wire.is_public()).count();
        if statement.public.len() != public && enforced() {
            let reason = format!("expected {public} public tensors, got {}", statement.public.len());
            return Err(VerifyError::Malformed { what: "statement", reason });
        }
        let chunks = |wires: &[super::Wire]| wires.iter().map(|wire| wire.chunks).sum::<usize>();
        let mut commitments = decode_commitments("statement", &statement.private_inputs, chunks(inputs))?;
        commitments.extend(decode_commitments("statement", &statement.private_outputs, chunks(outputs))?);
        commitments.extend(decode_commitments("proof", boundaries, chunks(key.boundaries()))?);

        let (mut public, mut commitments) = (statement.public.iter(), commitments.as_slice());
        let mut wires = Vec::with_capacity(key.wires().len());
        for wire in key.wires() {
            let (own, rest) = commitments.split_at(wire.chunks);
            commitments = rest;
            wires.push(match wire.is_public() {
                true => Value::Public(public.next().map(Vec::as_slice).unwrap_or_default()),
                false => Value::Private(own.to_vec()),
            });
        }
        let digest = digest(key, &wires, &statement.context);
        Ok(Self { key, wires, digest })
    }

    /// The parts of a shard's statement. `key` is [`UncheckedPipeline::shard`] of the same index.
    ///
    /// # Errors
    /// None for the key of that shard.
    pub fn leaf(&self, index: usize, key: &UncheckedKey) -> Result<Leaf<'a>, VerifyError> {
        let network = key.network();
        let graph = network.graph();
        let count = self.key.shards() as u64;
        let mut context = self.digest.to_vec();
        context.extend((index as u64).to_le_bytes());
        context.extend(count.to_le_bytes());
        let mut io = network.private_chunks().map(|count| vec![Commitment::default(); count]);
        let mut public = Vec::new();
        let shard = self.key.body().shards.get(index);
        let sides = shard.map(|shard| [(&graph.inputs, &shard.inputs), (&graph.outputs, &shard.outputs)]);
        for ((ids, wires), io) in sides.into_iter().flatten().zip(&mut io) {
            for (id, wire) in ids.iter().zip(wires) {
                self.connect(key, *id, *wire, (&mut *io, &mut public))?;
            }
        }
        Ok(Leaf { context, io, public })
    }

    fn connect(
        &self,
        key: &UncheckedKey,
        id: TensorId,
        wire: u32,
        (io, public): (&mut [Commitment], &mut Vec<&'a [i32]>),
    ) -> Result<(), VerifyError> {
        let chunks = key.network().layout().chunks_of(id).unwrap_or(0..0);
        let missing =
            || VerifyError::Malformed { what: "shard", reason: format!("wire {wire} does not fit it") };
        match self.wires.get(wire as usize).ok_or_else(missing)? {
            Value::Public(values) => public.push(values),
            Value::Private(commitments) => {
                let place = io.get_mut(chunks).filter(|place| place.len() == commitments.len());
                place.ok_or_else(missing)?.copy_from_slice(commitments);
            }
        }
        Ok(())
    }
}

impl Leaf<'_> {
    /// The statement that the shard's proof proves.
    ///
    /// # Errors
    /// [`VerifyError::Proof`] for a public value out of range, or values of another number.
    pub fn statement<'s>(&'s self, key: &'s UncheckedKey) -> Result<BlockStatement<'s>, VerifyError> {
        let [inputs, outputs] = &self.io;
        let io = [inputs.as_slice(), outputs];
        BlockStatement::new(key.network(), key.model_id().0, &self.context, key.weights(), io, &self.public)
            .map_err(VerifyError::Proof)
    }
}

/// Binds the model with its wiring, the verifier's context, all public values, and the commitments to everything private that
/// crosses a shard's border.
fn digest(key: &UncheckedPipeline, wires: &[Value<'_>], context: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zktorch pipeline statement v1");
    hash.update(key.model_id().0);
    hash.update((context.len() as u64).to_le_bytes());
    hash.update(context);
    for wire in wires {
        match wire {
            Value::Public(values) => {
                hash.update([0]);
                hash.update((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| hash.update(value.to_le_bytes()));
            }
            Value::Private(commitments) => {
                hash.update([1]);
                hash.update((commitments.len() as u64).to_le_bytes());
                commitments.iter().for_each(|commitment| hash.update(commitment.to_bytes()));
            }
        }
    }
    hash.finalize().into()
}
