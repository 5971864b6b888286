use proptest::prelude::*;

use super::*;
use crate::test_util::fr;

/// Horner on all coefficients: the oracle.
fn horner(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::zero(), |acc, c| acc * x + c)
}

proptest! {
    #[test]
    fn compressed_evaluation_equals_horner(seeds in prop::collection::vec(any::<u64>(), 1..7), x in any::<u64>()) {
        let coefficients: Vec<Fr> = seeds.iter().map(|s| fr(*s)).collect();
        let (x, one) = (fr(x), Fr::from(1u64));
        let p = RoundPolynomial::from_coefficients(&coefficients);
        let claim = horner(&coefficients, Fr::zero()) + horner(&coefficients, one);
        prop_assert_eq!(p.evaluate(claim, x), horner(&coefficients, x));
        prop_assert_eq!(p.evaluate(claim, Fr::zero()) + p.evaluate(claim, one), claim);
        prop_assert_eq!(p.degree(), coefficients.len().saturating_sub(1).max(1));
    }
}

#[test]
fn sums_of_different_degrees_are_padded() {
    let mut low = RoundPolynomial::new(fr(1), []);
    let high = RoundPolynomial::new(fr(2), [fr(3), fr(4)]);
    low.add_scaled(&high, fr(5));
    assert_eq!(low.message(), &[fr(1) + fr(5) * fr(2), fr(5) * fr(3), fr(5) * fr(4)]);
    low.raise_degree(5);
    assert_eq!(low.degree(), 5);
    assert_eq!(low.message()[4], Fr::zero());
}
