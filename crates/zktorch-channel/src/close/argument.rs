//! The argument for the folded instance and the masked claims, all in the clear.

use zeroize::Zeroizing;
use zktorch_commit::{Blind, Srs, VerifierSrs};
use zktorch_field::{Fr, G1Projective};
use zktorch_mira::relation::{Relaxed, RelaxedWitness};
use zktorch_mira::{Functional, Module, OpeningInstance, OpeningWitness};
use zktorch_sumcheck::eq_table;
use zktorch_transcript::{ClearProver, ClearVerifier, ProverRng, R1cs, Transcript};

use super::fold::Accumulator;
use crate::proof::ArgumentProof;
use crate::relation::MessageRelation;
use crate::spartan::{self, Reduced, Sizes};
use crate::split::{self, SplitClaim};
use crate::{ChannelError, Ending};

/// Proves that `folded` satisfies the relaxed constraints, and `claims`.
///
/// # Errors
/// Those of sumcheck, commitment and decider.
pub(crate) fn prove<E: Ending>(
    srs: &Srs,
    transcript: &mut Transcript,
    r1cs: &R1cs,
    folded: &Accumulator<'_>,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    rng: &mut ProverRng,
) -> Result<(ArgumentProof<E>, E::Kept), ChannelError> {
    let (relaxed, witness) = folded;

    // 1. Spartan: claims on z* and E*.
    let mut channel = ClearProver::new(transcript);
    let z = witness.witness.assignment();
    let assignment = spartan::Folded { slack: relaxed.instance.slack, z: &z, error: &witness.opening.values };
    let reduced =
        tracing::info_span!("spartan").in_scope(|| spartan::prove(&mut channel, r1cs, &assignment))?;
    let messages = channel.into_messages();

    // 2. The decider: v*, z*, E*.
    prove_claims(srs, transcript, r1cs, folded, (messages, &reduced), claims, rng)
}

/// The second half of [`prove`], after Spartan has sent its messages.
pub(crate) fn prove_claims<E: Ending>(
    srs: &Srs,
    transcript: &mut Transcript,
    r1cs: &R1cs,
    (relaxed, witness): &Accumulator<'_>,
    (spartan, reduced): (Vec<Fr>, &Reduced),
    mut claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    rng: &mut ProverRng,
) -> Result<(ArgumentProof<E>, E::Kept), ChannelError> {
    let targets = Targets::new(&Sizes::of(r1cs), srs.k(), reduced)?;
    let columns = r1cs.layout().columns();
    let witness = targets.witness(witness, columns, srs.size());
    let (split, parts) = split::prove(srs, transcript, targets.messages(relaxed)?, witness.messages, rng)?;
    claims.extend(parts);
    claims.push((targets.error(relaxed), witness.error));
    let (decider, kept) = E::prove(srs, transcript, claims)?;
    Ok((ArgumentProof { spartan, split, decider }, kept))
}

/// The verifier of [`prove`]; what is left.
///
/// # Errors
/// [`ChannelError::Mira`] for a false claim or opening.
pub(crate) fn verify<E: Ending>(
    srs: &VerifierSrs,
    k: usize,
    transcript: &mut Transcript,
    r1cs: &R1cs,
    folded: &Relaxed<MessageRelation<'_>>,
    mut claims: Vec<OpeningInstance<Fr>>,
    proof: &ArgumentProof<E>,
) -> Result<E::Left, ChannelError> {
    // 1. Spartan: claims on z* and E*.
    let mut channel = ClearVerifier::new(transcript, &proof.spartan);
    let reduced = tracing::info_span!("spartan")
        .in_scope(|| spartan::verify(&mut channel, r1cs, folded.instance.slack))?;
    channel.finish()?;

    // 2. The decider: v*, z*, E*.
    let _span = tracing::info_span!("decider").entered();
    let targets = Targets::new(&Sizes::of(r1cs), k, &reduced)?;
    claims.extend(split::verify(transcript, targets.messages(folded)?, &proof.split));
    claims.push(targets.error(folded));
    Ok(proof.decider.verify(srs, transcript, &claims)?)
}

