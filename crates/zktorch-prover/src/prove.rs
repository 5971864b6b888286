//! Proving an inference, or several at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ark_std::rand::RngCore;
use zktorch_blocks::{Network, Private, Statement as BlockStatement, Witness, prove as prove_network};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs, SrsId};
use zktorch_field::par;
use zktorch_graph::layout::ArenaKind;
use zktorch_graph::{Entries, TensorId, execute_lending};
use zktorch_transcript::Transcript;
use zktorch_verifier::{Batch, MAX_CONTEXT, ProofEnvelope, Statement};

use crate::{ProverError, ProvingKey, stages};

/// A proof with its statement.
#[derive(Clone, Debug)]
pub struct Proved {
    /// What is proved.
    pub statement: Statement,
    /// The proof's bytes.
    pub proof: Vec<u8>,
    /// The integers of all outputs, private ones too; of several inferences, one after the other.
    pub outputs: Vec<Vec<i32>>,
    /// Time for the witness, part of the whole.
    pub witness_time: Duration,
}

impl ProvingKey {
    /// The exact integers of all tensors for these inputs (real entries, in the order of the key's inputs); nothing for weights.
    ///
    /// # Errors
    /// [`ProverError::Length`]; [`ProverError::Graph`] for an input or activation out of range.
    pub fn execute(&self, inputs: &[Vec<i32>]) -> Result<Vec<Vec<i32>>, ProverError> {
        let graph = self.vk.network().graph();
        if inputs.len() != graph.inputs.len() {
            let (expected, got) = (graph.inputs.len(), inputs.len());
            return Err(ProverError::Length { what: "inputs".to_owned(), expected, got });
        }
        let mut given: Vec<Option<Entries<'_>>> = vec![None; graph.tensors.len()];
        for (id, values) in graph.inputs.iter().zip(inputs) {
            given[id.0 as usize] = Some(values.clone().into());
        }
        Ok(execute_lending(graph, self.vk.network().bounds(), given, &|id| self.lend(id))?)
    }

    /// Proves that the model maps these inputs to its outputs, for a verifier with this context (its
    /// challenge, at most [`MAX_CONTEXT`] bytes; empty if it has none). The SRS is the one of the setup, with
    /// the same number of powers.
    ///
    /// # Errors
    /// Those of [`prove_with_nonce`](Self::prove_with_nonce); [`ProverError::Transcript`] if the system has no randomness.
    #[cfg(feature = "os-rng")]
    pub fn prove(&self, srs: &Srs, inputs: &[Vec<i32>], context: &[u8]) -> Result<Proved, ProverError> {
        self.prove_with_nonce(srs, inputs, context, zktorch_transcript::fresh_nonce()?)
    }

    /// [`prove`](Self::prove) for callers with their own source of randomness, and for reproducible tests: two proofs under one nonce
    /// reveal the witness.
    ///
    /// `nonce` must be fresh for every attempt. The SRS is the one of the setup, with the same number of powers.
    ///
    /// # Errors
    /// [`ProverError::Graph`] if an activation leaves its range: then nothing is proved;
    /// [`ProverError::Srs`]; [`ProverError::Context`]; those of the proof.
    pub fn prove_with_nonce(
        &self,
        srs: &Srs,
        inputs: &[Vec<i32>],
        context: &[u8],
        nonce: [u8; 32],
    ) -> Result<Proved, ProverError> {
        self.prove_on(srs, self.vk.network(), &[inputs], context, nonce)
    }

    /// Proves several inferences at once, for a verifier who sees the public values of all of them: for each the integers of all inputs,
    /// in the order of the key's. The batch is this key's ([`UncheckedKey::batch`](zktorch_verifier::UncheckedKey::batch)), of as many
    /// inferences, and the SRS that of the setup with as many powers as the batch's chunks have cells.
    ///
    /// # Errors
    /// Those of [`prove_batch_with_nonce`](Self::prove_batch_with_nonce); [`ProverError::Transcript`] if the system has no randomness.
    #[cfg(feature = "os-rng")]
    pub fn prove_batch(
        &self,
        srs: &Srs,
        batch: &Batch,
        inferences: &[&[Vec<i32>]],
        context: &[u8],
    ) -> Result<Proved, ProverError> {
        self.prove_batch_with_nonce(srs, batch, inferences, context, zktorch_transcript::fresh_nonce()?)
    }

    /// [`prove_batch`](Self::prove_batch) for callers with their own source of randomness, and for reproducible tests. `nonce` must be
    /// fresh for every attempt.
    ///
    /// # Errors
    /// Those of [`prove_with_nonce`](Self::prove_with_nonce); [`ProverError::Inference`] names the inference whose activation leaves its
    /// range; [`ProverError::Batch`] for another key's batch; [`ProverError::Length`] for another number of inferences.
    pub fn prove_batch_with_nonce(
        &self,
        srs: &Srs,
        batch: &Batch,
        inferences: &[&[Vec<i32>]],
        context: &[u8],
        nonce: [u8; 32],
    ) -> Result<Proved, ProverError> {
        let (expected, got) = (self.vk.model_id(), batch.model_id());
        if expected != got {
            return Err(ProverError::Batch { expected, got });
        }
        self.prove_on(srs, batch.network(), inferences, context, nonce)
    }

