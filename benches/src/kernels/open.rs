//! Opening one chunk at one point with HyperKZG, against a full-width MSM of ours of the same size.

use anyhow::{Context as _, Result};
use ark_ec::CurveGroup;
use zktorch_commit::{Commitment, hyperkzg, msm};
use zktorch_transcript::Transcript;

use crate::context::Context;
use crate::inputs;
use crate::measure::contender;
use crate::report::Measured;

pub(super) fn open(context: &Context) -> Result<Measured> {
    let log_size = context.log_size(20);
    let srs = context.srs(log_size)?;
    let bases = &srs.bases()[..1 << log_size];
    let vector = inputs::scalars(2, 1 << log_size);
    let point = inputs::scalars(3, log_size);
    let value = inputs::evaluate(&vector, &point);
    let commitment = Commitment(msm::msm(bases, &vector).into_affine());
    let prove = || {
        let mut transcript = Transcript::new(b"bench open");
        hyperkzg::open(srs, &mut transcript, commitment, &vector, &point, value)
    };

    let proof = prove().context("the opening failed")?;
    let mut transcript = Transcript::new(b"bench open");
    hyperkzg::verify(srs.verifier(), &mut transcript, log_size, commitment, &point, value, &proof)
        .context("the opening does not verify")?;

    let (ours, reference) = context.versus(contender(prove), contender(|| msm::msm(bases, &vector)));
    Ok(Measured::cost(log_size, ours, "our_msm", reference))
}
