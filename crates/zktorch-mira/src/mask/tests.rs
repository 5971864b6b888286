use ark_ff::{Field, One, Zero};
use zktorch_commit::Srs;
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::{ClearProver, ClearVerifier, Transcript, TranscriptError};

use super::*;
use crate::test_util::{forgetful, satisfied};

const PROTOCOL: &[u8] = b"mira mask test";

fn mask(nonce: u8) -> Mask {
    Mask::random(4, &mut Transcript::new(b"mask coins").rng(&[b"secret"], [nonce; 32]))
}

struct Masked {
    messages: Vec<Fr>,
    proof: MaskProof,
    instance: OpeningInstance<Fr>,
    witness: OpeningWitness,
}

fn run_prover(transcript: &mut Transcript, srs: &Srs, seed: u64, mask: Mask) -> Masked {
    let (instance, witness) = satisfied(srs, seed, 4, 3);
    let mut channel = ClearProver::new(transcript);
    let (proof, instance, witness) = prove(&mut channel, srs, instance, witness, mask).unwrap();
    Masked { messages: channel.into_messages(), proof, instance, witness }
}

fn run_verifier(
    transcript: &mut Transcript,
    instance: OpeningInstance<Fr>,
    messages: &[Fr],
    proof: &MaskProof,
) -> Result<OpeningInstance<Fr>, MiraError> {
    let mut channel = ClearVerifier::new(transcript, messages);
    let masked = verify(&mut channel, instance, proof)?;
    channel.finish()?;
    Ok(masked)
}

fn fresh() -> Transcript {
    Transcript::new(PROTOCOL)
}

fn is_untied(result: &Result<OpeningInstance<Fr>, MiraError>) -> bool {
    matches!(result, Err(MiraError::Transcript(TranscriptError::Unsatisfied { constraint: CONSTRAINT })))
}

/// The decider found that a claim it was given is false.
fn is_false(result: &Result<(), MiraError>) -> bool {
    matches!(
        result,
        Err(MiraError::Sumcheck(zktorch_sumcheck::SumcheckError::Transcript(TranscriptError::Unsatisfied {
            constraint: crate::decider::CONSTRAINT
        })))
    )
}

#[test]
fn the_masked_accumulator_holds_and_both_sides_agree() {
    let srs = Srs::dev(4).unwrap();
    let (honest, _) = satisfied(&srs, 1, 4, 3);
    let masked = run_prover(&mut fresh(), &srs, 1, mask(0));
    assert_eq!(masked.instance.functional.apply(&masked.witness.vector).unwrap(), masked.instance.value);
    let commitment = srs.commit(&masked.witness.vector, &masked.witness.blind).unwrap();
    assert_eq!(commitment.projective(), masked.instance.commitment);
    let verified = run_verifier(&mut fresh(), honest, &masked.messages, &masked.proof).unwrap();
    assert_eq!(verified, masked.instance);
}

/// The events of absorbing a claim.
fn claim_events() -> Vec<Event> {
    vec![Event::Absorb(b"mira mask claim"), Event::Absorb(b"mira functional")]
}

/// C and u, C_s and the hidden y_s before delta; y* after it.
#[test]
fn the_order_of_events_is_pinned() {
    let srs = Srs::dev(4).unwrap();
    let probe = Probe::new();
    let masked = run_prover(&mut fresh().with_probe(&probe), &srs, 1, mask(0));
    let mut expected = claim_events();
    expected.extend([
        Event::Absorb(b"mira mask commitment"),
        Event::Absorb(b"mira mask value"),
        Event::Squeeze(b"mira mask delta"),
        Event::Absorb(b"mira masked value"),
    ]);
    assert_eq!(probe.events(), expected);
    let probe = Probe::new();
    let (honest, _) = satisfied(&srs, 1, 4, 3);
    run_verifier(&mut fresh().with_probe(&probe), honest, &masked.messages, &masked.proof).unwrap();
    assert_eq!(probe.events(), expected);
}

/// The values of the masked instance and the hidden value have to fit: whatever of the three is changed.
#[test]
fn an_untied_y_star_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let (honest, _) = satisfied(&srs, 1, 4, 3);
    let masked = run_prover(&mut fresh(), &srs, 1, mask(0));
    let shifted = MaskProof { value: masked.proof.value + Fr::one(), ..masked.proof };
    assert!(is_untied(&run_verifier(&mut fresh(), honest.clone(), &masked.messages, &shifted)));
    let hidden = [masked.messages[0] + Fr::one()];
    assert!(is_untied(&run_verifier(&mut fresh(), honest.clone(), &hidden, &masked.proof)));
    let claimed = OpeningInstance { value: honest.value + Fr::one(), ..honest };
    assert!(is_untied(&run_verifier(&mut fresh(), claimed, &masked.messages, &masked.proof)));
}

