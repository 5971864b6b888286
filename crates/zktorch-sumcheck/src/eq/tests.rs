use super::*;
use crate::test_util::{cube_point, random_point};

#[test]
fn table_lists_the_polynomial_in_index_order() {
    for m in 0..7 {
        let z = random_point(m, 11);
        let table = eq_table(&z);
        assert_eq!(table.len(), 1 << m);
        for (index, value) in table.iter().enumerate() {
            assert_eq!(*value, eq_eval(&z, &cube_point(m, index)), "m = {m}, index = {index}");
        }
        assert_eq!(table.iter().sum::<Fr>(), Fr::one());
    }
}

#[test]
fn indicator_on_the_cube() {
    for i in 0..8 {
        for j in 0..8 {
            let expected = if i == j { Fr::one() } else { Fr::zero() };
            assert_eq!(eq_eval(&cube_point(3, i), &cube_point(3, j)), expected);
        }
    }
}

#[test]
#[should_panic(expected = "different numbers of variables")]
fn lengths_must_agree() {
    eq_eval(&random_point(2, 1), &random_point(3, 1));
}
