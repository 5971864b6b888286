use proptest::prelude::*;

use super::*;
use crate::plan::fold_weights;
use crate::test_util::{naive_inner_product, scalars};

/// `sum_i w_i rows_i`.
fn combine(rows: &[Vec<Fr>], weights: &[Fr]) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); 3];
    for (row, w) in rows.iter().zip(weights) {
        out.iter_mut().zip(row).for_each(|(slot, x)| *slot += *w * x);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Against folding the instances themselves, level by level.
    #[test]
    fn binds_as_the_instances_fold(seed: u64, levels in 0usize..5, missing in 0usize..16) {
        let count = (1usize << levels).saturating_sub(missing).max(1);
        let vectors = |salt: u64| -> Vec<Vec<Fr>> { (0..count as u64).map(|i| scalars(seed ^ salt ^ i, 3)).collect() };
        let (mut v, mut u) = (vectors(100), vectors(200));
        let products: Vec<Fr> = v.iter().flat_map(|v| u.iter().map(|u| naive_inner_product(v, u))).collect();
        let mut form = QuadraticForm::from_products(levels, count, &products);

        let gammas = scalars(seed, levels);
        for gamma in &gammas {
            let zero = vec![Fr::zero(); 3];
            let sides = |rows: &[Vec<Fr>], i: usize| rows.get(i).cloned().unwrap_or_else(|| zero.clone());
            let pairs = 0..v.len().div_ceil(2);
            let left: Fr = pairs.clone().map(|i| naive_inner_product(&v[2 * i], &u[2 * i])).sum();
            let cross: Fr = pairs
                .map(|i| {
                    naive_inner_product(&sides(&v, 2 * i), &sides(&u, 2 * i + 1))
                        + naive_inner_product(&sides(&v, 2 * i + 1), &sides(&u, 2 * i))
                })
                .sum();
            prop_assert_eq!(form.left(), left);
            prop_assert_eq!(form.cross(), cross);
            form.bind(*gamma);
            for rows in [&mut v, &mut u] {
                *rows = rows.chunks(2).map(|pair| combine(pair, &fold_weights(&[*gamma], 2))).collect();
            }
        }
        prop_assert_eq!(form.value(), naive_inner_product(&v[0], &u[0]));
    }

    #[test]
    fn grid_indices_are_instances_or_sums_of_two_before_them(levels in 1usize..5) {
        let mut instances = 0;
        for index in 0..grid_size(levels) {
            match (instance_at(index, levels), summands(index, levels)) {
                (Some(i), None) => {
                    prop_assert!(i < 1 << levels);
                    instances += 1;
                }
                (None, Some((left, right))) => prop_assert!(left < right && right < index),
                other => prop_assert!(false, "{index}: {other:?}"),
            }
        }
        prop_assert_eq!(instances, 1usize << levels);
    }
}
