//! Provers that cheat, and the error each of them gets.

use ark_ff::AdditiveGroup;
use zktorch_commit::CommitError;
use zktorch_field::{Fr, G1Projective};
use zktorch_mira::MiraError;
use zktorch_mira::mask::{self, MaskProof};
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::{ProverChannel, TranscriptError};

use super::forger::Forger;
use crate::test_util::{Case, SMALL, Size, assert_unsatisfied, helpers};
use crate::{ChannelError, HiddenProof, prove};

const DECIDER: &str = zktorch_mira::decider::CONSTRAINT;

fn one() -> Fr {
    Fr::from(1u64)
}

/// The messages of a case with a change to z, as a forger that goes on without checking.
fn forge(
    case: &Case,
    change: impl FnOnce(&mut Vec<Fr>, &mut Vec<Fr>),
) -> (Option<&'static str>, HiddenProof) {
    let mut prover = case.prover(case.transcript(), 1);
    let points: Vec<_> = case.example.commitments.iter().map(|c| c.point()).collect();
    prover.transcript().append_points(b"example commitments", &points);
    let mut y = case.evaluations();
    let true_y = y.clone();
    // The helpers are made for the true y; both may be changed before they are sent, so rho is looked up first.
    let mut h = Vec::new();
    change(&mut y, &mut h);
    prover.send(b"example evaluations", &y).unwrap();
    let rho = prover.transcript().challenge_scalar(b"example rho");
    let mut honest = helpers(case.example.helpers, true_y[0] + one(), rho);
    h.iter().zip(&mut honest).for_each(|(change, h)| *h += change);
    prover.send(b"example helpers", &honest).unwrap();
    // The claims are true, whatever the messages say about them; their hidden value is what the messages say.
    let mut claims = case.claims(rho);
    claims.iter_mut().zip(y.chunks(2)).for_each(|((claim, _), y)| claim.value = y[0] + rho * y[1]);
    let forger = Forger::new(case, prover, claims);
    let broken = match forger.r1cs.check(&forger.z) {
        Err(TranscriptError::Unsatisfied { constraint }) => Some(constraint),
        _ => None,
    };
    (broken, forger.finish())
}

#[test]
fn an_unmodified_forger_is_honest() {
    let case = Case::new(SMALL);
    let (broken, proof) = forge(&case, |_, _| ());
    assert_eq!(broken, None);
    case.verify(&proof).unwrap();
}

#[test]
fn every_broken_constraint_is_rejected() {
    let case = Case::new(SMALL);
    // The second helper is in a product and in the sum; the last one only in the sum.
    let mut last = vec![Fr::ZERO; SMALL.helpers];
    last[SMALL.helpers - 1] = one();
    let mut seen = Vec::new();
    for change in [vec![Fr::ZERO, one()], last] {
        let (broken, proof) = forge(&case, |_, h| *h = change);
        seen.push(broken);
        assert_unsatisfied(case.verify(&proof), DECIDER);
    }
    let (broken, proof) = forge(&case, |y, _| y[1] += one());
    seen.push(broken);
    assert_unsatisfied(case.verify(&proof), DECIDER);
    assert_eq!(seen, [Some("example helpers"), Some("example sum"), Some("example product")]);
}

#[test]
fn the_honest_prover_refuses_a_false_statement() {
    let mut case = Case::new(SMALL);
    case.example.products[0] += one();
    let mut prover = case.prover(case.transcript(), 1);
    let rho = case.send_messages(&mut prover, &case.evaluations());
    let refused = prove(prover, &case.example, case.claims(rho)).map(|_| ());
    assert_unsatisfied(refused, "example product");
}

#[test]
fn the_prover_refuses_to_close_what_it_did_not_send() {
    let case = Case::new(SMALL);
    let replay = |result: Result<HiddenProof, ChannelError>, expected: &str| match result {
        Err(ChannelError::Replay { what }) => assert_eq!(what, expected),
        other => panic!("expected a replay error, got {other:?}"),
    };
    let start = || {
        let mut prover = case.prover(case.transcript(), 1);
        let rho = case.send_messages(&mut prover, &case.evaluations());
        (prover, case.claims(rho))
    };
    let (mut prover, claims) = start();
    prover.transcript().append_u64(b"extra", 1);
    replay(prove(prover, &case.example, claims), "transcript");
    let (prover, _) = start();
    replay(prove(prover, &case.example, Vec::new()), "number of claims");
    let (prover, mut claims) = start();
    claims[0].0.value += one();
    replay(prove(prover, &case.example, claims), "value of a claim");
    let (prover, mut claims) = start();
    claims[0].0.commitment += case.srs.hiding_generator();
    replay(prove(prover, &case.example, claims), "commitment of a claim");
    let (prover, mut claims) = start();
    claims[0].0.functional = case.example.functional(one()).unwrap();
    replay(prove(prover, &case.example, claims), "functional of a claim");

    // A row too few for the verifier's code, and a row too many.
    let mut prover = case.prover(case.transcript(), 1);
    prover.send(b"example evaluations", &case.evaluations()).unwrap();
    assert!(matches!(
        prove(prover, &case.example, Vec::new()),
        Err(ChannelError::Transcript(TranscriptError::MissingMessage { expected: 3, got: 0, .. }))
    ));
    let (mut prover, claims) = start();
    prover.send(b"more", &[one()]).unwrap();
    replay(prove(prover, &case.example, claims), "transcript");
}

