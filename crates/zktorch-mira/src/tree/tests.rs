mod attacks;

use ark_ff::One;
use proptest::prelude::*;
use zktorch_commit::{CommitError, Srs};
use zktorch_sumcheck::SumcheckError;
use zktorch_transcript::TranscriptError;

use super::*;
use crate::Functional;
use crate::decider::{self, DeciderProof};
use crate::test_util::{satisfied, scalar, scalars};

fn digest(seed: u64) -> Digest {
    zktorch_transcript::wire::scalar_to_bytes(&scalar(seed))
}

fn leaves(srs: &Srs, count: usize) -> (Vec<Leaf>, Vec<OpeningWitness>) {
    (0..count as u64)
        .map(|i| {
            let (instance, witness) = satisfied(srs, (i + 1) << 40, 4, 1);
            (Leaf { statement: digest(i), transcript: digest(100 + i), instance }, witness)
        })
        .unzip()
}

/// Any tree: repeatedly fold two of what is left.
fn shape_from(choices: &[(usize, usize)]) -> TreeShape {
    let leaves = choices.len() + 1;
    let mut open: Vec<usize> = (0..leaves).collect();
    let folds = choices
        .iter()
        .enumerate()
        .map(|(j, (a, b))| {
            let left = open.remove(a % open.len());
            let right = open.remove(b % open.len());
            open.push(leaves + j);
            [left, right]
        })
        .collect();
    TreeShape::new(leaves, folds).unwrap()
}

fn prove_all(
    srs: &Srs,
    shape: &TreeShape,
    leaves: &[Leaf],
    witnesses: Vec<OpeningWitness>,
) -> (TreeProof, DeciderProof) {
    let (proof, root, witness) = prove(srs.verifier().id(), shape, leaves, witnesses).unwrap();
    let decided =
        decider::prove(srs, &mut root.transcript(), vec![(root.instance.clone(), witness)]).unwrap();
    (proof, decided)
}

fn verify_all(
    srs: &Srs,
    shape: &TreeShape,
    leaves: &[Leaf],
    (proof, decided): &(TreeProof, DeciderProof),
) -> Result<(), MiraError> {
    let root = verify(srs.verifier().id(), shape, leaves, proof)?;
    decider::verify(srs.verifier(), &mut root.transcript(), &[root.instance], decided)
}

fn is_unsatisfied(result: &Result<(), MiraError>) -> bool {
    let expected = TranscriptError::Unsatisfied { constraint: decider::CONSTRAINT };
    matches!(result, Err(MiraError::Sumcheck(SumcheckError::Transcript(error))) if *error == expected)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn any_tree_of_true_leaves_passes(choices in proptest::collection::vec((0usize..20, 0usize..20), 0..7)) {
        let srs = Srs::dev(4).unwrap();
        let shape = shape_from(&choices);
        let (leaves, witnesses) = leaves(&srs, shape.leaves());
        let (proof, root, _) = prove(srs.verifier().id(), &shape, &leaves, witnesses.clone()).unwrap();
        prop_assert_eq!(&verify(srs.verifier().id(), &shape, &leaves, &proof).unwrap(), &root);
        prop_assert_eq!(proof.errors.len(), shape.folds().len());
        let bytes = proof.to_bytes();
        prop_assert_eq!(bytes.len(), TreeProof::proof_bytes(&shape));
        prop_assert_eq!(&TreeProof::from_bytes(&shape, &bytes).unwrap(), &proof);
        // The same, one leaf after the other in any order.
        let mut folding = Folding::new(srs.verifier().id(), shape.clone());
        let mut waiting: Vec<usize> = (0..leaves.len()).collect();
        for choice in choices.iter().map(|(a, _)| *a).chain([0]) {
            let index = waiting.remove(choice % waiting.len());
            folding.push(index, &leaves[index], witnesses[index].clone()).unwrap();
        }
        let (streamed, streamed_root, _) = folding.finish().unwrap();
        prop_assert_eq!((&streamed, &streamed_root), (&proof, &root));
        let all = prove_all(&srs, &shape, &leaves, witnesses);
        verify_all(&srs, &shape, &leaves, &all).unwrap();
    }
}

#[test]
fn leaves_come_once_and_all() {
    let srs = Srs::dev(4).unwrap();
    let (leaves, witnesses) = leaves(&srs, 3);
    let new = || Folding::new(srs.verifier().id(), TreeShape::balanced(3).unwrap());
    let mut folding = new();
    folding.push(1, &leaves[1], witnesses[1].clone()).unwrap();
    let error = folding.push(1, &leaves[1], witnesses[1].clone()).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "times that a leaf came before", .. }));
    let error = folding.push(3, &leaves[0], witnesses[0].clone()).unwrap_err();
    assert!(matches!(error, MiraError::Index { index: 3, count: 3, .. }));
    let error = folding.finish().unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "leaves of a tree", expected: 3, got: 1 }));
    // Of many leaves in their order few accumulators are held.
    let (leaves, witnesses) = self::leaves(&srs, 16);
    let mut folding = Folding::new(srs.verifier().id(), TreeShape::balanced(16).unwrap());
    for (index, witness) in witnesses.into_iter().enumerate() {
        folding.push(index, &leaves[index], witness).unwrap();
        assert!(folding.held() <= 4, "{} after leaf {index}", folding.held());
    }
}

