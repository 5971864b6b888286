//! The chunk-opening relation: "C commits to v and `<v, u> = y`".

use ark_ec::CurveGroup;
use zeroize::Zeroize;
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Projective};
use zktorch_transcript::Transcript;

use crate::module::Module;
use crate::relation::{Pair, Relaxed, RelaxedRelation, RelaxedWitness};
use crate::{Functional, MiraError, kernels};

/// The claim that the vector v committed in C satisfies `<v, u> = y`.
///
/// y is a number (`Y = Fr`) where it may be seen, a hidden scalar of the channel before masking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningInstance<Y> {
    /// C.
    pub commitment: G1Projective,
    /// u.
    pub functional: Functional,
    /// y.
    pub value: Y,
}

impl OpeningInstance<Fr> {
    /// Absorbs the whole claim.
    pub(crate) fn absorb(&self, transcript: &mut Transcript) {
        absorb_public(transcript, &self.commitment, &self.functional);
        absorb_value(transcript, &self.value);
    }
}

/// Absorbs (C, u).
fn absorb_public(transcript: &mut Transcript, commitment: &G1Projective, functional: &Functional) {
    transcript.append_point(b"mira instance commitment", &commitment.into_affine());
    functional.absorb(transcript);
}

/// Absorbs y, or an error term.
fn absorb_value(transcript: &mut Transcript, value: &Fr) {
    transcript.append_scalar(b"mira instance value", value);
}

/// What opens the commitment of an [`OpeningInstance`]. Wiped from memory when dropped; not printed.
#[derive(Clone)]
pub struct OpeningWitness {
    /// v; at most `2^m` entries, continued with zeros.
    pub vector: Vec<Fr>,
    /// The blind of C.
    pub blind: Blind,
}

impl core::fmt::Debug for OpeningWitness {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OpeningWitness(..)")
    }
}

impl Drop for OpeningWitness {
    fn drop(&mut self) {
        self.vector.zeroize();
    }
}

/// The witness of the relation with the coefficients of u beside v: u costs more to expand than to fold, so an
/// accumulator keeps it.
#[derive(Clone, Debug)]
pub struct DenseWitness {
    /// v and the blind.
    pub opening: OpeningWitness,
    /// All coefficients of u.
    pub functional: Vec<Fr>,
}

impl DenseWitness {
    /// Expands the functional.
    pub fn new(functional: &Functional, opening: OpeningWitness) -> Self {
        Self { functional: functional.dense(), opening }
    }
}

impl Module for DenseWitness {
    fn accumulate(&mut self, other: &Self, c: Fr) {
        self.opening.vector.accumulate(&other.opening.vector, c);
        self.opening.blind.accumulate(&other.opening.blind, c);
        self.functional.accumulate(&other.functional, c);
    }
}

/// `f((C, u), v) = <v, u>`, degree 2, homogeneous by itself: it needs no slack. The error term is y, in the clear.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChunkOpening;

impl RelaxedRelation for ChunkOpening {
    const NAME: &'static str = "chunk opening";
    type Key = Srs;
    type Instance = (G1Projective, Functional);
    type Witness = DenseWitness;
    type Value = Fr;
    type Error = Fr;
    type Opening = ();

    fn degree(&self) -> usize {
        2
    }

    fn form(&self, _: &Self::Instance, witness: &DenseWitness) -> Result<Fr, MiraError> {
        Ok(kernels::inner_product(&witness.opening.vector, &witness.functional))
    }

    /// `<v1 + gamma v2, u1 + gamma u2>` without storing the sums.
    fn form_on_line(&self, a: Pair<'_, Self>, b: Pair<'_, Self>, gamma: Fr) -> Result<Fr, MiraError> {
        let (a, b) = (a.1, b.1);
        Ok(kernels::inner_product_on_line(
            [&a.opening.vector, &b.opening.vector],
            [&a.functional, &b.functional],
            gamma,
        ))
    }

    fn value(&self, error: &Fr, (): &()) -> Fr {
        *error
    }

    fn commitments_hold(
        &self,
        srs: &Srs,
        relaxed: &Relaxed<Self>,
        witness: &RelaxedWitness<Self>,
    ) -> Result<bool, MiraError> {
        let (commitment, functional) = &relaxed.instance;
        let DenseWitness { opening, functional: dense } = &witness.witness;
        let expected = srs.commit(&opening.vector, &opening.blind)?;
        Ok(expected.projective() == *commitment && functional.dense() == *dense)
    }

    fn absorb_instance(&self, transcript: &mut Transcript, (commitment, functional): &Self::Instance) {
        absorb_public(transcript, commitment, functional);
    }

    fn absorb_error(&self, transcript: &mut Transcript, error: &Fr) {
        absorb_value(transcript, error);
    }
}

impl From<OpeningInstance<Fr>> for Relaxed<ChunkOpening> {
    fn from(instance: OpeningInstance<Fr>) -> Self {
        Self { instance: (instance.commitment, instance.functional), error: instance.value }
    }
}

impl From<Relaxed<ChunkOpening>> for OpeningInstance<Fr> {
    fn from(relaxed: Relaxed<ChunkOpening>) -> Self {
        let (commitment, functional) = relaxed.instance;
        Self { commitment, functional, value: relaxed.error }
    }
}

#[cfg(test)]
mod tests;
