//! Honest proofs verify.

use zktorch_channel::Nonce;
use zktorch_graph::Visibility;

use crate::test_util::{Case, small_cnn};
use crate::{BlockError, NetworkProof, Private, Witness, padding_sums, prove};

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

/// What is summed up beforehand changes nothing: with the same nonce the proof is the same.
#[test]
fn known_sums_of_padding_give_the_same_proof() {
    for k in [8, 12] {
        let case = Case::new(small_cnn(Visibility::Private, Visibility::Public), k, 3);
        let padding = padding_sums(&case.srs, &case.network).unwrap();
        let witness = Witness::new(&case.network, &case.weights, &case.values).unwrap();
        let prove = |padding| {
            let private = Private { padding, ..case.secrets() };
            prove(&case.srs, &case.statement(), &witness, &private, Nonce::from_bytes([5; 32]))
        };
        let proof = prove(&padding).unwrap();
        assert_eq!(proof.to_bytes(), prove(&[]).unwrap().to_bytes());
        case.verify(&proof).unwrap();
        let short = prove(&padding[1..]).unwrap_err();
        assert!(matches!(short, BlockError::Length { what: "sums of padding", .. }), "{short}");
    }
}
