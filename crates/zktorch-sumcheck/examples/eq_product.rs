//! The sumcheck of sum eq(z, x) a(x) b(x) against arkworks arithmetic on the same inputs, one run, one thread each
//! (set `RAYON_NUM_THREADS=1`).
//!
//! `cargo run --release -p zktorch-sumcheck --example eq_product [log2 of the entries] [repetitions]`
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example that prints its measurements")]

use std::time::Instant;

use ark_ff::{AdditiveGroup, Field, One, Zero};
use zktorch_field::{Fr, PackedVec};
use zktorch_sumcheck::{EqProduct, RoundPolynomial, SumcheckInstance, eq_table};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let num_vars: usize = arguments.next().map_or(18, |s| s.parse().unwrap());
    let repetitions: usize = arguments.next().map_or(3, |s| s.parse().unwrap());
    let len = 1usize << num_vars;
    let challenges = scalars(num_vars, 1);
    let z = scalars(num_vars, 2);
    let small: Vec<i16> =
        (0..2 * len as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as i16).collect();
    let (small_a, small_b) = small.split_at(len);
    let (a, b) = (scalars(len, 3), scalars(len, 4));
    let (packed_a, packed_b) = (PackedVec::from_slice(&a), PackedVec::from_slice(&b));

    let mut best = [f64::MAX; 3];
    for _ in 0..repetitions {
        let (mut x, mut y) = (a.clone(), b.clone());
        let start = Instant::now();
        let expected = arkworks(&z, &mut x, &mut y, &challenges);
        best[0] = best[0].min(start.elapsed().as_secs_f64());

        let mut instance = EqProduct::new(&z, packed_a.clone(), packed_b.clone(), Fr::zero()).unwrap();
        let start = Instant::now();
        let got = run(&mut instance, &challenges);
        best[1] = best[1].min(start.elapsed().as_secs_f64());
        assert_eq!(got, expected);

        let mut instance = EqProduct::new(&z, small_a, small_b, Fr::zero()).unwrap();
        let start = Instant::now();
        run(&mut instance, &challenges);
        best[2] = best[2].min(start.elapsed().as_secs_f64());
    }
    println!("sum eq a b, 2^{num_vars}: arkworks (split eq) {:.4} s", best[0]);
    println!("  field elements:  {:.4} s, {:.1} times faster", best[1], best[0] / best[1]);
    println!("  16-bit integers: {:.4} s, {:.1} times faster", best[2], best[0] / best[2]);
}

/// All round polynomials and the final product for fixed challenges.
fn run(instance: &mut dyn SumcheckInstance, challenges: &[Fr]) -> (Vec<RoundPolynomial>, Fr) {
    let mut polynomials = Vec::new();
    for round in 0..instance.num_rounds() {
        polynomials.push(instance.round(round.checked_sub(1).map(|i| challenges[i])));
    }
    (polynomials, instance.finish(challenges.last().copied()).iter().product())
}

/// The same prover on plain arkworks elements: eq factored out, values at 0 and 1 and the leading coefficient.
fn arkworks(z: &[Fr], a: &mut Vec<Fr>, b: &mut Vec<Fr>, challenges: &[Fr]) -> (Vec<RoundPolynomial>, Fr) {
    let mut weights = eq_table(&z[1..]);
    let mut scale = Fr::one();
    let mut polynomials = Vec::new();
    for (round, (z, r)) in z.iter().zip(challenges).enumerate() {
        let half = a.len() / 2;
        let mut t = [Fr::zero(); 3];
        for (x, weight) in weights.iter().enumerate() {
            t[0] += *weight * (a[x] * b[x]);
            t[1] += *weight * (a[half + x] * b[half + x]);
            t[2] += *weight * ((a[half + x] - a[x]) * (b[half + x] - b[x]));
        }
        let (constant, slope) = (scale * (Fr::one() - z), scale * (z.double() - Fr::one()));
        let middle = t[1] - t[0] - t[2];
        polynomials
            .push(RoundPolynomial::new(constant * t[0], [constant * t[2] + slope * middle, slope * t[2]]));
        scale *= Fr::one() - z - r + (*z * r).double();
        for table in [&mut *a, &mut *b] {
            let (low, high) = table.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high.iter()) {
                *low += *r * (*high - *low);
            }
            table.truncate(half);
        }
        if round + 1 < challenges.len() {
            let (low, high) = weights.split_at_mut(half / 2);
            low.iter_mut().zip(high.iter()).for_each(|(low, high)| *low += high);
            weights.truncate(half / 2);
        }
    }
    (polynomials, a[0] * b[0])
}

/// Deterministic field elements.
fn scalars(count: usize, seed: u64) -> Vec<Fr> {
    let step = Fr::from(seed).pow([77]) + Fr::from(0x1234_5678_9abc_def1u64);
    std::iter::successors(Some(step), |x| Some(x.square() + step)).take(count).collect()
}
