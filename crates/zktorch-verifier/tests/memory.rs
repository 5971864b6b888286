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

/// A body that is nothing but one sum of the smallest terms: five bytes each, which are 35 times as many in memory.
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

#[test]
fn the_largest_key_takes_little_before_it_is_refused() {
    let body = sum_of_views(MAX_KEY_BYTES - 4096);
    let bytes = encode_key(&body, &VerifierSrs::dev(), &[]).unwrap();
    drop(body);
    let before = memory("VmRSS:");
    let error = VerifyingKey::from_bytes(&bytes).unwrap_err().to_string();
    let taken = memory("VmHWM:") - before;
    eprintln!("{} bytes: {taken} more at the peak: {error}", bytes.len());
    assert!(error.contains("memory of the key once decoded"), "{error}");
    // The list's old content, its doubled capacity; everything else is small.
    assert!(taken < 3 * MAX_DECODED_BYTES, "{taken}");
}
