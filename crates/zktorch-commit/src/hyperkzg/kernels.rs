//! The prover's passes over its vectors.

use ark_ff::{AdditiveGroup, Field};
use zktorch_field::Fr;

/// One fold: `out[m] = sum_{j<8} weights[j] f[8m + j]`.
pub(crate) fn fold(f: &[Fr], weights: &[Fr]) -> Vec<Fr> {
    f.chunks_exact(8).map(|block| block.iter().zip(weights).map(|(x, w)| *x * w).sum()).collect()
}

/// `f mod (X^8 - s)`: the coefficients `g_j(s) = sum_m f[8m + j] s^m`.
pub(crate) fn residue(f: &[Fr], s: &Fr) -> [Fr; 8] {
    let mut acc = [Fr::ZERO; 8];
    for block in f.chunks_exact(8).rev() {
        acc.iter_mut().zip(block).for_each(|(a, x)| *a = *a * s + x);
    }
    acc
}

/// `f(s)`, read as eight polynomials in `X^8`.
pub(crate) fn evaluate(f: &[Fr], s: &Fr) -> Fr {
    let columns = residue(f, &s.pow([8]));
    columns.iter().rev().fold(Fr::ZERO, |acc, c| acc * s + c)
}

/// `acc[i] += c f[i]`.
pub(crate) fn add_scaled(acc: &mut [Fr], f: &[Fr], c: &Fr) {
    acc.iter_mut().zip(f).for_each(|(a, x)| *a += *c * x);
}

/// The quotient of `f` by `Z = (X^8 - s)(X - s)`; the remainder is dropped. Works in place on `f`, whose length is a
/// multiple of 8 and at least 16; the quotient has nine coefficients less.
pub(crate) fn divide(f: &mut [Fr], s: &Fr) -> Vec<Fr> {
    // By X^8 - s: t_m = f_m + s t_{m+1} block by block; the quotient is t without its first block, the residue.
    let mut carry = [Fr::ZERO; 8];
    for block in f.chunks_exact_mut(8).rev() {
        carry.iter_mut().zip(block).for_each(|(c, x)| {
            *c = *c * s + *x;
            *x = *c;
        });
    }
    // By X - s: the same with blocks of one.
    let quotient = &mut f[8..];
    let mut carry = Fr::ZERO;
    for x in quotient.iter_mut().rev() {
        carry = carry * s + *x;
        *x = carry;
    }
    quotient[1..].to_vec()
}
