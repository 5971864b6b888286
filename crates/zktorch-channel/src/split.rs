//! The claim on the folded messages, whose two parts lie in two commitments.
//!
//! `z* = z + epsilon z_r`. The messages z are committed row by row, because challenges are drawn between them; their mask z_r is
//! one vector over the same cells. What Spartan leaves is about the sum,
//!
//! ```text
//! <R, g> + <Z, h> = vz,        R = sum_i eq(ry, i) z_i,   Z = epsilon z_r,   h = eq(ry, .) (x) g,
//! ```
//!
//! g a weight per column, h one per cell. `<R, g>` alone is a linear function of the messages, and must not be seen. So
//! the prover commits to uniform S_1, S_2 and sends `y = <S_1, g> + <S_2, h>`; delta != 0 is drawn; then it sends b, and
//!
//! ```text
//! <R + delta S_1, g> = vz + delta y - b,        <Z + delta S_2, h> = b
//! ```
//!
//! are two claims like all others.
//!
//! Zero knowledge: z* is uniform whatever the messages are, and so are, independently of it, `R + delta S_1`, `Z + delta S_2` and their
//! blinds; b and y follow from these and vz.
//!
//! Soundness error: `1/|F|`. The two claims add up to `<R, g> + <Z, h> - vz + delta (<S_1, g> + <S_2, h> - y) = 0`, where all but
//! delta was fixed before delta.

use ark_ff::UniformRand;
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::{Functional, Module, OpeningInstance, OpeningWitness};
use zktorch_transcript::wire::{POINT_BYTES, Reader, SCALAR_BYTES, point_to_bytes, scalar_to_bytes};
use zktorch_transcript::{ProverRng, Transcript};

use crate::ChannelError;

/// `<v_1, u_1> + <v_2, u_2> = value`, where C_i commits to v_i.
pub(crate) struct SplitClaim {
    pub(crate) commitments: [G1Projective; 2],
    pub(crate) functionals: [Functional; 2],
    pub(crate) value: Fr,
}

/// What is sent in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitProof {
    /// Commitments to S_1 and S_2.
    pub masks: [G1Affine; 2],
    /// y.
    pub mask_value: Fr,
    /// b.
    pub value: Fr,
}

impl SplitProof {
    /// Length of the encoding.
    pub const BYTES: usize = 2 * (POINT_BYTES + SCALAR_BYTES);

    /// S_1, S_2, y, b.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        self.masks.iter().for_each(|mask| bytes.extend(point_to_bytes(mask)));
        bytes.extend(scalar_to_bytes(&self.mask_value));
        bytes.extend(scalar_to_bytes(&self.value));
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, from a longer encoding.
    ///
    /// # Errors
    /// [`ChannelError::Transcript`] for missing bytes, a non-canonical scalar or an invalid point.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, ChannelError> {
        let masks = [reader.point("mask of a split claim")?, reader.point("mask of a split claim")?];
        let [mask_value, value] =
            [reader.scalar("value of the masks")?, reader.scalar("value of the split")?];
        Ok(Self { masks, mask_value, value })
    }

    /// The two masked claims.
    pub(crate) fn claims(&self, claim: SplitClaim, delta: Fr) -> [OpeningInstance<Fr>; 2] {
        let SplitClaim { commitments: [first, second], functionals: [g, h], value } = claim;
        let masked = |commitment: G1Projective, mask: G1Affine| commitment + mask * delta;
        [
            OpeningInstance {
                commitment: masked(first, self.masks[0]),
                functional: g,
                value: value + delta * self.mask_value - self.value,
            },
            OpeningInstance { commitment: masked(second, self.masks[1]), functional: h, value: self.value },
        ]
    }
}

/// A masked claim with its witness.
type Claim = (OpeningInstance<Fr>, OpeningWitness);

/// Splits a claim into two masked ones, with their witnesses.
///
/// # Errors
/// Those of the commitments.
pub(crate) fn prove(
    srs: &Srs,
    transcript: &mut Transcript,
    claim: SplitClaim,
    mut witnesses: [OpeningWitness; 2],
    rng: &mut ProverRng,
) -> Result<(SplitProof, [Claim; 2]), ChannelError> {
    // 1. S_1, S_2, y.
    let masks = claim.functionals.each_ref().map(|functional| OpeningWitness {
        vector: (0..1usize << functional.num_vars()).map(|_| Fr::rand(rng)).collect(),
        blind: Blind::random(rng),
    });
    let mut points = [G1Affine::identity(); 2];
    let mut mask_value = Fr::from(0u64);
    for ((mask, point), functional) in masks.iter().zip(&mut points).zip(&claim.functionals) {
        *point = srs.commit(&mask.vector, &mask.blind)?.point();
        mask_value += functional.apply(&mask.vector)?;
    }
    let delta = draw(transcript, &points, &mask_value);

    // 2. b. It is absorbed with the claims, which are all that depends on it.
    for (witness, mask) in witnesses.iter_mut().zip(&masks) {
        witness.vector.accumulate(&mask.vector, delta);
        witness.blind.accumulate(&mask.blind, delta);
    }
    let value = claim.functionals[1].apply(&witnesses[1].vector)?;
    let proof = SplitProof { masks: points, mask_value, value };
    let [first, second] = proof.claims(claim, delta);
    let [w1, w2] = witnesses;
    Ok((proof, [(first, w1), (second, w2)]))
}

/// The verifier of [`prove`]. Nothing is checked here: if the claim is false, one of the two is.
pub(crate) fn verify(
    transcript: &mut Transcript,
    claim: SplitClaim,
    proof: &SplitProof,
) -> [OpeningInstance<Fr>; 2] {
    let delta = draw(transcript, &proof.masks, &proof.mask_value);
    proof.claims(claim, delta)
}

/// Absorbs the masks and their value, and draws delta.
fn draw(transcript: &mut Transcript, masks: &[G1Affine], value: &Fr) -> Fr {
    transcript.append_points(b"channel split masks", masks);
    transcript.append_scalar(b"channel split value", value);
    transcript.challenge_nonzero(b"channel split delta")
}
