//! The messages, folded with a random satisfying instance of their constraints.

use ark_ff::UniformRand;
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::relation::{Folded, Relaxed, RelaxedRelation, RelaxedWitness, prove_bound, verify_bound};
use zktorch_transcript::{ProverRng, RowLayout, Transcript};

use crate::ChannelError;
use crate::proof::FoldProof;
use crate::relation::{MessageInstance, MessageRelation, MessageWitness, to_affine};
use crate::rows::FoldedCommitments;

/// Public and secret side of an accumulator over the message R1CS.
pub(crate) type Accumulator<'a> = (Relaxed<MessageRelation<'a>>, RelaxedWitness<MessageRelation<'a>>);

/// Folds `messages` (u = 1, E = 0, bound by the transcript already) with a random instance.
///
/// Cost: a commitment to a vector of as many cells as messages have, and two to error terms; five evaluations of the constraints.
///
/// # Errors
/// Those of the commitments.
pub(crate) fn prove<'a>(
    srs: &Srs,
    transcript: &mut Transcript,
    relation: &MessageRelation<'a>,
    messages: Accumulator<'a>,
    rng: &mut ProverRng,
) -> Result<(FoldProof, Accumulator<'a>), ChannelError> {
    // 1. Com(z_r), Com(E_r).
    let (mask, mask_witness) = random_instance(srs, relation, rng)?;
    absorb_mask(transcript, &mask);

    // 2. Com(T); epsilon; the fold.
    let mut commit = |value: &Vec<Fr>| relation.commit_error(srs, value, &mut || Blind::random(rng));
    let Folded { cross, relaxed, witness } =
        prove_bound(relation, transcript, messages, (&mask, &mask_witness), &mut commit)?;
    let proof = FoldProof {
        mask: mask.instance.mask.to_points(),
        error: to_affine(&mask.error),
        cross: cross.iter().flat_map(|term| to_affine(term)).collect(),
    };
    Ok((proof, (relaxed, witness)))
}

/// The verifier of [`prove`]: Com(E*) = epsilon Com(T) + epsilon^2 Com(E_r), z* = z + epsilon z_r in its two
/// parts. Nothing is checked here.
///
/// # Errors
/// Never for proofs of the right shape.
pub(crate) fn verify<'a>(
    transcript: &mut Transcript,
    relation: &MessageRelation<'a>,
    rows: Vec<G1Affine>,
    proof: &FoldProof,
) -> Result<Relaxed<MessageRelation<'a>>, ChannelError> {
    let projective =
        |points: &[G1Affine]| points.iter().map(|&point| point.into()).collect::<Vec<G1Projective>>();
    let instance = mask_instance(proof.mask.clone());
    let mask = Relaxed { instance, error: projective(&proof.error) };

    // 1. Com(z_r), Com(E_r).
    absorb_mask(transcript, &mask);

    // 2. Com(T); epsilon; the fold.
    Ok(verify_bound(relation, transcript, relation.fresh_instance(rows), &mask, &[projective(&proof.cross)])?)
}

/// Absorbs the random instance. The messages themselves are in the transcript since they were sent.
pub(crate) fn absorb_mask(transcript: &mut Transcript, mask: &Relaxed<MessageRelation<'_>>) {
    transcript.append_points(b"channel mask messages", &mask.instance.mask.to_points());
    transcript.append_points(b"channel mask error", &to_affine(&mask.error));
}

/// The public side of a mask: no messages, and u_r = 0. A prover could choose u_r as it likes, and what a proof reveals does not depend
/// on it, so it is nothing to send.
pub(crate) fn mask_instance(commitments: Vec<G1Affine>) -> MessageInstance {
    let mask = FoldedCommitments::new(commitments);
    MessageInstance { rows: FoldedCommitments::default(), mask, slack: Fr::from(0u64) }
}

/// Its secret side.
pub(crate) fn mask_witness(mask: Vec<Fr>, mask_blinds: Vec<Blind>) -> MessageWitness {
    MessageWitness { messages: Vec::new(), blinds: Vec::new(), mask, mask_blinds }
}

/// A uniform assignment of the messages, u_r = 0, and the error term that they have. A satisfying instance, because
/// the error term is free.
fn random_instance<'a>(
    srs: &Srs,
    relation: &MessageRelation<'a>,
    rng: &mut ProverRng,
) -> Result<Accumulator<'a>, ChannelError> {
    let z = random_cells(relation.layout(), rng);
    let (commitments, blinds) = relation.commit_mask(srs, &z, &mut || Blind::random(rng))?;
    let (instance, witness) = (mask_instance(commitments), mask_witness(z, blinds));
    let value = relation.form(&instance, &witness)?;
    let (error, opening) = relation.commit_error(srs, &value, &mut || Blind::random(rng))?;
    Ok((Relaxed { instance, error }, RelaxedWitness { witness, opening }))
}

/// Uniform in every cell of a message; zero, as in z, in the cells between the end of a message and the end of its row.
pub(crate) fn random_cells(layout: &RowLayout, rng: &mut ProverRng) -> Vec<Fr> {
    let mut z = vec![Fr::from(0u64); layout.cells()];
    for message in layout.messages() {
        let first = message.rows.start * layout.columns();
        z[first..first + message.len].iter_mut().for_each(|cell| *cell = Fr::rand(rng));
    }
    z
}