/// A claim that is false from the start: y satisfies every constraint but is not what the vector evaluates to.
#[test]
fn a_false_claim_is_rejected_by_the_decider() {
    let case = false_products(SMALL, &[one()]);
    let (broken, proof) = forge(&case, |y, _| y[1] += one());
    assert_eq!(broken, None);
    assert_unsatisfied(case.verify(&proof), DECIDER);
}

/// Claims off by +d and -d: their sum is true, each of them is false.
#[test]
fn two_false_claims_whose_errors_cancel_are_rejected() {
    let case = false_products(Size { claims: 2, ..SMALL }, &[one(), -one()]);
    let (broken, proof) = forge(&case, |y, _| {
        y[1] += one();
        y[3] -= one();
    });
    assert_eq!(broken, None);
    assert_unsatisfied(case.verify(&proof), DECIDER);
}

/// A case whose products are those of evaluations that are off by `errors` at the second point.
fn false_products(size: Size, errors: &[Fr]) -> Case {
    let mut case = Case::new(size);
    let y = case.evaluations();
    for (i, error) in errors.iter().enumerate() {
        case.example.products[i] = y[2 * i] * (y[2 * i + 1] + error);
    }
    case
}

/// y* is not y + delta y_s: the constraint that ties them is in the R1CS, so the first sumcheck notices.
#[test]
fn y_star_untied_is_rejected() {
    let case = false_products(SMALL, &[one()]);
    // The hidden value is false, y* is the true masked value: every opening will be true.
    let mut prover = case.prover(case.transcript(), 1);
    let mut y = case.evaluations();
    let true_value = |rho: Fr| y[0] + rho * y[1];
    let truth = true_value;
    let mut false_y = y.clone();
    false_y[1] += one();
    let rho = case.send_messages(&mut prover, &false_y);
    let mut claims = case.claims(rho);
    assert_eq!(claims[0].0.value, truth(rho));
    y = false_y;

    // Masking by hand, because `mask_claims` compares the claim with the messages.
    let replay = crate::close::prover::Replay::run(&prover, &case.example).unwrap();
    let mut recorder = replay.recorder;
    let sent = prover.rows().len();
    let (instance, witness) = claims.remove(0);
    let random = mask::Mask::random(case.srs.k(), &mut prover.rng());
    let (proof, instance, witness) = mask::prove(&mut prover, &case.srs, instance, witness, random).unwrap();
    recorder.source_mut().extend(&prover.rows()[sent..]);
    for hidden in replay.claims {
        mask::verify(&mut recorder, hidden, &proof).unwrap();
    }
    let r1cs = recorder.finish().unwrap().r1cs;
    let rng = prover.rng();
    let crate::prover::Messages { transcript, z, blinds, rows } = prover.into_messages();
    assert_eq!(z[..2], y[..]);
    let unsatisfied = TranscriptError::Unsatisfied { constraint: mask::CONSTRAINT };
    assert_eq!(r1cs.check(&z), Err(unsatisfied));
    let (masks, claims) = (vec![proof], vec![(instance, witness)]);
    let forger = Forger { case: &case, r1cs, transcript, z: z.to_vec(), blinds, rows, masks, claims, rng };
    assert_unsatisfied(case.verify(&forger.finish()), DECIDER);
}

