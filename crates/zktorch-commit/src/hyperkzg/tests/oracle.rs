//! Evaluations, folds and quotients against arkworks: multilinear extensions (its first variable is the least significant bit) and
//! division of univariate polynomials.

use ark_ff::{AdditiveGroup, Field, One};
use ark_poly::univariate::{DenseOrSparsePolynomial, DensePolynomial};
use ark_poly::{DenseMultilinearExtension, DenseUVPolynomial, MultilinearExtension, Polynomial};
use zktorch_field::Fr;

use super::super::{eq_weights, evaluate, kernels};
use super::random;

/// Sizes on both sides of where the packed passes begin, and with several chunks.
const SIZES: [usize; 6] = [4, 6, 8, 9, 11, 15];

fn extension(f: &[Fr]) -> DenseMultilinearExtension<Fr> {
    DenseMultilinearExtension::from_evaluations_slice(f.len().ilog2() as usize, f)
}

fn reversed(point: &[Fr]) -> Vec<Fr> {
    point.iter().rev().copied().collect()
}

/// Quotient and remainder, coefficients from the lowest on, without leading zeros.
fn divide(f: &[Fr], by: &[Fr]) -> [Vec<Fr>; 2] {
    let polynomial = |f: &[Fr]| DensePolynomial::from_coefficients_slice(f);
    let (f, by) = (polynomial(f), polynomial(by));
    let (quotient, remainder) = DenseOrSparsePolynomial::from(f).divide_with_q_and_r(&by.into()).unwrap();
    [quotient.coeffs, remainder.coeffs]
}

fn trimmed(coefficients: &[Fr]) -> &[Fr] {
    let zeros = coefficients.iter().rev().take_while(|c| **c == Fr::ZERO).count();
    &coefficients[..coefficients.len() - zeros]
}

#[test]
fn evaluations() {
    for k in SIZES {
        let (f, point) = (random(k as u64, 1 << k), random(100 + k as u64, k));
        assert_eq!(evaluate(&f, &point), Ok(extension(&f).evaluate(&reversed(&point))));
    }
}

#[test]
fn a_fold_fixes_the_last_variables() {
    for (k, bits) in SIZES.into_iter().flat_map(|k| [(k, 2), (k, 3)]) {
        let (f, last) = (random(k as u64, 1 << k), random(200 + k as u64, bits));
        let fixed = extension(&f).fix_variables(&reversed(&last));
        assert_eq!(kernels::fold(&f, &eq_weights(&last)), fixed.to_evaluations());
    }
}

#[test]
fn remainders_and_quotients() {
    let one = Fr::one();
    for (k, radix) in SIZES.into_iter().flat_map(|k| [(k, 4), (k, 8)]) {
        let mut sparse = vec![Fr::ZERO; 1 << k];
        sparse[9] = one;
        for f in [random(k as u64, 1 << k), sparse, vec![one; 1 << k]] {
            for s in [random(300 + k as u64, 1)[0], Fr::from(2u64), -Fr::from(3u64)] {
                let powers = kernels::powers(&s, f.len() / radix);
                // X^d - s, X - s, and Z = X^(d+1) - s X^d - s X + s^2.
                let [mut by_xd, mut z] = [vec![Fr::ZERO; radix + 1], vec![Fr::ZERO; radix + 2]];
                [by_xd[0], by_xd[radix]] = [-s, one];
                [z[0], z[1], z[radix], z[radix + 1]] = [s.square(), -s, -s, one];
                let [_, residue] = divide(&f, &by_xd);
                assert_eq!(trimmed(&kernels::residue(&f, &powers, radix)), residue);
                let [_, value] = divide(&f, &[-s, one]);
                assert_eq!(trimmed(&[kernels::evaluate(&f, &powers)]), value);
                let [quotient, _] = divide(&f, &z);
                assert_eq!(trimmed(kernels::divide(&mut f.clone(), &powers, radix)), quotient);
            }
        }
    }
}
