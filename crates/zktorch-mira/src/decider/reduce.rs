//! Several opening instances to one evaluation claim.

use ark_ec::CurveGroup;
use ark_ff::{One, Zero};
use zktorch_commit::Blind;
use zktorch_commit::msm::msm_points;
use zktorch_field::{Fr, G1Projective};
use zktorch_mutants::enforced;
use zktorch_sumcheck::{Product, SumcheckInstance};
use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, VerifierChannel};

use super::{CONSTRAINT, ReductionProof, ReductionShape};
use crate::module::Module;
use crate::{Functional, MiraError, OpeningInstance, OpeningWitness};

const ROUND: &[u8] = b"mira decider round";
const EVALUATIONS: &[u8] = b"mira decider evaluations";
const RHO: &[u8] = b"mira decider rho";

/// Reduces `claims` to one claim `(C, eq(r, .), y)` with its witness; see the [module](super).
///
/// # Errors
/// As [`prove`](super::prove).
pub fn reduce(
    transcript: &mut Transcript,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<(ReductionProof, OpeningInstance<Fr>, OpeningWitness), MiraError> {
    let (instances, mut witnesses): (Vec<_>, Vec<_>) = claims.into_iter().unzip();
    for (instance, witness) in instances.iter().zip(&mut witnesses) {
        let limit = 1 << instance.functional.num_vars();
        if witness.vector.len() > limit && enforced() {
            return Err(MiraError::TooLong { what: "opened vector", limit, got: witness.vector.len() });
        }
        witness.vector.resize(limit, Fr::zero());
    }

    // 1. The claims, then the sumcheck; rho4 is drawn inside, first.
    let shape = absorb(transcript, &instances)?;
    let mut products = instances
        .iter()
        .zip(&witnesses)
        .map(|(instance, w)| Product::new(w.vector.clone(), instance.functional.dense(), instance.value))
        .collect::<Result<Vec<_>, _>>()?;
    let mut tables: Vec<&mut dyn SumcheckInstance> = Vec::new();
    products.iter_mut().for_each(|product| tables.push(product));
    let mut channel = ClearProver::new(transcript);
    let output = zktorch_sumcheck::prove(&mut channel, ROUND, &mut tables)?;

    // 2. The evaluations.
    let evaluations: Vec<Fr> = output.finals.iter().filter_map(|finals| finals.first().copied()).collect();
    channel.send(EVALUATIONS, &evaluations)?;
    let proof = ReductionProof::from_messages(shape.num_vars, &channel.into_messages());

    // 3. rho5; one claim.
    let rho = transcript.challenge_scalar(RHO);
    let instance = combine(&instances, &output.point, &evaluations, rho);
    let mut witness = OpeningWitness { vector: Vec::new(), blind: Blind::zero() };
    let mut power = Fr::one();
    for w in &witnesses {
        witness.vector.accumulate(&w.vector, power);
        witness.blind.accumulate(&w.blind, power);
        power *= rho;
    }
    Ok((proof, instance, witness))
}

/// The verifier of [`reduce`]: returns the claim that is left.
///
/// # Errors
/// [`CONSTRAINT`] unsatisfied for a false claim; [`MiraError::Length`] for a proof of another shape;
/// [`MiraError::Empty`] without instances.
pub fn verify_reduce(
    transcript: &mut Transcript,
    instances: &[OpeningInstance<Fr>],
    proof: &ReductionProof,
) -> Result<OpeningInstance<Fr>, MiraError> {
    // 1. The claims, then the sumcheck; rho4 is drawn inside, first.
    let shape = absorb(transcript, instances)?;
    let messages = proof.messages(shape)?;
    let mut channel = ClearVerifier::new(transcript, &messages);
    let statements: Vec<_> = instances
        .iter()
        .map(|i| zktorch_sumcheck::Statement {
            num_rounds: i.functional.num_vars(),
            degree: 2,
            claim: i.value,
        })
        .collect();
    let reduced = zktorch_sumcheck::verify(&mut channel, ROUND, &statements)?;

    // 2. The evaluations: sum_i rho4^i e_i u_i~(r) = residual.
    let evaluations = channel.receive(EVALUATIONS, shape.instances)?;
    let mut finals = Vec::with_capacity(instances.len());
    for (instance, evaluation) in instances.iter().zip(&evaluations) {
        let point = reduced.suffix(instance.functional.num_vars());
        finals.push(*evaluation * instance.functional.evaluate(point)?);
    }
    let point = reduced.point.clone();
    reduced.enforce(&mut channel, CONSTRAINT, &finals)?;
    channel.finish()?;

    // 3. rho5; one claim.
    let rho = transcript.challenge_scalar(RHO);
    Ok(combine(instances, &point, &evaluations, rho))
}

/// Absorbs every claim with its commitment.
fn absorb(
    transcript: &mut Transcript,
    instances: &[OpeningInstance<Fr>],
) -> Result<ReductionShape, MiraError> {
    if instances.is_empty() && enforced() {
        return Err(MiraError::Empty { what: "claims of the decider" });
    }
    transcript.append_u64(b"mira decider claims", instances.len() as u64);
    instances.iter().for_each(|instance| instance.absorb(transcript));
    Ok(ReductionShape::of(instances))
}

/// `(sum_i rho^i C_i, eq(r, .), sum_i rho^i z_i e_i)`.
fn combine(
    instances: &[OpeningInstance<Fr>],
    point: &[Fr],
    evaluations: &[Fr],
    rho: Fr,
) -> OpeningInstance<Fr> {
    let commitments: Vec<G1Projective> = instances.iter().map(|instance| instance.commitment).collect();
    let powers: Vec<Fr> =
        core::iter::successors(Some(Fr::one()), |power| Some(*power * rho)).take(instances.len()).collect();
    // One sum, not a multiplication for each.
    let commitment = msm_points(&G1Projective::normalize_batch(&commitments), &powers);
    let mut value = Fr::zero();
    for ((instance, evaluation), power) in instances.iter().zip(evaluations).zip(powers) {
        let missing = point.len() - instance.functional.num_vars();
        let zeros: Fr = point[..missing].iter().map(|r| Fr::one() - r).product();
        value += power * zeros * evaluation;
    }
    OpeningInstance { commitment, functional: Functional::eq(point.to_vec()), value }
}
