//! Byte fuzzing of decoders: random bytes and damaged encodings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Calls `decode` with a few hundred inputs, or for `ZKTORCH_FUZZ_SECONDS`. It asserts what it wants to see; a failure is reported
/// with its input. `valid` are encodings to damage.
pub(crate) fn fuzz(valid: &[Vec<u8>], decode: impl Fn(&[u8])) {
    let seconds = std::env::var("ZKTORCH_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    for case in 0u64.. {
        if case >= 400 && Instant::now() >= end {
            break;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(case);
        let bytes = input(valid, &mut rng);
        if catch_unwind(AssertUnwindSafe(|| decode(&bytes))).is_err() {
            panic!("case {case} of {} bytes: {:02x?}", bytes.len(), &bytes[..bytes.len().min(4096)]);
        }
    }
}

fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    rng.next_u64() as usize % bound.max(1)
}

fn input(valid: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let Some(encoding) = valid.get(below(rng, valid.len() + 1)) else {
        let longest = valid.iter().map(Vec::len).max().unwrap_or(0).min(4096) + 64;
        let mut bytes = vec![0; below(rng, longest)];
        rng.fill_bytes(&mut bytes);
        return bytes;
    };
    let mut bytes = encoding.clone();
    for _ in 0..1 + below(rng, 4) {
        damage(&mut bytes, rng);
    }
    bytes
}

fn damage(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    // Headers are short and matter most: half of the damage goes there.
    let len = if rng.next_u32().is_multiple_of(2) { bytes.len().min(128) } else { bytes.len() };
    let at = below(rng, len);
    match rng.next_u32() % 8 {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << (rng.next_u32() % 8),
        2 if at < bytes.len() => bytes[at] = rng.next_u32() as u8,
        3 => bytes.truncate(at),
        4 => (0..1 + below(rng, 64)).for_each(|_| bytes.push(rng.next_u32() as u8)),
        // A number of several digits, or a huge one in binary.
        5 if at + 8 <= bytes.len() => bytes[at..at + 8].fill(b'9'),
        6 if at + 8 <= bytes.len() => bytes[at..at + 8].fill(0xff),
        7 if at < bytes.len() => {
            let end = (at + 1 + below(rng, 32)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        _ => {}
    }
}
