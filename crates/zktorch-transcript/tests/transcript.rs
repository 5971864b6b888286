//! The transcript: golden bytes, framing, randomness.

use std::collections::BTreeSet;

use ark_ec::AffineRepr;
use ark_ff::PrimeField;
use ark_std::rand::RngCore;
use proptest::prelude::*;
use zktorch_field::{Fr, G1Affine};
use zktorch_transcript::{Hash, Transcript};

fn point(multiple: u64) -> G1Affine {
    (G1Affine::generator() * Fr::from(multiple)).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

const HASHES: [Hash; 2] = [Hash::Merlin, Hash::Keccak];

/// Every kind of message once. If this changes, every proof made before becomes invalid: bump versions.
#[test]
fn golden_challenges() {
    for (hash, golden) in HASHES.into_iter().zip([(GOLDEN_DIGESTS, GOLDEN_CHALLENGE), KECCAK]) {
        assert_golden(hash, golden);
    }
}

fn assert_golden(hash: Hash, golden: ([&str; 8], &str)) {
    let mut t = Transcript::with_hash(hash, b"zktorch-transcript golden v1");
    let mut digests = Vec::new();
    let mut step = |t: &mut Transcript| {
        let mut digest = [0; 8];
        t.challenge_bytes(b"digest", &mut digest);
        digests.push(hex(&digest));
    };
    step(&mut t);
    t.append_message(b"bytes", b"hello");
    step(&mut t);
    t.append_u64(b"number", 7);
    step(&mut t);
    t.append_scalar(b"scalar", &-Fr::from(1u64));
    step(&mut t);
    t.append_scalars(b"scalars", &[Fr::from(2u64), Fr::from(3u64)]);
    step(&mut t);
    t.append_point(b"point", &point(1));
    step(&mut t);
    t.append_points(b"points", &[point(5), G1Affine::identity()]);
    step(&mut t);
    t.append_hidden(b"hidden", 20, &[point(9), point(10)]);
    step(&mut t);
    let challenge = t.challenge_scalar(b"challenge");
    assert_eq!(
        (digests.as_slice(), &*challenge.into_bigint().to_string()),
        (&golden.0.map(String::from)[..], golden.1)
    );
    assert_eq!(hex(&zktorch_transcript::wire::scalar_to_bytes(&challenge)).len(), 64);
}

const GOLDEN_DIGESTS: [&str; 8] = [
    "0f088ab757cf443a",
    "0fb7e23a4ca1ffef",
    "6a4eb0fd4425001f",
    "efb7ead680e45585",
    "61660d05888ed22a",
    "1988a5e0c0a24969",
    "18730108b61b80ff",
    "2bac37f4129d13e0",
];
const KECCAK: ([&str; 8], &str) = (
    [
        "3c9b69709c6c6af9",
        "08898b7c45f39264",
        "1f981d4c6c4873a9",
        "16883886142821fd",
        "14d77661e789a91c",
        "1cb9edded3da886a",
        "cb6caa3a5243c02a",
        "164597c48f90745f",
    ],
    "1514483723799504896158377019392696692363563304758187279885308062846177584703",
);
const GOLDEN_CHALLENGE: &str = "6909724999774765499943870084470857329480111599580612483930817813511418993151";

/// One absorbed message, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    Bytes(Vec<u8>),
    U64(u64),
    Scalars(Vec<u64>),
    Points(Vec<u64>),
    Hidden(usize, Vec<u64>),
}

fn absorb(t: &mut Transcript, label: &'static [u8], message: &Message) {
    match message {
        Message::Bytes(bytes) => t.append_message(label, bytes),
        Message::U64(number) => t.append_u64(label, *number),
        Message::Scalars(s) => t.append_scalars(label, &s.iter().map(|&x| Fr::from(x)).collect::<Vec<_>>()),
        Message::Points(p) => t.append_points(label, &p.iter().map(|&x| point(x)).collect::<Vec<_>>()),
        Message::Hidden(n, p) => t.append_hidden(label, *n, &p.iter().map(|&x| point(x)).collect::<Vec<_>>()),
    }
}

fn message() -> impl Strategy<Value = Message> {
    let few = || proptest::collection::vec(0..3u64, 0..3);
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Message::Bytes),
        (0..3u64).prop_map(Message::U64),
        few().prop_map(Message::Scalars),
        few().prop_map(Message::Points),
        (0..3usize, few()).prop_map(|(n, p)| Message::Hidden(n, p)),
    ]
}

fn labelled() -> impl Strategy<Value = (&'static [u8], Message)> {
    (prop_oneof![Just(b"a" as &'static [u8]), Just(b"ab" as &'static [u8])], message())
}

