//! Full-width multi-scalar multiplication against `ark_ec`'s `msm`, on the fastest backend and on the portable one.

use anyhow::{Result, ensure};
use ark_ec::VariableBaseMSM;
use zktorch_commit::msm::msm_with_backend;
use zktorch_field::{BackendKind, G1Affine, G1Projective, RawAffine};

use crate::context::Context;
use crate::inputs;
use crate::measure::contender;
use crate::report::Measured;

pub(super) fn full(context: &Context) -> Result<Measured> {
    measure(context, BackendKind::active())
}

pub(super) fn full_portable(context: &Context) -> Result<Measured> {
    measure(context, BackendKind::PORTABLE)
}

fn measure(context: &Context, backend: BackendKind) -> Result<Measured> {
    let log_size = context.log_size(20);
    let bases = &context.srs(log_size)?.bases()[..1 << log_size];
    let points: Vec<G1Affine> = bases.iter().map(RawAffine::to_affine_unchecked).collect();
    let scalars = inputs::scalars(1, 1 << log_size);
    let ours = || msm_with_backend(backend, bases, &scalars);
    let arkworks = || G1Projective::msm_unchecked(&points, &scalars);
    ensure!(context.ours_only || ours() == arkworks(), "our MSM and arkworks' differ");

    let (ours, arkworks) = context.versus(contender(ours), contender(arkworks));
    Ok(Measured::speedup(log_size, ours, "arkworks", arkworks))
}
