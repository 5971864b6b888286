//! Why the masks of the split claim, and their value, are absorbed before delta.

use ark_ff::Field;
use zktorch_field::Fr;
use zktorch_mira::{Functional, Module};
use zktorch_transcript::{ClearProver, ProverChannel};

use super::attacks::{
    DECIDER, Inner, assert_only_the_forgetful_accept, false_fold, false_messages, false_outer, no_claims,
};
use super::forger::random_blinds;
use crate::close::argument::Targets;
use crate::spartan::Sizes;
use crate::test_util::scalars;
use crate::{ArgumentProof, SplitProof};

/// A false claim on the folded messages, split by a prover who chooses something after delta, for a `gap` between what the claim
/// says and what is true: `<S_1, g> + <S_2, h> - y` has to be `gap / delta`.
fn assert_split(label: &'static [u8], late: impl Fn(Fr, &Functional, &mut [Fr], &mut Fr)) {
    let case = no_claims();
    let forger = false_messages(&case, label);
    let (mut transcript, fold, folded) = false_fold(&forger);
    let srs = &case.srs;

    // Spartan with a lie about Cz, which the error term suits: the claim on the messages is false.
    let mut channel = ClearProver::new(&mut transcript);
    let outer = false_outer(&forger, &mut channel, &folded);
    let [va, vb, vc, ve] = outer.values;
    let lie = (va * vb - ve - outer.arrived_at) / folded.0.instance.slack;
    channel.send(b"spartan products", &[va, vb, lie]).unwrap();
    let inner = Inner::draw(&forger, &mut channel, &folded, &outer);
    let more = inner.gamma.square() * (lie - vc);
    let mut reduced = inner.finish(&forger, &mut channel, outer);
    let spartan = channel.into_messages();
    // A claim counts r in the next one.
    let gap = more * reduced.row_point.iter().product::<Fr>();
    reduced.message_value += gap;

    let targets = Targets::new(&Sizes::of(&forger.r1cs), srs.k(), &reduced).unwrap();
    let (claim, error) = (targets.messages(&folded.0).unwrap(), targets.error(&folded.0));
    let mut witness = targets.witness(&folded.1, case.columns, srs.size());
    let mut rng = ark_std::test_rng();
    let mut s = claim.functionals.each_ref().map(|f| scalars(&mut rng, 1 << f.num_vars()));
    let blinds = random_blinds(2, 29);
    let commit = |s: &[Vec<Fr>; 2]| [0, 1].map(|i| srs.commit(&s[i], &blinds[i]).unwrap().point());
    let value = |s: &[Vec<Fr>; 2]| (0..2).map(|i| claim.functionals[i].apply(&s[i]).unwrap()).sum::<Fr>();
    let mut y = value(&s);
    transcript.append_points(b"channel split masks", &commit(&s));
    transcript.append_scalar(b"channel split value", &y);
    let delta = transcript.challenge_nonzero(b"channel split delta");
    late(gap / delta, &claim.functionals[1], &mut s[1], &mut y);
    assert_eq!(value(&s) - y, gap / delta);

    for (own, (s, blind)) in witness.messages.iter_mut().zip(s.iter().zip(&blinds)) {
        own.vector.accumulate(s, delta);
        own.blind.accumulate(blind, delta);
    }
    let b = claim.functionals[1].apply(&witness.messages[1].vector).unwrap();
    let split = SplitProof { masks: commit(&s), mask_value: y, value: b };
    let parts = split.claims(claim, delta).into_iter().zip(witness.messages);
    let claims = parts.chain([(error, witness.error)]).collect();
    let decider = zktorch_mira::decider::prove(srs, &mut transcript, claims).unwrap();
    let proof = forger.assemble(fold, ArgumentProof { spartan, split, decider });
    assert_only_the_forgetful_accept(&case, label, &proof, DECIDER);
}

/// S_2 chosen after delta makes up for what the claim is off by.
#[test]
fn split_masks_not_absorbed() {
    assert_split(b"channel split masks", |missing, h, s, _| s[0] += missing / h.dense()[0]);
}

/// y chosen after delta does as well.
#[test]
fn split_value_not_absorbed() {
    assert_split(b"channel split value", |missing, _, _, y| *y -= missing);
}
