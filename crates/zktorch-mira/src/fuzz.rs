//! Byte fuzzing of decoders: random bytes and damaged encodings.

use std::time::{Duration, Instant};

use ark_ff::{BigInteger, PrimeField};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use zktorch_field::{Fq, Fr};

/// How a valid encoding is damaged. Positions are taken modulo what is there.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Word(usize, [u8; 32]),
    Swap(usize, usize),
    Ones(usize, usize),
    Truncate(usize),
    Extend(Vec<u8>),
}

/// Runs `check` on random bytes and on damaged copies of `valid`, a few hundred times or for `ZKTORCH_FUZZ_SECONDS`.
pub(crate) fn fuzz(valid: &[u8], check: impl Fn(&[u8]) -> Result<(), TestCaseError>) {
    let noise = proptest::collection::vec(any::<u8>(), 0..2 * valid.len());
    let damages = proptest::collection::vec(damage(), 1..4);
    let mut runner = TestRunner::new(Config { cases: 128, failure_persistence: None, ..Config::default() });
    let seconds = std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    loop {
        runner.run(&noise, |bytes| check(&bytes)).unwrap();
        let damaged = |damages: Vec<Damage>| {
            let mut bytes = valid.to_vec();
            damages.into_iter().for_each(|damage| apply(&mut bytes, damage));
            check(&bytes)
        };
        runner.run(&damages, damaged).unwrap();
        if Instant::now() >= end {
            return;
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<usize>;
    // A modulus, or a little more: the smallest encodings that are not canonical.
    let modulus = |bytes: Vec<u8>, more: u8| {
        core::array::from_fn(|i| if i == 0 { bytes[0].saturating_add(more) } else { bytes[i] })
    };
    let moduli = prop_oneof![Just(Fr::MODULUS.to_bytes_le()), Just(Fq::MODULUS.to_bytes_le())];
    prop_oneof![
        (at(), 0..8u8).prop_map(|(i, bit)| Damage::Flip(i, bit)),
        (at(), any::<[u8; 32]>()).prop_map(|(i, word)| Damage::Word(i, word)),
        (at(), moduli, 0..3u8).prop_map(move |(i, bytes, more)| Damage::Word(i, modulus(bytes, more))),
        (at(), at()).prop_map(|(i, j)| Damage::Swap(i, j)),
        (at(), 1..64usize).prop_map(|(i, n)| Damage::Ones(i, n)),
        at().prop_map(Damage::Truncate),
        proptest::collection::vec(any::<u8>(), 1..100).prop_map(Damage::Extend),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: Damage) {
    let (len, words) = (bytes.len(), bytes.len() / 32);
    match damage {
        Damage::Extend(more) => bytes.extend(more),
        Damage::Truncate(n) => bytes.truncate(n % len.max(1)),
        Damage::Flip(i, bit) if len > 0 => bytes[i % len] ^= 1 << bit,
        Damage::Ones(i, n) => bytes.iter_mut().skip(i % len.max(1)).take(n).for_each(|b| *b = 0xff),
        Damage::Word(i, word) if words > 0 => {
            let start = 32 * (i % words);
            bytes[start..start + 32].copy_from_slice(&word);
        }
        Damage::Swap(i, j) if words > 0 => {
            (0..32).for_each(|b| bytes.swap(32 * (i % words) + b, 32 * (j % words) + b));
        }
        Damage::Flip(..) | Damage::Word(..) | Damage::Swap(..) => {}
    }
}
