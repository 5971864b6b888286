//! What is proved.

use std::collections::BTreeMap;

use ark_ff::AdditiveGroup;
use sha2::{Digest, Sha256};
use zktorch_commit::Commitment;
use zktorch_field::{Fr, decide};
use zktorch_graph::TensorId;
use zktorch_graph::layout::Scope;
use zktorch_mutants::enforced;
use zktorch_sumcheck::Evaluations;
use zktorch_transcript::Transcript;

use super::description::Network;
use crate::BlockError;
use crate::error::check_length;
use crate::pad::pad;

/// The statement: "the network with these committed weights maps these inputs to these outputs" (or, for
/// [`Scope::Weights`], "the committed weights are in their ranges and their padding is zero").
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    network: &'a Network,
    digest: [u8; 32],
    context: &'a [u8],
    weights: &'a [Commitment],
    private: [&'a [Commitment]; 2],
    public: Vec<PublicTensor<'a>>,
    /// Where in `public` a tensor is.
    public_index: BTreeMap<TensorId, usize>,
}

#[derive(Clone, Debug)]
struct PublicTensor<'a> {
    id: TensorId,
    /// None: zeros, of which nothing is stored.
    values: Option<&'a [i32]>,
    padded: Vec<i32>,
}

impl<'a> Statement<'a> {
    /// `digest` identifies the key that the network is from (the model id); `context` are the caller's own bytes.
    ///
    /// `private` are the commitments to the private inputs and outputs, `public` the real entries of
    /// [`Network::public_tensors`] in that order.
    ///
    /// # Errors
    /// [`BlockError::Length`] for missing or extra commitments or values; [`BlockError::PublicRange`] for a public value out of range.
    pub fn new(
        network: &'a Network,
        digest: [u8; 32],
        context: &'a [u8],
        weights: &'a [Commitment],
        private: [&'a [Commitment]; 2],
        public: &[&'a [i32]],
    ) -> Result<Self, BlockError> {
        check_length("weight commitments", network.weight_chunks(), weights.len())?;
        let [inputs, outputs] = network.private_chunks();
        check_length("commitments to private inputs", inputs, private[0].len())?;
        check_length("commitments to private outputs", outputs, private[1].len())?;
        let ids = network.public_tensors();
        check_length("public tensors", ids.len(), public.len())?;
        let public_index = ids.iter().copied().zip(0..).collect();
        let mut tensors = Vec::with_capacity(ids.len());
        for (id, values) in ids.into_iter().zip(public.iter().copied()) {
            let tensor = network.graph().tensor(id);
            check_length("values of a public tensor", tensor.shape.len(), values.len())?;
            let outside =
                values.iter().enumerate().find(|(_, value)| !tensor.range.contains(i64::from(**value)));
            if let Some((index, value)) = outside
                && enforced()
            {
                let (lo, hi) = (tensor.range.lo, tensor.range.hi);
                return Err(BlockError::PublicRange {
                    tensor: tensor.name.clone(),
                    index,
                    value: *value,
                    lo,
                    hi,
                });
            }
            tensors.push(PublicTensor { id, values: Some(values), padded: pad(values, &tensor.shape) });
        }
        Ok(Self { network, digest, context, weights, private, public: tensors, public_index })
    }

    /// What proofs of every statement for a network are as long as proofs of: it states zeros, and takes no memory for them (but for
    /// indices, while a gather reads them), however large a key says that its public tensors are. Nothing is verified of it.
    pub(crate) fn of_zeros(
        network: &'a Network,
        weights: &'a [Commitment],
        private: [&'a [Commitment]; 2],
    ) -> Self {
        let ids = network.public_tensors();
        let public_index = ids.iter().copied().zip(0..).collect();
        let zeros = |id| PublicTensor { id, values: None, padded: Vec::new() };
        let public = ids.into_iter().map(zeros).collect();
        Self { network, digest: [0; 32], context: &[], weights, private, public, public_index }
    }

    /// The network.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// All commitments of the statement, in the order of the chunks' numbers.
    pub(crate) fn commitments(&self) -> impl Iterator<Item = Commitment> {
        self.weights.iter().chain(self.private[0]).chain(self.private[1]).copied()
    }

    /// T~(z) of a tensor that the verifier knows.
    pub(crate) fn public_eval(&self, id: TensorId, z: &[Fr]) -> Result<Fr, BlockError> {
        let stated = self.public_index.get(&id).and_then(|index| self.public.get(*index));
        if stated.is_some_and(|tensor| tensor.values.is_none()) {
            return Ok(Fr::ZERO);
        }
        let values = stated.and_then(|tensor| tensor.values);
        if let Some(values) = values.and_then(|values| decide::public(id.0, values)) {
            return Ok(Evaluations::from(pad(&values, &self.network.graph().tensor(id).shape)).evaluate(z)?);
        }
        let cells = self.public_cells(id).ok_or(BlockError::NoTensor { id: id.0 })?;
        Ok(Evaluations::from(cells).evaluate(z)?)
    }

    /// The padded entries of a tensor that the verifier knows: a public one, or the number 1.
    pub(crate) fn public_cells(&self, id: TensorId) -> Option<&[i32]> {
        let tensor = self.public_index.get(&id).and_then(|index| self.public.get(*index));
        tensor.map(|tensor| tensor.padded.as_slice()).or_else(|| self.network.known(id))
    }

    /// The real entries of public tensors: what gathers read.
    pub(crate) fn indices(&self) -> impl Fn(TensorId) -> Vec<i32> + Sync {
        |id| {
            decide::branches("indices of a gather");
            let tensor = self.public_index.get(&id).and_then(|index| self.public.get(*index));
            let zeros = || vec![0; self.network.graph().tensor(id).shape.len()];
            tensor.map(|tensor| tensor.values.map_or_else(zeros, <[i32]>::to_vec)).unwrap_or_default()
        }
    }

    /// The transcript after the whole statement was absorbed.
    pub(crate) fn transcript(&self) -> Transcript {
        self.absorb(Transcript::with_hash(self.network.hash(), self.label()))
    }

    /// Protocol and version.
    pub(crate) fn label(&self) -> &'static [u8] {
        match self.network.scope() {
            Scope::Inference if self.network.claim().is_some() => b"zktorch accuracy v5",
            Scope::Inference if self.network.inferences() > 1 => b"zktorch batch v5",
            Scope::Inference => b"zktorch inference v5",
            Scope::Shard => b"zktorch shard v5",
            Scope::Weights => b"zktorch weight ranges v5",
        }
    }

    /// Absorbs the whole statement.
    pub(crate) fn absorb(&self, mut transcript: Transcript) -> Transcript {
        transcript.append_message(b"key digest", &self.digest);
        transcript.append_message(b"context", self.context);
        if self.network.inferences() > 1 {
            transcript.append_u64(b"inferences", u64::from(self.network.inferences()));
        }
        if let Some(claim) = self.network.claim() {
            transcript.append_message(b"accuracy", claim);
        }
        let mut absorb = |label, commitments: &[Commitment]| {
            let points: Vec<_> = commitments.iter().map(Commitment::point).collect();
            transcript.append_points(label, &points);
        };
        absorb(b"weights", self.weights);
        absorb(b"private inputs", self.private[0]);
        absorb(b"private outputs", self.private[1]);
        for PublicTensor { id, values, .. } in &self.public {
            transcript.append_u64(b"public tensor", u64::from(id.0));
            for dim in self.network.graph().tensor(*id).shape.dims() {
                transcript.append_u64(b"public extent", u64::from(*dim));
            }
            transcript.append_message(b"public values", &values.map_or([0; 32], digest));
        }
        transcript
    }
}

/// SHA-256 of 32-bit little-endian numbers: many times as fast as to absorb them, and as binding.
fn digest(values: &[i32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for piece in values.chunks(1 << 12) {
        let bytes: Vec<u8> = piece.iter().flat_map(|value| value.to_le_bytes()).collect();
        hash.update(&bytes);
    }
    hash.finalize().into()
}
