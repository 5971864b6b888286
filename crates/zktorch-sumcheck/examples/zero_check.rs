//! Cost of a lookup's zero-check, as a multiple of arkworks' Fr multiplication in the same run.
//!
//! `cargo run --release -p zktorch-sumcheck --example zero_check [log2 of the entries] [repetitions]`
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example that prints its measurements")]

use std::hint::black_box;
use std::time::Instant;

use ark_ff::Field;
use zktorch_field::Fr;
use zktorch_sumcheck::{InverseTable, Query, SumcheckInstance, ZeroCheck, prove};
use zktorch_transcript::{ClearProver, Transcript};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let log_entries: usize = arguments.next().map_or(20, |s| s.parse().unwrap());
    let repetitions: usize = arguments.next().map_or(5, |s| s.parse().unwrap());
    let entries = 1usize << log_entries;

    // One range table of 2^16 entries; a uniform and a bell-shaped column.
    let alpha = scalars(1, 1)[0];
    let queries: Vec<Fr> = (0..1u32 << 16).map(|value| alpha - Fr::from(value)).collect();
    let table = InverseTable::from_queries(&queries).unwrap();
    let point = scalars(log_entries, 2);
    let lambda = scalars(1, 3)[0];
    let mut state = 1u64;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 33
    };
    let uniform: Vec<u16> = (0..entries).map(|_| next() as u16).collect();
    // Sum of eight uniform values of 13 bits, centred: standard deviation about 2^12.7.
    let bell: Vec<u16> =
        (0..entries).map(|_| ((0..8).map(|_| next() as i64 & 8191).sum::<i64>() - 32768) as u16).collect();

    let mut multiplication = f64::MAX;
    let mut columns = [("uniform", &uniform, f64::MAX), ("bell-shaped", &bell, f64::MAX)];
    for _ in 0..repetitions {
        multiplication = multiplication.min(multiply());
        for (_, indices, best) in &mut columns {
            let total = indices.iter().map(|i| table.rows()[usize::from(*i)].get()).sum();
            let start = Instant::now();
            let query = Query::new(alpha).plus(-Fr::from(1), indices.as_slice());
            let instance = ZeroCheck::from_table(&point, &table, indices.as_slice(), query).unwrap();
            run(instance.with_sum(lambda, total));
            *best = best.min(start.elapsed().as_secs_f64() / entries as f64);
        }
    }
    println!("arkworks Fr multiplication: {:.2} ns", multiplication * 1e9);
    for (name, _, best) in columns {
        println!(
            "zero-check 2^{log_entries}, {name} column: {:.2} ns per entry, muls_per_entry = {:.3}",
            best * 1e9,
            best / multiplication
        );
    }
}

/// Proves one instance in the clear.
fn run(mut instance: impl SumcheckInstance) {
    let mut transcript = Transcript::new(b"zero-check");
    let mut channel = ClearProver::new(&mut transcript);
    black_box(prove(&mut channel, b"rounds", &mut [&mut instance]).unwrap());
}

/// Seconds per multiplication of independent elements in the first-level cache.
fn multiply() -> f64 {
    let (a, b) = (scalars(256, 4), scalars(256, 5));
    let mut c = a.clone();
    let passes = 2000;
    let start = Instant::now();
    for _ in 0..passes {
        for ((c, a), b) in c.iter_mut().zip(&a).zip(&b) {
            *c = *a * b;
        }
        black_box(&mut c);
    }
    start.elapsed().as_secs_f64() / (passes * a.len()) as f64
}

/// Deterministic field elements.
fn scalars(count: usize, seed: u64) -> Vec<Fr> {
    let step = Fr::from(seed).pow([77]) + Fr::from(0x1234_5678_9abc_def1u64);
    std::iter::successors(Some(step), |x| Some(x.square() + step)).take(count).collect()
}
