//! What a proof reveals: nothing that cannot be made without a witness.

use std::collections::BTreeSet;

use ark_ff::{AdditiveGroup, Field};
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use zktorch_commit::{Blind, Commitment};
use zktorch_field::{Fr, G1Projective};
use zktorch_mira::OpeningInstance;
use zktorch_mira::mask::{self, Mask, VALUE};
use zktorch_sumcheck::eq_table;
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::wire::scalar_to_bytes;
use zktorch_transcript::{ClearProver, ProverChannel, Transcript, VerifierChannel};

use super::forger::Forger;
use crate::test_util::{Case, SMALL, Size, scalars};
use crate::{ChannelError, HiddenProof, Protocol};

/// All scalars and commitments of a proof, encoded.
fn words(proof: &HiddenProof) -> Vec<[u8; 32]> {
    proof.to_bytes().as_chunks().0.to_vec()
}

#[test]
fn two_proofs_of_the_same_statement_share_nothing() {
    let case = Case::new(Size { claims: 2, ..SMALL });
    let (first, second) = (case.prove(case.transcript(), 1), case.prove(case.transcript(), 2));
    let [a, b] = [&first, &second].map(|proof| BTreeSet::from_iter(words(proof)));
    assert_eq!(a.len(), words(&first).len(), "a value occurs twice in one proof");
    assert_eq!(a.intersection(&b).count(), 0);
    // With the nonce fixed, proofs are reproducible.
    assert_eq!(case.prove(case.transcript(), 1), first);
}

#[test]
fn no_secret_is_in_the_clear() {
    let case = Case::new(SMALL);
    let mut prover = case.prover(case.transcript(), 1);
    let rho = case.send_messages(&mut prover, &case.evaluations());
    let forger = Forger::new(&case, prover, case.claims(rho));
    let mut secrets = forger.z.clone();
    secrets.retain(|z| *z != Fr::ZERO);
    assert_eq!(secrets.len(), 2 + SMALL.helpers + 1);
    secrets.extend(&case.vectors[0]);
    secrets.extend(forger.blinds.iter().map(Blind::expose));
    secrets.push(case.claims(rho)[0].0.value);
    let secrets = BTreeSet::from_iter(secrets.iter().map(scalar_to_bytes));
    let proof = forger.finish();
    case.verify(&proof).unwrap();
    assert_eq!(secrets.intersection(&BTreeSet::from_iter(words(&proof))).count(), 0);
}

/// The case's protocol with a watched transcript.
struct Probed<'a>(&'a Case, Probe);

impl Protocol for Probed<'_> {
    type Error = ChannelError;

    fn transcript(&self) -> Transcript {
        self.0.transcript().with_probe(&self.1)
    }

    fn verify<V: VerifierChannel>(
        &self,
        channel: &mut V,
    ) -> Result<Vec<OpeningInstance<V::Scalar>>, ChannelError> {
        self.0.example.verify(channel)
    }
}

fn simulate(case: &Case, challenges: &[Fr]) -> HiddenProof {
    let probe = Probe::new();
    crate::simulate(&case.srs, case.columns, &Probed(case, probe.clone()), &probe, challenges).unwrap()
}

