use super::*;
use crate::test_util::{fr, random_point};

#[test]
fn interpolation_recovers_coefficients() {
    for d in 0..6 {
        let coefficients = random_point(d + 1, 3);
        let values: Vec<Fr> = (0..=d as u64)
            .map(|x| coefficients.iter().rev().fold(Fr::zero(), |acc, c| acc * Fr::from(x) + c))
            .collect();
        assert_eq!(interpolate(&values), coefficients);
    }
}

#[test]
fn shapes_are_checked() {
    let g = |v: &[Fr]| v[0];
    let error = Dense::new(vec![], 1, fr(0), g).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { expected: 1, got: 0, .. }));
    let error = Dense::new(vec![random_point(3, 0)], 1, fr(0), g).err().unwrap();
    assert!(matches!(error, SumcheckError::NotPowerOfTwo { got: 3, .. }));
    let error = Dense::new(vec![random_point(4, 0), random_point(2, 0)], 1, fr(0), g).err().unwrap();
    assert!(matches!(error, SumcheckError::Length { expected: 4, got: 2, .. }));
}
