//! Setup, prove, verify, with everything that may be exchanged exchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{key, model};
use zktorch_commit::{Srs, SrsPolicy, SrsStatus};
use zktorch_graph::Visibility;
use zktorch_prover::{ProverError, ProvingKey};
use zktorch_verifier::{MAX_CONTEXT, ModelId, ProofEnvelope, Statement, VerifyError, VerifyingKey, verify};

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
            let vk = vk.check(&policy).unwrap();
            let x = vec![vec![9, -8, 7, 6, 5]];
            let a = first.prove_with_nonce(&srs, &x, &[], [3; 32]).unwrap();
            let b = second.prove_with_nonce(&srs, &x, &[], [4; 32]).unwrap();
            verify(&vk, &a.statement, &a.proof).unwrap();

            // Without permission for the development SRS.
            assert!(matches!(vk.key().clone().check(&SrsPolicy::new()), Err(VerifyError::Srs(_))));
            assert_eq!(vk.srs_status(), SrsStatus::Insecure);
            // Another model's statement, proof, key.
            let wrong = |result| matches!(result, Err(VerifyError::WrongKey { .. }));
            assert!(wrong(verify(&vk, &b.statement, &b.proof)));
            assert!(wrong(verify(&vk, &a.statement, &b.proof)));
            let other = VerifyingKey::from_bytes_pinned(first.vk_bytes(), ModelId([0; 32]));
            assert!(matches!(other, Err(VerifyError::ModelId { got, .. }) if got == vk.model_id()));
            VerifyingKey::from_bytes_pinned(first.vk_bytes(), vk.model_id()).unwrap();
            // A proof of another model in an envelope of this one.
            let forged = ProofEnvelope::from_bytes(&b.proof).unwrap().argument;
            let forged = ProofEnvelope::new(vk.model_id(), forged).to_bytes();
            assert!(matches!(verify(&vk, &a.statement, &forged), Err(VerifyError::Proof(_))));
            // Another output or input.
            for index in 0..a.statement.public.len() {
                let mut statement = a.statement.clone();
                statement.public[index][1] += 1;
                assert!(matches!(verify(&vk, &statement, &a.proof), Err(VerifyError::Proof(_))));
            }
            for private in [0, 1] {
                let mut statement = a.statement.clone();
                let other =
                    [&mut statement.private_inputs, &mut statement.private_outputs][private].first_mut();
                if let Some(other) = other {
                    other.copy_from_slice(&vk.key().weights()[0].to_bytes());
                    assert!(matches!(verify(&vk, &statement, &a.proof), Err(VerifyError::Proof(_))));
                }
            }
            // One commitment more.
            for private in [0, 1] {
                let mut statement = a.statement.clone();
                let list = [&mut statement.private_inputs, &mut statement.private_outputs];
                list.into_iter().nth(private).unwrap().push(vk.key().weights()[0].to_bytes());
                let refused = verify(&vk, &statement, &a.proof);
                assert!(matches!(refused, Err(VerifyError::Malformed { what: "statement", .. })));
            }
            // Extended, shortened.
            for proof in [[a.proof.as_slice(), &[0]].concat(), a.proof[..a.proof.len() - 1].to_vec(), vec![]]
            {
                assert!(verify(&vk, &a.statement, &proof).is_err());
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
    let weights = weights_of(&bytes);
    assert_eq!(bytes.len(), other.len());
    bytes[weights.clone()].copy_from_slice(&other[weights]);
    let cheating = ProvingKey::from_bytes(&bytes).unwrap();
    let honest = first.prove_with_nonce(&srs, &[vec![9, 8, 7, 6, 5]], &[], [3; 32]).unwrap();
    let proved = cheating.prove_with_nonce(&srs, &[vec![9, 8, 7, 6, 5]], &[], [3; 32]).unwrap();
    assert_ne!(proved.outputs, honest.outputs);
    let vk = VerifyingKey::from_bytes(first.vk_bytes()).unwrap().check(&policy).unwrap();
    assert!(matches!(verify(&vk, &proved.statement, &proved.proof), Err(VerifyError::Proof(_))));
    verify(&vk, &honest.statement, &honest.proof).unwrap();
}

/// Where the weights of an encoded key are.
fn weights_of(key: &[u8]) -> core::ops::Range<usize> {
    64..64 + u64::from_le_bytes(*key[8..].first_chunk().unwrap()) as usize
}

