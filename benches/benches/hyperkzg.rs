//! Opening and verifying one chunk at one point.
#![allow(clippy::unwrap_used, reason = "a bench: it stops at the first error")]

use std::time::Duration;

use ark_ec::CurveGroup;
use benches::inputs;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use zktorch_commit::{Commitment, Srs, hyperkzg};
use zktorch_transcript::Transcript;

const LOG_SIZE: usize = 14;

fn one_chunk(criterion: &mut Criterion) {
    let srs = Srs::dev(LOG_SIZE).unwrap();
    let vector = inputs::scalars(2, 1 << LOG_SIZE);
    let point = inputs::scalars(3, LOG_SIZE);
    let value = inputs::evaluate(&vector, &point);
    let commitment = Commitment(srs.commit_without_blind(&vector).unwrap().into_affine());
    let open = || {
        let mut transcript = Transcript::new(b"bench");
        hyperkzg::open(&srs, &mut transcript, commitment, &vector, &point, value).unwrap()
    };
    let proof = open();

    let mut group = criterion.benchmark_group("hyperkzg");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.bench_function(BenchmarkId::new("open", LOG_SIZE), |b| b.iter(open));
    group.bench_function(BenchmarkId::new("verify", LOG_SIZE), |b| {
        b.iter(|| {
            let mut transcript = Transcript::new(b"bench");
            hyperkzg::verify(srs.verifier(), &mut transcript, LOG_SIZE, commitment, &point, value, &proof)
                .unwrap();
        });
    });
}

criterion_group!(benches, one_chunk);
criterion_main!(benches);
