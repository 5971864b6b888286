//! Commitments to a column of 16-bit values and to what is looked up in it, beside arkworks' `msm_u16`.
#![allow(clippy::unwrap_used, reason = "a bench: it stops at the first error")]

use std::time::Duration;

use ark_ec::VariableBaseMSM;
use benches::inputs;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zktorch_commit::Srs;
use zktorch_commit::buckets::{BucketSums, TagRun};
use zktorch_field::{Fr, G1Affine, G1Projective, RawAffine};

const LOG_SIZE: usize = 16;

fn column(criterion: &mut Criterion) {
    let size = 1 << LOG_SIZE;
    let srs = Srs::dev(LOG_SIZE).unwrap();
    let points: Vec<G1Affine> = srs.bases().iter().map(RawAffine::to_affine_unchecked).collect();
    let values = inputs::gaussian_i16(1, size, 4096.0);
    let shifted: Vec<u16> = values.iter().map(|&x| (i32::from(x) + (1 << 15)) as u16).collect();
    let (alpha, beta) = (inputs::scalars(2, 1)[0], inputs::scalars(3, 1)[0]);
    let compute = || BucketSums::compute(srs.bases(), &values, &[TagRun::new(size, 0)]).unwrap();
    let sums = compute();

    let mut group = criterion.benchmark_group("buckets");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(size as u64));
    let id = |name: &str| BenchmarkId::new(name, LOG_SIZE);
    group.bench_function(id("bucket sums"), |b| b.iter(compute));
    group.bench_function(id("values"), |b| b.iter(|| sums.commit_values()));
    group.bench_function(id("function"), |b| b.iter(|| sums.commit_function(|key| key.value >> 4)));
    group.bench_function(id("inverse column"), |b| {
        b.iter(|| {
            sums.commit_inverse(alpha, beta, Fr::from, |key| key.value >> 4, |_| Fr::from(0u64)).unwrap()
        });
    });
    group.bench_function(id("arkworks msm_u16"), |b| b.iter(|| G1Projective::msm_u16(&points, &shifted)));
}

criterion_group!(benches, column);
criterion_main!(benches);