#[test]
fn the_simulator_produces_accepted_proofs_without_a_witness() {
    let challenges = scalars(&mut StdRng::seed_from_u64(2000), 200);
    let programmed = |case: &Case| {
        let probe = Probe::new();
        probe.program(challenges.iter().copied());
        (case.transcript().with_probe(&probe), probe)
    };
    for size in [SMALL, Size { k: 4, columns: 8, claims: 2, helpers: 40 }, Size { claims: 0, ..SMALL }] {
        // A statement that is most likely false, and whose vectors nobody knows.
        let mut case = Case::new(size);
        let nobody = |x: Fr| Commitment((case.srs.hiding_generator() * x).into());
        case.example.commitments = (0..size.claims).map(|i| nobody(Fr::from(1000 + i as u64))).collect();
        case.example.products = vec![Fr::from(5u64); size.claims];
        (case.vectors, case.blinds) = (Vec::new(), Vec::new());

        let proof = simulate(&case, &challenges);
        let (transcript, probe) = programmed(&case);
        case.verify_with(transcript, &proof).unwrap();
        let draws = probe.events().iter().filter(|event| matches!(event, Event::Squeeze(_))).count();
        assert!(draws <= challenges.len(), "{draws} challenges were not all programmed");
        // Of course only for these challenges.
        assert!(case.verify(&proof).is_err());
        // An honest proof for the same challenges has the same form.
        let honest = Case::new(size);
        let real = honest.prove_twice_programmed(&challenges);
        honest.verify_with(programmed(&honest).0, &real).unwrap();
        assert_eq!(real.to_bytes().len(), proof.to_bytes().len());
    }
}

impl Case {
    /// An honest proof for programmed challenges. The prover draws those of the protocol twice: its replay sees them in the
    /// same order, so it gets a transcript of its own.
    fn prove_twice_programmed(&self, challenges: &[Fr]) -> HiddenProof {
        let probe = Probe::new();
        // rho by the prover, rho by the replay, then per claim delta twice, then everything else once.
        let (rho, rest) = (challenges[0], &challenges[1..]);
        let (deltas, rest) = rest.split_at(self.example.commitments.len());
        probe.program([rho, rho]);
        probe.program(deltas.iter().flat_map(|delta| [*delta, *delta]));
        probe.program(rest.iter().copied());
        self.prove(self.transcript().with_probe(&probe), 3)
    }
}

/// With the mask applied after the constraints are closed, y_s would have to be sent in the clear, and
/// `y = y* - delta y_s`. Masked first, y_s is one of the hidden messages.
#[test]
fn y_acc_cannot_be_solved_from_a_proof() {
    let case = Case::new(SMALL);
    let mut prover = case.prover(case.transcript(), 1);
    let rho = case.send_messages(&mut prover, &case.evaluations());
    let secret = case.claims(rho)[0].0.value;

    // Too late: the channel is the clear one.
    let transcript = case.transcript();
    let random = Mask::random(case.srs.k(), &mut transcript.rng(&[], [7; 32]));
    let probe = Probe::new();
    let delta = Fr::from(31u64);
    probe.program_label(b"mira mask delta", [delta]);
    let mut late = transcript.with_probe(&probe);
    let mut clear = ClearProver::new(&mut late);
    let (instance, witness) = case.claims(rho).remove(0);
    let (proof, _, _) = mask::prove(&mut clear, &case.srs, instance, witness, random).unwrap();
    let revealed = clear.into_messages();
    assert_eq!(proof.value - delta * revealed[0], secret);

    // In time: no scalar of the proof is y_s, and none is y.
    let proof = {
        let probe = Probe::new();
        probe.program_label(b"mira mask delta", [delta, delta]);
        case.prove(case.transcript().with_probe(&probe), 1)
    };
    let y_s = (proof.masks[0].value - secret) / delta;
    let all = words(&proof);
    assert!(!all.contains(&scalar_to_bytes(&y_s)));
    assert!(!all.contains(&scalar_to_bytes(&secret)));
}