/// A message is committed in rows of its own. Adding to a later row what should have been in an earlier one changes the
/// sum of all rows as if the earlier message had been rewritten, but not the earlier row.
#[test]
fn a_message_rewritten_by_a_later_row_is_rejected() {
    // The statement is true only for other evaluations than those that were sent before rho was drawn.
    let case = Case::new(Size { claims: 0, ..SMALL });
    let mut prover = case.prover(case.transcript(), 1);
    let points: [zktorch_field::G1Affine; 0] = [];
    prover.transcript().append_points(b"example commitments", &points);
    let (first, rewritten) = (case.evaluations(), Fr::from(55u64));
    prover.send(b"example evaluations", &first).unwrap();
    let rho = prover.transcript().challenge_scalar(b"example rho");
    // Helpers for the rewritten message; the row of the last ones carries the difference at the place of the first.
    let h = helpers(SMALL.helpers, rewritten + one(), rho);
    prover.send(b"example helpers", &h).unwrap();
    let mut forger = Forger::new(&case, prover, Vec::new());
    let unsatisfied = TranscriptError::Unsatisfied { constraint: "example sum" };
    assert_eq!(forger.r1cs.check(&forger.z), Err(unsatisfied));
    forger.z[0] = rewritten;
    forger.r1cs.check(&forger.z).unwrap();

    let proof = forger.finish();
    let result = case.verify(&proof);
    assert!(
        matches!(result, Err(ChannelError::Mira(MiraError::Commit(CommitError::OpeningPairing)))),
        "{result:?}"
    );
}

/// The same with a later row that is *committed* with the difference, before anything depends on it: the transcript is
/// consistent, all rows together are what the rewritten message needs, and still row 0 is what it was.
#[test]
fn a_later_row_cannot_add_to_an_earlier_one() {
    let case = Case::new(Size { claims: 0, ..SMALL });
    let (first, rewritten) = (case.evaluations(), Fr::from(55u64));
    let mut prover = case.prover(case.transcript(), 1);
    prover.transcript().append_points(b"example commitments", &[]);
    prover.send(b"example evaluations", &first).unwrap();
    let rho = prover.transcript().challenge_scalar(b"example rho");
    let mut h = helpers(SMALL.helpers, rewritten + one(), rho);
    // Ten helpers in rows of four: cell 0 of the last row is helper 8.
    h[8] += rewritten - first[0];
    prover.send(b"example helpers", &h).unwrap();
    let mut forger = Forger::new(&case, prover, Vec::new());
    forger.z[0] = rewritten;
    forger.z[3 * 4] -= rewritten - first[0];
    forger.r1cs.check(&forger.z).unwrap();
    let result = case.verify(&forger.finish());
    assert!(
        matches!(result, Err(ChannelError::Mira(MiraError::Commit(CommitError::OpeningPairing)))),
        "{result:?}"
    );
}

#[test]
fn swapped_instances_are_rejected() {
    let case = Case::new(Size { claims: 2, ..SMALL });
    let proof = case.prove(case.transcript(), 1);
    case.verify(&proof).unwrap();
    let swaps: [fn(&mut HiddenProof); 5] = [
        |p| p.masks.swap(0, 1),
        |p| p.rows.swap(1, 2),
        |p| p.argument.split.masks.swap(0, 1),
        |p| core::mem::swap(&mut p.fold.error, &mut p.fold.cross),
        |p| core::mem::swap(&mut p.rows[0], &mut p.fold.mask[0]),
    ];
    for swap in swaps {
        let mut wrong = proof.clone();
        swap(&mut wrong);
        assert_unsatisfied(case.verify(&wrong), DECIDER);
    }
    // Evaluations of the decider: two instances of the same size.
    let mut wrong = proof.clone();
    wrong.argument.decider.reduction.evaluations.swap(0, 1);
    assert_unsatisfied(case.verify(&wrong), DECIDER);
    // The statement's own instances.
    let mut swapped = Case::new(Size { claims: 2, ..SMALL });
    swapped.example.commitments.swap(0, 1);
    assert_unsatisfied(swapped.verify(&proof), DECIDER);
    // The prover's witnesses, in a proof made on purpose.
    let mut prover = case.prover(case.transcript(), 1);
    let rho = case.send_messages(&mut prover, &case.evaluations());
    let mut forger = Forger::new(&case, prover, case.claims(rho));
    let (first, second) = (forger.claims[0].1.clone(), forger.claims[1].1.clone());
    (forger.claims[0].1, forger.claims[1].1) = (second, first);
    assert_unsatisfied(case.verify(&forger.finish()), DECIDER);
}

#[test]
fn zero_challenges_are_drawn_again() {
    let case = Case::new(SMALL);
    for label in [b"mira mask delta".as_slice(), b"mira fold gamma", b"channel split delta"] {
        let program = || {
            let probe = Probe::new();
            // The prover's replay draws delta a second time.
            probe.program_label(label, [Fr::ZERO, Fr::from(5u64), Fr::ZERO, Fr::from(5u64)]);
            (case.transcript().with_probe(&probe), probe)
        };
        let proof = case.prove(program().0, 1);
        let (transcript, probe) = program();
        case.verify_with(transcript, &proof).unwrap();
        let draws = probe.events().iter().filter(|event| **event == Event::Squeeze(label)).count();
        assert_eq!(draws, 2);
    }
}

