//! The packed passes against the plain loops and against definitions.

use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use proptest::prelude::*;
use zktorch_field::Fr;

use super::*;

fn random(seed: u64, count: usize) -> Vec<Fr> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|_| Fr::rand(&mut rng)).collect()
}

fn check(f: &[Fr], s: Fr) {
    let weights = random(1, 8);
    assert_eq!(fold(f, &weights), plain::fold(f, &weights));
    let powers = powers(&s, f.len() / 8);
    let expected: Vec<Fr> = (0..powers.len() as u64).map(|i| s.pow([i])).collect();
    assert_eq!(powers, expected);
    assert_eq!(residue(f, &powers, PACKED), plain::residue(f, &powers, PACKED));
    assert_eq!(evaluate(f, &powers), plain::evaluate(f, &powers));
    let (mut packed, mut plain) = (f.to_vec(), f.to_vec());
    plain::divide(&mut plain, &powers, PACKED);
    assert_eq!(divide(&mut packed, &powers, PACKED), &plain[9..]);
}

#[test]
fn packed_passes_equal_plain_loops() {
    // Around the threshold, and with several chunks.
    for k in [4, 8, 9, 10, 13, 14, 15, 16] {
        check(&random(k, 1 << k), random(100 + k, 1)[0]);
    }
}

#[test]
fn special_values() {
    for s in [Fr::from(2u64), Fr::from(-1i64), Fr::from(-2i64)] {
        check(&vec![Fr::ZERO; 1024], s);
        check(&vec![Fr::from(-1i64); 1024], s);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn scaled_sums_of_any_lengths(a in 0usize..40, b in 0usize..40, seed: u64) {
        let (mut acc, f, c) = (random(seed, a), random(seed ^ 1, b), random(seed ^ 2, 1)[0]);
        let expected: Vec<Fr> =
            acc.iter().enumerate().map(|(i, x)| *x + c * f.get(i).copied().unwrap_or(Fr::ZERO)).collect();
        add_scaled(&mut acc, &f, &c);
        prop_assert_eq!(acc, expected);
    }
}

#[test]
fn scaled_sums_across_chunks() {
    let (mut acc, f, c) = (random(1, 3 * CHUNK), random(2, CHUNK + 5), random(3, 1)[0]);
    let mut expected = acc.clone();
    expected.iter_mut().zip(&f).for_each(|(a, x)| *a += c * x);
    add_scaled(&mut acc, &f, &c);
    assert_eq!(acc, expected);
}
