//! What a proof shows of the witness.

use std::collections::BTreeSet;

use ark_ff::AdditiveGroup;
use zktorch_channel::{HiddenProver, Nonce};
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_graph::Role;
use zktorch_graph::Visibility::{Private, Public};
use zktorch_transcript::wire::scalar_to_bytes;
use zktorch_transcript::{ProverChannel, Transcript, TranscriptError};

use super::forger::Forger;
use crate::network::statement::Argument;
use crate::network::{prover::Reduced, prover::reduce};
use crate::test_util::{Case, tiny};
use crate::{NetworkProof, ROW_COLUMNS, Witness, prove};

fn case() -> Case {
    Case::new(tiny(Private, Private), 8, 5)
}

/// All commitments and scalars but for the one scalar that is zero in every proof (of the first polynomial of Spartan).
fn words(proof: &NetworkProof) -> Vec<[u8; 32]> {
    let bytes = proof.to_bytes();
    let mut words = bytes.as_chunks().0.to_vec();
    let before = words.len();
    words.retain(|word| *word != [0; 32]);
    assert_eq!(before - words.len(), 1);
    words
}

fn prove_with(case: &Case, nonce: u8) -> NetworkProof {
    let witness = Witness::new(&case.network, &case.weights, &case.values).unwrap();
    prove(&case.srs, &case.statement(), &witness, &case.secrets(), Nonce::from_bytes([nonce; 32])).unwrap()
}

#[test]
fn two_proofs_of_one_statement_share_nothing() {
    let case = case();
    let proofs = [prove_with(&case, 1), prove_with(&case, 2)];
    proofs.iter().for_each(|proof| case.verify(proof).unwrap());
    let [a, b] = proofs.each_ref().map(|proof| BTreeSet::from_iter(words(proof)));
    assert_eq!(a.len(), words(&proofs[0]).len(), "a value occurs twice in one proof");
    assert_eq!(a.intersection(&b).count(), 0);
    assert_eq!(prove_with(&case, 1), proofs[0]);
}

/// The hidden channel, and everything that is sent through it.
struct Recording<'a> {
    inner: HiddenProver<'a>,
    sent: Vec<Fr>,
}

impl ProverChannel for Recording<'_> {
    fn transcript(&mut self) -> &mut Transcript {
        self.inner.transcript()
    }

    fn send(&mut self, label: &'static [u8], message: &[Fr]) -> Result<(), TranscriptError> {
        self.sent.extend_from_slice(message);
        self.inner.send(label, message)
    }
}

#[test]
fn no_secret_is_in_the_clear() {
    let case = case();
    let statement = case.statement();
    let witness = Witness::new(&case.network, &case.weights, &case.values).unwrap();
    let start = statement.transcript();
    let nonce = Nonce::from_bytes([3; 32]);
    let inner = HiddenProver::new(&case.srs, start, ROW_COLUMNS, &[b"secret"], nonce).unwrap();
    let mut channel = Recording { inner, sent: Vec::new() };
    let mut rng = channel.inner.rng();
    let blinds = case.network.proof_chunks().map(|n| (0..n).map(|_| Blind::random(&mut rng)).collect());
    let reduced = reduce(&mut channel, &case.srs, &statement, &witness, &case.secrets(), &blinds).unwrap();
    let Reduced { v, h, accumulated } = reduced;

    // Messages, weights (alone and scaled by powers of two), activations, blinds, the accumulator.
    let mut secrets = channel.sent.clone();
    for (tensor, values) in case.network.graph().tensors.iter().zip(&case.values) {
        let shifts = if tensor.role == Role::Weight { 0..17 } else { 0..1 };
        secrets.extend(shifts.flat_map(|s| values.iter().map(move |v| Fr::from(i64::from(*v) << s))));
    }
    secrets.extend(blinds.iter().flatten().map(Blind::expose));
    secrets.extend(case.weight_blinds.iter().chain(case.private_blinds.iter().flatten()).map(Blind::expose));
    secrets.push(accumulated.0.value);
    secrets.push(*accumulated.1.blind.expose());
    secrets.extend(accumulated.1.vector.iter());
    let secrets: BTreeSet<[u8; 32]> =
        secrets.iter().filter(|s| **s != Fr::ZERO).map(scalar_to_bytes).collect();
    assert!(secrets.len() > 300);

    let argument = Argument { statement: &statement, v: &v, h: &h };
    let hidden = zktorch_channel::prove(channel.inner, &argument, vec![accumulated]).unwrap();
    let proof = NetworkProof {
        v: zktorch_commit::ChunkCommitments(v),
        h: zktorch_commit::ChunkCommitments(h),
        hidden,
    };
    case.verify(&proof).unwrap();
    assert_eq!(secrets.intersection(&BTreeSet::from_iter(words(&proof))).count(), 0);
}

/// Commitments hide: those of V and H are not the ones without a blind, nor with the blind of another chunk.
#[test]
fn every_chunk_has_a_blind_of_its_own() {
    let case = case();
    let proof = prove_with(&case, 4);
    let mut forger = Forger::new(&case, &case.values);
    let transcript = forger.statement().unwrap().transcript();
    forger.forge(transcript).unwrap();
    let chunks = case.network.chunks();
    let offsets: Vec<_> = (proof.v.0.iter().zip(chunks.ranged.first..))
        .map(|(commitment, chunk)| {
            let bare = case.srs.commit(&forger.columns[chunk], &Blind::zero()).unwrap();
            Commitment::from(commitment.projective() - bare.projective()).to_bytes()
        })
        .collect();
    let distinct = BTreeSet::from_iter(offsets.iter().copied());
    assert!(!distinct.contains(&Commitment::default().to_bytes()));
    assert_eq!(distinct.len(), proof.v.0.len());
}

/// Another witness of the same statement gives a proof of the same form.
#[test]
fn the_form_of_a_proof_does_not_depend_on_the_witness() {
    let [a, b] = [5, 6].map(|seed| Case::new(tiny(Public, Private), 8, seed));
    assert_ne!(a.values, b.values);
    assert_eq!(a.statement().shape().unwrap(), b.statement().shape().unwrap());
    assert_eq!(a.prove().to_bytes().len(), b.prove().to_bytes().len());
}
