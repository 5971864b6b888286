//! The equality polynomial eq(z, x) = prod_i (z_i x_i + (1 - z_i)(1 - x_i)).
//!
//! On the cube it is 1 where x = z and 0 elsewhere, so the multilinear extension of f is
//! f~(z) = sum_x eq(z, x) f(x).

use ark_ff::{One, Zero};
use zktorch_field::Fr;

/// eq(z_i, x_i) of one variable: 1 - z - x + 2 z x.
fn eq_factor(z: Fr, x: Fr) -> Fr {
    let zx = z * x;
    Fr::one() - z - x + zx + zx
}

/// eq(z, x) for two points of the same length.
///
/// Cost: one multiplication per variable for the factor, one for the product.
///
/// # Panics
/// When the lengths differ (they are shapes, never data).
pub fn eq_eval(z: &[Fr], x: &[Fr]) -> Fr {
    assert_eq!(z.len(), x.len(), "eq of points with different numbers of variables");
    z.iter().zip(x).map(|(z, x)| eq_factor(*z, *x)).product()
}

/// All 2^m values eq(z, x), x in {0,1}^m, the first variable being the most significant index bit.
///
/// Cost: 2^m multiplications.
pub fn eq_table(z: &[Fr]) -> Vec<Fr> {
    let mut table = vec![Fr::zero(); 1 << z.len()];
    table[0] = Fr::one();
    // The last variable varies fastest: build from the front and spread, most significant variable first.
    for (bound, coordinate) in z.iter().enumerate() {
        for index in (0..1usize << bound).rev() {
            let high = table[index] * coordinate;
            table[2 * index + 1] = high;
            table[2 * index] = table[index] - high;
        }
    }
    table
}

#[cfg(test)]
mod tests;
