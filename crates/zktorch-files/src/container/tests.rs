//! Every field of the header matters, and its error says which one it is.

use super::*;
use crate::fuzz::fuzz;

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

fn reason(bytes: &[u8]) -> Error {
    decode(bytes, Kind::VerifyingKey, &protocol()).unwrap_err()
}

#[test]
fn round_trips_in_memory() {
    for kind in KINDS {
        for body in [&b""[..], b"x", &[7; 100_000]] {
            let bytes = encode(kind, &protocol(), body);
            assert_eq!(bytes.len() as u64, file_bytes(body.len()));
            assert_eq!(decode(&bytes, kind, &protocol()).unwrap(), body);
            assert_eq!(Kind::from_code(kind.code()).unwrap(), kind);
        }
    }
}

#[test]
fn the_layout_is_pinned() {
    let bytes = encode(Kind::Proof, &Bytes32([0xab; 32]), b"abc");
    assert_eq!(bytes.len(), HEADER_BYTES + 3);
    assert_eq!(bytes[..16], *b"ZKTORCH\0\x04\0\0\0\x01\0\0\0");
    assert_eq!(bytes[16..48], [0xab; 32]);
    assert_eq!(bytes[48..56], [3, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[56..88], Bytes32::sha256(b"abc").0);
}

#[test]
fn another_kind_is_named() {
    let proof = encode(Kind::Proof, &protocol(), b"abc");
    assert!(matches!(reason(&proof), Error::Kind { expected: Kind::VerifyingKey, found: Kind::Proof }));
    assert_eq!(reason(&proof).to_string(), "this is a proof, expected a verifying key (vk)");
    assert_eq!(
        reason(b"\x08\x07\x12\x10some onnx model").to_string(),
        "this is no file of zktorch's (it looks like ONNX): it begins with \"\\x08\\x07\\x12\\x10some\", expected ZKTORCH\\x00"
    );
}

#[test]
fn every_field_is_checked() {
    let good = encode(Kind::VerifyingKey, &protocol(), b"body");
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= value;
        reason(&bytes)
    };
    assert!(matches!(with(0, 1), Error::Magic { .. }));
    assert!(matches!(with(7, 1), Error::Magic { .. }));
    assert!(matches!(with(9, 1), Error::UnknownKind { found: 259 }));
    assert!(matches!(with(12, 3), Error::Version { kind: Kind::VerifyingKey, expected: 1, found: 2 }));
    assert!(matches!(with(47, 1), Error::Protocol { .. }));
    assert!(matches!(with(48, 1), Error::Length { field: "body", expected: 5, found: 4 }));
    assert!(matches!(with(55, 0x80), Error::Length { field: "body", .. }));
    assert!(matches!(with(56, 1), Error::Digest { .. }));
    assert!(matches!(with(88, 1), Error::Digest { .. }));
    // No byte of a file can change.
    for at in 0..good.len() {
        with(at, 0x10);
    }
    for length in 0..good.len() {
        let error = reason(&good[..length]);
        let expected = if length < 8 {
            matches!(error, Error::Magic { .. })
        } else {
            matches!(error, Error::Length { .. })
        };
        assert!(expected, "{length}: {error}");
    }
    let trailing = [&good[..], b"x"].concat();
    assert!(matches!(reason(&trailing), Error::Length { field: "body", expected: 4, found: 5 }));
}

#[test]
fn fuzz_container() {
    let valid = KINDS.map(|kind| encode(kind, &protocol(), b"some body"));
    fuzz(&valid, |bytes| {
        for kind in KINDS {
            if let Ok(body) = decode(bytes, kind, &protocol()) {
                assert_eq!(encode(kind, &protocol(), body), bytes);
            }
        }
        if let Ok(header) = Header::from_prefix(bytes) {
            assert_eq!(header.to_bytes(), bytes[..HEADER_BYTES]);
        }
    });
}
