//! The floor that proving is measured against: the time that arkworks' `msm_u16` needs for two points per number that a network's
//! linear layers produce. A straightforward prover pays as much for commitments alone, and the quotient compares across machines.
//! How many points that is depends on the model; what each costs is measured here.

use anyhow::{Context, Result, ensure};
use ark_ec::{CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_std::rand::Rng;
use rayon::ThreadPoolBuilder;
use zktorch_field::{Fr, G1Affine, G1Projective};

use crate::inputs;
use crate::measure::{Effort, contender, race};

/// Times `msm_u16` for `2^log_size` points with uniform scalars on so many threads (0: all), the median of `runs` after one that
/// warms up: seconds.
///
/// # Errors
/// If there is no thread pool, or a small product is not the sum that it should be.
pub fn msm_u16_seconds(log_size: u32, threads: usize, runs: usize) -> Result<f64> {
    let mut rng = inputs::rng(40);
    let scalars: Vec<u16> = (0..1usize << log_size).map(|_| rng.r#gen()).collect();
    // G, 2G, 3G, ..: as good as any for the time.
    let generator = G1Projective::generator();
    let multiples: Vec<G1Projective> =
        std::iter::successors(Some(generator), |point| Some(*point + generator))
            .take(scalars.len())
            .collect();
    let points = G1Projective::normalize_batch(&multiples);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().context("no thread pool")?;
    let msm = || pool.install(|| <G1Projective as VariableBaseMSM>::msm_u16(&points, &scalars));
    check(&points, &scalars, msm())?;
    let effort = Effort { min_rounds: runs, max_rounds: runs, budget: std::time::Duration::MAX };
    let times = race(effort, &mut [contender(msm)]);
    Ok(times.first().context("no time was measured")?.median)
}

/// The points are multiples of the generator, so that the sum is known.
fn check(points: &[G1Affine], scalars: &[u16], sum: G1Projective) -> Result<()> {
    let multiple: Fr = (1u64..).zip(scalars).map(|(index, scalar)| Fr::from(index) * Fr::from(*scalar)).sum();
    ensure!(points.len() == scalars.len(), "{} points for {} scalars", points.len(), scalars.len());
    ensure!(sum == G1Projective::generator() * multiple, "msm_u16 gave another sum");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_measured() {
        assert!(msm_u16_seconds(8, 2, 3).unwrap() > 0.0);
        let points = [G1Affine::from(G1Projective::generator())];
        assert!(check(&points, &[3], G1Projective::generator() * Fr::from(4u64)).is_err());
        assert!(check(&points, &[3], G1Projective::generator() * Fr::from(3u64)).is_ok());
    }
}
