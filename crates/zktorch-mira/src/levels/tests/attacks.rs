//! Malicious provers. Each test also shows what the missing step would let through.

use ark_ff::{Field, One};

use super::*;
use crate::decider::{self, DeciderProof};
use zktorch_commit::{CommitError, VerifierSrs};
use zktorch_transcript::TranscriptError;

/// Levels, then the decider, both in the clear: the whole statement.
struct Proof {
    messages: Vec<Fr>,
    decider: DeciderProof,
}

fn prove_all(srs: &Srs, transcript: &mut Transcript, claims: &Claims) -> Proof {
    let (messages, instance, witness) = run_prover(transcript, claims).unwrap();
    Proof { messages, decider: decider::prove(srs, transcript, vec![(instance, witness)]).unwrap() }
}

fn verify_all(
    srs: &VerifierSrs,
    transcript: &mut Transcript,
    claims: &Claims,
    commitments: &[Commitment],
    proof: &Proof,
) -> Result<(), MiraError> {
    let instance = run_verifier(transcript, &claims.statement(), commitments, &proof.messages)?;
    decider::verify(srs, transcript, &[instance], &proof.decider)
}

fn assert_decider_rejects(result: Result<(), MiraError>) {
    match result {
        Err(MiraError::Sumcheck(zktorch_sumcheck::SumcheckError::Transcript(
            TranscriptError::Unsatisfied { constraint: decider::CONSTRAINT },
        ))) => {}
        other => panic!("expected an unsatisfied decider, got {other:?}"),
    }
}

fn setup(count: usize) -> (Srs, Claims) {
    let srs = Srs::dev(4).unwrap();
    let claims = Claims::separate(&srs, 1, 4, count);
    (srs, claims)
}

fn fresh() -> Transcript {
    Transcript::new(PROTOCOL)
}

#[test]
fn honest_proofs_pass() {
    let (srs, claims) = setup(5);
    let proof = prove_all(&srs, &mut fresh(), &claims);
    verify_all(srs.verifier(), &mut fresh(), &claims, &claims.commitments, &proof).unwrap();
}

#[test]
fn a_false_claim_is_rejected() {
    let (srs, claims) = setup(5);
    for index in 0..5 {
        let mut claims = claims.clone();
        claims.values[index] += Fr::one();
        let proof = prove_all(&srs, &mut fresh(), &claims);
        assert_decider_rejects(verify_all(
            srs.verifier(),
            &mut fresh(),
            &claims,
            &claims.commitments,
            &proof,
        ));
    }
}

/// The prover plays the levels as they are, with another error term, and decides what comes out.
#[test]
fn a_fold_with_a_wrong_error_term_is_rejected() {
    let (srs, claims) = setup(5);
    for index in 5..5 + 2 * claims.plan.levels() {
        let (mut messages, _, _) = run_prover(&mut fresh(), &claims).unwrap();
        messages[index] += Fr::one();
        // The instance that the verifier will arrive at, opened with the best witness there is for it: the sum of the
        // chunks that its commitment holds.
        let mut transcript = fresh();
        let instance =
            run_verifier(&mut transcript, &claims.statement(), &claims.commitments, &messages).unwrap();
        let witness = witness_at(&claims, &messages);
        let decider = decider::prove(&srs, &mut transcript, vec![(instance, witness)]).unwrap();
        let proof = Proof { messages, decider };
        assert_decider_rejects(verify_all(
            srs.verifier(),
            &mut fresh(),
            &claims,
            &claims.commitments,
            &proof,
        ));
    }
}

/// The folded witness under the challenges that `messages` lead to.
fn witness_at(claims: &Claims, messages: &[Fr]) -> OpeningWitness {
    let mut transcript = fresh();
    let (values, levels) = messages.split_at(claims.values.len());
    transcript.append_scalars(VALUES, values);
    let rho = transcript.challenge_scalar(RHO);
    let mut gammas = Vec::new();
    for message in levels.chunks(2) {
        transcript.append_scalars(LEVEL, message);
        gammas.push(transcript.challenge_scalar(GAMMA));
    }
    let bound = claims.plan.bind(&claims.coefficients, rho).unwrap();
    let coefficients = bound.chunk_coefficients(&fold_weights(&gammas, bound.num_instances()));
    let mut vector = vec![Fr::zero(); 16];
    let mut blind = zktorch_commit::Blind::zero();
    for ((data, b), c) in claims.data.iter().zip(&claims.blinds).zip(coefficients) {
        vector.iter_mut().zip(data.naive_field()).for_each(|(slot, x)| *slot += c * x);
        blind.add_scaled(b, c);
    }
    OpeningWitness { vector, blind }
}

