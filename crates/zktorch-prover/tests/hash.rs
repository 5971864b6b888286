//! Keys whose transcripts are on another hash.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{body, hashed_key, key, model};
use sha2::{Digest, Sha256};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::Visibility;
use zktorch_prover::{Hash, ProvingKey};
use zktorch_verifier::{UncheckedKey, VerifyError, VerifyingKey, encode_key, verify};

#[test]
fn a_key_says_what_its_transcripts_are_hashed_with() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Private);
    let policy = SrsPolicy::new().allow_insecure();
    let model = model(io, io, 5);
    let keys = [key(&model, &srs), hashed_key(&model, &srs, Hash::Keccak)];
    let checked = keys.each_ref().map(|key| {
        let key = ProvingKey::from_bytes(&key.to_bytes().unwrap()).unwrap();
        VerifyingKey::from_bytes(key.vk_bytes()).unwrap().check(&policy).unwrap()
    });
    assert_eq!(checked.each_ref().map(|vk| vk.key().network().hash()), [Hash::Merlin, Hash::Keccak]);
    assert_ne!(checked[0].model_id(), checked[1].model_id());

    // The same weights under the same nonces, and yet other proofs.
    let x = vec![vec![9, -8, 7, 6, 5]];
    let proved = keys.each_ref().map(|key| key.prove_with_nonce(&srs, &x, &[], [3; 32]).unwrap());
    for (vk, proved) in checked.iter().zip(&proved) {
        verify(vk, &proved.statement, &proved.proof).unwrap();
    }
    let mut altered = proved[1].proof.clone();
    let last = altered.len() - 40;
    altered[last] ^= 1;
    assert!(verify(&checked[1], &proved[1].statement, &altered).is_err());
    let digest: String =
        Sha256::digest(&proved[1].proof)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "a9819f6d0a6ba9a5d0b22c92753285db");
}

/// The proof of a key with one hash is none under the same key with the other, and there are two.
#[test]
fn another_hash_is_another_protocol() {
    let (srs, io) = (Srs::dev(10).unwrap(), Visibility::Public);
    let policy = SrsPolicy::new().allow_insecure();
    let model = model(io, io, 5);
    let key = key(&model, &srs);
    let with = |transcript: u8| {
        let mut body = body(model.clone(), &srs, &key);
        body.transcript = transcript;
        encode_key(&body.to_bytes().unwrap(), srs.verifier(), &[&[]]).unwrap()
    };
    // Without a range proof, and with one that was made on the other hash.
    let unchecked = UncheckedKey::from_bytes(&with(1)).unwrap();
    assert_eq!(unchecked.network().hash(), Hash::Keccak);
    assert!(unchecked.check(&policy).is_err());
    for (bytes, shard) in [(with(2), false), (with(1), true)] {
        let refused = if shard {
            UncheckedKey::shard_from_bytes(&bytes, None)
        } else {
            UncheckedKey::from_bytes(&bytes)
        };
        assert!(matches!(refused, Err(VerifyError::Key { field: "transcript", .. })), "{refused:?}");
    }
}
