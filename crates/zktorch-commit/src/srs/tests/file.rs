//! The SRS file: round trip, and damage of every kind.

use std::io::ErrorKind;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::{MAX_LOG_SIZE, MIN_LOG_SIZE, Srs, SrsId, VerifierSrs};
use super::{small, with_file};
use crate::CommitError;
use crate::fuzz::fuzz;

fn bytes_of(srs: &Srs) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("srs");
    srs.write(&path).unwrap();
    // The temporary file is gone.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    std::fs::read(path).unwrap()
}

fn open(bytes: &[u8]) -> Result<Srs, CommitError> {
    with_file(bytes, |path| Srs::open(path))
}

fn refused(bytes: &[u8]) -> CommitError {
    open(bytes).unwrap_err()
}

/// Repairs the digest, as an adversary would.
fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::new().chain_update(&bytes[..64]).chain_update(&bytes[96..]).finalize();
    bytes[64..96].copy_from_slice(&digest);
    bytes
}

#[test]
fn round_trips_through_a_map() {
    let srs = Srs::dev(6).unwrap();
    let bytes = bytes_of(&srs);
    assert_eq!(bytes.len(), 1024 + 64 * 64);
    let opened = open(&bytes).unwrap();
    assert_eq!((opened.k(), opened.bases(), opened.verifier()), (6, srs.bases(), srs.verifier()));
    assert_eq!(opened.check(), Ok(()));
    // Writing again, from the map, gives the same bytes; and an existing file is replaced.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("srs");
    small().write(&path).unwrap();
    opened.write(&path).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes);
}

/// Threads that write one file have temporary files of their own: nobody fails, and what is there in the end is whole.
#[test]
fn one_file_written_by_several_threads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("srs");
    let expected = bytes_of(&small());
    let written: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| small().write(&path))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(written, vec![Ok(()); 8]);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read(path).unwrap(), expected);
}

#[test]
fn missing_files_and_folders() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("missing").join("srs");
    let io = |operation, path: &std::path::Path| CommitError::Io {
        operation,
        path: path.to_owned(),
        kind: ErrorKind::NotFound,
    };
    assert_eq!(Srs::open(&path).unwrap_err(), io("open", &path));
    match small().write(&path) {
        Err(CommitError::Io { operation: "create", kind: ErrorKind::NotFound, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let bytes = bytes_of(&small());
    let whole = bytes.len() as u64;
    let length = |expected, got| CommitError::FileLength { what: "SRS file", expected, got };
    assert_eq!(refused(&bytes[..bytes.len() - 1]), length(whole, whole - 1));
    assert_eq!(refused(&[&bytes[..], &[0]].concat()), length(whole, whole + 1));
    assert_eq!(refused(&bytes[..1023]), length(1024, 1023));
    assert_eq!(refused(&bytes[..8]), length(1024, 8));
    assert_eq!(refused(&[]), CommitError::Magic { what: "SRS file" });
}

#[test]
fn headers_that_mean_something_else_are_refused() {
    let good = bytes_of(&small());
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        refused(&bytes)
    };
    assert_eq!(with(0, b'Z'), CommitError::Magic { what: "SRS file" });
    assert_eq!(with(8, 2), CommitError::Version { what: "SRS file", expected: 1, got: 2 });
    assert_eq!(with(12, 3), CommitError::LogSize { min: MIN_LOG_SIZE, max: MAX_LOG_SIZE, got: 3 });
    assert_eq!(with(15, 0xff), CommitError::LogSize { min: 4, max: 28, got: 0xff00_0004 });
    assert_eq!(
        with(12, 5),
        CommitError::FileLength { what: "SRS file", expected: 1024 + 32 * 64, got: 1024 + 16 * 64 }
    );
    assert_eq!(with(20, 7), CommitError::Header { what: "SRS file", field: "reserved byte", got: 7 });
    assert_eq!(with(40, !good[40]), CommitError::Digest { what: "SRS file" });
    assert_eq!(with(64, !good[64]), CommitError::Digest { what: "SRS file" });
    assert_eq!(with(500, !good[500]), CommitError::Digest { what: "SRS file" });
    assert_eq!(with(1500, !good[1500]), CommitError::Digest { what: "SRS file" });
}

/// Files whose digest is right but whose contents do not fit together.
#[test]
fn forged_files_are_refused() {
    let good = bytes_of(&small());
    // Another id in the header.
    let mut forged = good.clone();
    forged[32..64].fill(7);
    let id = VerifierSrs::dev().id();
    assert_eq!(refused(&seal(forged)), CommitError::SrsIdMismatch { expected: SrsId([7; 32]), got: id });
    // The verifier part of another SRS, with its id.
    let other = super::ptau::ceremony(3u64);
    let mut forged = good.clone();
    forged[32..64].copy_from_slice(&other.id().0);
    forged[96..1024].copy_from_slice(&other.to_bytes());
    let inconsistent = CommitError::InconsistentPowers { what: "powers of tau in G1" };
    assert_eq!(refused(&seal(forged)), inconsistent);
    // A point of G1 that the verifier part does not show: only the full check can see it.
    let mut forged = good.clone();
    forged.copy_within(1024 + 64 * 11..1024 + 64 * 12, 1024 + 64 * 12);
    let opened = open(&seal(forged)).unwrap();
    assert_eq!(opened.check(), Err(inconsistent));
    // Coordinates that are not on the curve, or not canonical.
    for value in [1, 0xff] {
        let mut forged = good.clone();
        forged[1024 + 64 * 13..1024 + 64 * 14].fill(value);
        let invalid = CommitError::InvalidPoint { what: "powers of tau in G1", index: 13 };
        assert_eq!(open(&seal(forged)).unwrap().check(), Err(invalid));
    }
    // A first point that is not the generator.
    let mut forged = good.clone();
    forged.copy_within(1024 + 64..1024 + 128, 1024);
    assert_eq!(refused(&seal(forged)), CommitError::InconsistentPowers { what: "powers of tau in G1" });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_damage_is_noticed(position: prop::sample::Index, xor in 1u8..) {
        let mut bytes = bytes_of(&small());
        *position.get_mut(&mut bytes) ^= xor;
        prop_assert!(open(&bytes).is_err());
    }
}

/// Damage before and after an adversary repaired the digest.
#[test]
fn fuzz_srs_files() {
    let srs = small();
    fuzz(&[bytes_of(&srs)], |bytes| {
        assert!(open(bytes).is_err() || bytes == bytes_of(&srs));
        if bytes.len() >= 96
            && let Ok(opened) = open(&seal(bytes.to_vec()))
            && opened.check().is_ok()
        {
            assert_eq!((opened.bases(), opened.verifier()), (srs.bases(), srs.verifier()));
        }
    });
}
