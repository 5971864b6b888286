//! The prover's side of closing.

use zktorch_field::Fr;
use zktorch_mira::decider::{DeciderProof, ReductionProof};
use zktorch_mira::mask::{self, Mask, MaskProof};
use zktorch_mira::tree::Leaf;
use zktorch_mira::{OpeningInstance, OpeningWitness};
use zktorch_transcript::{LinearCombination, Recorded, Recorder, Transcript, VerifierChannel};

use super::{argument, end_digest, fold, statement_digest};
use crate::MASK;
use crate::prover::Messages;
use crate::relation::MessageRelation;
use crate::{ChannelError, DeferredProof, Ending, HiddenProof, HiddenProver, Protocol, RowReader};

/// Closes a protocol: proves that the messages sent through `prover` satisfy the constraints of `protocol`, and its claims.
///
/// `claims` are those that `protocol` returns, with numbers in the place of hidden values, and their witnesses. The
/// verifier's code is run here on the prover's own commitments, so the constraints come from one source.
///
/// Cost, beside one mask and one opening of size n: two commitments to as many cells as the messages have, two
/// to error terms, and field operations linear in the constraints' entries.
///
/// # Errors
/// [`ChannelError::Replay`] if the protocol does not receive what the prover sent; an unsatisfied constraint as
/// [`ChannelError::Transcript`], before anything is proved; those of the protocol and of commitments.
pub fn prove<P: Protocol>(
    prover: HiddenProver<'_>,
    protocol: &P,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<HiddenProof, P::Error> {
    let (proof, (), _) = run::<DeciderProof, P>(prover, protocol, claims)?;
    Ok(proof)
}

/// [`prove`] without the opening: the evaluation claim that is left is a leaf of a tree ([`zktorch_mira::tree`]), whose root
/// is opened for all leaves. Leaf and witness are masked: nothing secret.
///
/// # Errors
/// Those of [`prove`].
pub fn defer<P: Protocol>(
    prover: HiddenProver<'_>,
    protocol: &P,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<(DeferredProof, Leaf, OpeningWitness), P::Error> {
    let statement = statement_digest(&prover.start().0);
    let (proof, (instance, witness), end) = run::<ReductionProof, P>(prover, protocol, claims)?;
    Ok((proof, Leaf { statement, transcript: end_digest(&end), instance }, witness))
}

/// The proof, what the prover keeps of its ending, the transcript at the end.
fn run<E: Ending, P: Protocol>(
    prover: HiddenProver<'_>,
    protocol: &P,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<(HiddenProof<E>, E::Kept, Transcript), P::Error> {
    let _span =
        tracing::info_span!("channel close", rows = prover.rows().len(), claims = claims.len()).entered();
    // 1. The verifier's code on the prover's commitments.
    let replay = Replay::run(&prover, protocol)?;
    Ok(close(prover, replay, claims)?)
}

/// The verifier's code, run by the prover.
pub(crate) struct Replay {
    pub(crate) recorder: Recorder<RowReader>,
    pub(crate) claims: Vec<OpeningInstance<LinearCombination>>,
}

impl Replay {
    pub(crate) fn run<P: Protocol>(prover: &HiddenProver<'_>, protocol: &P) -> Result<Self, P::Error> {
        let (start, rows) = prover.start();
        let mut recorder = Recorder::new(start, rows).map_err(ChannelError::from)?;
        let claims = protocol.verify(&mut recorder)?;
        Ok(Self { recorder, claims })
    }
}

fn close<E: Ending>(
    mut prover: HiddenProver<'_>,
    replay: Replay,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<(HiddenProof<E>, E::Kept, Transcript), ChannelError> {
    let srs = prover.srs();

    // 2. Mask every claim; the last constraints.
    let span = (tracing::info_span!("mask").entered(), MASK.enter());
    let masked = mask_claims(&mut prover, replay, claims)?;
    drop(span);

    // 3. Close the constraints. They hold, or there is nothing to prove.
    let Recorded { r1cs, source, .. } = masked.recorder.finish()?;
    source.finish()?;
    let mut rng = prover.rng();
    let Messages { mut transcript, z, blinds, rows } = prover.into_messages();
    if rows.is_empty() || r1cs.num_constraints() == 0 {
        return Err(ChannelError::Empty { rows: rows.len(), constraints: r1cs.num_constraints() });
    }
    r1cs.check(&z)?;

    // 4. Fold with a random instance: Com(z_r), Com(E_r), Com(T), epsilon.
    let relation = MessageRelation::new(&r1cs, srs.k());
    let messages = (relation.fresh_instance(rows.clone()), relation.fresh_witness(z.to_vec(), blinds));
    tracing::debug!(constraints = r1cs.num_constraints(), entries = r1cs.num_entries(), "constraints closed");
    let (fold, folded) = tracing::info_span!("channel fold")
        .in_scope(|| fold::prove(srs, &mut transcript, &relation, messages, &mut rng))?;

    // 5. Spartan, decider, opening (or not).
    let (argument, kept) = argument::prove(srs, &mut transcript, &r1cs, &folded, masked.claims, &mut rng)?;
    Ok((HiddenProof { rows, masks: masked.proofs, fold, argument }, kept, transcript))
}

/// Claims after masking.
pub(crate) struct Masked {
    pub(crate) recorder: Recorder<RowReader>,
    pub(crate) proofs: Vec<MaskProof>,
    pub(crate) claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
}

/// Masks every claim, on both ends: the prover's and its replay of the verifier.
pub(crate) fn mask_claims(
    prover: &mut HiddenProver<'_>,
    replay: Replay,
    claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
) -> Result<Masked, ChannelError> {
    let Replay { mut recorder, claims: hidden } = replay;
    check_replay(prover, &mut recorder, &hidden, &claims)?;
    let srs = prover.srs();
    let mut masked = Vec::with_capacity(claims.len());
    let mut proofs = Vec::with_capacity(claims.len());
    for (hidden, (instance, witness)) in hidden.into_iter().zip(claims) {
        let sent = prover.rows().len();
        let mask = Mask::random(instance.functional.num_vars(), &mut prover.rng());
        let (proof, instance, witness) = mask::prove(prover, srs, instance, witness, mask)?;
        recorder.source_mut().extend(&prover.rows()[sent..]);
        mask::verify(&mut recorder, hidden, &proof)?;
        masked.push((instance, witness));
        proofs.push(proof);
    }
    Ok(Masked { recorder, proofs, claims: masked })
}

/// The replay must have followed the prover, and the prover must claim what the replay ends in.
fn check_replay(
    prover: &mut HiddenProver<'_>,
    recorder: &mut Recorder<RowReader>,
    hidden: &[OpeningInstance<LinearCombination>],
    claims: &[(OpeningInstance<Fr>, OpeningWitness)],
) -> Result<(), ChannelError> {
    let require =
        |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(ChannelError::Replay { what }) };
    require(digest(recorder.transcript()) == digest(prover.transcript_ref()), "transcript")?;
    require(hidden.len() == claims.len(), "number of claims")?;
    for (hidden, (claim, _)) in hidden.iter().zip(claims) {
        require(hidden.commitment == claim.commitment, "commitment of a claim")?;
        require(hidden.functional == claim.functional, "functional of a claim")?;
        require(hidden.value.evaluate(prover.cells()) == claim.value, "value of a claim")?;
        if claim.functional.num_vars() > prover.srs().k() {
            let (expected, got) = (prover.srs().k(), claim.functional.num_vars());
            return Err(ChannelError::Length { what: "variables of a claim", expected, got });
        }
    }
    Ok(())
}

/// What two transcripts in the same state agree on.
fn digest(transcript: &Transcript) -> [u8; 32] {
    let mut bytes = [0; 32];
    transcript.clone().challenge_bytes(b"channel replay", &mut bytes);
    bytes
}
