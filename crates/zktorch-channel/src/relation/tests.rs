use ark_ff::Field;
use ark_std::rand::Rng;
use ark_std::test_rng;
use zktorch_mira::relation::{self, check_satisfied, laws};
use zktorch_transcript::probe::Probe;

use super::*;
use crate::test_util::{random_r1cs, scalars};

/// A random accumulator: z, u and blinds are arbitrary, E is what they give.
fn accumulator<'a>(
    relation: &MessageRelation<'a>,
    srs: &Srs,
    rng: &mut impl Rng,
) -> (Relaxed<MessageRelation<'a>>, RelaxedWitness<MessageRelation<'a>>) {
    let layout = relation.r1cs.layout();
    let blind = |x: &Fr| Blind::from_scalar(*x);
    let [messages, mask] = [0, 1].map(|_| scalars(rng, layout.cells()));
    let blinds: Vec<Blind> = scalars(rng, layout.rows()).iter().map(blind).collect();
    let rows = commit_rows(relation, srs, &messages, &blinds);
    let mut fresh = || blind(&scalars(rng, 1)[0]);
    let (chunks, mask_blinds) = relation.commit_mask(srs, &mask, &mut fresh).unwrap();
    let mask_commitments = FoldedCommitments::new(chunks);
    let instance = MessageInstance { rows, mask: mask_commitments, slack: scalars(rng, 1)[0] };
    let witness = MessageWitness { messages, blinds, mask, mask_blinds };
    let value = relation.form(&instance, &witness).unwrap();
    let mut fresh = || blind(&scalars(rng, 1)[0]);
    let (error, opening) = relation.commit_error(srs, &value, &mut fresh).unwrap();
    (Relaxed { instance, error }, RelaxedWitness { witness, opening })
}

fn commit_rows(
    relation: &MessageRelation<'_>,
    srs: &Srs,
    messages: &[Fr],
    blinds: &[Blind],
) -> FoldedCommitments {
    let rows = messages.chunks(relation.layout().columns()).zip(blinds);
    FoldedCommitments::new(rows.map(|(row, b)| srs.commit(row, b).unwrap().point()).collect())
}

fn equal(a: &Relaxed<MessageRelation<'_>>, b: &Relaxed<MessageRelation<'_>>) -> bool {
    let points =
        |x: &Relaxed<MessageRelation<'_>>| [&x.instance.rows, &x.instance.mask].map(|c| c.to_points());
    points(a) == points(b) && a.instance.slack == b.instance.slack && a.error == b.error
}

#[test]
fn the_relation_obeys_the_laws() {
    let mut rng = test_rng();
    let srs = Srs::dev(5).unwrap();
    // 70 constraints are three chunks of 32.
    for constraints in [7, 32, 70] {
        let r1cs = random_r1cs(&mut rng, 8, &[3, 17, 8], constraints);
        let relation = MessageRelation::new(&r1cs, srs.k());
        assert_eq!(relation.num_error_chunks(), constraints.div_ceil(32));
        assert_eq!(relation.num_mask_chunks(), 2);
        let a = accumulator(&relation, &srs, &mut rng);
        let b = accumulator(&relation, &srs, &mut rng);
        let mut blinds = test_rng();
        let mut commit = |value: &Vec<Fr>| {
            relation.commit_error(&srs, value, &mut || Blind::from_scalar(scalars(&mut blinds, 1)[0]))
        };
        laws::check(&relation, &srs, &a, &b, &mut commit, equal).unwrap();
    }
}

#[test]
fn fresh_messages_are_an_accumulator_without_error() {
    let mut rng = test_rng();
    let srs = Srs::dev(5).unwrap();
    let r1cs = random_r1cs(&mut rng, 8, &[3, 17], 9);
    let relation = MessageRelation::new(&r1cs, srs.k());
    let (random, witness) = accumulator(&relation, &srs, &mut rng);
    let z = witness.witness.messages.clone();
    let rows = random.instance.rows.to_points();
    let fresh = relation.fresh_instance(rows);
    let witness = relation.fresh_witness(z.clone(), witness.witness.blinds.clone());
    // The commitments are right; a random z does not satisfy random constraints.
    assert!(relation.commitments_hold(&srs, &fresh, &witness).unwrap());
    assert!(check_satisfied(&relation, &srs, &fresh, &witness).is_err());
    assert!(r1cs.check(&z).is_err());
}

