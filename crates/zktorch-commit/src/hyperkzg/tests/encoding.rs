//! Bytes of proofs: exact lengths, canonical items, mutations, fuzzing.

use ark_ff::{BigInteger, PrimeField};
use zktorch_field::Fr;
use zktorch_transcript::TranscriptError;

use super::{Opened, OpeningProof};
use crate::fuzz::fuzz;
use crate::{CommitError, Commitment, MIN_LOG_SIZE};

#[test]
fn round_trips_with_the_documented_length() {
    for (k, length) in [(4, 32 * (1 + 5 + 4)), (5, 32 * (2 + 9 + 2)), (9, 32 * (4 + 17 + 2))] {
        let proof = Opened::new(k, 20).proof;
        let bytes = proof.to_bytes();
        assert_eq!(bytes.len(), length);
        assert_eq!(OpeningProof::size(k), Ok(length));
        assert_eq!(OpeningProof::from_bytes(k, &bytes), Ok(proof));
    }
    // 2^15: seven folds of two variables and a tail of one. 2^20: six folds of three variables and a tail of two.
    assert_eq!(OpeningProof::size(15), Ok(32 * (7 + 29 + 2)));
    assert_eq!(OpeningProof::size(20), Ok(32 * (6 + 49 + 4)));
}

#[test]
fn truncated_and_extended_bytes_are_refused() {
    let bytes = Opened::new(5, 21).proof.to_bytes();
    let mut extended = bytes.clone();
    extended.push(0);
    for wrong in [&bytes[..bytes.len() - 1], &extended, &[]] {
        assert_eq!(
            OpeningProof::from_bytes(5, wrong),
            Err(CommitError::Length { what: "opening proof bytes", expected: bytes.len(), got: wrong.len() })
        );
    }
    let got = MIN_LOG_SIZE - 1;
    assert!(matches!(OpeningProof::from_bytes(got, &bytes), Err(CommitError::LogSize { .. })));
}

#[test]
fn non_canonical_scalars_are_refused() {
    let opened = Opened::new(4, 22);
    let bytes = opened.proof.to_bytes();
    // k = 4: no committed fold, so the tail comes first. The same scalar plus the modulus:
    let mut modulus = Fr::MODULUS;
    modulus.add_with_carry(&opened.proof.tail[0].into_bigint());
    let mut wrong = bytes.clone();
    wrong[..32].copy_from_slice(&modulus.to_bytes_le());
    assert_eq!(
        OpeningProof::from_bytes(4, &wrong),
        Err(CommitError::Encoding(TranscriptError::NonCanonicalScalar { what: "opening tail" }))
    );
}

#[test]
fn invalid_points_are_refused() {
    let bytes = Opened::new(5, 23).proof.to_bytes();
    let at = bytes.len() - 32;
    let refused = Err(CommitError::Encoding(TranscriptError::InvalidPoint { what: "opening quotient" }));
    // x = 4 is no abscissa of y^2 = x^3 + 3 (67 is no square), x >= q, and infinity with a non-zero x.
    let mut off_curve = [0u8; 32];
    off_curve[0] = 4;
    let mut infinity = [0u8; 32];
    infinity[0] = 1;
    infinity[31] = 0x40;
    for wrong_point in [off_curve, [0x3f; 32], infinity, [0xff; 32]] {
        let mut wrong = bytes.clone();
        wrong[at..].copy_from_slice(&wrong_point);
        assert_eq!(OpeningProof::from_bytes(5, &wrong), refused);
    }
}

#[test]
fn commitments_round_trip() {
    let commitment = Opened::new(4, 24).commitment;
    assert_eq!(Commitment::from_bytes(&commitment.to_bytes()), Ok(commitment));
    assert!(Commitment::from_bytes(&[0xff; 32]).is_err());
}

#[test]
fn fuzz_opening_proofs() {
    let opened = [Opened::new(4, 25), Opened::new(8, 25)];
    let valid: Vec<Vec<u8>> = opened.iter().map(|o| o.proof.to_bytes()).collect();
    fuzz(&valid, |bytes| {
        for mut opened in [Opened::new(4, 25), Opened::new(8, 25)] {
            let k = opened.point.len();
            if let Ok(proof) = OpeningProof::from_bytes(k, bytes) {
                assert_eq!(proof.to_bytes(), bytes);
                // Canonical bytes: other bytes are another proof, and it does not verify.
                let honest = opened.proof == proof;
                opened.proof = proof;
                assert_eq!(opened.verify().is_ok(), honest);
            }
        }
    });
}

#[test]
fn fuzz_commitments() {
    let commitment = Opened::new(4, 26).commitment;
    fuzz(&[commitment.to_bytes().to_vec(), Commitment::default().to_bytes().to_vec()], |bytes| {
        if let Some(bytes) = bytes.first_chunk::<32>()
            && let Ok(commitment) = Commitment::from_bytes(bytes)
        {
            assert_eq!(commitment.to_bytes(), *bytes);
        }
    });
}
