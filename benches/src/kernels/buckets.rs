//! Commitments to columns of 16-bit values from bucket sums: against `ark_ec`'s `msm_u16`, and what more columns cost.

use anyhow::{Result, ensure};
use ark_ec::VariableBaseMSM;
use ark_ff::batch_inversion;
use zktorch_commit::buckets::{BucketKey, BucketSums, TagRun};
use zktorch_commit::msm::{msm, msm_i16};
use zktorch_field::{Fr, G1Affine, G1Projective, RawAffine};

use crate::context::Context;
use crate::inputs;
use crate::measure::contender;
use crate::report::Measured;

/// Arkworks takes unsigned values: it gets x + OFFSET, as many points and as many bits.
const OFFSET: i32 = 1 << 15;
/// The tag of the only lookup.
const TAG: u32 = 3;

/// Com(x), from a column to the commitment.
fn commit(bases: &[RawAffine], column: &[i16]) -> Result<G1Projective> {
    Ok(BucketSums::compute(bases, column, &[TagRun::new(column.len(), TAG)])?.commit_values())
}

pub(super) fn sixteen_bit(context: &Context) -> Result<Measured> {
    let log_size = context.log_size(20);
    let bases = &context.srs(log_size)?.bases()[..1 << log_size];
    let points: Vec<G1Affine> = bases.iter().map(RawAffine::to_affine_unchecked).collect();
    let column = inputs::uniform_i16(30, 1 << log_size);
    let shifted: Vec<u16> = column.iter().map(|&x| (i32::from(x) + OFFSET) as u16).collect();

    let expected = msm_i16(bases, &column);
    ensure!(commit(bases, &column)? == expected, "bucket sums and MSM differ");
    if !context.ours_only {
        let all: G1Projective = points.iter().map(|&point| G1Projective::from(point)).sum();
        let arkworks = G1Projective::msm_u16(&points, &shifted) - all * Fr::from(OFFSET);
        ensure!(arkworks == expected, "our commitment and arkworks' differ");
    }

    let (ours, arkworks) = context
        .versus(contender(|| commit(bases, &column)), contender(|| G1Projective::msm_u16(&points, &shifted)));
    let (without_buckets, _) = context.versus(contender(|| msm_i16(bases, &column)), contender(|| ()));
    Ok(Measured::speedup(log_size, ours, "arkworks", arkworks)
        .with("msm_i16_one_thread_s", without_buckets.one.min)
        .with("msm_i16_all_threads_s", without_buckets.all.min))
}

/// A looked-up function: the quotient of a rescale by 2^4, rounded, cut off below zero.
fn rescaled_relu(key: BucketKey) -> i32 {
    ((key.value + 8) >> 4).max(0)
}

pub(super) fn columns(context: &Context) -> Result<Measured> {
    let log_size = context.log_size(20);
    let bases = &context.srs(log_size)?.bases()[..1 << log_size];
    let column = inputs::gaussian_i16(31, 1 << log_size, 4096.0);
    let (alpha, beta) = (inputs::scalars(32, 1)[0], inputs::scalars(33, 1)[0]);
    let tag = |tag: u32| Fr::from(tag);
    let all_three = || -> Result<[G1Projective; 3]> {
        let sums = BucketSums::compute(bases, &column, &[TagRun::new(column.len(), TAG)])?;
        let inverse = sums.commit_inverse(alpha, beta, tag, rescaled_relu, |_| Fr::from(0u64))?;
        Ok([sums.commit_values(), sums.commit_function(rescaled_relu), inverse])
    };

    // Against plain MSMs of the columns.
    let value = |x: &i16| BucketKey { tag: TAG, value: (*x).into() };
    let outputs: Vec<i16> = column.iter().map(|x| rescaled_relu(value(x)) as i16).collect();
    let mut inverses: Vec<Fr> = column
        .iter()
        .zip(&outputs)
        .map(|(x, f)| alpha - tag(TAG) - beta * Fr::from(*x) - beta * beta * Fr::from(*f))
        .collect();
    batch_inversion(&mut inverses);
    let expected = [msm_i16(bases, &column), msm_i16(bases, &outputs), msm(bases, &inverses)];
    ensure!(all_three()? == expected, "the columns' commitments and their MSMs differ");

    let sums = BucketSums::compute(bases, &column, &[TagRun::new(column.len(), TAG)])?;
    let (ours, reference) = context.versus(contender(all_three), contender(|| commit(bases, &column)));
    Ok(Measured::cost(log_size, ours, "values_alone", reference).with("buckets", sums.len()))
}
