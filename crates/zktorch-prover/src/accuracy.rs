//! Labelled test sets: committed to once, for any model, and how many of their images a model gets right.

use std::time::{Duration, Instant};

use ark_std::rand::RngCore;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};
use zktorch_blocks::{Private, Statement as BlockStatement, Witness, prove as prove_network};
use zktorch_channel::Nonce;
use zktorch_commit::{Blind, Commitment, Srs, SrsId};
use zktorch_graph::layout::ArenaKind;
use zktorch_graph::{Entries, Interval, TensorId, execute_lending};
use zktorch_transcript::{Transcript, wire};
use zktorch_verifier::{
    AccuracyStatement, Batch, MAX_CONTEXT, ProofEnvelope, SetCommitment, SetId, VerifyError,
};

use crate::prove::check_srs;
use crate::{ProverError, ProvingKey, stages};

/// The version of the format.
const VERSION: u64 = 1;

/// A labelled test set with what opens its commitment. Secret; wiped when dropped.
pub struct TestSet {
    commitment: SetCommitment,
    id: SetId,
    images: Vec<u8>,
    labels: Vec<u32>,
    blinds: Vec<Blind>,
}

/// What is stored.
#[derive(Serialize, Deserialize)]
struct SetFile {
    version: u64,
    commitment: Vec<u8>,
    images: Vec<u8>,
    labels: Vec<u32>,
    blinds: Vec<[u8; 32]>,
}

impl Drop for SetFile {
    fn drop(&mut self) {
        self.images.zeroize();
        self.labels.zeroize();
        self.blinds.zeroize();
    }
}

impl Drop for TestSet {
    fn drop(&mut self) {
        self.images.zeroize();
        self.labels.zeroize();
    }
}

impl core::fmt::Debug for TestSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TestSet").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The images and labels of a set.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// `[N, H, W, C]`, row-major: one byte for each number.
    pub images: &'a [u8],
    /// H, W and C.
    pub extents: [u32; 3],
    /// `[N]`: one for each image.
    pub labels: &'a [u32],
    /// Labels are below.
    pub classes: u32,
}

impl TestSet {
    /// Commits to a set, under an SRS with as many powers as its chunks have cells, or more.
    ///
    /// # Errors
    /// Those of [`commit_with_nonce`](Self::commit_with_nonce); [`ProverError::Transcript`] if the system has no randomness.
    #[cfg(feature = "os-rng")]
    pub fn commit(srs: &Srs, set: &Labelled<'_>) -> Result<Self, ProverError> {
        Self::commit_with_nonce(srs, set, zktorch_transcript::fresh_nonce()?)
    }

    /// [`commit`](Self::commit) for callers with their own source of randomness, and for reproducible tests: two commitments to a set under one
    /// nonce are the same, and whoever knows the nonce can guess the set.
    ///
    /// # Errors
    /// [`ProverError::Length`] for numbers of bytes and labels that are not those of the extents; [`ProverError::Label`];
    /// [`VerifyError::Set`](zktorch_verifier::VerifyError::Set) for a set that there cannot be; [`ProverError::Commit`] if the SRS is too short.
    pub fn commit_with_nonce(srs: &Srs, set: &Labelled<'_>, nonce: [u8; 32]) -> Result<Self, ProverError> {
        let [height, width, channels] = set.extents;
        let mut commitment = SetCommitment {
            srs_id: srs.verifier().id().0,
            images: u32::try_from(set.labels.len()).unwrap_or(u32::MAX),
            height,
            width,
            channels,
            classes: set.classes,
            commitments: Vec::new(),
        };
        let network = commitment.network()?;
        let values = values(set)?;
        // Bound to all that is public, and keyed with the set.
        let mut transcript = Transcript::new(b"zktorch labelled set v1");
        transcript.append_message(b"set without commitments", &commitment.to_bytes()?);
        let labels =
            Zeroizing::new(set.labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<u8>>());
        let mut rng = transcript.rng(&[set.images, &labels], nonce);
        let blinds: Vec<Blind> = (0..network.private_chunks()[0]).map(|_| Blind::random(&mut rng)).collect();
        let column = Zeroizing::new(network.stack_private(ArenaKind::PrivateInputs, &values)?);
        let commitments = srs.commit_chunks(&column, network.k(), &blinds)?.0;
        commitment.commitments = commitments.iter().map(Commitment::to_bytes).collect();
        let id = commitment.id()?;
        Ok(Self { commitment, id, images: set.images.to_vec(), labels: set.labels.to_vec(), blinds })
    }

    /// What everybody may know of it.
    pub fn commitment(&self) -> &SetCommitment {
        &self.commitment
    }

    /// The id of its commitment.
    pub fn id(&self) -> SetId {
        self.id
    }

