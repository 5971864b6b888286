//! Pairwise mode: folds of two accumulators whose values are in the clear because they are masked.
//!
//! This is the published form of Mira: any two accumulators fold, with one error term `t = <v1, u2> + <v2, u1>` each. It is for
//! accumulators that meet outside of one proof, across shards, machines and inferences. Inside one proof
//! [`levels`](crate::levels) needs fewer messages and fewer passes over memory.
//!
//! Soundness error of a fold: `2/|F|`. Cost: one pass for t and one for the fold, about 190 bytes an entry.

use ark_ff::Zero;
use zktorch_field::Fr;
use zktorch_transcript::Transcript;

use crate::error::check_length;
use crate::relation::{self, Relaxed, RelaxedWitness};
use crate::{ChunkOpening, DenseWitness, MiraError, OpeningInstance, OpeningWitness};

/// An opening instance with its witness, both masked, and u expanded.
#[derive(Clone)]
pub struct Accumulator {
    relaxed: Relaxed<ChunkOpening>,
    witness: RelaxedWitness<ChunkOpening>,
}

impl core::fmt::Debug for Accumulator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Accumulator").field("relaxed", &self.relaxed).finish_non_exhaustive()
    }
}

impl Accumulator {
    /// Of one instance. Expands u (`2^m` entries).
    ///
    /// # Errors
    /// [`MiraError::TooLong`] if the vector has more entries than u.
    pub fn new(instance: OpeningInstance<Fr>, mut opening: OpeningWitness) -> Result<Self, MiraError> {
        let limit = 1 << instance.functional.num_vars();
        if opening.vector.len() > limit {
            return Err(MiraError::TooLong { what: "accumulated vector", limit, got: opening.vector.len() });
        }
        opening.vector.resize(limit, Fr::zero());
        let witness = DenseWitness::new(&instance.functional, opening);
        Ok(Self { relaxed: instance.into(), witness: RelaxedWitness { witness, opening: () } })
    }

    /// The public side.
    pub fn instance(&self) -> OpeningInstance<Fr> {
        self.relaxed.clone().into()
    }

    /// The public and the secret side.
    pub fn into_parts(self) -> (OpeningInstance<Fr>, OpeningWitness) {
        (self.relaxed.into(), self.witness.witness.opening)
    }

    /// Folds `other` into this accumulator; returns it with the error term t. The transcript absorbs both instances
    /// and t before gamma is drawn.
    ///
    /// # Errors
    /// Those of [`relation::prove`].
    pub fn fold(self, transcript: &mut Transcript, other: &Self) -> Result<(Fr, Self), MiraError> {
        let parts = (self.relaxed, self.witness);
        let right = (&other.relaxed, &other.witness);
        Self::folded(relation::prove(&ChunkOpening, transcript, parts, right, &mut |t| Ok((*t, ())))?)
    }

    /// [`fold`](Self::fold) with a transcript that binds both instances already.
    pub(crate) fn fold_bound(
        self,
        transcript: &mut Transcript,
        other: &Self,
    ) -> Result<(Fr, Self), MiraError> {
        let parts = (self.relaxed, self.witness);
        let right = (&other.relaxed, &other.witness);
        Self::folded(relation::prove_bound(&ChunkOpening, transcript, parts, right, &mut |t| Ok((*t, ())))?)
    }

    fn folded(folded: relation::Folded<ChunkOpening>) -> Result<(Fr, Self), MiraError> {
        check_length("cross terms of a fold", 1, folded.cross.len())?;
        Ok((folded.cross[0], Self { relaxed: folded.relaxed, witness: folded.witness }))
    }
}

/// The verifier's fold of two instances with the prover's error term t.
///
/// # Errors
/// None that depends on the values: a wrong t gives an instance that nobody can open.
pub fn verify(
    transcript: &mut Transcript,
    left: OpeningInstance<Fr>,
    right: &OpeningInstance<Fr>,
    t: Fr,
) -> Result<OpeningInstance<Fr>, MiraError> {
    let right = right.clone().into();
    Ok(relation::verify(&ChunkOpening, transcript, left.into(), &right, &[t])?.into())
}

/// [`verify`] with a transcript that binds both instances already.
pub(crate) fn verify_bound(
    transcript: &mut Transcript,
    left: OpeningInstance<Fr>,
    right: &OpeningInstance<Fr>,
    t: Fr,
) -> Result<OpeningInstance<Fr>, MiraError> {
    let right = right.clone().into();
    Ok(relation::verify_bound(&ChunkOpening, transcript, left.into(), &right, &[t])?.into())
}

#[cfg(test)]
mod tests;