/// Without the constraint, a false y passes: y* is then just a number that suits v*.
#[test]
fn without_the_tie_a_false_value_would_pass() {
    let srs = Srs::dev(4).unwrap();
    let (honest, _) = satisfied(&srs, 1, 4, 3);
    let masked = run_prover(&mut fresh(), &srs, 1, mask(0));
    let false_claim = OpeningInstance { value: honest.value + Fr::one(), ..honest };
    // The verifier of `verify` without `enforce_zero`.
    let mut transcript = fresh();
    absorb_claim(&mut transcript, false_claim.commitment, &false_claim.functional);
    transcript.append_point(COMMITMENT, &masked.proof.commitment.0);
    transcript.append_scalars(VALUE, &masked.messages);
    let delta = transcript.challenge_nonzero(DELTA);
    transcript.append_scalar(MASKED, &masked.proof.value);
    let untied = OpeningInstance {
        commitment: false_claim.commitment + masked.proof.commitment.projective() * delta,
        functional: false_claim.functional.clone(),
        value: masked.proof.value,
    };
    let mut prover = transcript.clone();
    let claims = vec![(untied.clone(), masked.witness.clone())];
    let proof = crate::decider::prove(&srs, &mut prover, claims).unwrap();
    crate::decider::verify(srs.verifier(), &mut transcript, &[untied], &proof).expect("nothing ties y* to y");
    // With it, it is refused.
    assert!(is_untied(&run_verifier(&mut fresh(), false_claim, &masked.messages, &masked.proof)));
}

/// A y_s that does not belong to s: delta was drawn after it, so the masked instance is false.
#[test]
fn a_wrong_hidden_value_leaves_a_false_accumulator() {
    let srs = Srs::dev(4).unwrap();
    let (honest, witness) = satisfied(&srs, 1, 4, 3);
    let false_claim = OpeningInstance { value: honest.value + Fr::one(), ..honest };
    // The prover shifts y_s as it pleases before it sees delta, and sends the y* that the constraint wants.
    let (mut transcript, mask) = (fresh(), mask(0));
    let commitment = srs.commit(&mask.vector, &mask.blind).unwrap();
    let y_s = false_claim.functional.apply(&mask.vector).unwrap() - Fr::from(3u64);
    absorb_claim(&mut transcript, false_claim.commitment, &false_claim.functional);
    transcript.append_point(COMMITMENT, &commitment.0);
    transcript.append_scalars(VALUE, &[y_s]);
    let delta = transcript.challenge_nonzero(DELTA);
    let proof = MaskProof { commitment, value: false_claim.value + delta * y_s };
    let mut opened = witness.clone();
    opened.vector.accumulate(&mask.vector, delta);
    opened.blind.accumulate(&mask.blind, delta);

    let mut verifier = fresh();
    let masked = run_verifier(&mut verifier, false_claim, &[y_s], &proof).unwrap();
    let decided = crate::decider::prove(&srs, &mut verifier.clone(), vec![(masked.clone(), opened)]).unwrap();
    let result = crate::decider::verify(srs.verifier(), &mut verifier, &[masked], &decided);
    assert!(is_false(&result));
}

