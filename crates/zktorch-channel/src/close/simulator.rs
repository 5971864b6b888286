//! The simulator of the zero-knowledge argument (feature `simulator`, for tests of protocols).

use ark_ff::{AdditiveGroup, Field, UniformRand};
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

    // Rows commit to anything, here to zeros: a fresh blind makes every commitment uniform.
    let mut blinds =
        |count: usize| -> Vec<Blind> { (0..count).map(|_| Blind::from_scalar(Fr::rand(&mut rng))).collect() };
    let group_elements = |blinds: &[Blind]| -> Vec<G1Affine> {
        blinds.iter().map(|blind| (srs.hiding_generator() * blind.expose()).into()).collect()
    };
    let blinds = [blinds(shape.rows()), blinds(shape.error_chunks())];
    let [rows, error] = blinds.each_ref().map(|blinds| group_elements(blinds));
    let [blinds, _] = blinds;
    let reader = RowReader::new(columns, rows.clone());
    let mut recorder = Recorder::new(transcript, reader).map_err(ChannelError::from)?;
    let claims = protocol.verify(&mut recorder)?;
    // The challenge that is drawn next.
    let next = || {
        let drawn = probe.events().iter().filter(|event| matches!(event, Event::Squeeze(_))).count();
        challenges.get(drawn).copied().unwrap_or_default()
    };
    Ok(close(srs, recorder, claims, (rows, blinds, error), next, &mut rng)?)
}

/// Everything after the protocol.
fn close(
    srs: &Srs,
    mut recorder: Recorder<RowReader>,
    claims: Vec<zktorch_mira::OpeningInstance<zktorch_transcript::LinearCombination>>,
    (rows, blinds, error): (Vec<G1Affine>, Vec<Blind>, Vec<G1Affine>),
    next: impl Fn() -> Fr,
    rng: &mut StdRng,
) -> Result<HiddenProof, ChannelError> {
    let invert = |challenge: Fr| challenge.inverse().unwrap_or_default();

    // v* is uniform; y* and C* follow from it, C_s from C* and delta.
    let (mut mask_proofs, mut masked) = (Vec::new(), Vec::new());
    for claim in claims {
        let vector: Vec<Fr> = (0..srs.size()).map(|_| Fr::rand(rng)).collect();
        let blind = Blind::from_scalar(Fr::rand(rng));
        let value = claim.functional.apply(&vector)?;
        let opened = srs.commit(&vector, &blind)?.projective();
        let commitment = Commitment::from((opened - claim.commitment) * invert(next()));
        let proof = MaskProof { commitment, value };
        masked.push((mask::verify(&mut recorder, claim, &proof)?, OpeningWitness { vector, blind }));
        mask_proofs.push(proof);
    }
    let recorded = recorder.finish()?;
    let (mut transcript, r1cs) = (recorded.transcript, recorded.r1cs);

    // z* is uniform; E* follows from them, the mask from z* and epsilon, Com(T) from E* and epsilon.
    let epsilon = next();
    let inverse = invert(epsilon);
    let relation = MessageRelation::new(&r1cs, srs.k());
    let cells = random_cells(r1cs.layout(), &mut Transcript::new(b"simulator").rng(&[], [0; 32]));
    let (folded_mask, mask_blinds) =
        relation.commit_mask(srs, &cells, &mut || Blind::from_scalar(Fr::rand(rng)))?;
    let instance = MessageInstance { slack: Fr::ONE, ..fold::mask_instance(folded_mask.clone()) };
    // The rows commit to zeros.
    let messages = vec![Fr::ZERO; r1cs.layout().cells()];
    let witness = MessageWitness { messages, blinds, mask: cells, mask_blinds };
    let value = relation.form(&instance, &witness)?;
    let (folded_error, opening) =
        relation.commit_error(srs, &value, &mut || Blind::from_scalar(Fr::rand(rng)))?;
    let mask: Vec<G1Projective> = folded_mask.iter().map(|point| *point * inverse).collect();
    let cross = folded_error.iter().zip(&error).map(|(f, e)| (*f - *e * epsilon.square()) * inverse);
    let fold = FoldProof {
        mask: to_affine(&mask),
        error: error.clone(),
        cross: to_affine(&cross.collect::<Vec<_>>()),
    };

    // The rest is the prover's own code.
    let relaxed = fold::verify(&mut transcript, &relation, rows.clone(), &fold)?;
    let folded = (relaxed, RelaxedWitness { witness, opening });
    let mut masks = transcript.rng(&[b"simulator"], [1; 32]);
    let (argument, ()) = argument::prove(srs, &mut transcript, &r1cs, &folded, masked, &mut masks)?;
    Ok(HiddenProof { rows, masks: mask_proofs, fold, argument })
}
