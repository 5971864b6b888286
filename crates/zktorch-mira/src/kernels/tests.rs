use proptest::prelude::*;
use zktorch_field::Fr;

use super::*;
use crate::test_util::{naive_eq, naive_inner_product, scalar, scalars};

/// Lengths around vectors of eight and around pieces of work.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0usize..40, (PIECE - 9)..(PIECE + 9), Just(2 * PIECE + 5)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn add_scaled_is_entry_by_entry(seed: u64, len in length(), other in length()) {
        let (a, b, c) = (scalars(seed, len), scalars(seed ^ 1, other), scalar(seed ^ 2));
        let mut sum = a.clone();
        add_scaled(&mut sum, &b, c);
        let zero = Fr::from(0u64);
        let expected: Vec<Fr> =
            a.iter().zip(b.iter().chain(core::iter::repeat(&zero))).map(|(a, b)| *a + c * b).collect();
        prop_assert_eq!(sum, expected);
    }

    #[test]
    fn inner_products_stop_at_the_shorter(seed: u64, len in length(), other in length()) {
        let (a, b) = (scalars(seed, len), scalars(seed ^ 1, other));
        prop_assert_eq!(inner_product(&a, &b), naive_inner_product(&a, &b));
    }

    #[test]
    fn inner_products_on_a_line(seed: u64, lens in [length(), length(), length(), length()], one: bool) {
        let v: Vec<Vec<Fr>> = (0..4).map(|i| scalars(seed ^ i, lens[i as usize])).collect();
        let gamma = if one { Fr::from(1u64) } else { scalar(seed ^ 9) };
        let line = |a: &[Fr], b: &[Fr]| -> Vec<Fr> {
            let at = |v: &[Fr], i: usize| v.get(i).copied().unwrap_or(Fr::from(0u64));
            (0..a.len().max(b.len())).map(|i| at(a, i) + gamma * at(b, i)).collect()
        };
        let expected = naive_inner_product(&line(&v[0], &v[1]), &line(&v[2], &v[3]));
        prop_assert_eq!(inner_product_on_line([&v[0], &v[1]], [&v[2], &v[3]], gamma), expected);
    }

    #[test]
    fn evaluates_multilinear_extensions(seed: u64, num_vars in 0usize..12) {
        let (v, point) = (scalars(seed, 1 << num_vars), scalars(seed ^ 1, num_vars));
        prop_assert_eq!(evaluate(&v, &point), naive_inner_product(&v, &naive_eq(&point)));
    }
}
