//! A prover without scruples: closing in single steps, each of which a test may replace.

use ark_ff::Field;
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Affine};
use zktorch_mira::decider::{self, DeciderProof};
use zktorch_mira::relation::{Relaxed, RelaxedRelation, RelaxedWitness};
use zktorch_mira::{Module, OpeningInstance, OpeningWitness};
use zktorch_transcript::{ClearProver, ProverRng, R1cs, Transcript};

use crate::close::argument::Targets;
use crate::close::fold::Accumulator;
use crate::close::prover::{Replay, mask_claims};
use crate::close::{argument, fold};
use crate::prover::Messages;
use crate::relation::{MessageRelation, to_affine};
use crate::spartan::{self, Sizes};
use crate::test_util::{Case, scalars};
use crate::{ArgumentProof, FoldProof, HiddenProof, HiddenProver, split};

/// A proof in the making: constraints are closed, nothing was checked.
pub(super) struct Forger<'a> {
    pub(super) case: &'a Case,
    pub(super) r1cs: R1cs,
    pub(super) transcript: Transcript,
    pub(super) z: Vec<Fr>,
    pub(super) blinds: Vec<Blind>,
    pub(super) rows: Vec<G1Affine>,
    pub(super) masks: Vec<zktorch_mira::mask::MaskProof>,
    pub(super) claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    pub(super) rng: ProverRng,
}

impl<'a> Forger<'a> {
    /// Masks `claims` and closes the constraints, which may not hold.
    pub(super) fn new(
        case: &'a Case,
        mut prover: HiddenProver<'a>,
        claims: Vec<(OpeningInstance<Fr>, OpeningWitness)>,
    ) -> Self {
        let replay = Replay::run(&prover, &case.example).unwrap();
        let masked = mask_claims(&mut prover, replay, claims).unwrap();
        let r1cs = masked.recorder.finish().unwrap().r1cs;
        let rng = prover.rng();
        let Messages { transcript, z, blinds, rows } = prover.into_messages();
        let (masks, claims) = (masked.proofs, masked.claims);
        Self { case, r1cs, transcript, z: z.to_vec(), blinds, rows, masks, claims, rng }
    }