/// Why C is absorbed first: chosen after delta it is `Com(v*) - delta C_s`, for any v* and a y_s that is not `<s, u>`.
#[test]
fn a_commitment_chosen_after_delta_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let (honest, witness) = satisfied(&srs, 1, 4, 3);
    let OpeningInstance { functional, value, .. } = honest.clone();
    let mask = mask(0);
    let mask_commitment = srs.commit(&mask.vector, &mask.blind).unwrap();
    let y_s = functional.apply(&mask.vector).unwrap() + Fr::one();
    let masked_by = |mut witness: OpeningWitness, delta: Fr| {
        witness.vector.accumulate(&mask.vector, delta);
        witness.blind.accumulate(&mask.blind, delta);
        witness
    };
    let decide = |transcript: &mut Transcript, masked: OpeningInstance<Fr>, opened: OpeningWitness| {
        let proof =
            crate::decider::prove(&srs, &mut transcript.clone(), vec![(masked.clone(), opened)]).unwrap();
        crate::decider::verify(srs.verifier(), transcript, &[masked], &proof)
    };

    // A verifier that forgets C.
    let mut unbound = forgetful(fresh(), CLAIM);
    absorb_claim(&mut unbound, honest.commitment, &functional);
    unbound.append_point(COMMITMENT, &mask_commitment.0);
    unbound.append_scalars(VALUE, &[y_s]);
    let delta = unbound.challenge_nonzero(DELTA);
    let proof = MaskProof { commitment: mask_commitment, value: value + delta * y_s };
    unbound.append_scalar(MASKED, &proof.value);
    // The honest v + delta s misses y* by delta: moved along the first unit vector, it hits.
    let mut opened = masked_by(witness, delta);
    let unit: Vec<Fr> = (0..16).map(|i| Fr::from(u64::from(i == 0))).collect();
    opened.vector[0] += delta * functional.apply(&unit).unwrap().inverse().unwrap();
    let masked_commitment = srs.commit(&opened.vector, &opened.blind).unwrap().projective();
    let claim = OpeningInstance {
        commitment: masked_commitment - mask_commitment.projective() * delta,
        functional: functional.clone(),
        value,
    };
    // What C commits to has another value than claimed.
    let committed = masked_by(opened.clone(), -delta);
    assert_eq!(srs.commit(&committed.vector, &committed.blind).unwrap().projective(), claim.commitment);
    assert_ne!(functional.apply(&committed.vector).unwrap(), value);
    let masked = OpeningInstance { commitment: masked_commitment, functional, value: proof.value };
    decide(&mut unbound, masked, opened).expect("nothing binds C before delta");

    // With it the challenge is another one: the old y* does not fit, and a new one does not fit what C* commits to.
    assert!(is_untied(&run_verifier(&mut fresh(), claim.clone(), &[y_s], &proof)));
    let mut replay = fresh();
    absorb_claim(&mut replay, claim.commitment, &claim.functional);
    replay.append_point(COMMITMENT, &mask_commitment.0);
    replay.append_scalars(VALUE, &[y_s]);
    let delta = replay.challenge_nonzero(DELTA);
    let proof = MaskProof { value: value + delta * y_s, ..proof };
    let mut verifier = fresh();
    let masked = run_verifier(&mut verifier, claim, &[y_s], &proof).unwrap();
    assert!(is_false(&decide(&mut verifier, masked, masked_by(committed, delta))));
}

/// Why y_s is sent before delta: chosen after it, `y + delta y_s = y*` holds for a false y and the true y*.
#[test]
fn a_hidden_value_chosen_after_delta_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let (honest, witness) = satisfied(&srs, 1, 4, 3);
    let lie = OpeningInstance { value: honest.value + Fr::one(), ..honest };
    let mask = mask(0);
    let commitment = srs.commit(&mask.vector, &mask.blind).unwrap();
    let true_y_s = lie.functional.apply(&mask.vector).unwrap();
    let delta_after = |mut transcript: Transcript, y_s: Fr| {
        absorb_claim(&mut transcript, lie.commitment, &lie.functional);
        transcript.append_point(COMMITMENT, &commitment.0);
        transcript.append_scalars(VALUE, &[y_s]);
        transcript.challenge_nonzero(DELTA)
    };
    // Everything that is sent: y_s for a delta that is known, and the y* that the constraint wants.
    let y_s = true_y_s - delta_after(forgetful(fresh(), VALUE), true_y_s).inverse().unwrap();
    let decided = |transcript: &dyn Fn() -> Transcript| {
        let delta = delta_after(transcript(), y_s);
        let proof = MaskProof { commitment, value: lie.value + delta * y_s };
        let mut opened = witness.clone();
        opened.vector.accumulate(&mask.vector, delta);
        opened.blind.accumulate(&mask.blind, delta);
        let mut verifier = transcript();
        let masked = run_verifier(&mut verifier, lie.clone(), &[y_s], &proof).unwrap();
        let claims = vec![(masked.clone(), opened)];
        let decided = crate::decider::prove(&srs, &mut verifier.clone(), claims).unwrap();
        crate::decider::verify(srs.verifier(), &mut verifier, &[masked], &decided)
    };
    decided(&|| forgetful(fresh(), VALUE)).expect("nothing binds y_s before delta");
    assert!(is_false(&decided(&fresh)));
}

