//! Masking an accumulator of one chunk, against a full-width MSM of ours of the same size.

use anyhow::{Context as _, Result, ensure};
use zktorch_commit::{Blind, msm};
use zktorch_mira::mask::{self, Mask, MaskProof};
use zktorch_mira::{Functional, OpeningInstance, OpeningWitness};
use zktorch_transcript::{ClearProver, Transcript};

use crate::context::Context;
use crate::inputs;
use crate::measure::{contender, prepared};
use crate::report::Measured;

pub(super) fn mask(context: &Context) -> Result<Measured> {
    let log_size = context.log_size(20);
    let srs = context.srs(log_size)?;
    let bases = &srs.bases()[..1 << log_size];
    let vector = inputs::scalars(4, 1 << log_size);
    let blind = Blind::from_scalar(inputs::scalars(5, 1)[0]);
    let functional = Functional::eq(inputs::scalars(6, log_size));
    let instance = OpeningInstance {
        commitment: srs.commit(&vector, &blind)?.projective(),
        value: functional.apply(&vector)?,
        functional,
    };

    // From the randomness to the masked witness.
    type Input = (OpeningInstance<zktorch_field::Fr>, OpeningWitness);
    let run = |(instance, witness): Input| -> Result<(MaskProof, OpeningInstance<_>, OpeningWitness)> {
        let mut transcript = Transcript::new(b"bench mask");
        let mask = Mask::random(log_size, &mut transcript.rng(&[], [7; 32]));
        Ok(mask::prove(&mut ClearProver::new(&mut transcript), srs, instance, witness, mask)?)
    };
    let input = || (instance.clone(), OpeningWitness { vector: vector.clone(), blind: blind.clone() });

    let (_, masked, witness) = run(input()).context("masking failed")?;
    ensure!(masked.functional.apply(&witness.vector)? == masked.value, "the masked claim is false");
    ensure!(witness.vector != vector, "the vector is not masked");

    let (ours, reference) = context.versus(prepared(input, run), contender(|| msm::msm(bases, &vector)));
    Ok(Measured::cost(log_size, ours, "our_msm", reference))
}
