//! The three commitments of a lookup (argument, value, inverse) from shared bucket sums, against an MSM for each.

use anyhow::{Result, ensure};
use ark_ff::batch_inversion;
use serde_json::{Value, json};
use zktorch_commit::buckets::{BucketKey, BucketSums, TagRun};
use zktorch_commit::msm::{msm, msm_i16};
use zktorch_field::{Fr, G1Projective, RawAffine};

use super::{Run, digest};
use crate::inputs;
use crate::measure::contender;

/// The tag of the only lookup.
const TAG: u32 = 3;
/// Standard deviation of the arguments.
const SIGMA: f64 = 4096.0;

/// A looked-up function: the quotient of a rescale by 2^4, rounded, cut off below zero.
fn rescaled_relu(key: BucketKey) -> i32 {
    ((key.value + 8) >> 4).max(0)
}

struct Lookup<'a> {
    bases: &'a [RawAffine],
    arguments: Vec<i16>,
    values: Vec<i16>,
    inverses: Vec<Fr>,
    alpha: Fr,
    beta: Fr,
}

impl<'a> Lookup<'a> {
    fn new(run: &'a Run) -> Self {
        let bases = run.srs.bases();
        let arguments = inputs::gaussian_i16(41, bases.len(), SIGMA);
        let (alpha, beta) = (inputs::scalars(42, 1)[0], inputs::scalars(43, 1)[0]);
        let value = |x: &i16| rescaled_relu(BucketKey { tag: TAG, value: (*x).into() }) as i16;
        let values: Vec<i16> = arguments.iter().map(value).collect();
        let denominator =
            |(x, f): (&i16, &i16)| alpha - Fr::from(TAG) - beta * Fr::from(*x) - beta * beta * Fr::from(*f);
        let mut inverses: Vec<Fr> = arguments.iter().zip(&values).map(denominator).collect();
        batch_inversion(&mut inverses);
        Self { bases, arguments, values, inverses, alpha, beta }
    }

    fn sums(&self) -> Result<BucketSums> {
        let runs = [TagRun::new(self.arguments.len(), TAG)];
        Ok(BucketSums::compute(self.bases, &self.arguments, &runs)?)
    }

    fn shared(&self) -> Result<[G1Projective; 3]> {
        let sums = self.sums()?;
        let inverse =
            sums.commit_inverse(self.alpha, self.beta, Fr::from, rescaled_relu, |_| Fr::from(0u64))?;
        Ok([sums.commit_values(), sums.commit_function(rescaled_relu), inverse])
    }

    /// The columns are given: what it costs to make them is left out.
    fn separate(&self) -> [G1Projective; 3] {
        [self.commit(&self.arguments), self.commit(&self.values), msm(self.bases, &self.inverses)]
    }

    fn commit(&self, column: &[i16]) -> G1Projective {
        msm_i16(self.bases, column)
    }
}

pub(super) fn measure(run: &Run) -> Result<Value> {
    let lookup = Lookup::new(run);
    let shared = run.all.install(|| lookup.shared())?;
    ensure!(shared == lookup.separate(), "commitments from bucket sums and MSMs differ");
    let buckets = lookup.sums()?.len();

    let times = run.race(&mut [
        contender(|| lookup.shared()),
        contender(|| lookup.separate()),
        contender(|| lookup.sums()),
        contender(|| lookup.commit(&lookup.arguments)),
        contender(|| msm(lookup.bases, &lookup.inverses)),
    ]);
    let digest = digest(b"ablation commitments", |transcript| {
        let points: Vec<_> = shared.iter().map(|point| (*point).into()).collect();
        transcript.append_points(b"commitments", &points);
    });
    Ok(json!({
        "log_size": run.size.log_size,
        "buckets": buckets,
        "shared": times[0].to_json(),
        "separate": times[1].to_json(),
        "parts": {
            "bucket_sums": times[2].to_json(),
            "msm_16_bit": times[3].to_json(),
            "msm_full_width": times[4].to_json(),
        },
        "shared_speedup": times[0].speedup_over(times[1]),
        "digest": digest,
    }))
}