proptest! {
    /// Equal sequences give equal challenges, and different ones different challenges.
    #[test]
    fn challenges_depend_on_everything(
        left in proptest::collection::vec(labelled(), 0..4),
        right in proptest::collection::vec(labelled(), 0..4),
    ) {
        for hash in HASHES {
            let run = |messages: &[(&'static [u8], Message)]| {
                let mut t = Transcript::with_hash(hash, b"test");
                messages.iter().for_each(|(label, message)| absorb(&mut t, label, message));
                t.challenge_scalar(b"c")
            };
            prop_assert_eq!(run(&left) == run(&right), left == right);
            prop_assert_eq!(run(&left), run(&left.clone()));
        }
    }
}

#[test]
fn kinds_labels_and_splits_are_told_apart() {
    HASHES.into_iter().for_each(assert_told_apart);
}

fn assert_told_apart(hash: Hash) {
    let (one, zero) = (Fr::from(1u64), Fr::from(0u64));
    type Use = Box<dyn Fn(&mut Transcript)>;
    let uses: Vec<Use> = vec![
        Box::new(|_| ()),
        Box::new(|t| t.append_message(b"a", &[])),
        Box::new(|t| t.append_message(b"a", &1u64.to_le_bytes())),
        Box::new(|t| t.append_u64(b"a", 1)),
        Box::new(move |t| t.append_scalar(b"a", &one)),
        Box::new(move |t| t.append_scalar(b"b", &one)),
        Box::new(move |t| t.append_scalars(b"a", &[one, zero])),
        Box::new(move |t| {
            t.append_scalar(b"a", &one);
            t.append_scalar(b"a", &zero);
        }),
        Box::new(|t| t.append_scalars(b"a", &[])),
        Box::new(|t| t.append_points(b"a", &[])),
        Box::new(|t| t.append_points(b"a", &[point(1), point(2)])),
        Box::new(|t| t.append_points(b"a", &[point(2), point(1)])),
        Box::new(|t| t.append_hidden(b"a", 2, &[point(1), point(2)])),
        Box::new(|t| t.append_hidden(b"a", 3, &[point(1), point(2)])),
        Box::new(|t| t.append_point(b"a", &G1Affine::identity())),
        Box::new(|t| {
            let _: Fr = t.challenge_scalar(b"earlier");
        }),
    ];
    let challenges: BTreeSet<Fr> = uses
        .iter()
        .map(|absorb| {
            let mut t = Transcript::with_hash(hash, b"test");
            absorb(&mut t);
            t.challenge_scalar(b"c")
        })
        .collect();
    assert_eq!(challenges.len(), uses.len());
    let other = |protocol, label| Transcript::with_hash(hash, protocol).challenge_scalar(label);
    assert_ne!(other(b"test", b"c"), other(b"tess", b"c"));
    assert_ne!(other(b"test", b"c"), other(b"test", b"d"));
}

#[test]
fn one_scalar_is_a_vector_of_one_and_challenges_come_one_by_one() {
    let (mut a, mut b) = (Transcript::new(b"test"), Transcript::new(b"test"));
    a.append_scalar(b"s", &Fr::from(9u64));
    b.append_scalars(b"s", &[Fr::from(9u64)]);
    a.append_point(b"p", &point(3));
    b.append_points(b"p", &[point(3)]);
    let several = a.challenge_scalars(b"c", 3);
    let single: Vec<Fr> = (0..3).map(|_| b.challenge_scalar(b"c")).collect();
    assert_eq!(several, single);
    assert_eq!(BTreeSet::from_iter(several).len(), 3);
    assert_ne!(a.challenge_nonzero(b"n"), Fr::from(0u64));
}

#[test]
fn randomness_depends_on_transcript_secrets_and_nonce() {
    HASHES.into_iter().for_each(assert_random);
}

fn assert_random(hash: Hash) {
    let draw = |t: &Transcript, secrets: &[&[u8]], nonce: u8| t.rng(secrets, [nonce; 32]).next_u64();
    let [t, mut later] = [0, 1].map(|_| Transcript::with_hash(hash, b"test"));
    later.append_u64(b"step", 1);
    let before = t.clone().challenge_scalar(b"c");
    let draws = [
        draw(&t, &[b"key"], 1),
        draw(&later, &[b"key"], 1),
        draw(&t, &[b"kez"], 1),
        draw(&t, &[b"ke", b"y"], 1),
        draw(&t, &[], 1),
        draw(&t, &[b"key"], 2),
    ];
    assert_eq!(BTreeSet::from(draws).len(), draws.len());
    // Reproducible for a fixed nonce, and without effect on the transcript.
    assert_eq!(draws[0], draw(&t, &[b"key"], 1));
    assert_eq!(before, t.clone().challenge_scalar(b"c"));
}

#[cfg(feature = "os-rng")]
#[test]
fn nonces_are_fresh() {
    use zktorch_transcript::fresh_nonce;
    assert_ne!(fresh_nonce().unwrap(), fresh_nonce().unwrap());
}
