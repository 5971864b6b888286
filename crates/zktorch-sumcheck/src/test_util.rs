//! Deterministic inputs and naive oracles shared by the tests.

use ark_ff::{Field, One, Zero};
use zktorch_field::Fr;

/// A fixed, well-spread field element per seed (small seeds included).
pub(crate) fn fr(seed: u64) -> Fr {
    Fr::from(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)).pow([5]) + Fr::from(seed)
}

/// `m` field elements depending on `seed`.
pub(crate) fn random_point(m: usize, seed: u64) -> Vec<Fr> {
    (0..m as u64).map(|i| fr(seed.wrapping_mul(1 << 20).wrapping_add(i))).collect()
}

/// The cube vertex of an index: most significant bit first.
pub(crate) fn cube_point(m: usize, index: usize) -> Vec<Fr> {
    (0..m).map(|i| if index >> (m - 1 - i) & 1 == 1 { Fr::one() } else { Fr::zero() }).collect()
}

/// f~(z) = sum_x eq(z, x) f(x), straight from the definition.
pub(crate) fn evaluate_naively(values: &[Fr], z: &[Fr]) -> Fr {
    let mut sum = Fr::zero();
    for (index, value) in values.iter().enumerate() {
        sum += *value * crate::eq_eval(z, &cube_point(z.len(), index));
    }
    sum
}
