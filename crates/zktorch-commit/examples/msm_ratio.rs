//! Times of this crate's multi-scalar multiplications beside arkworks', in one process.
//!
//! ```text
//! cargo run --release -p zktorch-commit --example msm_ratio --no-default-features -- 20
//! ```
//!
//! The argument is log2 of the number of points (default 16); after it, `portable` forces the fallback and `ours` leaves
//! arkworks out. Without the feature `parallel` everything runs on one thread. Times are minima of several runs.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measuring program")]

use std::{hint::black_box, time::Instant};

use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use zktorch_commit::msm;
use zktorch_field::{BackendKind, Fr, G1Affine, G1Projective, RawAffine};

/// A small generator (xorshift), good enough for timing.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn scalar(&mut self) -> Fr {
        let bytes: Vec<u8> = (0..4).flat_map(|_| self.next().to_le_bytes()).collect();
        <Fr as ark_ff::PrimeField>::from_le_bytes_mod_order(&bytes)
    }

    /// A Gaussian sample, as the sum of twelve uniform ones.
    fn gaussian(&mut self, sigma: f64) -> i16 {
        let sum: f64 = (0..12).map(|_| (self.next() >> 11) as f64 / (1u64 << 53) as f64).sum();
        ((sum - 6.0) * sigma) as i16
    }
}

/// Shortest time of `runs` runs, in nanoseconds for each of n points.
fn time<R>(runs: usize, n: usize, mut f: impl FnMut() -> R) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        black_box(f());
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * 1e9 / n as f64
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let log: usize = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(16);
    let has = |word: &str| arguments.iter().any(|a| a == word);
    let kind = if has("portable") { BackendKind::PORTABLE } else { BackendKind::active() };
    let n = 1usize << log;
    let runs = (1usize << 22 >> log).clamp(3, 50);
    println!(
        "backend {}, 2^{log} points, {} threads",
        kind.name(),
        zktorch_field::par::current_num_threads()
    );

    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let step = (G1Affine::generator() * Fr::from(1u64 << 40)).into_affine();
    let mut point = G1Affine::generator().into_group();
    let points: Vec<G1Projective> = std::iter::repeat_with(|| {
        point += step;
        point
    })
    .take(n)
    .collect();
    let points = G1Projective::normalize_batch(&points);
    let bases: Vec<RawAffine> = points.iter().filter_map(RawAffine::new).collect();
    let scalars: Vec<Fr> = (0..n).map(|_| noise.scalar()).collect();
    let uniform: Vec<i16> = (0..n).map(|_| (noise.next() >> 48) as i16).collect();
    let gaussian: Vec<i16> = (0..n).map(|_| noise.gaussian(4096.0)).collect();
    let unsigned: Vec<u16> = uniform.iter().map(|&v| v as u16).collect();

    let report = |name: &str, ours: f64, theirs: f64| {
        println!("{name:<34} {ours:>9.1} ns/point   arkworks {theirs:>9.1}   ratio {:.2}", theirs / ours);
    };
    let ark = |f: &dyn Fn() -> G1Projective| if has("ours") { f64::NAN } else { time(2, n, f) };
    let full = time(runs, n, || msm::msm_with_backend(kind, &bases, &scalars));
    report("full width", full, ark(&|| G1Projective::msm(&points, &scalars).expect("same length")));
    let ark16 = ark(&|| G1Projective::msm_u16(&points, &unsigned));
    let small = |values: &[i16]| time(runs, n, || msm::msm_i16_with_backend(kind, &bases, values));
    report("signed 16 bit, uniform, direct", small(&uniform), ark16);
    report("signed 16 bit, gaussian, direct", small(&gaussian), f64::NAN);
}