#[test]
fn a_key_of_another_version_or_length_is_refused() {
    let srs = Srs::dev(10).unwrap();
    let bytes = key(&model(Visibility::Public, Visibility::Public, 5), &srs).to_bytes().unwrap();
    let reason = |bytes: &[u8]| ProvingKey::from_bytes(bytes).unwrap_err().to_string();
    let mut old = bytes.clone();
    old[0] = 1;
    assert_eq!(reason(&old), "proving key: expected format 5, got 1; set it up again");
    for at in [16, 40, 63] {
        let mut padded = bytes.clone();
        padded[at] = 1;
        assert!(reason(&padded).contains("expected zeros before the weights"), "{at}");
    }
    let weights = weights_of(&bytes).len();
    for (stated, expected) in [
        (u64::MAX - 1, "18446744073709551614 bytes of weights in a key of"),
        (weights as u64 + 1, "bytes of weights in a key of"),
        (bytes.len() as u64, "bytes of weights in a key of"),
    ] {
        let mut long = bytes.clone();
        long[8..16].copy_from_slice(&stated.to_le_bytes());
        assert!(reason(&long).contains(expected), "{}", reason(&long));
    }
    let longer = reason(&[&bytes[..], &[0, 0]].concat());
    assert!(longer.contains("2 trailing bytes"), "{longer}");
    // Weights of another number of chunks.
    let mut more = bytes.clone();
    more[8..16].copy_from_slice(&(weights as u64 + 4).to_le_bytes());
    more.splice(64..64, [0; 4]);
    let expected = format!("expected {weights} bytes of weights, found {}", weights + 4);
    assert!(reason(&more).contains(&expected), "{}", reason(&more));
    for length in 0..bytes.len() {
        assert!(ProvingKey::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_proof_is_for_one_context() {
    let srs = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Private, Visibility::Public, 5), &srs);
    let vk = key.vk().clone().check(&SrsPolicy::new().allow_insecure()).unwrap();
    let x = [vec![9, 8, 7, 6, 5]];
    let long = vec![7; MAX_CONTEXT];
    for context in [&b""[..], b"challenge 1", &long] {
        let proved = key.prove_with_nonce(&srs, &x, context, [3; 32]).unwrap();
        assert_eq!(proved.statement.context, context);
        verify(&vk, &proved.statement, &proved.proof).unwrap();
        for other in [&b""[..], b"challenge 1", b"challenge 2", b"challenge 1\0", &long[1..]] {
            let statement = Statement { context: other.to_vec(), ..proved.statement.clone() };
            let result = verify(&vk, &statement, &proved.proof);
            assert!(if other == context {
                result.is_ok()
            } else {
                matches!(result, Err(VerifyError::Proof(_)))
            });
        }
    }
    let longer = [&long[..], &[7]].concat();
    let error = key.prove_with_nonce(&srs, &x, &longer, [3; 32]).unwrap_err();
    assert!(matches!(error, ProverError::Context { most: MAX_CONTEXT, got } if got == MAX_CONTEXT + 1));
    let proved = key.prove_with_nonce(&srs, &x, &long, [3; 32]).unwrap();
    let statement = Statement { context: longer, ..proved.statement };
    let error = verify(&vk, &statement, &proved.proof).unwrap_err();
    assert!(matches!(error, VerifyError::Malformed { what: "context", .. }));
}

#[test]
fn an_activation_out_of_range_is_an_error_that_names_it() {
    let srs = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Public, Visibility::Public, 500), &srs);
    let error = key.prove_with_nonce(&srs, &[vec![3000; 5]], &[], [3; 32]).unwrap_err();
    assert!(matches!(error, ProverError::Graph(_)));
    assert!(error.to_string().contains("before") && error.to_string().contains("[-512, 511]"), "{error}");
}

#[test]
fn every_byte_of_a_key_matters() {
    let srs = Srs::dev(10).unwrap();
    let policy = SrsPolicy::new().allow_insecure();
    let key = key(&model(Visibility::Public, Visibility::Public, 5), &srs);
    let proved = key.prove_with_nonce(&srs, &[vec![9, 8, 7, 6, 5]], &[], [3; 32]).unwrap();
    let accepts = |bytes: &[u8]| -> bool {
        VerifyingKey::from_bytes(bytes)
            .and_then(|key| verify(&key.check(&policy)?, &proved.statement, &proved.proof))
            .is_ok()
    };
    assert!(accepts(key.vk_bytes()));
    for index in (0..key.vk_bytes().len()).step_by(43) {
        let mut bytes = key.vk_bytes().to_vec();
        bytes[index] ^= 1 << (index % 8);
        assert!(!accepts(&bytes), "byte {index}");
    }
    assert!(!accepts(&[key.vk_bytes(), &[0]].concat()));
}
