//! Byte fuzzing of decoders: random bytes and damaged encodings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use ark_ff::{BigInteger, PrimeField};
use ark_std::rand::rngs::StdRng;
use ark_std::rand::{Rng, RngCore, SeedableRng};
use zktorch_field::{Fq, Fr};

/// Calls `decode` with a few hundred inputs, or for `ZKTORCH_FUZZ_SECONDS`. It asserts what it wants to see; a failure is
/// reported with its input. `valid` are encodings to damage.
pub(crate) fn fuzz(valid: &[Vec<u8>], decode: impl Fn(&[u8])) {
    let seconds = std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    for case in 0u64.. {
        if case >= 200 && Instant::now() >= end {
            break;
        }
        let mut rng = StdRng::seed_from_u64(case);
        let bytes = input(valid, &mut rng);
        if catch_unwind(AssertUnwindSafe(|| decode(&bytes))).is_err() {
            panic!("case {case} of {} bytes: {bytes:02x?}", bytes.len());
        }
    }
}

fn input(valid: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let longest = valid.iter().map(Vec::len).max().unwrap_or(0) + 64;
    let Some(encoding) = valid.get(rng.gen_range(0..valid.len() + 1)) else {
        let mut bytes = vec![0; rng.gen_range(0..longest)];
        rng.fill_bytes(&mut bytes);
        return bytes;
    };
    let mut bytes = encoding.clone();
    for _ in 0..rng.gen_range(1..4) {
        damage(&mut bytes, rng);
    }
    bytes
}

fn damage(bytes: &mut Vec<u8>, rng: &mut StdRng) {
    let moduli = [Fr::MODULUS.to_bytes_le(), Fq::MODULUS.to_bytes_le()];
    let at = rng.gen_range(0..bytes.len().max(1));
    // An aligned word of 32 bytes, if there is one.
    let word = at / 32 * 32;
    match rng.gen_range(0..7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << rng.gen_range(0..8),
        1 => bytes.truncate(at),
        2 => bytes.extend((0..rng.gen_range(1..65)).map(|_| rng.next_u32() as u8)),
        3 if word + 32 <= bytes.len() => {
            let other = rng.gen_range(0..bytes.len() / 32) * 32;
            (0..32).for_each(|i| bytes.swap(word + i, other + i));
        }
        // The modulus itself, or a little more.
        4 if word + 32 <= bytes.len() => {
            bytes[word..word + 32].copy_from_slice(&moduli[rng.gen_range(0..2)]);
            bytes[word] = bytes[word].saturating_add(rng.gen_range(0..4));
        }
        5 if word + 32 <= bytes.len() => {
            bytes[word..word + 32].fill([0, 0xff, 0x40, 0x80][rng.gen_range(0..4)]);
        }
        // Lengths and counts.
        _ if at + 8 <= bytes.len() => {
            let value = [0, 1, 0xff, u64::from(u32::MAX), u64::MAX, 1 << 40][rng.gen_range(0..6)];
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        _ => bytes.push(at as u8),
    }
}
