//! What a proof shows of the witness.

use std::collections::BTreeSet;

use ark_ff::{AdditiveGroup, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use zktorch_channel::{HiddenProver, Nonce};
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_graph::Role;
use zktorch_graph::Visibility::{Private, Public};
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::wire::scalar_to_bytes;
use zktorch_transcript::{ProverChannel, Transcript, TranscriptError};

use super::forger::Forger;
use super::order::Probed;
use crate::network::verifier::Argument;
use crate::network::{prover::Reduced, prover::reduce};
use crate::test_util::{Case, tiny};
use crate::{NetworkProof, Statement, Witness, prove};

fn case() -> Case {
    Case::new(tiny(Private, Private), 8, 5)
}

/// Positions of the words that are zero. They are in the first rounds of Spartan and follow from the form of the constraints: a
/// sum over half of them where all, extended linearly, have no error.
fn zeros(proof: &NetworkProof) -> Vec<usize> {
    let bytes = proof.to_bytes();
    let words = bytes.as_chunks::<32>().0;
    let zeros: Vec<usize> = (0..words.len()).filter(|i| words[*i] == [0; 32]).collect();
    let rounds = proof.hidden.argument.spartan.iter().filter(|scalar| **scalar == Fr::ZERO).count();
    assert_eq!(zeros.len(), rounds);
    zeros
}

/// All commitments and scalars that are not zero.
fn words(proof: &NetworkProof) -> Vec<[u8; 32]> {
    let bytes = proof.to_bytes();
    bytes.as_chunks().0.iter().copied().filter(|word| *word != [0; 32]).collect()
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
    assert_eq!(zeros(&proofs[0]), zeros(&proofs[1]));
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
    let inner = HiddenProver::new(&case.srs, start, case.network.row_columns(), &[b"secret"], nonce).unwrap();
    let mut channel = Recording { inner, sent: Vec::new() };
    let mut rng = channel.inner.rng();
    let blinds = case.network.proof_chunks().map(|n| (0..n).map(|_| Blind::random(&mut rng)).collect());
    let reduced =
        reduce(&mut channel, &case.srs, &statement, (&witness, None), &case.secrets(), &blinds).unwrap();
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

/// A proof made without a witness, of a statement that is false, about commitments that nobody can open: for challenges known
/// beforehand. What a verifier sees of an honest proof, it could have made by itself.
#[test]
fn the_simulator_makes_accepted_proofs_without_a_witness() {
    let mut rng = StdRng::seed_from_u64(4000);
    let challenges: Vec<Fr> = (0..400).map(|_| Fr::rand(&mut rng)).collect();
    let batch = |io| Case::batch(tiny(io, io), [8, 9], 3, 5);
    let single = |io| Case::new(tiny(io, io), 8, 5);
    for case in [single(Private), single(Public), batch(Private), batch(Public)] {
        let mut nobody = |count: usize| -> Vec<Commitment> {
            let mut point = || Commitment::from(case.srs.hiding_generator() * Fr::rand(&mut rng));
            (0..count).map(|_| point()).collect()
        };
        let network = &case.network;
        let weights = nobody(network.weight_chunks());
        let [inputs, outputs] = network.private_chunks().map(&mut nobody);
        let [v, h] = network.proof_chunks().map(&mut nobody);
        let values: Vec<Vec<i32>> = (network.public_tensors().iter())
            .map(|id| (0..network.graph().tensor(*id).shape.len() as i32).map(|i| (7 * i - 9) % 60).collect())
            .collect();
        let public: Vec<&[i32]> = values.iter().map(Vec::as_slice).collect();
        let statement =
            Statement::new(network, [8; 32], b"false", &weights, [&inputs, &outputs], &public).unwrap();
        let argument = Argument { statement: &statement, v: &v, h: &h };

        let probe = Probe::new();
        let probed = Probed { argument, probe: probe.clone() };
        let hidden =
            zktorch_channel::simulate(&case.srs, network.row_columns(), &probed, &probe, &challenges)
                .unwrap();

        let probe = Probe::new();
        probe.program(challenges.iter().copied());
        let probed = Probed { argument, probe: probe.clone() };
        zktorch_channel::verify(case.srs.verifier(), network.k(), network.row_columns(), &probed, &hidden)
            .unwrap();
        let draws = probe.events().iter().filter(|event| matches!(event, Event::Squeeze(_))).count();
        assert!(draws <= challenges.len(), "{draws} challenges were not all programmed");
        // Of course only for these challenges; and in the form of an honest proof.
        let proof = NetworkProof {
            v: zktorch_commit::ChunkCommitments(v.clone()),
            h: zktorch_commit::ChunkCommitments(h.clone()),
            hidden,
        };
        assert!(statement.verify(case.srs.verifier(), &proof).is_err());
        assert_eq!(proof.to_bytes().len(), case.prove().to_bytes().len());
        assert_eq!(zeros(&proof), zeros(&case.prove()));
    }
}