    /// The images, `[N, H, W, C]`.
    pub fn images(&self) -> &[u8] {
        &self.images
    }

    /// The labels, `[N]`.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The encoding. Secret.
    ///
    /// # Errors
    /// [`ProverError::Set`]; none for sets that fit into memory.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, ProverError> {
        let file = SetFile {
            version: VERSION,
            commitment: self.commitment.to_bytes()?,
            images: self.images.clone(),
            labels: self.labels.clone(),
            blinds: self.blinds.iter().map(|blind| wire::scalar_to_bytes(blind.expose())).collect(),
        };
        postcard::to_stdvec(&file).map(Zeroizing::new).map_err(|error| malformed(error.to_string()))
    }

    /// Decodes and checks a set. That the commitment is to these images, labels and blinds is not checked: if it is not, no proof can be made.
    ///
    /// # Errors
    /// [`ProverError::Set`] for other bytes; those of [`SetCommitment::from_bytes`] and [`commit`](Self::commit_with_nonce).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        let (mut file, rest) =
            postcard::take_from_bytes::<SetFile>(bytes).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} trailing bytes", rest.len())));
        }
        if file.version != VERSION {
            return Err(malformed(format!("expected format {VERSION}, got {}", file.version)));
        }
        let commitment = SetCommitment::from_bytes(&file.commitment)?;
        let scalars = file.blinds.iter().map(|bytes| wire::scalar_from_bytes(bytes, "blind of a set"));
        let scalars = scalars.collect::<Result<Vec<_>, _>>()?;
        let blinds: Vec<Blind> = scalars.into_iter().map(Blind::from_scalar).collect();
        let set = Self {
            id: commitment.id()?,
            images: std::mem::take(&mut file.images),
            labels: std::mem::take(&mut file.labels),
            commitment,
            blinds,
        };
        length("labels", set.commitment.images as usize, set.labels.len())?;
        length("blinds", set.commitment.commitments.len(), set.blinds.len())?;
        values(&set.labelled())?;
        Ok(set)
    }

    fn labelled(&self) -> Labelled<'_> {
        let SetCommitment { height, width, channels, classes, .. } = self.commitment;
        Labelled { images: &self.images, extents: [height, width, channels], labels: &self.labels, classes }
    }
}

fn malformed(reason: String) -> ProverError {
    ProverError::Set { reason }
}

fn length(what: &str, expected: usize, got: usize) -> Result<(), ProverError> {
    if expected == got { Ok(()) } else { Err(ProverError::Length { what: what.to_owned(), expected, got }) }
}

/// The values of a set's two tensors.
fn values(set: &Labelled<'_>) -> Result<Vec<Vec<i32>>, ProverError> {
    let count = set
        .extents
        .iter()
        .fold(set.labels.len() as u64, |count, extent| count.saturating_mul((*extent).into()));
    length("pixels of all images", usize::try_from(count).unwrap_or(usize::MAX), set.images.len())?;
    if let Some((index, label)) = set.labels.iter().enumerate().find(|(_, label)| **label >= set.classes) {
        return Err(ProverError::Label { index, label: *label, classes: set.classes });
    }
    let images = set.images.iter().map(|pixel| i32::from(*pixel)).collect();
    // Classes are at most 2^16.
    let labels = set.labels.iter().map(|label| i32::try_from(*label).unwrap_or(i32::MAX)).collect();
    Ok(vec![images, labels])
}

/// A proof of accuracy.
#[derive(Clone, Debug)]
pub struct ProvedAccuracy {
    /// The proof's bytes.
    pub proof: Vec<u8>,
    /// How many images are right: for the prover alone, the proof says no more than that it is as many as claimed.
    pub right: u32,
    /// Time for the witness, part of the whole.
    pub witness_time: Duration,
}

impl ProvingKey {
    /// Proves a statement about a set. `batch` is [`UncheckedKey::accuracy`](zktorch_verifier::UncheckedKey::accuracy) of this key, the set's
    /// commitment and the statement; the SRS that of the setup with as many powers as the batch's chunks have cells.
    ///
    /// # Errors
    /// Those of [`prove_accuracy_with_nonce`](Self::prove_accuracy_with_nonce); [`ProverError::Transcript`] if the system has no randomness.
    #[cfg(feature = "os-rng")]
    pub fn prove_accuracy(
        &self,
        srs: &Srs,
        set: &TestSet,
        batch: &Batch,
        statement: &AccuracyStatement,
    ) -> Result<ProvedAccuracy, ProverError> {
        self.prove_accuracy_with_nonce(srs, set, batch, statement, zktorch_transcript::fresh_nonce()?)
    }

