mod attacks;

use ark_ff::{One, Zero};
use proptest::prelude::*;
use zktorch_commit::{Blind, CommitError};
use zktorch_sumcheck::SumcheckError;
use zktorch_transcript::TranscriptError;
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::wire::scalar_to_bytes;

use super::*;
use crate::test_util::{satisfied, scalars};

const PROTOCOL: &[u8] = b"mira decider test";

type Claim = (OpeningInstance<Fr>, OpeningWitness);

fn fresh() -> Transcript {
    Transcript::new(PROTOCOL)
}

/// Instances of the given (variables, points).
fn claims(srs: &Srs, shapes: &[(usize, usize)]) -> Vec<Claim> {
    (1u64..)
        .zip(shapes)
        .map(|(seed, (num_vars, points))| satisfied(srs, seed << 40, *num_vars, *points))
        .collect()
}

fn instances(claims: &[Claim]) -> Vec<OpeningInstance<Fr>> {
    claims.iter().map(|(instance, _)| instance.clone()).collect()
}

fn check(srs: &Srs, instances: &[OpeningInstance<Fr>], proof: &DeciderProof) -> Result<(), MiraError> {
    verify(srs.verifier(), &mut fresh(), instances, proof)
}

fn is_unsatisfied(result: &Result<(), MiraError>) -> bool {
    let expected = TranscriptError::Unsatisfied { constraint: CONSTRAINT };
    matches!(result, Err(MiraError::Sumcheck(SumcheckError::Transcript(error))) if *error == expected)
}

fn is_failed_opening(result: &Result<(), MiraError>) -> bool {
    matches!(
        result,
        Err(MiraError::Commit(
            CommitError::OpeningValue | CommitError::OpeningFold | CommitError::OpeningPairing
        ))
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn true_claims_of_any_shapes_pass(shapes in proptest::collection::vec((0usize..7, 1usize..4), 0..5)) {
        let srs = Srs::dev(6).unwrap();
        // The opening needs a vector of at least sixteen entries.
        let claims = claims(&srs, &[&[(6, 1)], shapes.as_slice()].concat());
        let proof = prove(&srs, &mut fresh(), claims.clone()).unwrap();
        check(&srs, &instances(&claims), &proof).unwrap();
        let shape = ReductionShape::of(&instances(&claims));
        let bytes = proof.to_bytes();
        prop_assert_eq!(bytes.len(), DeciderProof::proof_bytes(shape).unwrap());
        prop_assert_eq!(DeciderProof::from_bytes(shape, &bytes).unwrap(), proof);
    }

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..900), num_vars in 0usize..40, count in 0usize..4) {
        let shape = ReductionShape { num_vars, instances: count };
        prop_assert!(DeciderProof::from_bytes(shape, &bytes).is_err());
    }

    /// Any single byte changed: either another encoding, refused, or other values, rejected.
    #[test]
    fn a_changed_byte_is_noticed(position: proptest::sample::Index, flip in 1u8..) {
        let srs = Srs::dev(4).unwrap();
        let claims = claims(&srs, &[(4, 2), (2, 1)]);
        let shape = ReductionShape::of(&instances(&claims));
        let mut bytes = prove(&srs, &mut fresh(), claims.clone()).unwrap().to_bytes();
        let at = position.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(proof) = DeciderProof::from_bytes(shape, &bytes) {
            let result = check(&srs, &instances(&claims), &proof);
            prop_assert!(is_unsatisfied(&result) || is_failed_opening(&result), "{:?}", result);
        }
    }
}

#[test]
fn the_reduced_claim_holds() {
    let srs = Srs::dev(5).unwrap();
    let claims = claims(&srs, &[(5, 2), (3, 1), (5, 1)]);
    let (proof, instance, witness) = reduce(&mut fresh(), claims.clone()).unwrap();
    assert_eq!(instance.functional.apply(&witness.vector).unwrap(), instance.value);
    assert_eq!(srs.commit(&witness.vector, &witness.blind).unwrap().projective(), instance.commitment);
    assert!(instance.functional.as_evaluation().is_some());
    assert_eq!(verify_reduce(&mut fresh(), &instances(&claims), &proof).unwrap(), instance);
}

#[test]
fn false_claims_are_rejected_also_where_they_cancel() {
    let srs = Srs::dev(4).unwrap();
    let honest = claims(&srs, &[(4, 1), (4, 2), (2, 1)]);
    for index in 0..3 {
        let mut claims = honest.clone();
        claims[index].0.value += Fr::one();
        let proof = prove(&srs, &mut fresh(), claims.clone()).unwrap();
        assert!(is_unsatisfied(&check(&srs, &instances(&claims), &proof)));
    }
    let mut claims = honest;
    claims[0].0.value += Fr::one();
    claims[1].0.value -= Fr::one();
    let proof = prove(&srs, &mut fresh(), claims.clone()).unwrap();
    assert!(is_unsatisfied(&check(&srs, &instances(&claims), &proof)));
}

