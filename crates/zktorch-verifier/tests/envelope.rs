//! The envelope of a proof: one version, one encoding.
#![allow(clippy::unwrap_used, reason = "tests")]

use zktorch_verifier::{ModelId, ProofEnvelope, VERSION, VerifyError};

const ID: [u8; 32] = [0xab; 32];
const ARGUMENT: [u8; 3] = [1, 2, 3];

/// Fields as protobuf writes them, with keys and lengths as they are given.
fn version(version: u8) -> Vec<u8> {
    vec![0x08, version]
}

fn model_id(id: &[u8]) -> Vec<u8> {
    [&[0x12, u8::try_from(id.len()).unwrap()], id].concat()
}

fn argument(argument: &[u8]) -> Vec<u8> {
    [&[0x1a, u8::try_from(argument.len()).unwrap()], argument].concat()
}

fn refused(bytes: &[u8]) -> VerifyError {
    ProofEnvelope::from_bytes(bytes).unwrap_err()
}

#[test]
fn the_canonical_encoding_is_accepted() {
    let bytes = [version(5), model_id(&ID), argument(&ARGUMENT)].concat();
    let envelope = ProofEnvelope::from_bytes(&bytes).unwrap();
    assert_eq!(envelope, ProofEnvelope::new(ModelId(ID), ARGUMENT.to_vec()));
    assert_eq!(envelope.version, VERSION);
    assert_eq!(envelope.to_bytes(), bytes);
    assert_eq!(envelope.model().unwrap(), ModelId(ID));
}

#[test]
fn other_versions_are_refused() {
    // Zero is not written: an envelope without a version says zero.
    let body = [model_id(&ID), argument(&ARGUMENT)].concat();
    for (bytes, found) in
        [(body.clone(), 0), ([version(1), body.clone()].concat(), 1), ([version(127), body].concat(), 127)]
    {
        match refused(&bytes) {
            VerifyError::Version { what: "proof", expected: VERSION, got } => assert_eq!(got, found),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn other_encodings_of_the_same_envelope_are_refused() {
    let (v, id, arg) = (version(5), model_id(&ID), argument(&ARGUMENT));
    let encodings: [(&str, Vec<Vec<u8>>); 9] = [
        ("fields in another order", vec![v.clone(), arg.clone(), id.clone()]),
        ("the version last", vec![id.clone(), arg.clone(), v.clone()]),
        ("a field twice", vec![v.clone(), v.clone(), id.clone(), arg.clone()]),
        ("a field that the last one overrides", vec![v.clone(), model_id(&[1; 32]), id.clone(), arg.clone()]),
        ("a version in two bytes", vec![vec![0x08, 0x85, 0x00], id.clone(), arg.clone()]),
        ("a key in two bytes", vec![v.clone(), [&[0x92, 0x00, 32], ID.as_slice()].concat(), arg.clone()]),
        (
            "a length in two bytes",
            vec![v.clone(), id.clone(), [&[0x1a, 0x83, 0x00], ARGUMENT.as_slice()].concat()],
        ),
        ("an unknown field", vec![v.clone(), id.clone(), arg.clone(), vec![0x20, 0x01]]),
        ("an empty field that is written", vec![v.clone(), argument(&[]), id.clone(), arg.clone()]),
    ];
    for (name, fields) in encodings {
        let bytes = fields.concat();
        match refused(&bytes) {
            VerifyError::Malformed { what: "proof", reason } => {
                assert!(reason.starts_with("not the canonical encoding"), "{name}: {reason}");
            }
            other => panic!("{name}: {other}"),
        }
    }
}

/// Before anything is decoded.
#[test]
fn envelopes_that_are_too_large_are_refused() {
    match refused(&vec![0; (1 << 26) + 1]) {
        VerifyError::Malformed { what: "proof", reason } => assert!(reason.contains("at most"), "{reason}"),
        other => panic!("{other}"),
    }
}

#[test]
fn bytes_that_are_no_envelope_are_refused() {
    let bytes = [version(5), model_id(&ID), argument(&ARGUMENT)].concat();
    let cut = |to: usize| bytes[..to].to_vec();
    // Cut within a field, another type of field, trailing bytes, model ids of other lengths.
    let wrong = [
        cut(1),
        cut(10),
        cut(bytes.len() - 1),
        [bytes.clone(), vec![0]].concat(),
        [vec![0x0a, 0x01, 0x01], bytes.clone()].concat(),
        [version(5), argument(&ARGUMENT)].concat(),
        [version(5), model_id(&ID[1..]), argument(&ARGUMENT)].concat(),
        [version(5), model_id(&[0; 33]), argument(&ARGUMENT)].concat(),
    ];
    for bytes in wrong {
        assert!(matches!(refused(&bytes), VerifyError::Malformed { what: "proof", .. }), "{bytes:?}");
    }
}