/// Why a mask is used up: two masked accumulators under one mask give the witness away.
#[test]
fn a_reused_mask_reveals_the_witness() {
    let srs = Srs::dev(4).unwrap();
    let (_, witness) = satisfied(&srs, 1, 4, 3);
    let run = |salt: u64| {
        let mut transcript = fresh();
        transcript.append_u64(b"attempt", salt);
        let challenge = {
            let mut replay = transcript.clone();
            let mask = mask(0);
            let (instance, _) = satisfied(&srs, 1, 4, 3);
            absorb_claim(&mut replay, instance.commitment, &instance.functional);
            replay.append_point(COMMITMENT, &srs.commit(&mask.vector, &mask.blind).unwrap().0);
            replay.append_scalars(VALUE, &[instance.functional.apply(&mask.vector).unwrap()]);
            replay.challenge_nonzero(DELTA)
        };
        // The same nonce twice: what the caller must not do.
        (challenge, run_prover(&mut transcript, &srs, 1, mask(0)).witness.vector.clone())
    };
    let ((d1, v1), (d2, v2)) = (run(1), run(2));
    assert_ne!(d1, d2);
    let inverse = (d2 - d1).inverse().unwrap();
    let solved: Vec<Fr> = v1.iter().zip(&v2).map(|(a, b)| (d2 * a - d1 * b) * inverse).collect();
    assert_eq!(solved, witness.vector);
}

#[test]
fn fresh_nonces_share_nothing() {
    let srs = Srs::dev(4).unwrap();
    let (a, b) = (run_prover(&mut fresh(), &srs, 1, mask(1)), run_prover(&mut fresh(), &srs, 1, mask(2)));
    assert_ne!(a.proof.commitment, b.proof.commitment);
    assert_ne!(a.proof.value, b.proof.value);
    assert_ne!(a.messages, b.messages);
    assert!(a.witness.vector.iter().zip(&b.witness.vector).all(|(x, y)| x != y));
    assert!(a.witness.vector.iter().all(|x| !x.is_zero()));
}

#[test]
fn a_mask_of_another_length_is_refused() {
    let srs = Srs::dev(4).unwrap();
    let (instance, witness) = satisfied(&srs, 1, 4, 1);
    let short = Mask::random(3, &mut Transcript::new(b"coins").rng(&[], [0; 32]));
    let mut transcript = fresh();
    let error = prove(&mut ClearProver::new(&mut transcript), &srs, instance, witness, short).err().unwrap();
    assert!(matches!(error, MiraError::Length { what: "mask", expected: 16, got: 8 }));
}

#[test]
fn bytes_round_trip_and_are_validated() {
    let srs = Srs::dev(4).unwrap();
    let proof = run_prover(&mut fresh(), &srs, 1, mask(0)).proof;
    let bytes = proof.to_bytes();
    assert_eq!(MaskProof::read(&mut wire::Reader::new(&bytes)).unwrap(), proof);
    for len in 0..bytes.len() {
        let error = MaskProof::read(&mut wire::Reader::new(&bytes[..len])).unwrap_err();
        assert!(matches!(error, MiraError::Transcript(TranscriptError::ByteLength { .. })));
    }
    let mut large = bytes;
    large[32..].fill(0xff);
    let error = MaskProof::read(&mut wire::Reader::new(&large)).unwrap_err();
    assert!(matches!(
        error,
        MiraError::Transcript(TranscriptError::NonCanonicalScalar { what: "masked value" })
    ));
    // A coordinate that is not reduced.
    let mut no_point = bytes;
    no_point[..32].fill(0xff);
    let error = MaskProof::read(&mut wire::Reader::new(&no_point)).unwrap_err();
    assert!(matches!(
        error,
        MiraError::Transcript(TranscriptError::InvalidPoint { what: "mask commitment" })
    ));
}

/// No panic; what decodes is canonical. Only the proof itself is accepted.
#[test]
fn fuzz_mask_proof_decoder() {
    let srs = Srs::dev(4).unwrap();
    let (honest, _) = satisfied(&srs, 1, 4, 3);
    let masked = run_prover(&mut fresh(), &srs, 1, mask(0));
    let valid = masked.proof.to_bytes();
    crate::fuzz::fuzz(&valid, |bytes| {
        let mut reader = wire::Reader::new(bytes);
        if let Ok(proof) = MaskProof::read(&mut reader) {
            assert_eq!(proof.to_bytes(), bytes[..MaskProof::BYTES]);
            let result = run_verifier(&mut fresh(), honest.clone(), &masked.messages, &proof);
            assert_eq!(result.is_ok(), proof == masked.proof);
        }
        Ok(())
    });
}
