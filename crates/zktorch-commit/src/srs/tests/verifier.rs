//! Verifier parts: encoding and every check.

use ark_ec::CurveGroup;
use ark_ff::{FftField, Field, PrimeField, Zero};
use ark_serialize::CanonicalSerialize;
use zktorch_field::{Fq, Fq2, Fr, G1Affine, G2Affine};
use zktorch_transcript::TranscriptError;

use super::super::VerifierSrs;
use super::ptau::powers;
use crate::CommitError;
use crate::fuzz::fuzz;

const G1: &str = "powers of tau in G1";
const G2: &str = "powers of tau in G2";

fn part(g1: &[G1Affine], g2: &[G2Affine]) -> Result<VerifierSrs, CommitError> {
    VerifierSrs::new(core::array::from_fn(|i| g1[i]), core::array::from_fn(|i| g2[i]))
}

#[test]
fn round_trips() {
    let dev = VerifierSrs::dev();
    let bytes = dev.to_bytes();
    assert_eq!(bytes.len(), VerifierSrs::BYTES);
    assert_eq!(VerifierSrs::from_bytes(&bytes), Ok(dev.clone()));
    let mut long = bytes.clone();
    long.push(0);
    for wrong in [&bytes[1..], &long, &[]] {
        let refused = CommitError::Length { what: "verifier SRS bytes", expected: 928, got: wrong.len() };
        assert_eq!(VerifierSrs::from_bytes(wrong), Err(refused));
    }
}

#[test]
fn points_that_are_no_powers_of_one_tau_are_refused() {
    let (g1, g2) = powers(5u64);
    assert!(part(&g1, &g2).is_ok());
    for index in 2..9 {
        let mut wrong = g1.clone();
        wrong[index] = (wrong[index] + g1[1]).into_affine();
        assert_eq!(part(&wrong, &g2), Err(CommitError::InconsistentPowers { what: G1 }), "{index}");
    }
    for index in 2..10 {
        let mut wrong = g2.clone();
        wrong[index] = (wrong[index] + g2[1]).into_affine();
        assert_eq!(part(&g1, &wrong), Err(CommitError::InconsistentPowers { what: G2 }), "{index}");
    }
    let mut swapped = g1.clone();
    swapped.swap(0, 1);
    assert_eq!(part(&swapped, &g2), Err(CommitError::Generator { what: G1 }));
    let mut swapped = g2.clone();
    swapped.swap(0, 1);
    assert_eq!(part(&g1, &swapped), Err(CommitError::Generator { what: G2 }));
}

/// An element of exactly this order.
pub(super) fn root_of_unity(order: u64) -> Fr {
    let root = Fr::GENERATOR.pow((Fr::from(-1i64) / Fr::from(order)).into_bigint());
    assert!(root.pow([order]) == Fr::ONE && (1..order).all(|power| root.pow([power]) != Fr::ONE));
    root
}

fn compressed<P: CanonicalSerialize>(points: &[P]) -> Vec<u8> {
    let mut bytes = Vec::new();
    points.iter().for_each(|point| point.serialize_compressed(&mut bytes).unwrap());
    bytes
}

/// Taus that everybody knows.
#[test]
fn degenerate_taus_are_refused() {
    // A cube root of unity, up to sign a sixth: its powers repeat with period 3.
    let root = root_of_unity(3);
    for (tau, first, second) in [(Fr::ONE, 0, 1), (Fr::from(-1i64), 0, 1), (root, 0, 3)] {
        assert_ne!(tau, Fr::zero());
        let (g1, g2) = powers(tau);
        assert_eq!(part(&g1, &g2), Err(CommitError::DegenerateTau { first, second }));
    }
    // Orders 9 and 18: up to sign, all powers in G1 differ, and the last one in G2 is the first.
    for order in [9u64, 18] {
        let tau = root_of_unity(order);
        let (g1, g2) = powers(tau);
        assert!((0..9).all(|i| (0..i).all(|j| g1[i].x != g1[j].x)));
        assert_eq!(g2[0].x, g2[9].x);
        let refused = Err(CommitError::DegenerateTau { first: 0, second: 9 });
        assert_eq!(part(&g1, &g2), refused);
        let encoded: Vec<u8> = [compressed(&g2[..10]), compressed(&g1[..9])].concat();
        assert_eq!(VerifierSrs::from_bytes(&encoded), refused);
    }
    let (g1, g2) = powers(Fr::zero());
    assert_eq!(part(&g1, &g2), Err(CommitError::InvalidPoint { what: G1, index: 1 }));
}

#[test]
fn points_outside_their_groups_are_refused() {
    let (g1, g2) = powers(5u64);
    let mut wrong = g1.clone();
    wrong[3] = G1Affine::new_unchecked(Fq::from(4u64), Fq::from(1u64));
    assert_eq!(part(&wrong, &g2), Err(CommitError::InvalidPoint { what: G1, index: 3 }));
    // On the twist, outside the subgroup: almost every point is.
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), true))
        .find(|p| !p.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let mut wrong = g2.clone();
    wrong[4] = outside;
    assert_eq!(part(&g1, &wrong), Err(CommitError::InvalidPoint { what: G2, index: 4 }));
}

#[test]
fn encodings_that_are_not_canonical_are_refused() {
    let good = VerifierSrs::dev().to_bytes();
    // Infinity with a coordinate beside the flag, in G2 (byte 64..128) and in G1 (byte 640..672).
    let mut wrong = good.clone();
    wrong[64..128].fill(0);
    wrong[64] = 1;
    wrong[127] = 0x40;
    assert_eq!(VerifierSrs::from_bytes(&wrong), Err(CommitError::InvalidPoint { what: G2, index: 1 }));
    let mut wrong = good.clone();
    wrong[640..672].fill(0xff);
    let refused = CommitError::Encoding(TranscriptError::InvalidPoint { what: G1 });
    assert_eq!(VerifierSrs::from_bytes(&wrong), Err(refused));
}

#[test]
fn fuzz_verifier_parts() {
    fuzz(&[VerifierSrs::dev().to_bytes()], |bytes| {
        if let Ok(part) = VerifierSrs::from_bytes(bytes) {
            assert_eq!(part, VerifierSrs::dev());
            assert_eq!(part.to_bytes(), bytes);
        }
    });
}
