//! The argument for the folded instance and the masked claims, all in the clear.

use zktorch_commit::{Blind, Srs, VerifierSrs};
use zktorch_field::{Fr, G1Projective};
use zktorch_mira::relation::Relaxed;
use zktorch_mira::{Functional, Module, OpeningInstance, OpeningWitness};
use zktorch_sumcheck::eq_table;
use zktorch_transcript::{ClearProver, ClearVerifier, R1cs, Transcript};

use super::fold::Accumulator;
use crate::proof::ArgumentProof;
use crate::relation::MessageRelation;
use crate::spartan::{self, Reduced, Sizes};
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
) -> Result<(ArgumentProof<E>, E::Kept), ChannelError> {
    let (relaxed, witness) = folded;

    // 1. Spartan: z*(ry) and E*(rx).
    let mut channel = ClearProver::new(transcript);
    let assignment = spartan::Folded {
        slack: relaxed.instance.slack,
        z: &witness.witness.z,
        error: &witness.opening.values,
    };
    let reduced =
        tracing::info_span!("spartan").in_scope(|| spartan::prove(&mut channel, r1cs, &assignment))?;
    let messages = channel.into_messages();

    // 2. The decider: v*, z*, E*.
    prove_claims(srs, transcript, r1cs, folded, (messages, &reduced), claims)
}

/// The second half of [`prove`], after Spartan has sent its messages.
pub(crate) fn prove_claims<E: Ending>(
    srs: &Srs,
    transcript: &mut Transcript,
    r1cs: &R1cs,
    (relaxed, witness): &Accumulator<'_>,
    (spartan, reduced): (Vec<Fr>, &Reduced),
    mut claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<(ArgumentProof<E>, E::Kept), ChannelError> {
    let columns = r1cs.layout().columns();
    let targets = Targets::new(&Sizes::of(r1cs), srs.k(), reduced);
    let [messages, error] = targets.claims(relaxed)?;
    let z = targets.message_witness(&witness.witness.z, columns, &witness.witness.blinds);
    let e = targets.error_witness(&witness.opening.values, srs.size(), &witness.opening.blinds);
    claims.extend([(messages, z), (error, e)]);
    let (decider, kept) = E::prove(srs, transcript, claims)?;
    Ok((ArgumentProof { spartan, decider }, kept))
}

/// The verifier of [`prove`]; what is left.
///
/// # Errors
/// [`ChannelError::Transcript`] for an unsatisfied residual; [`ChannelError::Mira`] for a false claim or opening.
pub(crate) fn verify<E: Ending>(
    srs: &VerifierSrs,
    k: usize,
    transcript: &mut Transcript,
    r1cs: &R1cs,
    folded: &Relaxed<MessageRelation<'_>>,
    mut claims: Vec<OpeningInstance<Fr>>,
    proof: &ArgumentProof<E>,
) -> Result<E::Left, ChannelError> {
    // 1. Spartan: z*(ry) and E*(rx).
    let mut channel = ClearVerifier::new(transcript, &proof.spartan);
    let reduced = spartan::verify(&mut channel, r1cs, folded.instance.slack)?;
    channel.finish()?;

    // 2. The decider: v*, z*, E*.
    claims.extend(Targets::new(&Sizes::of(r1cs), k, &reduced).claims(folded)?);
    Ok(proof.decider.verify(srs, transcript, &claims)?)
}

/// The claims on z* and E*, each on one combination of commitments.
struct Targets<'a> {
    /// eq(row part of ry, .): weights of the rows of z.
    row_weights: Vec<Fr>,
    /// Column part of ry, with leading zeros where an opening needs more variables. All weight of eq(point, .) lies on the
    /// first `columns` entries of a vector, which are what a row is.
    message_point: Vec<Fr>,
    /// eq(high part of rx, .): weights of the chunks of E.
    chunk_weights: Vec<Fr>,
    /// Low part of rx.
    error_point: Vec<Fr>,
    reduced: &'a Reduced,
}

impl<'a> Targets<'a> {
    fn new(sizes: &Sizes, k: usize, reduced: &'a Reduced) -> Self {
        let (row_point, column_point) = reduced.message_point.split_at(sizes.row_vars);
        let mut message_point = vec![Fr::from(0u64); sizes.message_vars() - sizes.column_vars];
        message_point.extend_from_slice(column_point);
        let (chunk_point, error_point) = reduced.error_point.split_at(sizes.mu - sizes.error_vars(k));
        Self {
            row_weights: eq_table(row_point),
            message_point,
            chunk_weights: eq_table(chunk_point),
            error_point: error_point.to_vec(),
            reduced,
        }
    }

    /// `sum_i eq(i) row_i` evaluates to vz, `sum_b eq(b) E_b` to ve.
    fn claims(
        &self,
        folded: &Relaxed<MessageRelation<'_>>,
    ) -> Result<[OpeningInstance<Fr>; 2], ChannelError> {
        let chunks = folded.error.iter().zip(&self.chunk_weights);
        let messages = OpeningInstance {
            commitment: folded.instance.rows.combine(&self.row_weights)?,
            functional: Functional::eq(self.message_point.clone()),
            value: self.reduced.message_value,
        };
        let error = OpeningInstance {
            commitment: chunks.map(|(chunk, weight)| *chunk * weight).sum::<G1Projective>(),
            functional: Functional::eq(self.error_point.clone()),
            value: self.reduced.error_value,
        };
        Ok([messages, error])
    }

    fn message_witness(&self, z: &[Fr], columns: usize, blinds: &[Blind]) -> OpeningWitness {
        combine(z.chunks(columns), &self.row_weights, blinds)
    }

    fn error_witness(&self, values: &[Fr], chunk: usize, blinds: &[Blind]) -> OpeningWitness {
        combine(values.chunks(chunk), &self.chunk_weights, blinds)
    }
}

/// The witness of a combination of commitments.
pub(super) fn combine<'a>(
    vectors: impl Iterator<Item = &'a [Fr]>,
    weights: &[Fr],
    blinds: &[Blind],
) -> OpeningWitness {
    let mut witness = OpeningWitness { vector: Vec::new(), blind: Blind::zero() };
    for ((vector, weight), blind) in vectors.zip(weights).zip(blinds) {
        witness.vector.accumulate(&vector.to_vec(), *weight);
        witness.blind.accumulate(blind, *weight);
    }
    witness
}
