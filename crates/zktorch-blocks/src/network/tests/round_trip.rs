//! Honest proofs verify.

use zktorch_commit::Commitment;
use zktorch_graph::Visibility;

use crate::test_util::{Case, embedding_case, small_cnn};
use crate::{BlockError, NetworkProof, Statement};

#[test]
fn a_small_cnn_is_proved_with_every_visibility_and_chunk_size() {
    for input in [Visibility::Public, Visibility::Private] {
        for output in [Visibility::Public, Visibility::Private] {
            for k in [8, 12] {
                let case = Case::new(small_cnn(input, output), k, 3);
                let proof = case.prove();
                case.verify(&proof).unwrap();
                let bytes = proof.to_bytes();
                let shape = case.statement().shape().unwrap();
                let decoded = NetworkProof::from_bytes(&case.network, &shape, &bytes).unwrap();
                assert_eq!(decoded, proof);
            }
        }
    }
}

#[test]
fn rows_at_public_ids_are_proved() {
    let case = embedding_case();
    case.verify(&case.prove()).unwrap();
}

#[test]
fn the_same_verifier_accepts_in_the_clear() {
    let case = Case::new(small_cnn(Visibility::Public, Visibility::Public), 10, 3);
    case.verify_in_clear(&case.values).unwrap();
}

/// A statement without a commitment, or with one more, is none of this network.
#[test]
fn statements_with_other_commitments_are_refused() {
    let case = Case::new(small_cnn(Visibility::Private, Visibility::Private), 8, 3);
    let (weights, [inputs, outputs]) = (&case.weight_commitments, &case.private);
    let refused = |what: &str, weights: &[Commitment], inputs: &[Commitment], outputs: &[Commitment]| {
        let refused = Statement::new(&case.network, [7; 32], b"test", weights, [inputs, outputs], &[]);
        match refused.map(|_| ()) {
            Err(BlockError::Length { what: got, .. }) => assert_eq!(got, what),
            other => panic!("{what}: {other:?}"),
        }
    };
    let one_more = |list: &[Commitment]| [list, &list[..1]].concat();
    let one_less = |list: &[Commitment]| list[1..].to_vec();
    for change in [&one_more as &dyn Fn(&[Commitment]) -> Vec<Commitment>, &one_less] {
        refused("weight commitments", &change(weights), inputs, outputs);
        refused("commitments to private inputs", weights, &change(inputs), outputs);
        refused("commitments to private outputs", weights, inputs, &change(outputs));
    }
}