    /// [`prove_accuracy`](Self::prove_accuracy) for callers with their own source of randomness, and for reproducible tests. `nonce` must be fresh
    /// for every attempt.
    ///
    /// # Errors
    /// [`ProverError::Accuracy`] if fewer images are right than claimed; [`ProverError::Graph`] if an activation leaves its range;
    /// [`ProverError::Srs`], [`ProverError::Context`], [`ProverError::Batch`]; those of the proof.
    pub fn prove_accuracy_with_nonce(
        &self,
        srs: &Srs,
        set: &TestSet,
        batch: &Batch,
        statement: &AccuracyStatement,
        nonce: [u8; 32],
    ) -> Result<ProvedAccuracy, ProverError> {
        let id = self.vk.model_id();
        if let Some(got) = [batch.model_id(), statement.model_id].into_iter().find(|got| *got != id) {
            return Err(ProverError::Batch { expected: id, got });
        }
        if set.id != statement.set {
            let (expected, got) = (statement.set, set.id);
            return Err(VerifyError::SetId { expected, got }.into());
        }
        let network = batch.network();
        check_srs(srs, self.vk.srs().id(), network.k())?;
        check_srs(srs, SrsId(set.commitment.srs_id), network.k())?;
        if statement.context.len() > MAX_CONTEXT {
            return Err(ProverError::Context { most: MAX_CONTEXT, got: statement.context.len() });
        }

        // 1. The witness.
        let started = Instant::now();
        let span = (tracing::info_span!("witness").entered(), stages::WITNESS.enter());
        let (values, right) = self.count(set, batch, statement)?;
        let witness = Witness::new(network, self.column(), &values)?;
        drop(span);
        let witness_time = started.elapsed();

        // 2. What the opening holds is what the set's commitment is to: otherwise the proof would be refused, by others.
        let commitments = set.commitment.commitments.iter().map(Commitment::from_bytes);
        let commitments = commitments.collect::<Result<Vec<_>, _>>()?;
        let column = witness.column(ArenaKind::PrivateInputs);
        let opened = srs.commit_chunks(column, network.k(), &set.blinds)?.0;
        if let Some(chunk) =
            (0..opened.len().max(commitments.len())).find(|i| opened.get(*i) != commitments.get(*i))
        {
            return Err(ProverError::Opening { chunk });
        }

        // 3. The proof, about the commitments of the set as they are.
        let mut transcript = Transcript::new(b"zktorch accuracy prover v1");
        transcript.append_message(b"model id", &id.0);
        transcript.append_message(b"set id", &set.id.0);
        let mut rng = transcript.rng(&[&self.secret, &set.images], nonce);
        let mut proof_nonce = [0; 32];
        rng.fill_bytes(&mut proof_nonce);
        let io: [&[Commitment]; 2] = [&commitments, &[]];
        let about = BlockStatement::new(network, id.0, &statement.context, self.vk.weights(), io, &[])?;
        let private = Private { weights: self.blinds(), io: [&set.blinds, &[]], secret: &self.secret };
        let proof = prove_network(srs, &about, &witness, &private, Nonce::from_bytes(proof_nonce))?;
        Ok(ProvedAccuracy { proof: ProofEnvelope::new(id, proof.to_bytes()).to_bytes(), right, witness_time })
    }

    /// The integers of all tensors, and how many images are right.
    fn count(
        &self,
        set: &TestSet,
        batch: &Batch,
        statement: &AccuracyStatement,
    ) -> Result<(Vec<Vec<i32>>, u32), ProverError> {
        let network = batch.network();
        let mut graph = network.graph().clone();
        // What is left over is the last tensor: let it be negative, to say by how much.
        let images = i32::try_from(network.inferences()).unwrap_or(i32::MAX);
        if let Some(more) = graph.tensors.last_mut() {
            more.range = Interval::new(-images, images);
        }
        let mut given: Vec<Option<Entries<'_>>> = vec![None; graph.tensors.len()];
        for (id, values) in graph.inputs.iter().zip(values(&set.labelled())?) {
            given[id.0 as usize] = Some(values.into());
        }
        let values = execute_lending(&graph, network.bounds(), given, &|id| self.lend(id))?;
        let last = TensorId(u32::try_from(graph.tensors.len().saturating_sub(1)).unwrap_or(u32::MAX));
        let more = values.get(last.0 as usize).and_then(|values| values.first()).copied().unwrap_or(-1);
        let right = i64::from(statement.at_least) + i64::from(more);
        let right = u32::try_from(right).unwrap_or(0);
        if more < 0 {
            let (claimed, images) = (statement.at_least, network.inferences());
            return Err(ProverError::Accuracy { right, claimed, images });
        }
        Ok((values, right))
    }
}
