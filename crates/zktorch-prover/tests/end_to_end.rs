//! Setup, prove, verify, with everything that may be exchanged exchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{key, model};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::Visibility;
use zktorch_prover::{ProverError, ProvingKey};
use zktorch_verifier::{ModelId, ProofEnvelope, VerifyError, VerifyingKey, verify};

#[test]
fn proofs_verify_and_nothing_can_be_exchanged() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    for input in [Visibility::Public, Visibility::Private] {
        for output in [Visibility::Public, Visibility::Private] {
            let first = key(&model(input, output, 5), &srs);
            let first = ProvingKey::from_bytes(&first.to_bytes().unwrap()).unwrap();
            let second = key(&model(input, output, 6), &srs);
            let vk = VerifyingKey::from_bytes(first.vk_bytes()).unwrap();
            vk.check_weights(&policy).unwrap();
            let x = vec![vec![9, -8, 7, 6, 5]];
            let a = first.prove_with_nonce(&srs, &x, [3; 32]).unwrap();
            let b = second.prove_with_nonce(&srs, &x, [4; 32]).unwrap();
            verify(&vk, &policy, &a.statement, &a.proof).unwrap();

            // Without permission for the development SRS.
            let refused = verify(&vk, &SrsPolicy::new(), &a.statement, &a.proof);
            assert!(matches!(refused, Err(VerifyError::Srs(_))));
            assert!(matches!(vk.check_weights(&SrsPolicy::new()), Err(VerifyError::Srs(_))));
            // Another model's statement, proof, key.
            let wrong = |result| matches!(result, Err(VerifyError::WrongKey { .. }));
            assert!(wrong(verify(&vk, &policy, &b.statement, &b.proof).map(|_| ())));
            assert!(wrong(verify(&vk, &policy, &a.statement, &b.proof).map(|_| ())));
            let other = VerifyingKey::from_bytes_pinned(first.vk_bytes(), ModelId([0; 32]));
            assert!(matches!(other, Err(VerifyError::ModelId { got, .. }) if got == vk.model_id()));
            VerifyingKey::from_bytes_pinned(first.vk_bytes(), vk.model_id()).unwrap();
            // A proof of another model in an envelope of this one.
            let forged = ProofEnvelope::from_bytes(&b.proof).unwrap().argument;
            let forged = ProofEnvelope::new(vk.model_id(), forged).to_bytes();
            assert!(matches!(verify(&vk, &policy, &a.statement, &forged), Err(VerifyError::Proof(_))));
            // Another output or input.
            for index in 0..a.statement.public.len() {
                let mut statement = a.statement.clone();
                statement.public[index][1] += 1;
                assert!(matches!(verify(&vk, &policy, &statement, &a.proof), Err(VerifyError::Proof(_))));
            }
            for private in [0, 1] {
                let mut statement = a.statement.clone();
                let other =
                    [&mut statement.private_inputs, &mut statement.private_outputs][private].first_mut();
                if let Some(other) = other {
                    other.copy_from_slice(&vk.weights()[0].to_bytes());
                    assert!(matches!(verify(&vk, &policy, &statement, &a.proof), Err(VerifyError::Proof(_))));
                }
            }
            // Extended, shortened.
            for proof in [[a.proof.as_slice(), &[0]].concat(), a.proof[..a.proof.len() - 1].to_vec(), vec![]]
            {
                assert!(verify(&vk, &policy, &a.statement, &proof).is_err());
            }
        }
    }
}

#[test]
fn other_weights_under_the_same_key_are_rejected() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let first = key(&model(Visibility::Public, Visibility::Public, 5), &srs);
    let other = key(&model(Visibility::Public, Visibility::Public, 6), &srs);
    // The first key's verifying key and blinds with the other's weights, as a cheating model owner would have it.
    let (mut bytes, other) = (first.to_bytes().unwrap(), other.to_bytes().unwrap());
    let start = first.vk_bytes().len();
    let weights = start..start + 60;
    assert_eq!(bytes.len(), other.len());
    bytes[weights.clone()].copy_from_slice(&other[weights]);
    let cheating = ProvingKey::from_bytes(&bytes).unwrap();
    let honest = first.prove_with_nonce(&srs, &[vec![9, 8, 7, 6, 5]], [3; 32]).unwrap();
    let proved = cheating.prove_with_nonce(&srs, &[vec![9, 8, 7, 6, 5]], [3; 32]).unwrap();
    assert_ne!(proved.outputs, honest.outputs);
    let vk = VerifyingKey::from_bytes(first.vk_bytes()).unwrap();
    assert!(matches!(verify(&vk, &policy, &proved.statement, &proved.proof), Err(VerifyError::Proof(_))));
    verify(&vk, &policy, &honest.statement, &honest.proof).unwrap();
}

#[test]
fn an_activation_out_of_range_is_an_error_that_names_it() {
    let srs = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Public, Visibility::Public, 500), &srs);
    let error = key.prove_with_nonce(&srs, &[vec![3000; 5]], [3; 32]).unwrap_err();
    assert!(matches!(error, ProverError::Graph(_)));
    assert!(error.to_string().contains("before") && error.to_string().contains("[-512, 511]"), "{error}");
}

#[test]
fn every_byte_of_a_key_matters() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let key = key(&model(Visibility::Public, Visibility::Public, 5), &srs);
    let proved = key.prove_with_nonce(&srs, &[vec![9, 8, 7, 6, 5]], [3; 32]).unwrap();
    let accepts = |bytes: &[u8]| -> bool {
        VerifyingKey::from_bytes(bytes).is_ok_and(|vk| {
            vk.check_weights(&policy).is_ok()
                && verify(&vk, &policy, &proved.statement, &proved.proof).is_ok()
        })
    };
    assert!(accepts(key.vk_bytes()));
    for index in (0..key.vk_bytes().len()).step_by(43) {
        let mut bytes = key.vk_bytes().to_vec();
        bytes[index] ^= 1 << (index % 8);
        assert!(!accepts(&bytes), "byte {index}");
    }
    assert!(!accepts(&[key.vk_bytes(), &[0]].concat()));
}