    pub(super) fn relation(&self) -> MessageRelation<'_> {
        MessageRelation::new(&self.r1cs, self.case.srs.k())
    }

    /// The rest as an honest prover does it, but without checking the constraints first.
    pub(super) fn finish(mut self) -> HiddenProof {
        let relation = MessageRelation::new(&self.r1cs, self.case.srs.k());
        let messages = (
            relation.fresh_instance(self.rows.clone()),
            relation.fresh_witness(self.z.clone(), self.blinds.clone()),
        );
        let mut transcript = self.transcript.clone();
        let (fold, folded) =
            fold::prove(&self.case.srs, &mut transcript, &relation, messages, &mut self.rng).unwrap();
        let argument = self.argument(transcript, &folded);
        self.assemble(fold, argument)
    }

    /// An honest argument for `folded` and the claims.
    pub(super) fn argument(&self, mut transcript: Transcript, folded: &Accumulator<'_>) -> ArgumentProof {
        let (srs, claims, mut rng) = (&self.case.srs, self.claims.clone(), split_rng(&transcript));
        argument::prove(srs, &mut transcript, &self.r1cs, folded, claims, &mut rng).unwrap().0
    }

    pub(super) fn assemble(&self, fold: FoldProof, argument: ArgumentProof) -> HiddenProof {
        HiddenProof { rows: self.rows.clone(), masks: self.masks.clone(), fold, argument }
    }

    /// A mask of given z, with the error term that it has.
    pub(super) fn accumulator(&self, z: Vec<Fr>) -> Accumulator<'_> {
        let relation = self.relation();
        let mut rng = StdRng::seed_from_u64(99);
        let mut blind = || Blind::random(&mut rng);
        let (commitments, blinds) = relation.commit_mask(&self.case.srs, &z, &mut blind).unwrap();
        let (instance, witness) = (fold::mask_instance(commitments), fold::mask_witness(z, blinds));
        let value = relation.form(&instance, &witness).unwrap();
        let (error, opening) = relation.commit_error(&self.case.srs, &value, &mut blind).unwrap();
        (Relaxed { instance, error }, RelaxedWitness { witness, opening })
    }

    /// The mask's part of a proof.
    pub(super) fn fold_proof(
        &self,
        mask: &Accumulator<'_>,
        cross: &[zktorch_field::G1Projective],
    ) -> FoldProof {
        FoldProof {
            mask: mask.0.instance.mask.to_points(),
            error: to_affine(&mask.0.error),
            cross: to_affine(cross),
        }
    }

    /// The argument of a prover with three faces: `spartan` is what it runs the sumchecks on, `claimed` what
    /// it reduces the claims with (of a longer vector what the claim sees), `opened` what it opens. Rows can
    /// be of any width, except Spartan's.
    pub(super) fn argue(
        &self,
        transcript: &mut Transcript,
        relaxed: &Relaxed<MessageRelation<'_>>,
        [spartan, claimed, opened]: [&RelaxedWitness<MessageRelation<'_>>; 3],
    ) -> ArgumentProof {
        let (srs, sizes) = (&self.case.srs, Sizes::of(&self.r1cs));
        let (slack, z) = (relaxed.instance.slack, spartan.witness.assignment());
        let mut channel = ClearProver::new(transcript);
        let assignment = spartan::Folded { slack, z: &z, error: &spartan.opening.values };
        let reduced = spartan::prove(&mut channel, &self.r1cs, &assignment).unwrap();
        let messages = channel.into_messages();

        let targets = Targets::new(&sizes, srs.k(), &reduced).unwrap();
        let (claim, error) = (targets.messages(relaxed).unwrap(), targets.error(relaxed));
        let [mut seen, opened] = [claimed, opened].map(|own| {
            let width = own.witness.messages.len() / own.witness.blinds.len();
            targets.witness(own, width, srs.size())
        });
        for (witness, functional) in seen.messages.iter_mut().zip(&claim.functionals) {
            witness.vector.truncate(1 << functional.num_vars());
        }
        let unmasked = seen.messages.clone();
        let (split, parts) =
            split::prove(srs, transcript, claim, seen.messages, &mut split_rng(transcript)).unwrap();
        // What is opened has the same masks.
        let opens = parts.iter().zip(unmasked).zip(opened.messages).map(|((part, unmasked), mut own)| {
            own.vector.accumulate(&part.1.vector, Fr::ONE);
            own.vector.accumulate(&unmasked.vector, -Fr::ONE);
            (part.0.clone(), own)
        });
        let claims = |parts: Claims, error_witness| {
            let all = self.claims.iter().cloned().chain(parts);
            all.chain([(error.clone(), error_witness)]).collect()
        };
        let opened = claims(opens.collect(), opened.error);
        let claimed = claims(parts.to_vec(), seen.error);
        ArgumentProof { spartan: messages, split, decider: decide(srs, transcript, claimed, opened) }
    }
}

/// Randomness of the split, which no attack needs to know.
pub(super) fn split_rng(transcript: &Transcript) -> ProverRng {
    transcript.rng(&[], [5; 32])
}

type Claims = Vec<(OpeningInstance<Fr>, OpeningWitness)>;

/// The decider for `claimed`, with an opening of `opened`.
fn decide(srs: &Srs, transcript: &mut Transcript, mut claimed: Claims, opened: Claims) -> DeciderProof {
    let seen = |instance: &OpeningInstance<Fr>| 1 << instance.functional.num_vars();
    claimed.iter_mut().for_each(|(instance, witness)| witness.vector.truncate(seen(instance)));
    // Blinds 0, 1, 0, .. add up to rho5.
    let mut marked = claimed.clone();
    for (index, (_, witness)) in (0u64..).zip(&mut marked) {
        witness.blind = Blind::from_scalar(Fr::from(u64::from(index == 1)));
    }
    let (.., marked) = decider::reduce(&mut transcript.clone(), marked).unwrap();
    let (reduction, instance, mut witness) = decider::reduce(transcript, claimed).unwrap();
    let mut power = Fr::ONE;
    witness.vector.clear();
    for (_, own) in &opened {
        witness.vector.accumulate(&own.vector, power);
        power *= *marked.blind.expose();
    }
    DeciderProof { reduction, opening: decider::open(srs, transcript, &instance, witness).unwrap() }
}

pub(super) fn random_blinds(count: usize, seed: u64) -> Vec<Blind> {
    scalars(&mut StdRng::seed_from_u64(seed), count).into_iter().map(Blind::from_scalar).collect()
}
