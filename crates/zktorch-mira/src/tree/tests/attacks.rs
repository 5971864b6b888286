//! Why digests hold what they hold: leaves that are chosen after the challenge of their fold, and proofs of other trees.

use ark_ff::Field;
use zktorch_transcript::probe::Probe;

use super::*;
use crate::Module;
use crate::pair;

/// Two false leaves, `late` chosen after gamma: together they fold into a true claim, if gamma does not depend on them.
fn a_late_leaf(late: usize) {
    let srs = Srs::dev(4).unwrap();
    let shape = TreeShape::balanced(2).unwrap();
    let (mut leaves, witnesses) = leaves(&srs, 2);
    let proof = TreeProof { errors: vec![scalar(7)] };
    let root = |leaves: &[Leaf]| verify(srs.verifier().id(), &shape, leaves, &proof).unwrap();
    let gamma_of = |root: &Root| root.instance.functional.terms()[1].0;
    let witness = |gamma: Fr| {
        let mut witness = witnesses[0].clone();
        witness.vector.accumulate(&witnesses[1].vector, gamma);
        witness.blind.accumulate(&witnesses[1].blind, gamma);
        witness
    };

    // The other one is false. gamma, while this one still has another value; then y_0 + gamma t + gamma^2 y_1 is made true.
    leaves[1 - late].instance.value += Fr::one();
    let before = root(&leaves);
    let gamma = gamma_of(&before);
    let missing = before.instance.functional.apply(&witness(gamma).vector).unwrap() - before.instance.value;
    leaves[late].instance.value += if late == 0 { missing } else { missing / gamma.square() };

    // With that gamma the forgery works.
    let probe = Probe::new();
    probe.program_label(b"mira fold gamma", [gamma]);
    let mut programmed = Transcript::new(b"any").with_probe(&probe);
    let [left, right] = [0, 1].map(|i| leaves[i].instance.clone());
    let folded = pair::verify(&mut programmed, left, &right, proof.errors[0]).unwrap();
    assert_eq!(folded.functional.apply(&witness(gamma).vector).unwrap(), folded.value);

    // The digest of the leaf gives another one.
    let root = root(&leaves);
    let claims = vec![(root.instance.clone(), witness(gamma_of(&root)))];
    let decided = decider::prove(&srs, &mut root.transcript(), claims).unwrap();
    assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &(proof.clone(), decided))));
}

#[test]
fn a_left_child_that_is_not_absorbed_is_forged() {
    a_late_leaf(0);
}

#[test]
fn a_right_child_that_is_not_absorbed_is_forged() {
    a_late_leaf(1);
}

/// A tree of true leaves is passed off as one over what proofs of other statements, or other proofs of them, have left.
#[test]
fn leaves_of_other_proofs_are_rejected() {
    let srs = Srs::dev(4).unwrap();
    let shape = TreeShape::balanced(3).unwrap();
    let (honest, witnesses) = leaves(&srs, 3);
    let proof = prove_all(&srs, &shape, &honest, witnesses);
    for index in 0..3 {
        let mut leaves = honest.clone();
        leaves[index].statement = digest(1000);
        assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &proof)), "statement of leaf {index}");
        let mut leaves = honest.clone();
        leaves[index].transcript = digest(1000);
        assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &proof)), "transcript of leaf {index}");
    }
}

/// Two trees with the same root instance, of one leaf each: nothing is folded, so the root's transcript alone tells what is
/// decided. Deciding one of them decides nothing about the other.
#[test]
fn a_root_decided_for_another_tree_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let shape = TreeShape::balanced(1).unwrap();
    let (leaves, witnesses) = leaves(&srs, 1);
    let proof = prove_all(&srs, &shape, &leaves, witnesses);
    verify_all(&srs, &shape, &leaves, &proof).unwrap();
    let other = vec![Leaf { statement: digest(1000), ..leaves[0].clone() }];
    let root = |leaves: &[Leaf]| verify(srs.verifier().id(), &shape, leaves, &proof.0).unwrap();
    assert_eq!(root(&other).instance, root(&leaves).instance);
    assert!(is_unsatisfied(&verify_all(&srs, &shape, &other, &proof)));
}
