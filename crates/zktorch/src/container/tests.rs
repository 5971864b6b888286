//! Files on the disk: what is read is checked first, what is written is there at once.

use std::fs;
use std::io::{Read, Write};

use super::*;
use crate::Bytes32;

const KINDS: [Kind; 14] = [
    Kind::Model,
    Kind::ProvingKey,
    Kind::VerifyingKey,
    Kind::Proof,
    Kind::SrsPart,
    Kind::PipelineKey,
    Kind::PipelineProvingKey,
    Kind::ShardKey,
    Kind::ShardJob,
    Kind::ShardLeaf,
    Kind::ShardError,
    Kind::ShardRun,
    Kind::TestSet,
    Kind::TestSetOpening,
];

fn protocol() -> Bytes32 {
    Bytes32::sha256(b"test protocol")
}

#[test]
fn round_trips_on_disk_and_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    for (index, kind) in KINDS.into_iter().enumerate() {
        for body in [&b""[..], b"x", &[7; 100_000]] {
            let path = folder.path().join(format!("file{index}"));
            let header = write(&path, kind, &protocol(), body).unwrap();
            assert_eq!(fs::read(&path).unwrap(), encode(kind, &protocol(), body));
            assert_eq!(*read(&path, kind, &protocol(), body.len() as u64).unwrap(), body);
            assert_eq!(describe(&path).unwrap(), header);
            assert_eq!(decode(&fs::read(&path).unwrap(), kind, &protocol()).unwrap(), body);
            assert_eq!(Kind::from_code(kind.code()).unwrap(), kind);
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), KINDS.len());
}

#[test]
fn files_are_checked_before_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vk");
    // A header that announces 2^60 bytes.
    let mut bytes = encode(Kind::VerifyingKey, &protocol(), b"body");
    bytes[55] = 0x10;
    fs::write(&path, &bytes).unwrap();
    for result in
        [read(&path, Kind::VerifyingKey, &protocol(), u64::MAX).map(drop), describe(&path).map(drop)]
    {
        let message = result.unwrap_err().to_string();
        assert!(message.contains("vk: body: expected") && message.contains("found 4"), "{message}");
    }
    // A limit of the caller's.
    write(&path, Kind::VerifyingKey, &protocol(), &[0; 100]).unwrap();
    let message = read(&path, Kind::VerifyingKey, &protocol(), 99).unwrap_err().to_string();
    assert!(message.contains("100 bytes, but at most 99"), "{message}");
    // Damage in the body.
    let mut bytes = fs::read(&path).unwrap();
    bytes[HEADER_BYTES + 50] = 1;
    fs::write(&path, &bytes).unwrap();
    assert!(describe(&path).unwrap_err().to_string().contains("the file is damaged"));
}

#[test]
fn bodies_are_read_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vk");
    let body: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
    write(&path, Kind::VerifyingKey, &protocol(), &body).unwrap();
    let read_part = |path: &std::path::Path, limit: u64| {
        read_with(path, Kind::VerifyingKey, &protocol(), limit, |reader| {
            assert_eq!(reader.left(), 200_000);
            let mut part = vec![0; 150_000];
            reader.read_exact(&mut part).unwrap();
            assert_eq!(reader.left(), 50_000);
            part
        })
    };
    assert_eq!(read_part(&path, 200_000).unwrap(), body[..150_000]);
    assert_eq!(map(&path, Kind::VerifyingKey, &protocol()).unwrap().bytes()[HEADER_BYTES..], body);
    let other = map(&path, Kind::ProvingKey, &protocol()).unwrap_err().to_string();
    assert!(other.contains("expected a proving key"), "{other}");
    for length in [0, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 100] {
        let cut = folder.path().join("cut");
        fs::write(&cut, &fs::read(&path).unwrap()[..length]).unwrap();
        assert!(map(&cut, Kind::VerifyingKey, &protocol()).is_err(), "{length}");
    }
    assert!(read_part(&path, 199_999).unwrap_err().to_string().contains("200000 bytes, but at most 199999"));
    // Damage in what was read, and in what was not.
    for at in [0, 149_999, 150_000, 199_999] {
        let mut bytes = fs::read(&path).unwrap();
        bytes[HEADER_BYTES + at] ^= 1;
        let damaged = folder.path().join("damaged");
        fs::write(&damaged, bytes).unwrap();
        for error in [
            read_part(&damaged, 200_000).unwrap_err(),
            map(&damaged, Kind::VerifyingKey, &protocol()).unwrap_err(),
        ] {
            assert!(error.to_string().contains("the file is damaged"), "{at}");
        }
    }
}

#[test]
fn a_failing_body_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pk");
    let failed = write_with(&path, Kind::ProvingKey, &protocol(), |writer| {
        writer.write_all(b"half")?;
        Err(std::io::Error::other("no more"))
    });
    assert!(failed.unwrap_err().to_string().contains("no more"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn what_holds_weights_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let ordinary =
        fs::File::create(folder.path().join("ordinary")).unwrap().metadata().unwrap().permissions();
    for kind in KINDS {
        let path = folder.path().join("file");
        write(&path, kind, &protocol(), b"body").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let secret = matches!(
            kind,
            Kind::Model
                | Kind::ProvingKey
                | Kind::PipelineProvingKey
                | Kind::ShardKey
                | Kind::ShardJob
                | Kind::ShardError
                | Kind::ShardRun
                | Kind::TestSetOpening
        );
        assert_eq!(mode, if secret { 0o600 } else { ordinary.mode() & 0o777 }, "{kind}");
    }
}

#[test]
fn another_kind_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proof.bin");
    fs::write(&path, encode(Kind::Proof, &protocol(), b"abc")).unwrap();
    let message = read(&path, Kind::ProvingKey, &protocol(), 100).unwrap_err().to_string();
    assert!(message.ends_with("proof.bin: this is a proof, expected a proving key (pk)"), "{message}");
}