#[test]
fn wrong_openings_do_not_hold() {
    let mut rng = test_rng();
    let srs = Srs::dev(4).unwrap();
    let r1cs = random_r1cs(&mut rng, 4, &[3, 5, 9], 20);
    let relation = MessageRelation::new(&r1cs, srs.k());
    let (relaxed, witness) = accumulator(&relation, &srs, &mut rng);
    let one = Fr::from(1u64);
    let holds = |relaxed: &Relaxed<_>, witness: &RelaxedWitness<_>| {
        relation.commitments_hold(&srs, relaxed, witness).unwrap()
    };
    assert!(holds(&relaxed, &witness));
    type Edit = Box<dyn Fn(&mut RelaxedWitness<MessageRelation<'_>>)>;
    let mut edits: Vec<Edit> = vec![
        Box::new(move |w| w.witness.messages[6] += one),
        Box::new(move |w| w.witness.mask[6] += one),
        Box::new(move |w| w.opening.values[17] += one),
        Box::new(|w| w.witness.blinds.swap(0, 1)),
        Box::new(|w| w.opening.blinds.swap(0, 1)),
        Box::new(|w| w.witness.mask_blinds.swap(0, 1)),
        Box::new(|w| w.witness.messages.truncate(5)),
        Box::new(|w| w.witness.mask.truncate(5)),
        Box::new(|w| w.witness.mask.clear()),
        Box::new(|w| w.witness.blinds.truncate(1)),
        Box::new(|w| w.witness.mask_blinds.truncate(1)),
    ];
    edits.push(Box::new(|w| w.opening.values.truncate(16)));
    for edit in edits {
        let mut wrong = witness.clone();
        edit(&mut wrong);
        assert!(!holds(&relaxed, &wrong));
    }
    let mut short = relaxed.clone();
    short.error.pop();
    assert!(!holds(&short, &witness));
}

#[test]
fn combining_rows_is_linear() {
    let mut rng = test_rng();
    let point = |x: Fr| -> G1Affine { (srs_point() * x).into() };
    let rows = |rng: &mut _| scalars(rng, 5);
    let (first, second, weights) = (rows(&mut rng), rows(&mut rng), scalars(&mut rng, 8));
    let c = scalars(&mut rng, 1)[0];
    let mut sum = FoldedCommitments::new(first.iter().map(|x| point(*x)).collect());
    sum.add_scaled(&FoldedCommitments::new(second.iter().map(|x| point(*x)).collect()), c);
    let expected: Fr = (0..5).map(|i| weights[i] * (first[i] + c * second[i])).sum();
    assert_eq!(sum.combine(&weights).unwrap(), srs_point() * expected);
    assert_eq!(sum.to_points()[3], point(first[3] + c * second[3]));
    assert_eq!((sum.len(), sum.is_empty(), FoldedCommitments::default().is_empty()), (5, false, true));
    let short = sum.combine(&weights[..4]);
    assert!(matches!(
        short,
        Err(crate::ChannelError::Length { what: "weights of commitments", expected: 5, got: 4 })
    ));
}

fn srs_point() -> G1Affine {
    Srs::dev(4).unwrap().hiding_generator()
}

type Accumulator<'a> = (Relaxed<MessageRelation<'a>>, RelaxedWitness<MessageRelation<'a>>);

/// Two accumulators and a cross term, folded as any verifier of a pairwise fold does: gamma, and whether the result holds. Both
/// slacks are u_1 and u_2, with u_2 not zero.
fn fold<'a>(
    (relation, srs): (&MessageRelation<'a>, &Srs),
    mut transcript: Transcript,
    (left, right): (&Accumulator<'a>, &Accumulator<'a>),
    cross: &(Vec<G1Projective>, ErrorOpening),
) -> (Fr, Result<(), MiraError>) {
    let terms = core::slice::from_ref(&cross.0);
    let folded = relation::verify(relation, &mut transcript, left.0.clone(), &right.0, terms).unwrap();
    let gamma = (folded.instance.slack - left.0.instance.slack) / right.0.instance.slack;
    let mut witness = left.1.clone();
    witness.fold(&right.1, core::slice::from_ref(&cross.1), gamma);
    (gamma, check_satisfied(relation, srs, &folded, &witness))
}

/// A fold whose right side `late` makes for a gamma that depends on nothing with this label: two false accumulators become a true
/// one. The real verifier draws another gamma.
fn assert_only_the_forgetful_accept<'a>(
    (relation, srs): (&MessageRelation<'a>, &Srs),
    label: &'static [u8],
    (left, right): (&Accumulator<'a>, &Accumulator<'a>),
    cross: &(Vec<G1Projective>, ErrorOpening),
    late: impl FnOnce(&mut Accumulator<'a>, Fr),
) {
    let fresh = || Transcript::new(b"pairwise fold of messages");
    let forgetful = || {
        let probe = Probe::new();
        probe.omit_label(label);
        fresh().with_probe(&probe)
    };
    let (gamma, _) = fold((relation, srs), forgetful(), (left, right), cross);
    let mut chosen = right.clone();
    late(&mut chosen, gamma);
    for lie in [left, &chosen] {
        assert!(check_satisfied(relation, srs, &lie.0, &lie.1).is_err());
    }
    let (_, result) = fold((relation, srs), forgetful(), (left, &chosen), cross);
    result.expect("nothing binds the right side before gamma");
    let (_, result) = fold((relation, srs), fresh(), (left, &chosen), cross);
    assert!(matches!(result, Err(MiraError::NotSatisfied { what: "form", .. })), "{result:?}");
}

/// Rows chosen after gamma: whatever the left side holds, the sum is a multiple of messages that are satisfied.
#[test]
fn rows_that_are_not_absorbed_are_forged() {
    forge_a_part(b"message rows", |relation, srs, right, rest| {
        right.1.witness.messages.accumulate(rest, Fr::ONE);
        let MessageWitness { messages, blinds, .. } = &right.1.witness;
        right.0.instance.rows = commit_rows(relation, srs, messages, blinds);
    });
}

/// A mask chosen after gamma: the same with the other part.
#[test]
fn masks_that_are_not_absorbed_are_forged() {
    forge_a_part(b"message mask", |relation, srs, right, rest| {
        right.1.witness.mask.accumulate(rest, Fr::ONE);
        let mut blinds = right.1.witness.mask_blinds.clone().into_iter();
        let chunks = relation.commit_mask(srs, &right.1.witness.mask, &mut || blinds.next().unwrap());
        right.0.instance.mask = FoldedCommitments::new(chunks.unwrap().0);
    });
}

/// Adds cells to one part of the right side, and commits to it again.
type Late = fn(&MessageRelation<'_>, &Srs, &mut Accumulator<'_>, &Vec<Fr>);

fn forge_a_part(label: &'static [u8], add: Late) {
    let mut rng = test_rng();
    let srs = Srs::dev(4).unwrap();
    let r1cs = random_r1cs(&mut rng, 4, &[3, 5], 20);
    let relation = MessageRelation::new(&r1cs, srs.k());
    // f(w, u) = E. On the left other messages with the same u and E; with c u on the right, E has the weight of a square.
    let satisfied = accumulator(&relation, &srs, &mut rng);
    let mut left = accumulator(&relation, &srs, &mut rng);
    left.0.instance.slack = satisfied.0.instance.slack;
    (left.0.error, left.1.opening) = (satisfied.0.error.clone(), satisfied.1.opening.clone());
    let c = Fr::from(7u64);
    let scaled = |weight: Fr| {
        let (mut error, mut opening) = (satisfied.0.error.clone(), satisfied.1.opening.clone());
        error.accumulate(&satisfied.0.error, weight - Fr::ONE);
        opening.accumulate(&satisfied.1.opening, weight - Fr::ONE);
        (error, opening)
    };
    let mut right = accumulator(&relation, &srs, &mut rng);
    right.0.instance.slack = c * left.0.instance.slack;
    (right.0.error, right.1.opening) = scaled(c * c);
    let late = |right: &mut Accumulator<'_>, gamma: Fr| {
        // z_1 + gamma z_2 = (1 + gamma c) w.
        let sides = [&satisfied.1.witness, &left.1.witness, &right.1.witness];
        let [w, z, own] = sides.map(MessageWitness::assignment);
        let rest = |i: usize| ((Fr::ONE + gamma * c) * w[i] - z[i]) / gamma - own[i];
        add(&relation, &srs, right, &(0..w.len()).map(rest).collect());
    };
    let cross = scaled(c + c);
    assert_only_the_forgetful_accept((&relation, &srs), label, (&left, &right), &cross, late);
}

/// A slack chosen after gamma: it makes the sum's zero, and all constants vanish, which messages of zeros do not satisfy.
#[test]
fn a_slack_that_is_not_absorbed_is_forged() {
    let mut rng = test_rng();
    let srs = Srs::dev(4).unwrap();
    let r1cs = random_r1cs(&mut rng, 4, &[3, 5], 20);
    let relation = MessageRelation::new(&r1cs, srs.k());
    let rows = relation.layout().rows();
    let zeros = (
        relation.fresh_instance(vec![G1Affine::identity(); rows]),
        relation.fresh_witness(vec![Fr::ZERO; relation.layout().cells()], vec![Blind::zero(); rows]),
    );
    let cross = (zeros.0.error.clone(), zeros.1.opening.clone());
    let late = |right: &mut Accumulator<'_>, gamma: Fr| right.0.instance.slack = -Fr::ONE / gamma;
    assert_only_the_forgetful_accept((&relation, &srs), b"message slack", (&zeros, &zeros), &cross, late);
}