#[test]
fn a_fold_tree_of_another_shape_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let (leaves, witnesses) = leaves(&srs, 4);
    let balanced = TreeShape::balanced(4).unwrap();
    let proof = prove_all(&srs, &balanced, &leaves, witnesses);
    verify_all(&srs, &balanced, &leaves, &proof).unwrap();
    let others = [
        TreeShape::sequential(4).unwrap(),
        TreeShape::new(4, vec![[1, 0], [2, 3], [4, 5]]).unwrap(),
        TreeShape::new(4, vec![[0, 1], [2, 3], [5, 4]]).unwrap(),
        TreeShape::new(4, vec![[2, 3], [0, 1], [5, 4]]).unwrap(),
        TreeShape::new(4, vec![[0, 2], [1, 3], [4, 5]]).unwrap(),
    ];
    for shape in others {
        assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &proof)), "{shape:?}");
    }
}

/// The same leaves folded for another SRS: every challenge of the tree is another one.
#[test]
fn a_tree_under_another_srs_is_rejected() {
    let srs = Srs::dev(4).unwrap();
    let (leaves, witnesses) = leaves(&srs, 3);
    let shape = TreeShape::balanced(3).unwrap();
    let other = zktorch_commit::SrsId([1; 32]);
    let (proof, root, witness) = prove(other, &shape, &leaves, witnesses).unwrap();
    let claims = vec![(root.instance.clone(), witness)];
    let decided = decider::prove(&srs, &mut root.transcript(), claims).unwrap();
    decider::verify(srs.verifier(), &mut root.transcript(), &[root.instance], &decided).unwrap();
    assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &(proof, decided))));
}

#[test]
fn every_part_of_every_leaf_and_every_error_term_counts() {
    let srs = Srs::dev(4).unwrap();
    let (honest, witnesses) = leaves(&srs, 3);
    let shape = TreeShape::balanced(3).unwrap();
    let proof = prove_all(&srs, &shape, &honest, witnesses);
    verify_all(&srs, &shape, &honest, &proof).unwrap();
    for index in 0..3 {
        for part in 0..5 {
            let mut leaves = honest.clone();
            match part {
                0 => leaves[index].statement[0] ^= 1,
                1 => leaves[index].transcript[31] ^= 1,
                2 => leaves[index].instance.value += Fr::one(),
                3 => leaves[index].instance.commitment += srs.hiding_generator(),
                _ => leaves[index].instance.functional = Functional::eq(scalars(9, 4)),
            }
            assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &proof)), "leaf {index}, part {part}");
        }
    }
    let mut swapped = honest.clone();
    swapped.swap(0, 1);
    assert!(is_unsatisfied(&verify_all(&srs, &shape, &swapped, &proof)));
    for index in 0..2 {
        let mut wrong = proof.clone();
        wrong.0.errors[index] += Fr::one();
        assert!(is_unsatisfied(&verify_all(&srs, &shape, &honest, &wrong)), "error term {index}");
    }
}

/// Leaves that are false, also where their errors cancel: the prover plays the whole tree and the decider.
#[test]
fn false_leaves_are_rejected() {
    let srs = Srs::dev(4).unwrap();
    let (honest, witnesses) = leaves(&srs, 4);
    let shape = TreeShape::balanced(4).unwrap();
    for errors in [vec![(2, Fr::one())], vec![(0, Fr::one()), (3, -Fr::one())]] {
        let mut leaves = honest.clone();
        errors.iter().for_each(|(i, e)| leaves[*i].instance.value += e);
        let proof = prove_all(&srs, &shape, &leaves, witnesses.clone());
        assert!(is_unsatisfied(&verify_all(&srs, &shape, &leaves, &proof)));
    }
    // A leaf whose commitment holds something else.
    let mut leaves = honest;
    leaves[1].instance.commitment = leaves[2].instance.commitment;
    let proof = prove_all(&srs, &shape, &leaves, witnesses);
    let result = verify_all(&srs, &shape, &leaves, &proof);
    assert!(matches!(result, Err(MiraError::Commit(CommitError::OpeningPairing))), "{result:?}");
}