/// Two proofs under the same masks and different epsilon: what each reveals of z* determines z.
#[test]
fn a_reused_mask_reveals_the_messages() {
    let case = Case::new(SMALL);
    let rounds = scalars(&mut StdRng::seed_from_u64(3000), 64);
    let epsilons = [Fr::from(11u64), Fr::from(13u64)];
    let proofs = epsilons.map(|epsilon| {
        let probe = Probe::new();
        probe.program_label(b"mira fold gamma", [epsilon]);
        probe.program_label(b"spartan outer challenge", rounds.iter().copied());
        // The same nonce twice, as after an abort.
        case.prove(case.transcript().with_probe(&probe), 1)
    });
    assert_eq!(proofs[0].fold.mask, proofs[1].fold.mask);
    let mut prover = case.prover(case.transcript(), 1);
    let rho = case.send_messages(&mut prover, &case.evaluations());
    let forger = Forger::new(&case, prover, case.claims(rho));
    let mu = crate::spartan::Sizes::of(&forger.r1cs).mu;

    // va is a value of A (u, z).
    let seen = proofs.each_ref().map(|proof| proof.argument.spartan[2 * mu]);
    let solved = (epsilons[1] * seen[0] - epsilons[0] * seen[1]) / (epsilons[1] - epsilons[0]);
    let a = forger.r1cs.a().multiply(Fr::ONE, &forger.z).unwrap();
    let truth: Fr = a.iter().zip(eq_table(&rounds[..mu])).map(|(a, e)| *a * e).sum();
    assert_eq!(solved, truth);
}

/// Under one nonce and two deltas the split's masks can be solved for: neither is missing, or a part would be seen.
#[test]
fn both_parts_of_the_claim_on_the_messages_are_masked() {
    let case = Case::new(SMALL);
    let deltas = [Fr::from(11u64), Fr::from(13u64)];
    let [first, second] = deltas.map(|delta| {
        let probe = Probe::new();
        probe.program_label(b"channel split delta", [delta]);
        case.prove(case.transcript().with_probe(&probe), 1).argument.split
    });
    assert_eq!((first.masks, first.mask_value), (second.masks, second.mask_value));
    // b = <Z, h> + delta <S_2, h>, and y = <S_1, g> + <S_2, h>.
    let of_mask = (first.value - second.value) / (deltas[0] - deltas[1]);
    assert_ne!(of_mask, Fr::ZERO);
    assert_ne!(first.mask_value - of_mask, Fr::ZERO);
}

/// Even if a nonce is repeated by mistake, another message gets another blind, and another witness other masks.
#[test]
fn a_reused_nonce_does_not_reuse_blinds_for_other_messages() {
    let case = Case::new(SMALL);
    let send = |message: &[Fr]| {
        let mut prover = case.prover(case.transcript(), 1);
        prover.send(VALUE, message).unwrap();
        prover.rows()[0]
    };
    let (a, b) = ([Fr::from(4u64)], [Fr::from(5u64)]);
    let difference = case.srs.commit(&[Fr::ONE], &Blind::zero()).unwrap().projective();
    assert_eq!(send(&a), send(&a));
    assert_ne!(send(&a) + difference, G1Projective::from(send(&b)));

    let mut other = Case::new(SMALL);
    other.vectors[0][3] += Fr::ONE;
    other.example.commitments[0] = other.srs.commit(&other.vectors[0], &other.blinds[0]).unwrap();
    let y = other.evaluations();
    other.example.products[0] = y[0] * y[1];
    let [first, second] = [case.prove(case.transcript(), 1), other.prove(other.transcript(), 1)];
    other.verify(&second).unwrap();
    let shared = BTreeSet::from_iter(words(&first));
    assert_eq!(shared.intersection(&BTreeSet::from_iter(words(&second))).count(), 0);
}

/// One channel gives independent randomness every time it is asked, also if nothing was sent in between.
#[test]
fn randomness_is_never_repeated_within_a_proof() {
    use ark_std::rand::RngCore;
    let case = Case::new(SMALL);
    let mut prover = case.prover(case.transcript(), 1);
    let draws = [prover.rng().next_u64(), prover.rng().next_u64(), prover.rng().next_u64()];
    assert_eq!(BTreeSet::from(draws).len(), 3);
    // The same message three times: three blinds.
    (0..3).for_each(|_| prover.send(VALUE, &[Fr::ONE]).unwrap());
    assert_eq!(BTreeSet::from_iter(prover.rows().iter().map(|row| row.x)).len(), 3);
}
