//! Honest proofs.

use zktorch_field::Fr;
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript};

use crate::test_util::{Case, SMALL, Size, helpers};
use crate::{ChannelError, HiddenProof, Protocol, Shape};

/// Rows wider than messages, messages longer than rows, several claims, none, and error terms of several chunks.
const SIZES: [Size; 6] = [
    SMALL,
    Size { k: 5, columns: 16, claims: 2, helpers: 1 },
    Size { k: 4, columns: 16, claims: 1, helpers: 100 },
    Size { k: 6, columns: 1, claims: 3, helpers: 7 },
    Size { k: 4, columns: 8, claims: 0, helpers: 4 },
    Size { k: 7, columns: 32, claims: 1, helpers: 40 },
];

#[test]
fn honest_proofs_are_accepted_and_have_the_measured_shape() {
    for size in SIZES {
        let case = Case::new(size);
        let proof = case.prove(case.transcript(), 1);
        case.verify(&proof).unwrap();

        let shape = Shape::measure(&case.example, size.k, size.columns).unwrap();
        let bytes = proof.to_bytes();
        assert_eq!(shape.proof_bytes().unwrap(), bytes.len());
        assert_eq!(shape.rows(), proof.rows.len());
        assert_eq!(shape.constraints().div_ceil(1 << size.k), proof.fold.cross.len());
        let decoded = HiddenProof::from_bytes(&shape, &bytes).unwrap();
        assert_eq!(decoded, proof);
        case.verify(&decoded).unwrap();
    }
}

#[test]
fn the_same_verifier_runs_on_numbers() {
    let case = Case::new(SMALL);
    let y = case.evaluations();
    let mut transcript = case.transcript();
    let mut channel = ClearProver::new(&mut transcript);
    let points: Vec<_> = case.example.commitments.iter().map(|c| c.point()).collect();
    channel.transcript().append_points(b"example commitments", &points);
    channel.send(b"example evaluations", &y).unwrap();
    let rho = channel.transcript().challenge_scalar(b"example rho");
    channel.send(b"example helpers", &helpers(SMALL.helpers, y[0] + Fr::from(1u64), rho)).unwrap();
    let messages = channel.into_messages();

    let mut transcript = case.transcript();
    let mut verifier = ClearVerifier::new(&mut transcript, &messages);
    let claims = case.example.verify(&mut verifier).unwrap();
    verifier.finish().unwrap();
    assert_eq!(claims[0].value, y[0] + rho * y[1]);
}

#[test]
fn another_statement_or_transcript_is_rejected() {
    let case = Case::new(SMALL);
    let proof = case.prove(case.transcript(), 1);
    let mut other = case.transcript();
    other.append_u64(b"context", 1);
    assert!(case.verify_with(other, &proof).is_err());
    let mut wrong = Case::new(SMALL);
    wrong.example.products[0] += Fr::from(1u64);
    assert!(wrong.verify_with(case.transcript(), &proof).is_err());
    let mut wrong = Case::new(SMALL);
    wrong.columns = 8;
    assert!(wrong.verify(&proof).is_err());
    // A larger n: the claim has 5 variables as before, only the parameters of the channel differ.
    let result = crate::verify(case.srs.verifier(), 6, case.columns, &case.example, &proof);
    assert!(result.is_err());
}

/// Claims about more entries than the SRS has powers for: the opening would be about the first ones only.
#[test]
fn claims_with_more_variables_than_the_srs_are_refused() {
    let case = Case::new(SMALL);
    let proof = case.prove(case.transcript(), 1);
    let result = crate::verify(case.srs.verifier(), SMALL.k - 1, case.columns, &case.example, &proof);
    match result {
        Err(ChannelError::Length { what: "variables of a claim", expected, got }) => {
            assert_eq!((expected, got), (SMALL.k - 1, SMALL.k));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_protocol_without_messages_or_with_wide_rows_is_refused() {
    let case = Case::new(Size { claims: 0, ..SMALL });
    struct Nothing;
    impl Protocol for Nothing {
        type Error = ChannelError;
        fn transcript(&self) -> Transcript {
            Transcript::new(b"nothing")
        }
        fn verify<V: zktorch_transcript::VerifierChannel>(
            &self,
            _: &mut V,
        ) -> Result<Vec<zktorch_mira::OpeningInstance<V::Scalar>>, ChannelError> {
            Ok(Vec::new())
        }
    }
    let empty = crate::prove(case.prover(case.transcript(), 1), &Nothing, Vec::new());
    assert!(matches!(empty, Err(ChannelError::Empty { rows: 0, constraints: 0 })));
    let shape = Shape::measure(&Nothing, 5, 4).unwrap();
    assert!(matches!(
        <HiddenProof>::from_bytes(&shape, &[]),
        Err(ChannelError::Empty { rows: 0, constraints: 0 })
    ));

    let wide =
        crate::HiddenProver::new(&case.srs, case.transcript(), 64, &[], crate::Nonce::from_bytes([0; 32]));
    assert!(matches!(wide, Err(ChannelError::Columns { columns: 64, k: 5 })));
    let shape = Shape::measure(&case.example, 5, 64).unwrap();
    assert!(matches!(
        <HiddenProof>::from_bytes(&shape, &[]),
        Err(ChannelError::Columns { columns: 64, k: 5 })
    ));
}

/// If this changes, every proof made before becomes invalid: say so in the changelog and raise the version in the
/// channel's first message. The bytes depend on all crates below as well.
#[test]
fn golden_proof() {
    let case = Case::new(SMALL);
    let bytes = case.prove(case.transcript(), 1).to_bytes();
    let mut digest = [0; 16];
    let mut transcript = Transcript::new(b"golden proof");
    transcript.append_message(b"proof", &bytes);
    transcript.challenge_bytes(b"digest", &mut digest);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((bytes.len(), hex.as_str()), (1824, "fa08e4d84c20155ecec383e6927437f9"));
}
