//! Fuzzing of the decoders of keys and proofs (see CONTRIBUTING.md).
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::{Duration, Instant};

use common::{body, key, model, proves_unchecked};
use zktorch_commit::{Srs, SrsPolicy};
use zktorch_graph::{Visibility, shards};
use zktorch_prover::{
    ProvedLeaf, ProvingKey, Run, ShardSecrets, prove_leaf_with_nonce, prove_pipeline_with_nonce,
    setup_pipeline_with_nonce,
};
use zktorch_verifier::{
    PipelineKey, ProofEnvelope, UncheckedPipeline, VerifyingKey, encode_key, encode_pipeline, verify,
    verify_pipeline,
};

/// Random numbers with a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// Bits flipped, bytes replaced, parts removed, doubled or swapped, numbers made large, words above the modulus.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let (at, len) = (self.below(bytes.len()), bytes.len());
        let end = (at + 1 + self.below(40)).min(len);
        match self.below(10) {
            0..=2 if at < len => bytes[at] ^= 1 << self.below(8),
            3 if at < len => bytes[at] = [0, 1, 2, 0x7f, 0x80, 0xff][self.below(6)],
            4 => bytes.truncate(at),
            5 => {
                let more = self.below(64);
                bytes.extend(self.bytes(more));
            }
            // The largest variable-length number.
            6 => drop(bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f])),
            7 if at + 32 <= len => bytes[at..at + 32].fill(0xff),
            8 if at < len => drop(bytes.drain(at..end)),
            9 if at < len => {
                let part = bytes[at..end].to_vec();
                let to = self.below(len);
                drop(bytes.splice(to..to, part));
            }
            _ => {}
        }
    }
}

/// A few hundred cases, or as many as there is time for.
fn cases(mut case: impl FnMut(&mut Random)) {
    let seconds = std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    for seed in 0u64.. {
        if seed >= 300 && Instant::now() >= end {
            break;
        }
        let start = Instant::now();
        case(&mut Random(seed));
        assert!(start.elapsed() < Duration::from_secs(5), "case {seed} took {:?}", start.elapsed());
    }
}

#[test]
fn fuzz_verifying_key() {
    let (srs, policy) = (Srs::dev(10).unwrap(), SrsPolicy::new().allow_insecure());
    let (mut decoded, mut all) = (0, 0);
    let honest = [Visibility::Public, Visibility::Private].map(|io| {
        let model = model(io, io, 5);
        let key = key(&model, &srs);
        let body = body(model, &srs, &key);
        (
            key.vk_bytes().to_vec(),
            body.to_bytes().unwrap(),
            key.prove_with_nonce(&srs, &[vec![1, 2, 3, 4, 5]], &[], [3; 32]).unwrap(),
        )
    });
    cases(|random| {
        let (file, body, proved) = &honest[random.below(2)];
        let bytes = match random.below(4) {
            0 => {
                let len = random.below(3000);
                random.bytes(len)
            }
            1 => {
                let mut bytes = file.clone();
                random.damage(&mut bytes);
                bytes
            }
            // The body alone: the rest of the file is in order.
            _ => {
                let mut body = body.clone();
                (0..1 + random.below(3)).for_each(|_| random.damage(&mut body));
                encode_key(&body, srs.verifier(), &[&[]]).unwrap()
            }
        };
        all += 1;
        let Ok(vk) = VerifyingKey::from_bytes(&bytes) else { return };
        decoded += 1;
        // Another model of the same weights is a key like any other; of this one there is no other encoding.
        if bytes != *file {
            assert!(vk.clone().check(&policy).is_err() || vk.model_id() != proved.statement.model_id);
        }
        // Under whatever id it is, the proof says nothing about another key.
        let relabelled =
            ProofEnvelope::new(vk.model_id(), ProofEnvelope::from_bytes(&proved.proof).unwrap().argument);
        let statement = zktorch_verifier::Statement { model_id: vk.model_id(), ..proved.statement.clone() };
        let proves = proves_unchecked(&vk, &statement, &relabelled.to_bytes());
        assert!(!proves || vk.model_id() == proved.statement.model_id);
    });
    assert!(decoded * 20 > all && decoded < all, "{decoded} of {all} decoded");
}

#[test]
fn fuzz_proving_key() {
    let srs = Srs::dev(10).unwrap();
    let key = key(&model(Visibility::Private, Visibility::Public, 5), &srs);
    let honest = key.to_bytes().unwrap();
    cases(|random| {
        let mut bytes = honest.clone();
        (0..1 + random.below(2)).for_each(|_| random.damage(&mut bytes));
        let Ok(key) = ProvingKey::from_bytes(&bytes) else { return };
        // Other weights are possible: they prove nothing, but there is no panic.
        let _ = key.prove_with_nonce(&srs, &[vec![1, -2, 3, -4, 5]], &[], [3; 32]);
    });
}

#[test]
fn fuzz_proof() {
    let (srs, policy) = (Srs::dev(10).unwrap(), SrsPolicy::new().allow_insecure());
    let key = key(&model(Visibility::Private, Visibility::Public, 5), &srs);
    let proved = key.prove_with_nonce(&srs, &[vec![1, 2, 3, 4, 5]], &[], [3; 32]).unwrap();
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    let vk = key.vk().clone().check(&policy).unwrap();
    cases(|random| {
        let bytes = match random.below(3) {
            0 => {
                let len = random.below(200);
                random.bytes(len)
            }
            1 => {
                let mut bytes = proved.proof.clone();
                random.damage(&mut bytes);
                bytes
            }
            // The argument in an envelope that is in order, of the length that is expected.
            _ => {
                let mut bytes = argument.clone();
                (0..1 + random.below(3)).for_each(|_| random.damage(&mut bytes));
                bytes.resize(argument.len(), 0);
                ProofEnvelope::new(key.vk().model_id(), bytes).to_bytes()
            }
        };
        if let Ok(envelope) = ProofEnvelope::from_bytes(&bytes) {
            assert_eq!(envelope.to_bytes(), bytes);
        }
        let result = verify(&vk, &proved.statement, &bytes);
        assert_eq!(result.is_ok(), bytes == proved.proof);
    });
}