#[test]
fn a_wrong_error_term_is_rejected() {
    // E* = epsilon T + epsilon^2 E_r is the verifier's; moving any of the two commitments, with the transcript kept, is
    // noticed when E* is opened.
    let case = Case::new(SMALL);
    for label in [b"channel mask error".as_slice(), b"message error"] {
        let program = || {
            let probe = Probe::new();
            probe.omit_label(label);
            case.transcript().with_probe(&probe)
        };
        let mut proof = case.prove(program(), 1);
        case.verify_with(program(), &proof).unwrap();
        let part = if label == b"message error" { &mut proof.fold.cross } else { &mut proof.fold.error };
        part[0] = (part[0] + G1Projective::from(case.srs.hiding_generator())).into();
        assert_unsatisfied(case.verify_with(program(), &proof), DECIDER);
        assert_unsatisfied(case.verify(&proof), DECIDER);
    }
}

#[test]
fn proofs_of_another_shape_are_refused() {
    let case = Case::new(SMALL);
    let proof = case.prove(case.transcript(), 1);
    let check = |edit: fn(&mut HiddenProof)| {
        let mut wrong = proof.clone();
        edit(&mut wrong);
        case.verify(&wrong).unwrap_err()
    };
    let length = |error: ChannelError, what: &str| match error {
        ChannelError::Length { what: got, .. } => assert_eq!(got, what),
        other => panic!("expected a length error, got {other:?}"),
    };
    assert!(matches!(
        check(|p| p.rows.truncate(1)),
        ChannelError::Transcript(TranscriptError::MissingMessage { expected: 3, got: 0, .. })
    ));
    assert!(matches!(
        check(|p| p.rows.push(p.rows[0])),
        ChannelError::Transcript(TranscriptError::TrailingMessages { count: 1 })
    ));
    length(check(|p| p.masks.clear()), "masks");
    length(check(|p| p.masks.push(p.masks[0])), "masks");
    length(check(|p| p.fold.mask.clear()), "message mask");
    length(check(|p| p.fold.mask.push(p.rows[0])), "message mask");
    length(check(|p| p.fold.error.clear()), "mask error");
    length(check(|p| p.fold.cross.push(p.rows[0])), "cross term");
    assert!(matches!(
        check(|p| p.argument.spartan.push(Fr::ZERO)),
        ChannelError::Transcript(TranscriptError::TrailingMessages { count: 1 })
    ));
    assert!(matches!(
        check(|p| p.argument.spartan.truncate(10)),
        ChannelError::Sumcheck(_) | ChannelError::Transcript(TranscriptError::MissingMessage { .. })
    ));
    assert!(matches!(
        check(|p| p.argument.decider.reduction.rounds.truncate(1)),
        ChannelError::Mira(MiraError::Length { .. })
    ));
    assert!(matches!(
        check(|p| p.argument.decider.opening.opening.tail.truncate(1)),
        ChannelError::Mira(MiraError::Commit(CommitError::Length { .. }))
    ));
}

#[test]
fn points_off_the_curve_are_refused() {
    use zktorch_field::{Fq, G1Affine};
    let case = Case::new(SMALL);
    let proof = case.prove(case.transcript(), 1);
    let off = G1Affine::new_unchecked(Fq::from(1u64), Fq::from(1u64));
    type Edit = fn(&mut HiddenProof, G1Affine);
    let edits: [(&str, Edit); 6] = [
        ("row commitments", |p, off| p.rows[1] = off),
        ("masks", |p, off| {
            p.masks[0] = MaskProof { commitment: zktorch_commit::Commitment(off), ..p.masks[0] };
        }),
        ("message mask", |p, off| p.fold.mask[0] = off),
        ("masks of the split claim", |p, off| p.argument.split.masks[1] = off),
        ("mask error", |p, off| p.fold.error[0] = off),
        ("cross term", |p, off| p.fold.cross[0] = off),
    ];
    for (expected, edit) in edits {
        let mut wrong = proof.clone();
        edit(&mut wrong, off);
        match case.verify(&wrong) {
            Err(ChannelError::InvalidPoint { what, .. }) => assert_eq!(what, expected),
            other => panic!("expected an invalid point, got {other:?}"),
        }
    }
    let mut wrong = proof;
    wrong.argument.decider.opening.opening.quotient = off;
    let result = case.verify(&wrong);
    assert!(matches!(result, Err(ChannelError::Mira(MiraError::Commit(CommitError::InvalidPoint { .. })))));
}