#[test]
fn a_foreign_commitment_or_a_wrong_blind_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let honest = claims(&srs, &[(4, 1), (4, 2)]);
    // The commitment of another vector, which even the prover uses.
    let mut foreign = honest.clone();
    foreign[1].0.commitment = foreign[0].0.commitment;
    let proof = prove(&srs, &mut fresh(), foreign.clone()).unwrap();
    assert!(is_failed_opening(&check(&srs, &instances(&foreign), &proof)));
    // The blind of another commitment.
    let mut blinded = honest.clone();
    blinded[0].1.blind = Blind::from_scalar(Fr::from(5u64));
    let proof = prove(&srs, &mut fresh(), blinded.clone()).unwrap();
    assert!(is_failed_opening(&check(&srs, &instances(&blinded), &proof)));
    // The right opening with another blind.
    let mut proof = prove(&srs, &mut fresh(), honest.clone()).unwrap();
    proof.opening.blind += Fr::one();
    assert!(is_failed_opening(&check(&srs, &instances(&honest), &proof)));
}

/// Entries beyond the claimed prefix: the commitment is not one of a short vector, and the point finds out.
#[test]
fn entries_beyond_the_prefix_are_rejected() {
    let srs = Srs::dev(4).unwrap();
    let mut claims = claims(&srs, &[(4, 1), (2, 1)]);
    let long = [claims[1].1.vector.as_slice(), &scalars(5, 4)].concat();
    claims[1].0.commitment = srs.commit(&long, &claims[1].1.blind).unwrap().projective();
    // The claim on the first four entries is true, and the prover reduces it as such; then it opens what is committed.
    let (reduction, mut instance, mut witness) = reduce(&mut fresh(), claims.clone()).unwrap();
    let short = open_after(&srs, &claims, &reduction, &instance, &witness);
    assert!(is_failed_opening(&check(&srs, &instances(&claims), &short)));
    // Or it opens the long vector, to what it evaluates to.
    let mut probe = fresh();
    verify_reduce(&mut probe, &instances(&claims), &reduction).unwrap();
    let tail = [vec![Fr::zero(); 4], scalars(5, 4)].concat();
    let rho = rho_of(&claims, &reduction);
    tail.iter().enumerate().for_each(|(i, x)| witness.vector[i] += rho * x);
    instance.value = instance.functional.apply(&witness.vector).unwrap();
    let long = open_after(&srs, &claims, &reduction, &instance, &witness);
    assert!(is_failed_opening(&check(&srs, &instances(&claims), &long)));
}

fn open_after(
    srs: &Srs,
    claims: &[Claim],
    reduction: &ReductionProof,
    instance: &OpeningInstance<Fr>,
    witness: &OpeningWitness,
) -> DeciderProof {
    let mut transcript = fresh();
    verify_reduce(&mut transcript, &instances(claims), reduction).unwrap();
    let opening = open(srs, &mut transcript, instance, witness.clone()).unwrap();
    DeciderProof { reduction: reduction.clone(), opening }
}

/// rho5 of a reduction.
fn rho_of(claims: &[Claim], reduction: &ReductionProof) -> Fr {
    let with = verify_reduce(&mut fresh(), &instances(claims), reduction).unwrap().commitment;
    // C = C_0 + rho C_1: find rho by asking the transcript again.
    let probe = Probe::new();
    let _ = verify_reduce(&mut fresh().with_probe(&probe), &instances(claims), reduction).unwrap();
    let draws = probe.events().iter().filter(|e| matches!(e, Event::Squeeze(_))).count();
    assert_eq!(draws, 1 + 4 + 1);
    let all = instances(claims);
    let (_, rho) = replay(&mut fresh(), &all, reduction);
    assert_eq!(with, all[0].commitment + all[1].commitment * rho);
    rho
}

/// The reduction in single steps: what the sumcheck leaves, and rho5.
fn replay(
    transcript: &mut Transcript,
    all: &[OpeningInstance<Fr>],
    reduction: &ReductionProof,
) -> (zktorch_sumcheck::Reduced<Fr>, Fr) {
    transcript.append_u64(b"mira decider claims", all.len() as u64);
    all.iter().for_each(|instance| instance.absorb(transcript));
    let statements: Vec<_> = all
        .iter()
        .map(|i| zktorch_sumcheck::Statement {
            num_rounds: i.functional.num_vars(),
            degree: 2,
            claim: i.value,
        })
        .collect();
    let messages = reduction.messages(ReductionShape::of(all)).unwrap();
    let mut channel = zktorch_transcript::ClearVerifier::new(transcript, &messages);
    let reduced = zktorch_sumcheck::verify(&mut channel, b"mira decider round", &statements).unwrap();
    zktorch_transcript::VerifierChannel::receive(&mut channel, b"mira decider evaluations", all.len())
        .unwrap();
    (reduced, transcript.challenge_scalar(b"mira decider rho"))
}

