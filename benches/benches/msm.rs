//! Full-width multi-scalar multiplication beside arkworks'.
#![allow(clippy::unwrap_used, reason = "a bench: it stops at the first error")]

use std::time::Duration;

use ark_ec::VariableBaseMSM;
use benches::inputs;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zktorch_commit::{Srs, msm::msm};
use zktorch_field::{G1Affine, G1Projective, RawAffine};

fn full_width(criterion: &mut Criterion) {
    let srs = Srs::dev(14).unwrap();
    let mut group = criterion.benchmark_group("msm");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    for log_size in [10, 14] {
        let size = 1 << log_size;
        let bases = &srs.bases()[..size];
        let points: Vec<G1Affine> = bases.iter().map(RawAffine::to_affine_unchecked).collect();
        let scalars = inputs::scalars(1, size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("zktorch", log_size), |b| b.iter(|| msm(bases, &scalars)));
        group.bench_function(BenchmarkId::new("arkworks", log_size), |b| {
            b.iter(|| G1Projective::msm_unchecked(&points, &scalars));
        });
    }
}

criterion_group!(benches, full_width);
criterion_main!(benches);
