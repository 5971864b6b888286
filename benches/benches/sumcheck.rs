//! Sumchecks through the engine, in the clear.
#![allow(clippy::unwrap_used, reason = "a bench: it stops at the first error")]

use std::time::Duration;

use benches::inputs;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zktorch_sumcheck::{EqProduct, Product, SumcheckInstance, eq_table, prove};
use zktorch_transcript::{ClearProver, Transcript};

const LOG_SIZE: usize = 16;

fn run(mut instance: impl SumcheckInstance) {
    let mut transcript = Transcript::new(b"bench");
    let mut channel = ClearProver::new(&mut transcript);
    prove(&mut channel, b"round", &mut [&mut instance]).unwrap();
}

fn instances(criterion: &mut Criterion) {
    let size = 1 << LOG_SIZE;
    let a = inputs::scalars(4, size);
    let b = inputs::scalars(5, size);
    let z = inputs::scalars(6, LOG_SIZE);
    let small = inputs::gaussian_i16(7, size, 4096.0);
    let inner = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let eq_inner = eq_table(&z).iter().zip(&a).zip(&b).map(|((eq, a), b)| eq * a * b).sum();
    let small_inner = a.iter().zip(&small).map(|(a, b)| a * &(*b).into()).sum();

    let mut group = criterion.benchmark_group("sumcheck");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(size as u64));
    group.bench_function(BenchmarkId::new("sum a b", LOG_SIZE), |bench| {
        let setup = || Product::new(a.clone(), b.clone(), inner).unwrap();
        bench.iter_batched(setup, run, BatchSize::LargeInput);
    });
    group.bench_function(BenchmarkId::new("sum a b, b of 16 bits", LOG_SIZE), |bench| {
        let setup = || Product::new(a.clone(), small.as_slice(), small_inner).unwrap();
        bench.iter_batched(setup, run, BatchSize::LargeInput);
    });
    group.bench_function(BenchmarkId::new("sum eq a b", LOG_SIZE), |bench| {
        let setup = || EqProduct::new(&z, a.clone(), b.clone(), eq_inner).unwrap();
        bench.iter_batched(setup, run, BatchSize::LargeInput);
    });
}

criterion_group!(benches, instances);
criterion_main!(benches);
