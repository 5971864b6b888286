//! Bytes from strangers.

use ark_ff::{BigInteger, PrimeField};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zktorch_commit::CommitError;
use zktorch_field::{Fq, Fr, G1Affine};
use zktorch_mira::MiraError;
use zktorch_transcript::TranscriptError;
use zktorch_transcript::wire::{point_to_bytes, scalar_from_bytes};

use crate::test_util::{Case, SMALL};
use crate::{ChannelError, HiddenProof, Shape};

struct Encoded {
    case: Case,
    shape: Shape,
    bytes: Vec<u8>,
}

fn encoded() -> Encoded {
    let case = Case::new(SMALL);
    let shape = Shape::measure(&case.example, SMALL.k, SMALL.columns).unwrap();
    let bytes = case.prove(case.transcript(), 1).to_bytes();
    Encoded { case, shape, bytes }
}

impl Encoded {
    fn decode(&self, bytes: &[u8]) -> Result<HiddenProof, ChannelError> {
        HiddenProof::from_bytes(&self.shape, bytes)
    }

    fn accepts(&self, bytes: &[u8]) -> bool {
        self.decode(bytes).is_ok_and(|proof| self.case.verify(&proof).is_ok())
    }

    /// Which words of the encoding are points.
    fn points(&self) -> Vec<bool> {
        let mut kinds = Vec::new();
        let mut push = |point: bool, count: usize| kinds.extend(vec![point; count]);
        let (rows, chunks) = (self.shape.rows(), self.shape.error_chunks());
        push(true, rows);
        // C_s, y*.
        push(true, 1);
        push(false, 1);
        // Com(z_r), Com(E_r), Com(T).
        push(true, self.shape.mask_chunks() + 2 * chunks);
        let sizes = self.shape.sizes();
        let reduction = self.shape.reduction();
        push(false, sizes.num_scalars());
        // S_1, S_2, y, b.
        push(true, 2);
        push(false, 2);
        push(false, 2 * reduction.num_vars + reduction.instances);
        // Blind; for vectors of 2^5: one fold, tail of two, two residues, an evaluation, the quotient.
        push(false, 1);
        push(true, 1);
        push(false, 2 + 8 + 1);
        push(true, 1);
        assert_eq!(kinds.len() * 32, self.bytes.len());
        kinds
    }
}

/// The error of a value that is not canonical, wherever it is decoded.
fn encoding_error(error: &ChannelError) -> Option<&TranscriptError> {
    match error {
        ChannelError::Transcript(error)
        | ChannelError::Mira(
            MiraError::Transcript(error) | MiraError::Commit(CommitError::Encoding(error)),
        ) => Some(error),
        _ => None,
    }
}

#[test]
fn every_value_of_a_proof_matters() {
    let proof = encoded();
    assert!(proof.accepts(&proof.bytes));
    let generator = point_to_bytes(&G1Affine::new_unchecked(Fq::from(1u64), Fq::from(2u64)));
    for (word, is_point) in proof.points().into_iter().enumerate() {
        let range = 32 * word..32 * (word + 1);
        // Another valid value: it decodes, and the proof is false.
        let mut bytes = proof.bytes.clone();
        if is_point {
            bytes[range.clone()].copy_from_slice(&generator);
        } else {
            let old: [u8; 32] = bytes[range.clone()].try_into().unwrap();
            let new = scalar_from_bytes(&old, "old").unwrap() + Fr::from(1u64);
            bytes[range.clone()].copy_from_slice(&zktorch_transcript::wire::scalar_to_bytes(&new));
        }
        let decoded = proof.decode(&bytes).unwrap();
        assert!(proof.case.verify(&decoded).is_err(), "word {word} does not matter");
        // Single bits, valid or not.
        for (byte, bit) in [(0, 0), (13, 5), (31, 0), (31, 6), (31, 7)] {
            let mut bytes = proof.bytes.clone();
            bytes[32 * word + byte] ^= 1 << bit;
            assert!(!proof.accepts(&bytes), "bit {bit} of byte {byte} of word {word} does not matter");
        }
    }
}

#[test]
fn truncated_and_extended_bytes_are_refused() {
    let proof = encoded();
    let expected = proof.bytes.len();
    for got in [0, 1, 31, 32, expected - 32, expected - 1] {
        assert!(matches!(
            proof.decode(&proof.bytes[..got]),
            Err(ChannelError::ProofLength { expected: e, got: g }) if (e, g) == (expected, got)
        ));
    }
    for extra in [1, 32, 4096] {
        let bytes = [proof.bytes.clone(), vec![0; extra]].concat();
        assert!(matches!(
            proof.decode(&bytes),
            Err(ChannelError::ProofLength { got, .. }) if got == expected + extra
        ));
    }
}

