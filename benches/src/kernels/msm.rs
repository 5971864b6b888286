//! Full-width multi-scalar multiplication against `ark_ec`'s `msm`.

use anyhow::{Result, ensure};
use ark_ec::{AffineRepr, VariableBaseMSM};
use zktorch_commit::msm::msm;
use zktorch_field::{G1Affine, G1Projective, RawAffine};

use crate::context::Context;
use crate::inputs;
use crate::measure::contender;
use crate::report::Measured;

pub(super) fn full(context: &Context) -> Result<Measured> {
    let log_size = context.log_size(20);
    let bases = &context.srs(log_size)?.bases()[..1 << log_size];
    let points: Vec<G1Affine> = bases.iter().map(RawAffine::to_affine_unchecked).collect();
    let scalars = inputs::scalars(1, 1 << log_size);
    if !context.ours_only {
        let expected = G1Projective::msm_unchecked(&points, &scalars);
        ensure!(msm(bases, &scalars) == expected, "our MSM and arkworks' differ");
        ensure!(!points.iter().any(AffineRepr::is_zero), "a base is the point at infinity");
    }
    let (ours, arkworks) = context.versus(
        contender(|| msm(bases, &scalars)),
        contender(|| G1Projective::msm_unchecked(&points, &scalars)),
    );
    Ok(Measured::speedup(log_size, ours, "arkworks", arkworks))
}
