//! Accumulating eight openings, level by level and one by one, and the decider.
#![allow(clippy::unwrap_used, reason = "a bench: it stops at the first error")]

use std::time::Duration;

use benches::inputs;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::Fr;
use zktorch_mira::levels::{self, Chunk, Column, Statement};
use zktorch_mira::pair::Accumulator;
use zktorch_mira::plan::{ClaimTerm, FoldPlan};
use zktorch_mira::{Functional, OpeningInstance, OpeningWitness, decider};
use zktorch_transcript::{ClearProver, Transcript};

const INSTANCES: usize = 8;
const NUM_VARS: usize = 12;

fn accumulate(criterion: &mut Criterion) {
    let srs = Srs::dev(NUM_VARS).unwrap();
    let vectors: Vec<Vec<Fr>> = (0..8).map(|i| inputs::scalars(100 + i, 1 << NUM_VARS)).collect();
    let points: Vec<Vec<Fr>> = (0..8).map(|i| inputs::scalars(200 + i, NUM_VARS)).collect();
    let blinds: Vec<Blind> = inputs::scalars(300, INSTANCES).into_iter().map(Blind::from_scalar).collect();
    let commitments: Vec<Commitment> =
        vectors.iter().zip(&blinds).map(|(v, r)| srs.commit(v, r).unwrap()).collect();
    let values: Vec<Fr> =
        vectors.iter().zip(&points).map(|(v, z)| Functional::eq(z.clone()).apply(v).unwrap()).collect();
    let terms = (0..INSTANCES).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect();
    let plan = FoldPlan::new(INSTANCES, INSTANCES, terms).unwrap();
    let coefficients = vec![vec![Fr::from(1u64)]; INSTANCES];
    let statement = Statement { plan: &plan, coefficients: &coefficients, points: &points };
    let chunks: Vec<Chunk<'_>> = (0..INSTANCES)
        .map(|i| Chunk { column: Column::Field(&vectors[i]), commitment: commitments[i], blind: &blinds[i] })
        .collect();
    let by_levels = || {
        let mut transcript = Transcript::new(b"bench");
        levels::prove(&mut ClearProver::new(&mut transcript), &statement, &chunks, &values).unwrap()
    };
    let accumulators = || -> Vec<Accumulator> {
        let accumulator = |i: usize| {
            let functional = Functional::eq(points[i].clone());
            let commitment = commitments[i].projective();
            let witness = OpeningWitness { vector: vectors[i].clone(), blind: blinds[i].clone() };
            Accumulator::new(OpeningInstance { commitment, functional, value: values[i] }, witness).unwrap()
        };
        (0..INSTANCES).map(accumulator).collect()
    };
    let one_by_one = |accumulators: Vec<Accumulator>| {
        let mut transcript = Transcript::new(b"bench");
        let mut accumulators = accumulators.into_iter();
        let first = accumulators.next().unwrap();
        accumulators.fold(first, |sum, next| sum.fold(&mut transcript, &next).unwrap().1)
    };

    let mut group = criterion.benchmark_group("mira");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.bench_function(BenchmarkId::new("eight by levels", NUM_VARS), |b| b.iter(by_levels));
    group.bench_function(BenchmarkId::new("eight one by one", NUM_VARS), |b| {
        b.iter_batched(accumulators, one_by_one, BatchSize::LargeInput);
    });
    group.bench_function(BenchmarkId::new("decide", NUM_VARS), |b| {
        let decide = |claim| {
            let mut transcript = Transcript::new(b"bench");
            decider::prove(&srs, &mut transcript, vec![claim]).unwrap()
        };
        b.iter_batched(by_levels, decide, BatchSize::LargeInput);
    });
}

criterion_group!(benches, accumulate);
criterion_main!(benches);