#[test]
fn non_canonical_bytes_are_refused() {
    let proof = encoded();
    let modulus = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).unwrap();
    let (r, q) = (modulus(Fr::MODULUS.to_bytes_le()), modulus(Fq::MODULUS.to_bytes_le()));
    let mut infinity = [0; 32];
    infinity[31] = 0x40;
    infinity[0] = 1;
    for (word, is_point) in proof.points().into_iter().enumerate() {
        let values = if is_point { vec![q, [0xff; 32], infinity] } else { vec![r, [0xff; 32]] };
        for value in values {
            let mut bytes = proof.bytes.clone();
            bytes[32 * word..32 * (word + 1)].copy_from_slice(&value);
            let error = proof.decode(&bytes).unwrap_err();
            match encoding_error(&error) {
                Some(TranscriptError::InvalidPoint { .. }) => assert!(is_point, "word {word}"),
                Some(TranscriptError::NonCanonicalScalar { .. }) => assert!(!is_point, "word {word}"),
                other => panic!("word {word}: {other:?} ({error:?})"),
            }
        }
    }
}

/// Runs `case` a few times, or for `ZKTORCH_FUZZ_SECONDS`.
fn fuzz(mut case: impl FnMut(&mut TestRunner)) {
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    match std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse::<u64>().ok()) {
        None => (0..4).for_each(|_| case(&mut runner)),
        Some(seconds) => {
            let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
            while std::time::Instant::now() < end {
                case(&mut runner);
            }
        }
    }
}

/// How a valid encoding is damaged.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Word(usize, [u8; 32]),
    Swap(usize, usize),
    Ones(usize, usize),
    Truncate(usize),
    Extend(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<usize>();
    prop_oneof![
        (at(), 0..8u8).prop_map(|(i, bit)| Damage::Flip(i, bit)),
        (at(), any::<[u8; 32]>()).prop_map(|(i, word)| Damage::Word(i, word)),
        (at(), at()).prop_map(|(i, j)| Damage::Swap(i, j)),
        (at(), 1..64usize).prop_map(|(i, n)| Damage::Ones(i, n)),
        at().prop_map(Damage::Truncate),
        proptest::collection::vec(any::<u8>(), 1..100).prop_map(Damage::Extend),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: Damage) {
    let (len, words) = (bytes.len(), (bytes.len() / 32).max(1));
    if len == 0 {
        return;
    }
    match damage {
        Damage::Flip(i, bit) => bytes[i % len] ^= 1 << bit,
        Damage::Word(i, word) if len >= 32 => {
            let start = 32 * (i % words);
            bytes[start..start + 32].copy_from_slice(&word);
        }
        Damage::Swap(i, j) if len >= 32 => {
            (0..32).for_each(|b| bytes.swap(32 * (i % words) + b, 32 * (j % words) + b));
        }
        Damage::Ones(i, n) => bytes.iter_mut().skip(i % len).take(n).for_each(|b| *b = 0xff),
        Damage::Truncate(n) => bytes.truncate(n % len),
        Damage::Extend(more) => bytes.extend(more),
        Damage::Word(..) | Damage::Swap(..) => {}
    }
}

#[test]
fn fuzz_hidden_proof_decoder() {
    let proof = encoded();
    let check = |bytes: &[u8]| -> Result<(), TestCaseError> {
        if let Ok(decoded) = proof.decode(bytes) {
            // Canonical, and nothing but the proof itself is a proof.
            prop_assert_eq!(decoded.to_bytes(), bytes);
            prop_assert_eq!(proof.case.verify(&decoded).is_ok(), bytes == proof.bytes);
        }
        Ok(())
    };
    let len = proof.bytes.len();
    fuzz(|runner| {
        let noise = proptest::collection::vec(any::<u8>(), 0..2 * len);
        runner.run(&noise, |bytes| check(&bytes)).unwrap();
        let damages = proptest::collection::vec(damage(), 1..4);
        runner
            .run(&damages, |damages| {
                let mut bytes = proof.bytes.clone();
                damages.into_iter().for_each(|damage| apply(&mut bytes, damage));
                check(&bytes)
            })
            .unwrap();
    });
}
