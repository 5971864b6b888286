//! Masking: a hidden accumulator becomes one whose witness and value may be seen.
//!
//! The prover commits to a uniform vector s, and hides `y_s = <s, u>` in the channel, *before* delta is drawn. Then
//!
//! ```text
//! C* = C + delta C_s,    v* = v + delta s,    y* = y + delta y_s,        delta != 0,
//! ```
//!
//! with the same u on both sides, so there is no error term. y* is sent in the clear, and `y + delta y_s = y*` is a
//! constraint on the hidden scalars: the last one, so masking comes *before* the constraints are closed. Masked after
//! that, either y would follow from the proof (y* and y_s known) or y* would be tied to nothing.
//!
//! Zero knowledge: s is uniform in F^n and the blind of C_s is uniform, so v* and the blind of C* are uniform whatever v is,
//! and y* = `<v*, u>` follows from them. Everything that is opened later may depend on v* in any way. That is true for
//! *one* delta: with two masked accumulators under the same s, `v = (delta2 v1* - delta1 v2*) / (delta2 - delta1)`. A
//! [`Mask`] is therefore used up by [`prove`], is not `Clone`, and is made from the transcript's randomness under a fresh
//! nonce.
//!
//! Soundness error: `1/|F|`: if `y != <v, u>` (of what C commits to), then `y + delta y_s = <v + delta s, u>` for at most
//! one delta. Cost: one commitment and one inner product with n entries.

use ark_ec::CurveGroup;
use ark_ff::UniformRand;
use zeroize::Zeroize;
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Projective};
use zktorch_transcript::wire::{self, POINT_BYTES, SCALAR_BYTES};
use zktorch_transcript::{ProverChannel, ProverRng, Scalar, Transcript, VerifierChannel};

use crate::module::Module;
use crate::{Functional, MiraError, OpeningInstance, OpeningWitness};

const CLAIM: &[u8] = b"mira mask claim";
const COMMITMENT: &[u8] = b"mira mask commitment";
/// Label of the hidden message y_s.
pub const VALUE: &[u8] = b"mira mask value";
const DELTA: &[u8] = b"mira mask delta";
const MASKED: &[u8] = b"mira masked value";
/// Name of the constraint that ties y* to the hidden value.
pub const CONSTRAINT: &str = "mask: y + delta y_s = y*";

/// A uniform vector s and the blind of its commitment. For one use.
pub struct Mask {
    vector: Vec<Fr>,
    blind: Blind,
}

impl Mask {
    /// A mask for vectors of `2^num_vars` entries. `rng` comes from
    /// [`Transcript::rng`](zktorch_transcript::Transcript::rng) with a fresh nonce.
    pub fn random(num_vars: usize, rng: &mut ProverRng) -> Self {
        let vector = (0..1usize << num_vars).map(|_| Fr::rand(rng)).collect();
        Self { vector, blind: Blind::random(rng) }
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        self.vector.zeroize();
    }
}

impl core::fmt::Debug for Mask {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mask(..)")
    }
}

/// What is sent in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskProof {
    /// C_s.
    pub commitment: Commitment,
    /// y*.
    pub value: Fr,
}

impl MaskProof {
    /// Length of the encoding.
    pub const BYTES: usize = POINT_BYTES + SCALAR_BYTES;

    /// C_s, then y*.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (head, tail) = bytes.split_at_mut(POINT_BYTES);
        head.copy_from_slice(&wire::point_to_bytes(&self.commitment.0));
        tail.copy_from_slice(&wire::scalar_to_bytes(&self.value));
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, from a longer encoding.
    ///
    /// # Errors
    /// [`MiraError::Transcript`] for missing bytes, a non-canonical scalar or an invalid point.
    pub fn read(reader: &mut wire::Reader<'_>) -> Result<Self, MiraError> {
        let commitment = Commitment(reader.point("mask commitment")?);
        Ok(Self { commitment, value: reader.scalar("masked value")? })
    }
}

/// Masks an accumulator; returns the message and the masked accumulator.
///
/// # Errors
/// [`MiraError::Length`] if the mask is not as long as the functional's vectors; those of commitment and channel.
pub fn prove<P: ProverChannel>(
    channel: &mut P,
    srs: &Srs,
    instance: OpeningInstance<Fr>,
    mut witness: OpeningWitness,
    mask: Mask,
) -> Result<(MaskProof, OpeningInstance<Fr>, OpeningWitness), MiraError> {
    let OpeningInstance { mut commitment, functional, mut value } = instance;
    crate::error::check_length("mask", 1 << functional.num_vars(), mask.vector.len())?;

    // 1. C and u; C_s; y_s, hidden.
    absorb_claim(channel.transcript(), commitment, &functional);
    let mask_commitment = srs.commit(&mask.vector, &mask.blind)?;
    channel.transcript().append_point(COMMITMENT, &mask_commitment.0);
    let mask_value = functional.apply(&mask.vector)?;
    channel.send(VALUE, &[mask_value])?;

    // 2. delta; the masked accumulator.
    let delta = channel.transcript().challenge_nonzero(DELTA);
    commitment += mask_commitment.projective() * delta;
    witness.vector.accumulate(&mask.vector, delta);
    witness.blind.accumulate(&mask.blind, delta);
    value += delta * mask_value;

    // 3. y*, in the clear.
    channel.transcript().append_scalar(MASKED, &value);
    let proof = MaskProof { commitment: mask_commitment, value };
    Ok((proof, OpeningInstance { commitment, functional, value }, witness))
}

/// The masked accumulator, with the constraint that ties its value to the hidden one.
///
/// # Errors
/// Those of the channel; in the clear [`CONSTRAINT`] unsatisfied if y* is not the masked value.
pub fn verify<V: VerifierChannel>(
    channel: &mut V,
    instance: OpeningInstance<V::Scalar>,
    proof: &MaskProof,
) -> Result<OpeningInstance<Fr>, MiraError> {
    let OpeningInstance { commitment, functional, value } = instance;

    // 1. C and u; C_s; y_s, hidden.
    absorb_claim(channel.transcript(), commitment, &functional);
    channel.transcript().append_point(COMMITMENT, &proof.commitment.0);
    let mask_value = channel.receive(VALUE, 1)?;

    // 2. delta.
    let delta = channel.transcript().challenge_nonzero(DELTA);

    // 3. y*, in the clear; y + delta y_s = y*.
    channel.transcript().append_scalar(MASKED, &proof.value);
    let mut masked = value.sub(&V::Scalar::constant(proof.value));
    mask_value.iter().for_each(|y_s| masked.add_scaled(y_s, delta));
    channel.enforce_zero(CONSTRAINT, masked)?;

    let commitment = commitment + proof.commitment.projective() * delta;
    Ok(OpeningInstance { commitment, functional, value: proof.value })
}

/// Absorbs the public side of a claim, as [`prove`] and [`verify`] do first. It was absorbed before, in some form, by
/// whoever made the claim; but a C chosen after delta would be `Com(v*) - delta C_s` for any v*, so this does not rely
/// on it.
pub fn absorb_claim(transcript: &mut Transcript, commitment: G1Projective, functional: &Functional) {
    transcript.append_point(CLAIM, &commitment.into_affine());
    functional.absorb(transcript);
}

#[cfg(test)]
mod tests;