#[test]
fn every_field_mutated_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let claims = claims(&srs, &[(4, 2), (3, 1)]);
    let honest = prove(&srs, &mut fresh(), claims.clone()).unwrap();
    let instances = instances(&claims);
    let one = Fr::one();
    let rejected = |change: &dyn Fn(&mut DeciderProof)| {
        let mut proof = honest.clone();
        change(&mut proof);
        assert_ne!(proof, honest);
        check(&srs, &instances, &proof)
    };
    for round in 0..4 {
        for coefficient in 0..2 {
            assert!(is_unsatisfied(&rejected(&|p| p.reduction.rounds[round][coefficient] += one)));
        }
    }
    for index in 0..2 {
        assert!(is_unsatisfied(&rejected(&|p| p.reduction.evaluations[index] += one)));
    }
    assert!(is_failed_opening(&rejected(&|p| p.opening.blind += one)));
    for index in 0..honest.opening.opening.tail.len() {
        assert!(is_failed_opening(&rejected(&|p| p.opening.opening.tail[index] += one)));
    }
    for index in 0..honest.opening.opening.folds.len() {
        assert!(is_failed_opening(&rejected(&|p| p.opening.opening.folds[index] = srs.hiding_generator())));
    }
    for index in 0..honest.opening.opening.residues.len() {
        assert!(is_failed_opening(&rejected(&|p| p.opening.opening.residues[index] += one)));
    }
    assert!(is_failed_opening(&rejected(&|p| p.opening.opening.evaluation += one)));
    assert!(is_failed_opening(&rejected(&|p| p.opening.opening.quotient = srs.hiding_generator())));
}

#[test]
fn every_field_of_the_statement_counts() {
    let srs = Srs::dev(4).unwrap();
    let claims = claims(&srs, &[(4, 2), (3, 1)]);
    let proof = prove(&srs, &mut fresh(), claims.clone()).unwrap();
    let honest = instances(&claims);
    check(&srs, &honest, &proof).unwrap();
    for index in 0..2 {
        let mut changed = honest.clone();
        changed[index].value += Fr::one();
        assert!(is_unsatisfied(&check(&srs, &changed, &proof)));
        let mut changed = honest.clone();
        changed[index].commitment += srs.hiding_generator();
        assert!(is_unsatisfied(&check(&srs, &changed, &proof)));
        let mut changed = honest.clone();
        let terms =
            changed[index].functional.terms().iter().map(|(c, p)| (*c + Fr::one(), p.clone())).collect();
        changed[index].functional =
            crate::Functional::new(changed[index].functional.num_vars(), terms).unwrap();
        assert!(is_unsatisfied(&check(&srs, &changed, &proof)));
    }
    // Another transcript before it.
    let mut transcript = Transcript::new(b"another protocol");
    assert!(is_unsatisfied(&verify(srs.verifier(), &mut transcript, &honest, &proof)));
    // Another number or order of instances.
    let swapped = vec![honest[1].clone(), honest[0].clone()];
    assert!(is_unsatisfied(&check(&srs, &swapped, &proof)));
    let fewer = check(&srs, &honest[..1], &proof);
    assert!(matches!(
        fewer,
        Err(MiraError::Length { what: "evaluations of the reduction", expected: 1, got: 2 })
    ));
    let none = check(&srs, &[], &proof);
    assert!(matches!(none, Err(MiraError::Empty { what: "claims of the decider" })));
}

