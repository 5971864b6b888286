//! What a key takes before it is refused. A program of its own: the peak is that of the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_commit::VerifierSrs;
use zktorch_verifier::{MAX_DECODED_BYTES, MAX_KEY_BYTES, VerifyingKey, encode_key};

/// A number of bytes that the system knows of this process.
fn memory(key: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    1024 * line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap()
}

fn varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A body that is nothing but one sum of the smallest terms: five bytes each, which are 35 times as many in
/// memory.
fn sum_of_views(bytes: usize) -> Vec<u8> {
    let mut body = vec![1];
    body.extend(VerifierSrs::dev().id().0);
    // k; no tensors, no tables; one step, a rescale of an expression without axes.
    body.extend([10, 0, 0, 1, 0, 0]);
    let terms = bytes / 5;
    varint(terms, &mut body);
    body.extend(std::iter::repeat_n([0u8; 5], terms).flatten());
    // Divisor, y, no r; no inputs, outputs, ports, preprocessing, weights.
    body.extend([1, 0, 0, 0, 0, 0, 0, 0, 0]);
    body
}

/// What decoding takes beside the key's bytes, at the peak, and why it was refused.
fn decode(bytes: usize) -> (usize, String) {
    let bytes = encode_key(&sum_of_views(bytes), &VerifierSrs::dev(), &[]).unwrap();
    let before = memory("VmRSS:");
    let error = VerifyingKey::from_bytes(&bytes).unwrap_err().to_string();
    let taken = memory("VmHWM:").saturating_sub(before);
    eprintln!("{} bytes: {taken} more at the peak: {error}", bytes.len());
    (taken, error)
}

#[test]
fn the_largest_keys_take_little_before_they_are_refused() {
    // As many terms as may be decoded: the graph is built, and is none.
    let (taken, error) = decode(5 * (MAX_DECODED_BYTES / 176 - 100));
    assert!(error.contains("verifying key: ") && !error.contains("memory"), "{error}");
    // The list's old content, and its doubled capacity.
    assert!((MAX_DECODED_BYTES..3 * MAX_DECODED_BYTES).contains(&(taken + (1 << 20))), "{taken}");
    // As many as there may be bytes for.
    let (taken, error) = decode(MAX_KEY_BYTES - 4096);
    assert!(error.contains("memory of the key once decoded"), "{error}");
    assert!(taken < 3 * MAX_DECODED_BYTES, "{taken}");
}