/// The claims on z* and E*, on combinations of commitments.
pub(super) struct Targets<'a> {
    /// eq(ry, .): weights of the rows of z.
    row_weights: Vec<Fr>,
    /// eq(high part of ry, .): weights of the chunks of the mask.
    mask_weights: Vec<Fr>,
    /// g and h: what the combined row and the combined chunk of the mask are weighted with.
    functionals: [Functional; 2],
    /// eq(high part of rx, .): weights of the chunks of E.
    chunk_weights: Vec<Fr>,
    /// Low part of rx.
    error_point: Vec<Fr>,
    reduced: &'a Reduced,
}

/// What opens the claims.
pub(super) struct TargetWitness {
    pub(super) messages: [OpeningWitness; 2],
    pub(super) error: OpeningWitness,
}

impl<'a> Targets<'a> {
    pub(super) fn new(sizes: &Sizes, k: usize, reduced: &'a Reduced) -> Result<Self, ChannelError> {
        let (chunk_point, error_point) = reduced.error_point.split_at(sizes.mu - sizes.error_vars(k));
        let (mask_point, cell_point) = reduced.row_point.split_at(sizes.nu() - sizes.mask_vars(k));
        // All weight of g lies on the first entries of a vector, which are what a row is: an opening may need more.
        let zeros = vec![Fr::from(0u64); sizes.message_vars() - sizes.column_vars];
        Ok(Self {
            row_weights: eq_table(&reduced.row_point),
            mask_weights: eq_table(mask_point),
            functionals: [
                Functional::block(zeros, reduced.weights.clone())?,
                Functional::block(cell_point.to_vec(), reduced.weights.clone())?,
            ],
            chunk_weights: eq_table(chunk_point),
            error_point: error_point.to_vec(),
            reduced,
        })
    }

    /// `sum_i eq(i) row_i` and `sum_c eq(c) mask_c` have the value vz together.
    pub(super) fn messages(&self, folded: &Relaxed<MessageRelation<'_>>) -> Result<SplitClaim, ChannelError> {
        let row = folded.instance.rows.combine(&self.row_weights)?;
        let mask = folded.instance.mask.combine(&self.mask_weights)?;
        Ok(SplitClaim {
            commitments: [row, mask],
            functionals: self.functionals.clone(),
            value: self.reduced.message_value,
        })
    }

    /// `sum_b eq(b) E_b` evaluates to ve.
    pub(super) fn error(&self, folded: &Relaxed<MessageRelation<'_>>) -> OpeningInstance<Fr> {
        let chunks = folded.error.iter().zip(&self.chunk_weights);
        OpeningInstance {
            commitment: chunks.map(|(chunk, weight)| *chunk * weight).sum::<G1Projective>(),
            functional: Functional::eq(self.error_point.clone()),
            value: self.reduced.error_value,
        }
    }

    /// What opens them, for rows of `columns` cells and chunks of `chunk` entries.
    pub(super) fn witness(
        &self,
        witness: &RelaxedWitness<MessageRelation<'_>>,
        columns: usize,
        chunk: usize,
    ) -> TargetWitness {
        let (own, error) = (&witness.witness, &witness.opening);
        TargetWitness {
            messages: [
                combine(own.messages.chunks(columns), &self.row_weights, &own.blinds),
                combine(own.mask.chunks(chunk), &self.mask_weights, &own.mask_blinds),
            ],
            error: combine(error.values.chunks(chunk), &self.chunk_weights, &error.blinds),
        }
    }
}

/// The witness of a combination of commitments.
fn combine<'a>(vectors: impl Iterator<Item = &'a [Fr]>, weights: &[Fr], blinds: &[Blind]) -> OpeningWitness {
    let mut witness = OpeningWitness { vector: Vec::new(), blind: Blind::zero() };
    for ((vector, weight), blind) in vectors.zip(weights).zip(blinds) {
        // Rows of messages are secret, and so are copies of them.
        witness.vector.accumulate(&Zeroizing::new(vector.to_vec()), *weight);
        witness.blind.accumulate(blind, *weight);
    }
    witness
}