#[test]
fn lengths_are_those_of_the_shape() {
    let srs = Srs::dev(4).unwrap();
    let claims = claims(&srs, &[(4, 1)]);
    let proof = prove(&srs, &mut fresh(), claims.clone()).unwrap();
    let shape = ReductionShape::of(&instances(&claims));
    let bytes = proof.to_bytes();
    let truncated = DeciderProof::from_bytes(shape, &bytes[..bytes.len() - 1]);
    assert!(matches!(truncated, Err(MiraError::Length { what: "decider bytes", .. })));
    let extended = DeciderProof::from_bytes(shape, &[bytes.as_slice(), &[0]].concat());
    assert!(matches!(extended, Err(MiraError::Length { what: "decider bytes", .. })));
    let mut large = bytes.clone();
    large[..32].fill(0xff);
    let error = DeciderProof::from_bytes(shape, &large).unwrap_err();
    assert!(matches!(
        error,
        MiraError::Transcript(TranscriptError::NonCanonicalScalar { what: "reduction" })
    ));
    let mut blind = bytes.clone();
    let at = shape.proof_bytes();
    blind[at..at + 32].fill(0xff);
    let error = DeciderProof::from_bytes(shape, &blind).unwrap_err();
    assert!(matches!(
        error,
        MiraError::Transcript(TranscriptError::NonCanonicalScalar { what: "folded blind" })
    ));
    let mut longer = proof.clone();
    longer.reduction.rounds.push([Fr::zero(); 2]);
    let error = check(&srs, &instances(&claims), &longer).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "rounds of the reduction", expected: 4, got: 5 }));
}

#[test]
fn openings_of_another_length_are_refused() {
    let expected = OpenProof::proof_bytes(5).unwrap();
    for got in [0, expected - 1, expected + 1] {
        let refused = OpenProof::from_bytes(5, &vec![0; got]).unwrap_err();
        assert!(matches!(refused, MiraError::Length { what: "opening bytes", .. }), "{got}: {refused}");
    }
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let srs = Srs::dev(4).unwrap();
    let mut claims = claims(&srs, &[(4, 1), (4, 2)]);
    let error = open(&srs, &mut fresh(), &claims[1].0, claims[1].1.clone()).unwrap_err();
    assert!(matches!(error, MiraError::NotReduced { what: "opened claim", terms: 2 }));
    claims[0].1.vector.push(Fr::one());
    let error = prove(&srs, &mut fresh(), claims).unwrap_err();
    assert!(matches!(error, MiraError::TooLong { what: "opened vector", limit: 16, got: 17 }));
    let error = prove(&srs, &mut fresh(), Vec::new()).unwrap_err();
    assert!(matches!(error, MiraError::Empty { what: "claims of the decider" }));
}

/// Claims, rho4, rounds, evaluations, rho5, blind; then the opening.
#[test]
fn the_order_of_events_is_pinned() {
    let srs = Srs::dev(4).unwrap();
    let claims = claims(&srs, &[(4, 1)]);
    let probe = Probe::new();
    prove(&srs, &mut fresh().with_probe(&probe), claims).unwrap();
    let events = probe.events();
    let position = |event: Event| {
        let found: Vec<usize> = (0..events.len()).filter(|i| events[*i] == event).collect();
        (found[0], found[found.len() - 1], found.len())
    };
    let value = position(Event::Absorb(b"mira instance value"));
    let batching = position(Event::Squeeze(b"sumcheck batching"));
    let rounds = position(Event::Absorb(b"mira decider round"));
    let evaluations = position(Event::Absorb(b"mira decider evaluations"));
    let rho = position(Event::Squeeze(b"mira decider rho"));
    let blind = position(Event::Absorb(b"mira decider blind"));
    let opening = position(Event::Absorb(b"hyperkzg"));
    assert_eq!(rounds.2, 4);
    let order = [value.1, batching.0, rounds.0, rounds.1, evaluations.0, rho.0, blind.0, opening.0];
    assert!(order.is_sorted_by(|a, b| a < b), "{events:?}");
}

#[test]
fn the_proof_has_golden_bytes() {
    let srs = Srs::dev(4).unwrap();
    let mut transcript = fresh();
    let proof = prove(&srs, &mut transcript, claims(&srs, &[(4, 2), (3, 1)])).unwrap();
    let mut digest = [0; 16];
    transcript.challenge_bytes(b"golden", &mut digest);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let golden = [hex(&digest), hex(&scalar_to_bytes(&proof.reduction.evaluations[1])[..8])];
    assert_eq!(golden, ["4b926d14c3420b3f15a60213e81c1a8f", "5009cfae4e27ade8"]);
}

/// No panic; what decodes is canonical, and is rejected unless it is the proof itself.
#[test]
fn fuzz_decider_proof_decoder() {
    let srs = Srs::dev(4).unwrap();
    let claims = claims(&srs, &[(4, 2), (2, 1)]);
    let instances = instances(&claims);
    let shape = ReductionShape::of(&instances);
    let proof = prove(&srs, &mut fresh(), claims).unwrap();
    crate::fuzz::fuzz(&proof.to_bytes(), |bytes| {
        if let Ok(decoded) = DeciderProof::from_bytes(shape, bytes) {
            assert_eq!(decoded.to_bytes(), bytes);
            assert_eq!(check(&srs, &instances, &decoded).is_ok(), decoded == proof);
        }
        Ok(())
    });
}