#[test]
fn malformed_shapes_are_refused() {
    assert!(matches!(TreeShape::new(0, vec![]), Err(MiraError::Empty { what: "leaves of a tree" })));
    assert!(matches!(TreeShape::balanced(0), Err(MiraError::Empty { .. })));
    let error = TreeShape::new(3, vec![[0, 1]]).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "folds of a tree", expected: 2, got: 1 }));
    let error = TreeShape::new(3, vec![[0, 1], [0, 2]]).unwrap_err();
    assert!(matches!(error, MiraError::TreeShape { fold: 1, child: 0, reason: "was used before" }));
    let error = TreeShape::new(2, vec![[1, 1]]).unwrap_err();
    assert!(matches!(error, MiraError::TreeShape { fold: 0, child: 1, reason: "was used before" }));
    let error = TreeShape::new(3, vec![[0, 4], [1, 2]]).unwrap_err();
    assert!(matches!(error, MiraError::TreeShape { fold: 0, child: 4, reason: "is not made yet" }));
}

#[test]
fn shapes_have_the_depth_they_promise() {
    assert_eq!(TreeShape::balanced(8).unwrap().waves().len(), 3);
    assert_eq!(TreeShape::balanced(9).unwrap().waves().len(), 4);
    assert_eq!(TreeShape::sequential(8).unwrap().waves().len(), 7);
    assert_eq!(TreeShape::balanced(1).unwrap().folds().len(), 0);
}

#[test]
fn wrong_numbers_and_bytes_are_refused() {
    let srs = Srs::dev(4).unwrap();
    let (leaves, witnesses) = leaves(&srs, 3);
    let shape = TreeShape::balanced(3).unwrap();
    let (proof, ..) = prove(srs.verifier().id(), &shape, &leaves, witnesses.clone()).unwrap();
    let error = verify(srs.verifier().id(), &shape, &leaves[..2], &proof).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "leaves of a tree", expected: 3, got: 2 }));
    let short = TreeProof { errors: proof.errors[..1].to_vec() };
    let error = verify(srs.verifier().id(), &shape, &leaves, &short).unwrap_err();
    assert!(matches!(error, MiraError::Length { what: "error terms of a tree", expected: 2, got: 1 }));
    let error = prove(srs.verifier().id(), &shape, &leaves, witnesses[..2].to_vec()).err().unwrap();
    assert!(matches!(error, MiraError::Length { what: "witnesses of a tree", expected: 3, got: 2 }));
    let mut unreduced = leaves.clone();
    unreduced[1].instance.functional = Functional::zero(4);
    let error = verify(srs.verifier().id(), &shape, &unreduced, &proof).unwrap_err();
    assert!(matches!(error, MiraError::NotReduced { what: "leaf of a tree", terms: 0 }));

    let bytes = proof.to_bytes();
    for wrong in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat()] {
        let error = TreeProof::from_bytes(&shape, wrong).unwrap_err();
        assert!(matches!(error, MiraError::Length { what: "tree bytes", expected: 64, .. }));
    }
    let mut large = bytes;
    large[32..].fill(0xff);
    let error = TreeProof::from_bytes(&shape, &large).unwrap_err();
    assert!(matches!(error, MiraError::Transcript(TranscriptError::NonCanonicalScalar { .. })));
}

/// Leaves may have different numbers of variables: a shorter vector is the prefix of a longer one.
#[test]
fn leaves_of_different_sizes_fold() {
    let srs = Srs::dev(5).unwrap();
    let sizes = [4, 5, 2];
    let (leaves, witnesses): (Vec<Leaf>, Vec<OpeningWitness>) = (0u64..)
        .zip(sizes)
        .map(|(i, k)| {
            let (instance, witness) = satisfied(&srs, (i + 1) << 40, k, 1);
            (Leaf { statement: digest(i), transcript: digest(i), instance }, witness)
        })
        .unzip();
    let shape = TreeShape::sequential(3).unwrap();
    let proof = prove_all(&srs, &shape, &leaves, witnesses);
    verify_all(&srs, &shape, &leaves, &proof).unwrap();
}

#[test]
fn the_root_digest_is_golden() {
    let srs = Srs::dev(4).unwrap();
    let (leaves, witnesses) = leaves(&srs, 3);
    let (_, root, _) =
        prove(srs.verifier().id(), &TreeShape::balanced(3).unwrap(), &leaves, witnesses).unwrap();
    let hex: String = root.digest[..16].iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "5c24d76b171ed172edb51696c18871e4");
}

#[test]
fn fuzz_tree_proof_decoder() {
    let srs = Srs::dev(4).unwrap();
    let (leaves, witnesses) = leaves(&srs, 4);
    let shape = TreeShape::balanced(4).unwrap();
    let (proof, root, _) = prove(srs.verifier().id(), &shape, &leaves, witnesses).unwrap();
    crate::fuzz::fuzz(&proof.to_bytes(), |bytes| {
        if let Ok(decoded) = TreeProof::from_bytes(&shape, bytes) {
            assert_eq!(decoded.to_bytes(), bytes);
            // Other error terms lead to another root.
            let other = verify(srs.verifier().id(), &shape, &leaves, &decoded).unwrap();
            assert_eq!(other == root, decoded == proof);
        }
        Ok(())
    });
}
