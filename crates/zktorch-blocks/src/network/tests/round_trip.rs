//! Honest proofs verify.

use zktorch_graph::Visibility;

use crate::NetworkProof;
use crate::test_util::{Case, small_cnn};

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
fn the_same_verifier_accepts_in_the_clear() {
    let case = Case::new(small_cnn(Visibility::Public, Visibility::Public), 10, 3);
    case.verify_in_clear(&case.values).unwrap();
}
