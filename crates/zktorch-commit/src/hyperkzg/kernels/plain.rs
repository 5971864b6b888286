//! The passes as plain loops: for short vectors, and what the packed ones are compared with.

use ark_ff::AdditiveGroup;
use zktorch_field::Fr;

pub(super) fn fold(f: &[Fr], weights: &[Fr]) -> Vec<Fr> {
    f.chunks_exact(weights.len()).map(|block| block.iter().zip(weights).map(|(x, w)| *x * w).sum()).collect()
}

pub(super) fn residue(f: &[Fr], powers: &[Fr], radix: usize) -> Vec<Fr> {
    let mut sums = vec![Fr::ZERO; radix];
    for (block, power) in f.chunks_exact(radix).zip(powers) {
        sums.iter_mut().zip(block).for_each(|(sum, x)| *sum += *x * power);
    }
    sums
}

pub(super) fn evaluate(f: &[Fr], powers: &[Fr]) -> Fr {
    f.iter().rev().fold(Fr::ZERO, |acc, x| acc * powers[1] + x)
}

pub(super) fn divide(f: &mut [Fr], powers: &[Fr], radix: usize) {
    let s = powers[1];
    // By X^d - s: t_m = f_m + s t_{m+1} block by block; the quotient is t without its first block, the residue.
    let mut carry = vec![Fr::ZERO; radix];
    for block in f.chunks_exact_mut(radix).rev() {
        for (c, x) in carry.iter_mut().zip(block) {
            *c = *c * s + *x;
            *x = *c;
        }
    }
    // By X - s: the same with blocks of one, over what is left.
    let mut carry = Fr::ZERO;
    for x in f[radix..].iter_mut().rev() {
        carry = carry * s + *x;
        *x = carry;
    }
}
