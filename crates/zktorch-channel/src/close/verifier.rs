//! The verifier's side of closing.

use zktorch_commit::VerifierSrs;
use zktorch_mira::decider::{DeciderProof, ReductionProof};
use zktorch_mira::mask;
use zktorch_mira::tree::Leaf;
use zktorch_mutants::enforced;
use zktorch_transcript::{Recorded, Recorder, Transcript};

use super::{absorb_parameters, argument, end_digest, fold, statement_digest};
use crate::relation::MessageRelation;
use crate::shape::check_sizes;
use crate::{ChannelError, DeferredProof, Ending, HiddenProof, Protocol, RowReader, Shape};

/// Verifies that the hidden messages of `proof` satisfy the constraints of `protocol`, and its claims.
///
/// Starts from the protocol's [`transcript`](Protocol::transcript), which has absorbed the statement. `k` is log2 of the size of
/// committed vectors, `columns` the width of rows; both come from the verifier's key. Whether the SRS can be trusted is
/// decided before, by [`SrsPolicy`](zktorch_commit::SrsPolicy).
///
/// Cost, beside the protocol's own code: one multi-scalar multiplication over the rows, field operations linear in
/// the entries of the constraints and in the cells of z, one opening (two pairings).
///
/// # Errors
/// [`ChannelError::Length`], [`ChannelError::InvalidPoint`] for a proof of another shape; those of the protocol; an
/// unsatisfied residual or a claim that does not open for a false statement.
pub fn verify<P: Protocol>(
    srs: &VerifierSrs,
    k: usize,
    columns: usize,
    protocol: &P,
    proof: &HiddenProof,
) -> Result<(), P::Error> {
    verify_from(protocol.transcript(), srs, k, columns, protocol, proof)
}

/// [`verify`] from a given transcript, so that tests can watch it.
pub(crate) fn verify_from<P: Protocol>(
    transcript: Transcript,
    srs: &VerifierSrs,
    k: usize,
    columns: usize,
    protocol: &P,
    proof: &HiddenProof,
) -> Result<(), P::Error> {
    run::<DeciderProof, P>(transcript, srs, k, columns, protocol, proof).map(|_| ())
}

/// [`verify`] of a proof that leaves a claim to be decided: the statement holds if that claim does, in the tree of which it is
/// a leaf.
///
/// # Errors
/// Those of [`verify`], but for the opening.
pub fn verify_deferred<P: Protocol>(
    srs: &VerifierSrs,
    k: usize,
    columns: usize,
    protocol: &P,
    proof: &DeferredProof,
) -> Result<Leaf, P::Error> {
    let start = protocol.transcript();
    let mut statement = start.clone();
    absorb_parameters(&mut statement, srs.id(), k, columns);
    let (end, instance) = run::<ReductionProof, P>(start, srs, k, columns, protocol, proof)?;
    Ok(Leaf { statement: statement_digest(&statement), transcript: end_digest(&end), instance })
}

/// The transcript at the end, and what is left.
fn run<E: Ending, P: Protocol>(
    mut transcript: Transcript,
    srs: &VerifierSrs,
    k: usize,
    columns: usize,
    protocol: &P,
    proof: &HiddenProof<E>,
) -> Result<(Transcript, E::Left), P::Error> {
    check_sizes(k, columns)?;
    proof.check_points()?;
    absorb_parameters(&mut transcript, srs.id(), k, columns);

    // 1. The protocol: rows are absorbed, constraints recorded.
    let rows = RowReader::new(columns, proof.rows.clone());
    let mut recorder = Recorder::new(transcript, rows).map_err(ChannelError::from)?;
    let claims = tracing::info_span!("protocol").in_scope(|| protocol.verify(&mut recorder))?;
    Ok(close(srs, k, recorder, claims, proof)?)
}

fn close<E: Ending>(
    srs: &VerifierSrs,
    k: usize,
    mut recorder: Recorder<RowReader>,
    claims: Vec<zktorch_mira::OpeningInstance<zktorch_transcript::LinearCombination>>,
    proof: &HiddenProof<E>,
) -> Result<(Transcript, E::Left), ChannelError> {
    // 2. Mask every claim; the last constraints.
    if let Some(claim) = claims.iter().find(|claim| claim.functional.num_vars() > k)
        && enforced()
    {
        let got = claim.functional.num_vars();
        return Err(ChannelError::Length { what: "variables of a claim", expected: k, got });
    }
    let claim_vars = claims.iter().map(|claim| claim.functional.num_vars()).max().unwrap_or(0);
    if claims.len() != proof.masks.len() && enforced() {
        return Err(ChannelError::Length { what: "masks", expected: claims.len(), got: proof.masks.len() });
    }
    let mut masked = Vec::with_capacity(claims.len());
    for (claim, mask) in claims.into_iter().zip(&proof.masks) {
        masked.push(mask::verify(&mut recorder, claim, mask)?);
    }

    // 3. Close the constraints; from here on every length follows from them.
    let Recorded { mut transcript, source, r1cs } = recorder.finish()?;
    let rows = source.finish()?;
    let shape = Shape {
        k,
        columns: r1cs.layout().columns(),
        rows: r1cs.layout().rows(),
        constraints: r1cs.num_constraints(),
        masks: masked.len(),
        claim_vars,
    };
    shape.check()?;
    proof.check_lengths(&shape)?;

    // 4. Fold with a random instance: Com(z_r), Com(E_r), Com(T), epsilon.
    let relation = MessageRelation::new(&r1cs, k);
    let folded = fold::verify(&mut transcript, &relation, rows, &proof.fold)?;

    // 5. Spartan, decider, opening.
    let left = argument::verify(srs, k, &mut transcript, &r1cs, &folded, masked, &proof.argument)?;
    Ok((transcript, left))
}
