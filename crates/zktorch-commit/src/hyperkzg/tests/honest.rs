//! What an honest prover computes.

use ark_ff::{AdditiveGroup, Field};
use proptest::prelude::*;
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

use super::super::shape::Shape;
use super::super::{combine_vectors, eq_weights, evaluate, kernels, open_many, verify_many};
use super::{MAX_K, Opened, OpeningProof, naive_evaluate, random, srs, transcript};
use crate::{Blind, CommitError, Commitment, MAX_LOG_SIZE, MIN_LOG_SIZE, Srs};

#[test]
fn shapes_use_every_variable_once() {
    for k in MIN_LOG_SIZE..=MAX_LOG_SIZE {
        let shape = Shape::new(k).unwrap();
        let variables: Vec<usize> = (0..k).collect();
        let mut seen: Vec<usize> = variables[..shape.tail_vars].to_vec();
        for i in (0..shape.folds).rev() {
            seen.extend_from_slice(shape.group(&variables, i));
        }
        assert_eq!(seen, variables);
        assert!((1..=shape.bits).contains(&shape.tail_vars));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn opens_and_verifies(k in MIN_LOG_SIZE..=MAX_K, seed: u64) {
        prop_assert_eq!(Opened::new(k, seed % (1 << 40)).verify(), Ok(()));
    }

    #[test]
    fn folding_binds_the_last_variables(k in 4usize..8, seed: u64) {
        let f = random(seed, 1 << k);
        let point = random(seed ^ 1, k);
        let folded = kernels::fold(&f, &eq_weights(&point[k - 3..]));
        prop_assert_eq!(naive_evaluate(&folded, &point[..k - 3]), naive_evaluate(&f, &point));
    }

    #[test]
    fn evaluation_is_the_multilinear_extension(k in MIN_LOG_SIZE..13, seed: u64) {
        let f = random(seed, 1 << k);
        let point = random(seed ^ 1, k);
        prop_assert_eq!(evaluate(&f, &point), Ok(naive_evaluate(&f, &point)));
        prop_assert!(evaluate(&f[1..], &point).is_err());
    }

    #[test]
    fn residue_and_evaluation_are_remainders(k in 4usize..11, bits in 2usize..4, seed: u64) {
        let radix = 1 << bits;
        let f = random(seed, 1 << k);
        let s = random(seed ^ 2, 1)[0];
        let x = random(seed ^ 3, 1)[0];
        let at = |f: &[Fr], x: &Fr| f.iter().rev().fold(Fr::ZERO, |acc, c| acc * x + c);
        let powers = kernels::powers(&s, f.len() / radix);
        prop_assert_eq!(kernels::evaluate(&f, &powers), at(&f, &s));
        // f = W Z + R with R of degree d: check at a random x, with R interpolated as the verifier does.
        let p = kernels::residue(&f, &powers, radix);
        let c = (at(&f, &s) - at(&p, &s)) * (s.pow([radix as u64]) - s).inverse().unwrap();
        let r_at_x = at(&p, &x) + c * (x.pow([radix as u64]) - s);
        let mut divided = f.clone();
        let w = kernels::divide(&mut divided, &powers, radix);
        prop_assert_eq!(w.len(), f.len() - radix - 1);
        prop_assert_eq!(at(&f, &x), at(w, &x) * (x.pow([radix as u64]) - s) * (x - s) + r_at_x);
    }

    #[test]
    fn several_vectors_at_one_point(count in 1usize..4, seed: u64) {
        let k = 6;
        let vectors: Vec<Vec<Fr>> = (0..count as u64).map(|j| random(seed ^ (j << 8), 1 << k)).collect();
        let slices: Vec<&[Fr]> = vectors.iter().map(Vec::as_slice).collect();
        let point = random(seed ^ 5, k);
        let mut values: Vec<Fr> = vectors.iter().map(|v| naive_evaluate(v, &point)).collect();
        let commitments: Vec<Commitment> =
            vectors.iter().map(|v| srs().commit(v, &Blind::zero()).unwrap()).collect();
        let proof = open_many(srs(), &mut transcript(), &commitments, &slices, &point, &values).unwrap();
        let verify = |values: &[Fr]| {
            verify_many(srs().verifier(), &mut transcript(), k, &commitments, &point, values, &proof)
        };
        prop_assert_eq!(verify(&values), Ok(()));
        values[count - 1] += Fr::from(1u64);
        prop_assert!(verify(&values).is_err());
    }
}

/// From 2^16 entries on folds are by eight, in packed passes.
#[test]
fn long_vectors_are_folded_by_eight() {
    let k = 16;
    let srs = Srs::dev(k).unwrap();
    let (f, point) = (random(70, 1 << k), random(71, k));
    let value = evaluate(&f, &point).unwrap();
    let commitment = Commitment::from(srs.commit_without_blind(&f).unwrap());
    let proof = super::super::open(&srs, &mut transcript(), commitment, &f, &point, value).unwrap();
    assert_eq!((proof.folds.len(), proof.residues.len(), proof.tail.len()), (4, 40, 2));
    let verify = |value, proof: &OpeningProof| {
        super::super::verify(srs.verifier(), &mut transcript(), k, commitment, &point, value, proof)
    };
    assert_eq!(verify(value, &proof), Ok(()));
    assert_eq!(verify(value + Fr::ONE, &proof), Err(CommitError::OpeningValue));
    for index in 0..proof.residues.len() {
        let mut wrong = proof.clone();
        wrong.residues[index] += Fr::ONE;
        assert!(verify(value, &wrong).is_err());
    }
}

#[test]
fn special_vectors_and_points() {
    for f in [vec![Fr::ZERO; 32], vec![Fr::from(7u64); 32]] {
        for point in [vec![Fr::ZERO; 5], vec![Fr::from(1u64); 5], random(3, 5)] {
            let commitment = Commitment::from(srs().commit_without_blind(&f).unwrap());
            let value = naive_evaluate(&f, &point);
            let proof = super::super::open(srs(), &mut transcript(), commitment, &f, &point, value).unwrap();
            let opened = Opened { commitment, point, value, proof };
            assert_eq!(opened.verify(), Ok(()));
        }
    }
}

#[test]
fn combinations_pad_shorter_vectors() {
    let (a, b, c) = (random(1, 4), random(2, 2), random(3, 2));
    let sum = combine_vectors(&[&a, &b], &c).unwrap();
    assert_eq!(sum, vec![c[0] * a[0] + c[1] * b[0], c[0] * a[1] + c[1] * b[1], c[0] * a[2], c[0] * a[3]]);
}

#[test]
fn prover_and_verifier_end_in_the_same_transcript_state() {
    let opened = Opened::new(7, 11);
    let f = random(11, 128);
    let (mut p, mut v): (Transcript, Transcript) = (transcript(), transcript());
    super::super::open(srs(), &mut p, opened.commitment, &f, &opened.point, opened.value).unwrap();
    super::super::verify(
        srs().verifier(),
        &mut v,
        7,
        opened.commitment,
        &opened.point,
        opened.value,
        &opened.proof,
    )
    .unwrap();
    assert_eq!(p.challenge_scalar(b"end"), v.challenge_scalar(b"end"));
}

/// A change of these bytes is a change of the protocol: the version in the first message must change too.
#[test]
fn golden_proof() {
    use sha2::{Digest, Sha256};
    let digest: String =
        Sha256::digest(Opened::new(8, 99).proof.to_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(digest, "edbdc5ba5bfec16da0f22e2d34aa7f22c0ebdbf7f20924d8f2b40164efd955d9");
}