/// The model in two shards.
fn pipeline(srs: &Srs) -> (Vec<ProvingKey>, Vec<u8>, UncheckedPipeline) {
    let model = model(Visibility::Private, Visibility::Public, 5);
    let mut keys = Vec::new();
    let bytes = setup_pipeline_with_nonce(&model, &shards(&model.graph, 2), srs, [1; 32], |_, key| {
        keys.push(key);
        Ok(())
    });
    let bytes = bytes.unwrap();
    let vk = UncheckedPipeline::from_bytes(&bytes, None).unwrap();
    assert_eq!(vk.shards(), 2);
    (keys, bytes, vk)
}

#[test]
fn fuzz_pipeline_key() {
    let srs = Srs::dev(10).unwrap();
    let (keys, honest, vk) = pipeline(&srs);
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.vk_bytes().to_vec()).collect();
    let policy = SrsPolicy::new().allow_insecure();
    let (mut decoded, mut all) = (0, 0);
    cases(|random| {
        let bytes = match random.below(3) {
            0 => {
                let len = random.below(3000);
                random.bytes(len)
            }
            1 => {
                let mut bytes = honest.clone();
                random.damage(&mut bytes);
                bytes
            }
            // The wiring alone.
            _ => {
                let mut body = vk.body().clone();
                let shard = random.below(2);
                let shard = &mut body.shards[shard];
                let list = if random.below(2) == 0 { &mut shard.inputs } else { &mut shard.outputs };
                if let Some(wire) = list.first_mut() {
                    *wire = random.below(5) as u32;
                }
                encode_pipeline(&body, &keys).unwrap()
            }
        };
        all += 1;
        let Ok(vk) = UncheckedPipeline::from_bytes(&bytes, None) else { return };
        decoded += 1;
        if bytes != honest {
            // What is wired in another way is another model; other weight proofs do not verify.
            assert!(vk.model_id() != self::id(&honest) || vk.check(&policy).is_err());
        }
    });
    assert!(decoded > 0 && decoded < all, "{decoded} of {all} decoded");
}

fn id(bytes: &[u8]) -> zktorch_verifier::ModelId {
    UncheckedPipeline::from_bytes(bytes, None).unwrap().model_id()
}

#[test]
fn fuzz_pipeline_proof() {
    let srs = Srs::dev(10).unwrap();
    let (keys, _, vk) = pipeline(&srs);
    let inputs = [vec![1, 2, 3, 4, 5]];
    let proved = prove_pipeline_with_nonce(&vk, &keys[..], &srs, &inputs, &[], [3; 32]).unwrap();
    let argument = ProofEnvelope::from_bytes(&proved.proof).unwrap().argument;
    let id = vk.model_id();
    let vk: PipelineKey = vk.check(&SrsPolicy::new().allow_insecure()).unwrap();
    cases(|random| {
        let mut bytes = argument.clone();
        (0..random.below(3)).for_each(|_| random.damage(&mut bytes));
        if random.below(3) > 0 {
            bytes.resize(argument.len(), 0);
        }
        let bytes = ProofEnvelope::new(id, bytes).to_bytes();
        let result = verify_pipeline(&vk, &proved.statement, &bytes);
        assert_eq!(result.is_ok(), bytes == proved.proof);
    });
}

#[test]
fn fuzz_leaf_secrets_and_run() {
    let srs = Srs::dev(10).unwrap();
    let (keys, _, vk) = pipeline(&srs);
    let inputs = [vec![1, 2, 3, 4, 5]];
    let run = Run::start_with_nonce(&vk, &keys[..], &srs, &inputs, &[], [3; 32]).unwrap();
    let (shared, key) = (run.shared(&vk).unwrap(), vk.shard(1).unwrap());
    let secrets = run.wires.secrets(1, &vk.body().shards[1], &key);
    let leaf = prove_leaf_with_nonce(&shared, 1, &keys[1], &srs, &secrets, [4; 32]).unwrap();
    let [leaf, secrets] = [leaf.to_bytes().unwrap(), secrets.to_bytes().unwrap().to_vec()];
    let stored = run.to_bytes().unwrap().to_vec();
    cases(|random| {
        let mut bytes = leaf.clone();
        (0..random.below(3)).for_each(|_| random.damage(&mut bytes));
        let read = ProvedLeaf::from_bytes(&shared, 1, &key, &srs, &bytes);
        assert_eq!(read.is_ok(), bytes == leaf);
        let mut bytes = stored.clone();
        (0..random.below(3)).for_each(|_| random.damage(&mut bytes));
        if let Ok(read) = Run::from_bytes(&vk, &bytes) {
            assert!(read.shared(&vk).is_ok() && read.to_bytes().is_ok());
        }
        let mut bytes = secrets.clone();
        (0..random.below(3)).for_each(|_| random.damage(&mut bytes));
        let Ok(read) = ShardSecrets::from_bytes(&bytes) else { return };
        // Others are possible, but they prove nothing; there is no panic.
        if random.below(20) == 0 {
            let _ = prove_leaf_with_nonce(&shared, 1, &keys[1], &srs, &read, [5; 32]);
        }
    });
}
