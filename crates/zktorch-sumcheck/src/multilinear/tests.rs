use proptest::prelude::*;

use super::*;
use crate::test_util::{evaluate_naively, random_point};

#[test]
fn packed_tables_equal_plain_ones() {
    for m in [0, 1, 3, 7, 8, 9, 12] {
        let z = random_point(m, 5);
        assert_eq!(eq_table_packed(&z).to_vec(), eq_table(&z), "m = {m}");
    }
}

#[test]
fn evaluation_equals_the_definition_for_every_type() {
    for m in [0, 2, 3, 8, 9, 11] {
        let (n, z) = (1usize << m, random_point(m, 6));
        let mixed = |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let i8s: Vec<i8> = (0..n).map(|i| mixed(i) as i8).collect();
        let i16s: Vec<i16> = (0..n).map(|i| mixed(i) as i16).collect();
        let u16s: Vec<u16> = (0..n).map(|i| mixed(i) as u16).collect();
        let i32s: Vec<i32> = (0..n).map(|i| mixed(i) as i32).collect();
        let i64s: Vec<i64> = (0..n).map(|i| mixed(i) as i64).collect();
        let all: [Evaluations<'_>; 6] = [
            i8s[..].into(),
            i16s[..].into(),
            u16s[..].into(),
            i32s[..].into(),
            i64s[..].into(),
            random_point(n, 7).into(),
        ];
        for values in all {
            assert_eq!(values.evaluate(&z).unwrap(), evaluate_naively(&values.to_field(), &z), "{values:?}");
        }
    }
}

#[test]
fn wrong_shapes_are_refused() {
    let error = Evaluations::from(&[1i16, 2, 3][..]).evaluate(&random_point(2, 1)).unwrap_err();
    assert!(matches!(error, SumcheckError::NotPowerOfTwo { got: 3, .. }));
    let error = Evaluations::from(&[1i16, 2][..]).evaluate(&random_point(2, 1)).unwrap_err();
    assert!(matches!(error, SumcheckError::Length { expected: 1, got: 2, .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Multilinearity: the value is linear in each coordinate.
    #[test]
    fn evaluation_is_linear_in_each_coordinate(m in 1usize..10, i in 0usize..10, seed in any::<u64>()) {
        let values = Evaluations::from(random_point(1 << m, seed));
        let (i, mut z) = (i % m, random_point(m, seed ^ 1));
        let t = z[i];
        let at = values.evaluate(&z).unwrap();
        z[i] = Fr::from(0u64);
        let low = values.evaluate(&z).unwrap();
        z[i] = Fr::from(1u64);
        let high = values.evaluate(&z).unwrap();
        prop_assert_eq!(at, low + t * (high - low));
    }
}