/// A verifier that takes Y2 from the prover instead of computing `S - Y0` accepts any claim: the three numbers of a
/// level suit the true instances, and S is never compared with them.
#[test]
fn a_missing_level_link_would_accept_a_forgery() {
    let (srs, mut claims) = setup(4);
    claims.values[2] += Fr::from(12345u64);

    // The forger: true (Y0, T, Y2) at every level, whatever was claimed.
    let linkless = |transcript: &mut Transcript, messages: Option<&[[Fr; 3]]>| {
        transcript.append_scalars(VALUES, &claims.values);
        let rho = transcript.challenge_scalar(RHO);
        let mut sent = Vec::new();
        let mut instances = naive_instances(&claims, rho);
        let (mut gammas, mut sum) = (Vec::new(), Fr::zero());
        for level in 0..claims.plan.levels() {
            let message = messages.map_or_else(|| naive_level(&instances), |m| m[level]);
            transcript.append_scalars(LEVEL, &message);
            let gamma = transcript.challenge_scalar(GAMMA);
            sum = message[0] + gamma * message[1] + gamma * gamma * message[2];
            instances = naive_fold(&instances, gamma);
            sent.push(message);
            gammas.push(gamma);
        }
        let bound = claims.plan.bind(&claims.coefficients, rho).unwrap();
        let weights = fold_weights(&gammas, bound.num_instances());
        let coefficients = bound.chunk_coefficients(&weights);
        let commitment =
            zktorch_commit::hyperkzg::combine_commitments(&claims.commitments, &coefficients).unwrap();
        let functional = claims.statement().functional(&bound, &weights).unwrap();
        let mut blind = zktorch_commit::Blind::zero();
        claims.blinds.iter().zip(&coefficients).for_each(|(b, c)| blind.add_scaled(b, *c));
        let witness = OpeningWitness { vector: instances[0].0.clone(), blind };
        (sent, OpeningInstance { commitment, functional, value: sum }, witness)
    };
    let mut transcript = fresh();
    let (messages, instance, witness) = linkless(&mut transcript, None);
    let proof = decider::prove(&srs, &mut transcript, vec![(instance, witness)]).unwrap();
    let mut transcript = fresh();
    let (_, instance, _) = linkless(&mut transcript, Some(&messages));
    decider::verify(srs.verifier(), &mut transcript, &[instance], &proof)
        .expect("the forgery passes without the link");

    // With the link the same prover is left with a false accumulator.
    let proof = prove_all(&srs, &mut fresh(), &claims);
    assert_decider_rejects(verify_all(srs.verifier(), &mut fresh(), &claims, &claims.commitments, &proof));
}

/// Errors that cancel with coefficients one do not cancel with powers of rho.
#[test]
fn two_false_claims_whose_errors_cancel_are_rejected() {
    let (srs, mut claims) = setup(4);
    claims.values[1] += Fr::from(7u64);
    claims.values[3] -= Fr::from(7u64);
    let proof = prove_all(&srs, &mut fresh(), &claims);
    assert_decider_rejects(verify_all(srs.verifier(), &mut fresh(), &claims, &claims.commitments, &proof));

    // With rho fixed to one they do.
    let fixed = || {
        let probe = Probe::new();
        probe.program_label(RHO, [Fr::one()]);
        fresh().with_probe(&probe)
    };
    let proof = prove_all(&srs, &mut fixed(), &claims);
    verify_all(srs.verifier(), &mut fixed(), &claims, &claims.commitments, &proof)
        .expect("constant coefficients");
}

