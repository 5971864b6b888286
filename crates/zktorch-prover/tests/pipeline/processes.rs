//! Proofs whose shards several processes prove.

use zktorch_prover::{ProvedLeaf, Run, ShardSecrets};

use super::*;

/// A run that was stored goes on elsewhere: leaves that were made before are of the same proof.
#[test]
fn a_stored_run_goes_on() {
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 1);
    let run = Run::start_with_nonce(&case.vk, &case.keys[..], &case.srs, &[input(1)], b"c", [3; 32]).unwrap();
    let bytes = run.to_bytes().unwrap();
    let again = Run::from_bytes(&case.vk, &bytes).unwrap();
    assert_eq!((&again.statement, &again.boundaries), (&run.statement, &run.boundaries));
    let mut end = again.end(&case.vk, &case.srs).unwrap();
    for (index, of) in [&run, &again].into_iter().enumerate() {
        let (shard, key) = (&case.vk.body().shards[index], &case.keys[index]);
        let secrets = of.wires.secrets(index, shard, key.vk());
        let shared = of.shared(&case.vk).unwrap();
        let leaf = prove_leaf_with_nonce(&shared, index, key, &case.srs, &secrets, [20 + index as u8; 32]);
        let leaf = leaf.unwrap().to_bytes().unwrap();
        end.add(index, ProvedLeaf::from_bytes(&shared, index, key.vk(), &case.srs, &leaf).unwrap()).unwrap();
    }
    let done = end.finish(&again, &case.vk, &case.srs).unwrap();
    verify_pipeline(&case.key(), &done.statement, &done.proof).unwrap();

    // Of this key, and whole.
    let other = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 2);
    let refused = Run::from_bytes(&other.vk, &bytes).unwrap_err().to_string();
    assert!(refused.contains("expected one of"), "{refused}");
    assert!(Run::from_bytes(&case.vk, &bytes[..bytes.len() - 1]).is_err());
    assert!(Run::from_bytes(&case.vk, &[&bytes[..], &[0]].concat()).is_err());
    assert!(Run::from_bytes(&case.vk, b"garbage").is_err());
}

/// What another process gives back is verified before it is folded.
#[test]
fn leaves_of_other_processes_are_not_believed() {
    let case = Case::new(&model(4, Visibility::Private, Visibility::Public), 2, 1);
    let inputs = [input(1)];
    let run = Run::start_with_nonce(&case.vk, &case.keys[..], &case.srs, &inputs, b"", [3; 32]).unwrap();
    let shared = run.shared(&case.vk).unwrap();
    // Secrets and leaves survive being stored.
    let prove = |index: usize| {
        let (shard, key) = (&case.vk.body().shards[index], &case.keys[index]);
        let secrets = run.wires.secrets(index, shard, key.vk()).to_bytes().unwrap();
        let secrets = ShardSecrets::from_bytes(&secrets).unwrap();
        prove_leaf_with_nonce(&shared, index, key, &case.srs, &secrets, [20 + index as u8; 32]).unwrap()
    };
    let proved = [prove(0), prove(1)];
    let stored = [0, 1].map(|index: usize| proved[index].to_bytes().unwrap());
    let keys = [0, 1].map(|index| case.vk.shard(index).unwrap());
    let read =
        |index: usize, bytes: &[u8]| ProvedLeaf::from_bytes(&shared, index, &keys[index], &case.srs, bytes);
    let leaves = vec![read(0, &stored[0]).unwrap(), read(1, &stored[1]).unwrap()];
    assert_eq!(leaves[1].leaf, proved[1].leaf);
    assert!(run.end(&case.vk, &case.srs).unwrap().finish(&run, &case.vk, &case.srs).is_err());
    // In any order, but each once.
    let mut end = run.end(&case.vk, &case.srs).unwrap();
    for (index, leaf) in leaves.into_iter().enumerate().rev() {
        end.add(index, leaf).unwrap();
    }
    assert!(end.add(1, read(1, &stored[1]).unwrap()).is_err() && end.add(2, prove(0)).is_err());
    let done = end.finish(&run, &case.vk, &case.srs).unwrap();
    verify_pipeline(&case.key(), &done.statement, &done.proof).unwrap();

    // Garbage, a part, another shard's, an altered proof, an altered witness.
    assert!(read(0, b"garbage").is_err() && read(0, &[]).is_err());
    assert!(read(0, &stored[0][..stored[0].len() - 1]).is_err());
    assert!(read(0, &stored[1]).is_err() && read(1, &stored[0]).is_err());
    for at in [10, 1000, 5000, stored[0].len() - 40, stored[0].len() - 1] {
        let mut altered = stored[0].clone();
        altered[at] ^= 1;
        assert!(read(0, &altered).is_err(), "byte {at}");
    }
    assert!(ShardSecrets::from_bytes(b"garbage").is_err());
}