    /// The integers of all tensors for several inferences: along the first axis of a batch's network they follow each other.
    fn execute_all(&self, inferences: &[&[Vec<i32>]]) -> Result<Vec<Vec<i32>>, ProverError> {
        if let [inputs] = inferences {
            return self.execute(inputs);
        }
        let executed = par::map(inferences.len(), |index| {
            self.execute(inferences[index]).map_err(|error| match error {
                ProverError::Graph(error) => ProverError::Inference { index, error },
                other => other,
            })
        });
        let mut all: Vec<Vec<i32>> = Vec::new();
        for (done, values) in executed.into_iter().enumerate() {
            let values = values?;
            if done == 0 {
                let room = |own: &Vec<i32>| Vec::with_capacity(own.len() * inferences.len());
                all = values.iter().map(room).collect();
            }
            for (all, own) in all.iter_mut().zip(values) {
                all.extend_from_slice(&own);
            }
        }
        Ok(all)
    }

    /// Proves inferences on the network of so many.
    fn prove_on(
        &self,
        srs: &Srs,
        network: &Network,
        inferences: &[&[Vec<i32>]],
        context: &[u8],
        nonce: [u8; 32],
    ) -> Result<Proved, ProverError> {
        check_srs(srs, self.vk.srs().id(), network.k())?;
        if context.len() > MAX_CONTEXT {
            return Err(ProverError::Context { most: MAX_CONTEXT, got: context.len() });
        }
        let count = network.inferences();
        if inferences.len() != count as usize {
            let (expected, got) = (count as usize, inferences.len());
            return Err(ProverError::Length { what: "inferences".to_owned(), expected, got });
        }
        // 1. The witness.
        let started = Instant::now();
        let span = (tracing::info_span!("witness").entered(), stages::WITNESS.enter());
        let mut values = self.execute_all(inferences)?;
        let witness = Witness::new(network, self.column(), &values)?;
        // What is stated or given back is kept; the rest is in the witness's columns now.
        let ids = network.public_tensors();
        let shown: BTreeSet<TensorId> = ids.iter().chain(&network.graph().outputs).copied().collect();
        let shown: BTreeMap<TensorId, Vec<i32>> =
            shown.into_iter().map(|id| (id, std::mem::take(&mut values[id.0 as usize]))).collect();
        drop(values);
        drop(span);
        let witness_time = started.elapsed();

        // 2. Commitments to private inputs and outputs: part of the statement.
        let mut transcript = Transcript::new(b"zktorch private io v1");
        transcript.append_message(b"model id", &self.vk.model_id().0);
        let inputs = inferences.iter().copied().flatten().flatten();
        let input_bytes: Vec<u8> = inputs.flat_map(|value| value.to_le_bytes()).collect();
        let mut rng = transcript.rng(&[&self.secret, &input_bytes], nonce);
        let mut commit = |kind| -> Result<(Vec<Commitment>, Vec<Blind>), ProverError> {
            let count = network.layout().arena(kind).chunks();
            let blinds: Vec<Blind> = (0..count).map(|_| Blind::random(&mut rng)).collect();
            Ok((srs.commit_chunks(witness.column(kind), network.k(), &blinds)?.0, blinds))
        };
        let (input_commitments, input_blinds) = commit(ArenaKind::PrivateInputs)?;
        let (output_commitments, output_blinds) = commit(ArenaKind::PrivateOutputs)?;
        let mut proof_nonce = [0; 32];
        rng.fill_bytes(&mut proof_nonce);

        // 3. The proof.
        let public: Vec<&[i32]> = ids.iter().map(|id| shown[id].as_slice()).collect();
        let commitments = [input_commitments.as_slice(), output_commitments.as_slice()];
        let id = self.vk.model_id();
        let statement = BlockStatement::new(network, id.0, context, self.vk.weights(), commitments, &public)?;
        let private =
            Private { weights: self.blinds(), io: [&input_blinds, &output_blinds], secret: &self.secret };
        let proof = prove_network(srs, &statement, &witness, &private, Nonce::from_bytes(proof_nonce))?;
        let encode = |commitments: &[Commitment]| commitments.iter().map(Commitment::to_bytes).collect();
        Ok(Proved {
            statement: Statement {
                model_id: id,
                inferences: count,
                public: public.iter().map(|values| values.to_vec()).collect(),
                private_inputs: encode(&input_commitments),
                private_outputs: encode(&output_commitments),
                context: context.to_vec(),
            },
            proof: ProofEnvelope::new(id, proof.to_bytes()).to_bytes(),
            outputs: network.graph().outputs.iter().map(|id| shown[id].clone()).collect(),
            witness_time,
        })
    }
}

/// That an SRS is the one of a key, with as many powers.
pub(crate) fn check_srs(srs: &Srs, id: SrsId, k: usize) -> Result<(), ProverError> {
    if srs.verifier().id() == id && srs.k() == k {
        return Ok(());
    }
    Err(ProverError::Srs {
        expected: format!("{id} with 2^{k} powers"),
        got: format!("{} with 2^{} powers", srs.verifier().id(), srs.k()),
    })
}