/// A prover that knows rho before it commits its last value makes the errors cancel.
#[test]
fn claims_batched_before_all_values_are_committed_would_be_forged() {
    let (srs, mut claims) = setup(3);
    // What a transcript would give that had not absorbed the values yet.
    let rho = fresh().challenge_scalar(RHO);
    claims.values[0] += Fr::one();
    claims.values[2] -= rho.square().inverse().unwrap();
    let early = || {
        let probe = Probe::new();
        probe.program_label(RHO, [rho]);
        fresh().with_probe(&probe)
    };
    let proof = prove_all(&srs, &mut early(), &claims);
    verify_all(srs.verifier(), &mut early(), &claims, &claims.commitments, &proof)
        .expect("rho known in advance");

    let proof = prove_all(&srs, &mut fresh(), &claims);
    assert_decider_rejects(verify_all(srs.verifier(), &mut fresh(), &claims, &claims.commitments, &proof));
}

/// A prover that knows gamma before it sends the level's message makes up for a false claim with the error term.
#[test]
fn levels_chosen_after_their_challenge_are_rejected() {
    let (_, mut claims) = setup(2);
    claims.values[0] += Fr::one();
    let (mut messages, _, witness) = run_prover(&mut fresh(), &claims).unwrap();
    // What gamma is if the message is not absorbed.
    let gamma = {
        let mut transcript = fresh();
        let (values, level) = messages.split_at(claims.values.len());
        transcript.append_scalars(VALUES, values);
        transcript.challenge_scalar(RHO);
        transcript.append_scalars(LEVEL, level);
        transcript.challenge_scalar(GAMMA)
    };
    // Y0 + gamma T + gamma^2 (S + 1 - Y0) is true with T - gamma.
    *messages.last_mut().unwrap() -= gamma;
    let claim = run_verifier(&mut fresh(), &claims.statement(), &claims.commitments, &messages).unwrap();
    assert_ne!(claim.functional.apply(&witness.vector).unwrap(), claim.value);
}

#[test]
fn swapped_instances_are_rejected() {
    let (srs, claims) = setup(4);
    let proof = prove_all(&srs, &mut fresh(), &claims);
    // Chunks swapped under the claims: the vector opened is not the one committed.
    let mut commitments = claims.commitments.clone();
    commitments.swap(0, 3);
    let result = verify_all(srs.verifier(), &mut fresh(), &claims, &commitments, &proof);
    assert_decider_rejects(result);
    // Points swapped.
    let mut swapped = claims.clone();
    swapped.points.swap(1, 2);
    let result = verify_all(srs.verifier(), &mut fresh(), &swapped, &claims.commitments, &proof);
    assert_decider_rejects(result);
    // A prover that plays along (claims about swapped chunks) proves values that are not theirs.
    let mut playing = claims.clone();
    playing.commitments.swap(0, 3);
    playing.blinds.swap(0, 3);
    playing.data.swap(0, 3);
    let proof = prove_all(&srs, &mut fresh(), &playing);
    assert_decider_rejects(verify_all(srs.verifier(), &mut fresh(), &playing, &playing.commitments, &proof));
}

/// Commitments that do not hold the vectors the claims are true of.
#[test]
fn foreign_commitments_are_rejected() {
    let (srs, claims) = setup(4);
    let mut foreign = claims.clone();
    foreign.commitments[1] = Claims::separate(&srs, 99, 4, 1).commitments[0];
    // The prover even absorbs them.
    let proof = prove_all(&srs, &mut fresh(), &foreign);
    let result = verify_all(srs.verifier(), &mut fresh(), &foreign, &foreign.commitments, &proof);
    assert!(matches!(result, Err(MiraError::Commit(CommitError::OpeningPairing))), "{result:?}");
}

#[test]
fn every_message_mutated_truncated_or_extended_is_rejected() {
    let (srs, claims) = setup(5);
    let honest = prove_all(&srs, &mut fresh(), &claims);
    let run = |messages: Vec<Fr>| {
        let proof = Proof { messages, decider: honest.decider.clone() };
        verify_all(srs.verifier(), &mut fresh(), &claims, &claims.commitments, &proof)
    };
    for index in 0..honest.messages.len() {
        let mut messages = honest.messages.clone();
        messages[index] += Fr::one();
        assert_decider_rejects(run(messages));
    }
    for cut in 0..honest.messages.len() {
        let result = run(honest.messages[..cut].to_vec());
        assert!(
            matches!(result, Err(MiraError::Transcript(TranscriptError::MissingMessage { .. }))),
            "{result:?}"
        );
    }
    let result = run([honest.messages.as_slice(), &[Fr::zero()]].concat());
    assert!(matches!(result, Err(MiraError::Transcript(TranscriptError::TrailingMessages { count: 1 }))));
}
