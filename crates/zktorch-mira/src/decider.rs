//! The decider: several masked opening instances, checked in the clear by one sumcheck and one opening.
//!
//! Instances "C_i commits to v_i with `<v_i, u_i> = y_i`" (each on the first `2^{m_i}` entries of a chunk) are reduced in two
//! steps to one evaluation claim:
//!
//! 1. One batched sumcheck of `sum_x v_i(x) u_i(x) = y_i` brings all of them to one random point r (the *shared* point; an
//!    instance with fewer variables sits at its last coordinates). The evaluations `e_i = v_i~(r)` are sent; the verifier
//!    evaluates u_i~ itself.
//! 2. A random combination `C = sum_i rho5^i C_i` is claimed to evaluate to `sum_i rho5^i z_i e_i` at r, where
//!    `z_i = prod (1 - r_j)` over the variables that instance i lacks: v_i continues with zeros.
//!
//! The result `(C, eq(r, .), y)` is what a shard exports ([`reduce`]). [`prove`] then reveals the folded blind, which is
//! uniform and independent of everything else revealed, absorbs it, subtracts it, and opens C at r with HyperKZG.
//!
//! Everything here is in the clear: callers mask first ([`mask`](crate::mask)).
//!
//! Soundness error: `(q - 1)/|F| + 2k/|F|` for the sumcheck of q instances in k variables, `(q - 1)/|F|` for rho5, and the
//! opening's. A claim with m < k variables speaks of the first `2^m` entries of a vector and of nothing else: it is no proof
//! that the vector ends there (entries beyond, orthogonal to what the other claims use, go unnoticed). It stays sound beside them, with
//! `3/|F|` for every missing variable: e is sent after r, so what the prover can add to it is a multiple of `1/(1 - r_j)`, and no
//! round polynomial fixed before r_j cancels that.

mod open;
mod proof;
mod reduce;

pub use self::open::{open, verify_open};
pub use self::proof::{DeciderProof, OpenProof, ReductionProof, ReductionShape};
pub use self::reduce::{reduce, verify_reduce};

use zktorch_commit::{Srs, VerifierSrs};
use zktorch_field::Fr;
use zktorch_field::task::Stage;
use zktorch_transcript::Transcript;

use crate::{MiraError, OpeningInstance, OpeningWitness};

/// The stage, as [observers](zktorch_field::task) are told of it, in which all claims are proved.
pub const OPENING: Stage = Stage::new("opening");

/// Proves all `claims`: [`reduce`], then [`open`].
///
/// Cost: a sumcheck over two tables per claim, one HyperKZG opening (`1.14 n` full-width MSM terms, `1.33 n` below 2^16).
///
/// # Errors
/// [`MiraError::Empty`] without claims; [`MiraError::TooLong`] for vectors longer than their functional's; those of
/// sumcheck and commitment.
pub fn prove(
    srs: &Srs,
    transcript: &mut Transcript,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<DeciderProof, MiraError> {
    let _stage = OPENING.enter();
    let (reduction, instance, witness) = tracing::info_span!("mira reduction", claims = claims.len())
        .in_scope(|| reduce(transcript, claims))?;
    let _span = tracing::info_span!("mira opening").entered();
    let opening = open(srs, transcript, &instance, witness)?;
    Ok(DeciderProof { reduction, opening })
}

/// Verifies [`prove`].
///
/// # Errors
/// A false claim gives an unsatisfied [`CONSTRAINT`] or an opening that does not verify; [`MiraError::Length`] for a
/// proof of another shape.
pub fn verify(
    srs: &VerifierSrs,
    transcript: &mut Transcript,
    instances: &[OpeningInstance<Fr>],
    proof: &DeciderProof,
) -> Result<(), MiraError> {
    let instance = verify_reduce(transcript, instances, &proof.reduction)?;
    verify_open(srs, transcript, &instance, &proof.opening)
}

/// Name of the check that ties the evaluations to the sumcheck.
pub const CONSTRAINT: &str = "decider: evaluations match the sumcheck";

#[cfg(test)]
mod tests;
