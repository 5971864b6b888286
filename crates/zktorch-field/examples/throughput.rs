//! Throughput of the backends against arkworks, one thread, arrays in the first or second cache level.
//!
//! ```text
//! cargo run --release -p zktorch-field --example throughput
//! ```
//! Each line is the best of several repetitions, in nanoseconds per element, and the ratio to arkworks in the same
//! process.

use std::{hint::black_box, time::Instant};

use zktorch_field::{Backend, BackendKind, Block, Element, Fq, Fr, Kernel, LANES, Packed, dispatch_on};

/// Elements per array: 1024 (32 KiB at rest).
const N: usize = 1 << 10;

/// The best time of one call, in nanoseconds per element.
fn best(per_call: usize, mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..60 {
        let start = Instant::now();
        for _ in 0..8 {
            f();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / (8 * per_call) as f64);
    }
    best
}

/// Deterministic pseudo-random elements.
fn elements<F: Element>(seed: u64) -> Vec<F> {
    let mut x = F::from(seed).pow([5]) + F::from(7u64);
    (0..N)
        .map(|_| {
            x = x.square() + F::from(3u64);
            x
        })
        .collect()
}

fn blocks<F: Element>(elements: &[F]) -> Vec<Block<F>> {
    elements.chunks_exact(LANES).filter_map(|c| c.first_chunk().map(Block::from_array)).collect()
}

/// x[i] *= y[i], values staying in the backend's working form (what a longer kernel does between its loads and stores).
struct MulWorking<F>(Vec<Block<F>>, Vec<Block<F>>);

impl<F: Element> Kernel for MulWorking<F> {
    type Output = f64;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> f64 {
        let mut x: Vec<F::Packed<B>> = self.0.iter().map(F::Packed::<B>::load).collect();
        let y: Vec<F::Packed<B>> = self.1.iter().map(F::Packed::<B>::load).collect();
        let mut best = f64::INFINITY;
        for _ in 0..60 {
            let start = Instant::now();
            for _ in 0..8 {
                for (x, y) in x.iter_mut().zip(&y) {
                    *x = x.mul(*y);
                }
                black_box(&mut x);
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / (8 * N) as f64);
        }
        best
    }
}

struct Mul2Working<F>(Vec<Block<F>>, Vec<Block<F>>);

impl<F: Element> Kernel for Mul2Working<F> {
    type Output = f64;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> f64 {
        let mut x: Vec<F::Packed<B>> = self.0.iter().map(F::Packed::<B>::load).collect();
        let y: Vec<F::Packed<B>> = self.1.iter().map(F::Packed::<B>::load).collect();
        let mut best = f64::INFINITY;
        for _ in 0..60 {
            let start = Instant::now();
            for _ in 0..8 {
                for (x, y) in x.chunks_exact_mut(2).zip(y.chunks_exact(2)) {
                    (x[0], x[1]) = F::Packed::<B>::mul2(x[0], y[0], x[1], y[1]);
                }
                black_box(&mut x);
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / (8 * N) as f64);
        }
        best
    }
}

struct SquareWorking<F>(Vec<Block<F>>);

impl<F: Element> Kernel for SquareWorking<F> {
    type Output = f64;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> f64 {
        let mut x: Vec<F::Packed<B>> = self.0.iter().map(F::Packed::<B>::load).collect();
        let mut best = f64::INFINITY;
        for _ in 0..60 {
            let start = Instant::now();
            for _ in 0..8 {
                for x in x.iter_mut() {
                    *x = x.square();
                }
                black_box(&mut x);
            }
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / (8 * N) as f64);
        }
        best
    }
}

fn field<F: Element>(name: &str) {
    let (a, b) = (elements::<F>(1), elements::<F>(2));
    let (pa, pb) = (blocks(&a), blocks(&b));
    let mut x = a.clone();
    let ark = best(N, || {
        for (x, y) in x.iter_mut().zip(&b) {
            *x *= y;
        }
        black_box(&mut x);
    });
    println!("{name} mul: arkworks {ark:.2} ns");
    for kind in BackendKind::available() {
        let ns = dispatch_on(kind, MulWorking(pa.clone(), pb.clone()));
        println!("{name} mul: {} {ns:.2} ns, {:.2}x", kind.name(), ark / ns);
        let ns = dispatch_on(kind, Mul2Working(pa.clone(), pb.clone()));
        println!("{name} mul2: {} {ns:.2} ns, {:.2}x", kind.name(), ark / ns);
        let ns = dispatch_on(kind, SquareWorking(pa.clone()));
        println!("{name} square: {} {ns:.2} ns, {:.2}x", kind.name(), ark / ns);
    }
}

fn main() {
    field::<Fr>("Fr");
    field::<Fq>("Fq");
}
