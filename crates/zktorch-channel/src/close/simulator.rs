//! The simulator of the zero-knowledge argument (feature `simulator`, for tests of protocols).

use ark_ff::{Field, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use zktorch_commit::{Blind, Commitment, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::OpeningWitness;
use zktorch_mira::mask::{self, MaskProof};
use zktorch_mira::relation::{RelaxedRelation, RelaxedWitness};
use zktorch_transcript::probe::{Event, Probe};
use zktorch_transcript::{Recorder, Transcript};

use crate::close::fold::random_cells;
use crate::close::{absorb_parameters, argument, fold};
use crate::proof::FoldProof;
use crate::relation::{MessageInstance, MessageRelation, MessageWitness, to_affine};
use crate::rows::{RowCommitments, commit_rows};
use crate::{ChannelError, HiddenProof, Protocol, RowReader, Shape};

/// Makes a proof without a witness, for challenges that were fixed beforehand. It sees the statement and nothing else, which
/// may be false.
///
/// The protocol's transcript must be watched by `probe`, on which nothing happened yet; it is programmed here with `challenges`,
/// those that the verifier will draw in this order (more than are drawn do no harm).
///
/// # Errors
/// Those of the protocol and of commitments.
pub fn simulate<P: Protocol>(
    srs: &Srs,
    columns: usize,
    protocol: &P,
    probe: &Probe,
    challenges: &[Fr],
) -> Result<HiddenProof, P::Error> {
    let k = srs.k();
    let mut rng = StdRng::seed_from_u64(1000);
    let shape = Shape::measure(protocol, k, columns)?;
    probe.program(challenges.iter().copied());
    let mut transcript = protocol.transcript();
    absorb_parameters(&mut transcript, srs.verifier().id(), k, columns);

    // Rows commit to anything: a fresh blind makes every commitment uniform.
    let mut group_elements = |count: usize| -> Vec<G1Affine> {
        (0..count).map(|_| (srs.hiding_generator() * Fr::rand(&mut rng)).into()).collect()
    };
    let rows = group_elements(shape.rows());
    let error = group_elements(shape.error_chunks());
    let reader = RowReader::new(columns, rows.clone());
    let mut recorder = Recorder::new(transcript, reader).map_err(ChannelError::from)?;
    let claims = protocol.verify(&mut recorder)?;
    // The challenge that is drawn next.
    let next = || {
        let drawn = probe.events().iter().filter(|event| matches!(event, Event::Squeeze(_))).count();
        challenges.get(drawn).copied().unwrap_or_default()
    };
    Ok(close(srs, shape, recorder, claims, (rows, error), next, &mut rng)?)
}

/// Everything after the protocol.
fn close(
    srs: &Srs,
    shape: Shape,
    mut recorder: Recorder<RowReader>,
    claims: Vec<zktorch_mira::OpeningInstance<zktorch_transcript::LinearCombination>>,
    (rows, error): (Vec<G1Affine>, Vec<G1Affine>),
    next: impl Fn() -> Fr,
    rng: &mut StdRng,
) -> Result<HiddenProof, ChannelError> {
    let invert = |challenge: Fr| challenge.inverse().unwrap_or_default();

    // v* is uniform; y* and C* follow from it, C_s from C* and delta.
    let (mut masks, mut masked) = (Vec::new(), Vec::new());
    for claim in claims {
        let vector: Vec<Fr> = (0..srs.size()).map(|_| Fr::rand(rng)).collect();
        let blind = Blind::from_scalar(Fr::rand(rng));
        let value = claim.functional.apply(&vector)?;
        let opened = srs.commit(&vector, &blind)?.projective();
        let commitment = Commitment::from((opened - claim.commitment) * invert(next()));
        let proof = MaskProof { commitment, value };
        masked.push((mask::verify(&mut recorder, claim, &proof)?, OpeningWitness { vector, blind }));
        masks.push(proof);
    }
    let recorded = recorder.finish()?;
    let (mut transcript, r1cs) = (recorded.transcript, recorded.r1cs);

    // z* and u_r are uniform; E* follows from them, the mask rows from z* and epsilon, Com(T) from E* and epsilon.
    let epsilon = next();
    let inverse = invert(epsilon);
    let relation = MessageRelation::new(&r1cs, srs.k());
    let z = random_cells(r1cs.layout(), &mut Transcript::new(b"simulator").rng(&[], [0; 32]));
    let blinds: Vec<Blind> = (0..shape.rows()).map(|_| Blind::from_scalar(Fr::rand(rng))).collect();
    let folded_rows = commit_rows(srs, r1cs.layout(), &z, &blinds)?;
    let slack = Fr::rand(rng);
    let instance =
        MessageInstance { rows: RowCommitments::new(folded_rows.clone()), slack: Fr::ONE + epsilon * slack };
    let witness = MessageWitness { z, blinds };
    let value = relation.form(&instance, &witness)?;
    let (folded_error, opening) =
        relation.commit_error(srs, &value, &mut || Blind::from_scalar(Fr::rand(rng)))?;
    let solve = |folded: G1Projective, known: G1Projective| (folded - known) * inverse;
    let mask_rows = folded_rows.iter().zip(&rows).map(|(f, r)| solve((*f).into(), (*r).into()));
    let cross = folded_error.iter().zip(&error).map(|(f, e)| solve(*f, *e * epsilon.square()));
    let fold = FoldProof {
        rows: to_affine(&mask_rows.collect::<Vec<_>>()),
        slack,
        error: error.clone(),
        cross: to_affine(&cross.collect::<Vec<_>>()),
    };

    // The rest is the prover's own code, which sees only what is revealed.
    let relaxed = fold::verify(&mut transcript, &relation, rows.clone(), &fold)?;
    let folded = (relaxed, RelaxedWitness { witness, opening });
    let (argument, ()) = argument::prove(srs, &mut transcript, &r1cs, &folded, masked)?;
    Ok(HiddenProof { rows, masks, fold, argument })
}
