//! Why every message is absorbed: forgeries that a verifier accepts if it forgets one absorption, and that the real
//! verifier rejects. In each of them the prover chooses something *after* the challenge that should have bound it.

use ark_ff::{AdditiveGroup, Field};
use zktorch_commit::{Blind, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::mask::{self, MaskProof};
use zktorch_mira::relation::{Relaxed, RelaxedRelation, RelaxedWitness};
use zktorch_mira::{Module, OpeningInstance, OpeningWitness};
use zktorch_sumcheck::{SumcheckInstance, eq_table, prove as prove_sumcheck};
use zktorch_transcript::probe::Probe;
use zktorch_transcript::{
    ClearProver, PlaceholderRows, ProverChannel, Recorder, Scalar, Transcript, VerifierChannel,
};

use super::forger::{Forger, random_blinds, split_rng};
use crate::close::argument;
use crate::close::fold::{Accumulator, absorb_mask, mask_instance, mask_witness, random_cells};
use crate::close::prover::Replay;
use crate::relation::{ErrorOpening, MessageRelation};
use crate::spartan::Sizes;
use crate::test_util::{Case, SMALL, Size, assert_unsatisfied, helpers, scalars};
use crate::{ChannelError, FoldProof, HiddenProof, HiddenProver, Protocol};

pub(super) const DECIDER: &str = zktorch_mira::decider::CONSTRAINT;

/// A transcript that ignores a label: the verifier with the mistake.
fn forgetful(case: &Case, label: &'static [u8]) -> Transcript {
    let probe = Probe::new();
    probe.omit_label(label);
    case.transcript().with_probe(&probe)
}

/// The forgery works against the forgetful verifier, and only against that one: the other one finds `error`.
pub(super) fn assert_only_the_forgetful_accept(
    case: &Case,
    label: &'static [u8],
    proof: &HiddenProof,
    error: &str,
) {
    case.verify_with(forgetful(case, label), proof).unwrap();
    assert_unsatisfied(case.verify(proof), error);
}

/// Messages without claims, as given, with closed constraints.
fn messages<'a>(case: &'a Case, label: &'static [u8], y: Fr, h: impl FnOnce(Fr) -> Vec<Fr>) -> Forger<'a> {
    let mut prover = case.prover(forgetful(case, label), 1);
    prover.transcript().append_points(b"example commitments", &[]);
    prover.send(b"example evaluations", &[y]).unwrap();
    let rho = prover.transcript().challenge_scalar(b"example rho");
    prover.send(b"example helpers", &h(rho)).unwrap();
    Forger::new(case, prover, Vec::new())
}

/// A case whose messages can be anything, and messages that break a constraint.
pub(super) fn false_messages<'a>(case: &'a Case, label: &'static [u8]) -> Forger<'a> {
    let forger = messages(case, label, Fr::from(3u64), |_| vec![Fr::from(9u64); SMALL.helpers]);
    assert!(forger.r1cs.check(&forger.z).is_err());
    forger
}

pub(super) fn no_claims() -> Case {
    Case::new(Size { claims: 0, ..SMALL })
}

/// An error term of given values.
pub(super) fn error_term(forger: &Forger<'_>, values: &[Fr], seed: u64) -> (Vec<G1Projective>, ErrorOpening) {
    let mut blinds = random_blinds(8, seed).into_iter();
    let mut next = || blinds.next().unwrap();
    forger.relation().commit_error(&forger.case.srs, values, &mut next).unwrap()
}

/// Draws epsilon after the mask and T.
fn draw(
    forger: &mut Forger<'_>,
    mask: impl FnOnce(&Forger<'_>, &mut Transcript),
    cross: &[G1Projective],
) -> Fr {
    let mut transcript = forger.transcript.clone();
    mask(forger, &mut transcript);
    forger.relation().absorb_error(&mut transcript, &cross.to_vec());
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    forger.transcript = transcript;
    epsilon
}

/// Folds the messages with `mask` and `cross` under epsilon, and argues for the result.
fn finish<'f>(
    forger: &'f Forger<'_>,
    mask: &Accumulator<'f>,
    cross: (Vec<G1Projective>, ErrorOpening),
    epsilon: Fr,
) -> HiddenProof {
    let relation = forger.relation();
    let mut folded = (
        relation.fresh_instance(forger.rows.clone()),
        relation.fresh_witness(forger.z.clone(), forger.blinds.clone()),
    );
    folded.0.fold(&mask.0, core::slice::from_ref(&cross.0), epsilon);
    folded.1.fold(&mask.1, core::slice::from_ref(&cross.1), epsilon);
    let argument = forger.argument(forger.transcript.clone(), &folded);
    forger.assemble(forger.fold_proof(mask, &cross.0), argument)
}

/// T chosen after epsilon: whatever the folded messages violate is declared to be the error.
#[test]
fn cross_term_not_absorbed() {
    let label = b"message error";
    let case = no_claims();
    let mut forger = false_messages(&case, label);
    let z = random_z(&forger);
    let placeholder = vec![G1Projective::ZERO; forger.relation().num_error_chunks()];
    let epsilon = draw(
        &mut forger,
        |forger, transcript| absorb_mask(transcript, &forger.accumulator(z.clone()).0),
        &placeholder,
    );
    let mask = forger.accumulator(z);
    // epsilon T = f(folded) - epsilon^2 E_r.
    let mut value = folded_value(&forger, &mask, epsilon);
    value.accumulate(&mask.1.opening.values, -epsilon.square());
    value.iter_mut().for_each(|t| *t /= epsilon);
    let cross = error_term(&forger, &value, 21);
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, DECIDER);
}

/// E_r chosen after epsilon: the same with the other error term.
#[test]
fn mask_error_not_absorbed() {
    let label = b"channel mask error";
    let case = no_claims();
    let mut forger = false_messages(&case, label);
    let z = random_z(&forger);
    let zeros = vec![Fr::ZERO; forger.r1cs.num_constraints()];
    let cross = error_term(&forger, &zeros, 22);
    let epsilon = draw(
        &mut forger,
        |forger, transcript| absorb_mask(transcript, &forger.accumulator(z.clone()).0),
        &cross.0,
    );
    let mut mask = forger.accumulator(z);
    let mut value = folded_value(&forger, &mask, epsilon);
    value.iter_mut().for_each(|e| *e /= epsilon.square());
    let (error, opening) = error_term(&forger, &value, 23);
    (mask.0.error, mask.1.opening) = (error, opening);
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, DECIDER);
}

/// A mask chosen after epsilon: the messages become others, that satisfy the constraints for challenges drawn long
/// before.
#[test]
fn mask_not_absorbed() {
    let label = b"channel mask messages";
    let case = no_claims();
    // Helpers for y = 55, though y = 3 was sent.
    let other = Fr::from(55u64);
    let h = |rho| helpers(SMALL.helpers, other + Fr::ONE, rho);
    let mut forger = messages(&case, label, Fr::from(3u64), h);
    assert!(forger.r1cs.check(&forger.z).is_err());
    let zeros = vec![Fr::ZERO; forger.r1cs.num_constraints()];
    let (cross, error) = (error_term(&forger, &zeros, 24), error_term(&forger, &zeros, 25));
    let epsilon = draw(
        &mut forger,
        |forger, transcript| {
            let z = vec![Fr::ZERO; forger.z.len()];
            let mut mask = forger.accumulator(z).0;
            mask.error = error.0.clone();
            absorb_mask(transcript, &mask);
        },
        &cross.0,
    );
    // z + epsilon z_r = z' with E* = 0.
    let mut satisfying = forger.z.clone();
    satisfying[0] = other;
    forger.r1cs.check(&satisfying).unwrap();
    let z = satisfying.iter().zip(&forger.z).map(|(s, z)| (*s - z) / epsilon).collect();
    let mut mask = forger.accumulator(z);
    (mask.0.error, mask.1.opening) = error;
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, DECIDER);
}

/// An honest fold of messages that violate their constraints: false as well.
pub(super) fn false_fold<'f>(forger: &'f Forger<'_>) -> (Transcript, FoldProof, Accumulator<'f>) {
    let relation = forger.relation();
    let mask = forger.accumulator(random_z(forger));
    let mut transcript = forger.transcript.clone();
    absorb_mask(&mut transcript, &mask.0);
    // T for messages that satisfy the constraints; these do not.
    let mut value = folded_value(forger, &mask, Fr::ONE);
    value.accumulate(&mask.1.opening.values, -Fr::ONE);
    let cross = error_term(forger, &value, 26);
    relation.absorb_error(&mut transcript, &cross.0);
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    let mut folded = (
        relation.fresh_instance(forger.rows.clone()),
        relation.fresh_witness(forger.z.clone(), forger.blinds.clone()),
    );
    folded.0.fold(&mask.0, core::slice::from_ref(&cross.0), epsilon);
    folded.1.fold(&mask.1, core::slice::from_ref(&cross.1), epsilon);
    (transcript, forger.fold_proof(&mask, &cross.0), folded)
}

/// A proof with a false fold and an argument for it, which a verifier accepts who forgets `label`.
fn assert_argument(
    label: &'static [u8],
    spartan: impl Fn(&Forger<'_>, &mut Transcript, &Accumulator<'_>) -> (Vec<Fr>, crate::spartan::Reduced),
) {
    let case = no_claims();
    let forger = false_messages(&case, label);
    let (mut transcript, fold, folded) = false_fold(&forger);
    let (messages, reduced) = spartan(&forger, &mut transcript, &folded);
    let (argument, ()) = argument::prove_claims(
        &case.srs,
        &mut transcript,
        &forger.r1cs,
        &folded,
        (messages, &reduced),
        Vec::new(),
        &mut split_rng(&forger.transcript),
    )
    .unwrap();
    assert_only_the_forgetful_accept(&case, label, &forger.assemble(fold, argument), DECIDER);
}

/// How much more the constant coefficient of the first inner round has to be for a claim that is this much more than the sum: at r
/// the first one counts `1 - 2 r`, the claim r.
fn first_round(more: Fr, r: Fr) -> Fr {
    more * r / (r.double() - Fr::ONE)
}

/// Az, Bz, Cz batched before they are committed: with gamma known, false values have a true combination.
#[test]
fn claims_batched_before_all_values_are_committed() {
    assert_argument(b"spartan products", |forger, transcript, folded| {
        let mut channel = ClearProver::new(transcript);
        let outer = false_outer(forger, &mut channel, folded);
        // gamma, before the values: they are not absorbed by this verifier.
        let inner = Inner::draw(forger, &mut channel, folded, &outer);
        // va + gamma vb + gamma^2 vc = s is true, and so is ve = va vb - u vc - r, r being what the outer rounds arrived at.
        let ([_, vb, _, ve], u) = (outer.values, folded.0.instance.slack);
        let (gamma, s, r) = (inner.gamma, inner.claim + inner.constants, outer.arrived_at);
        let vc = ((s - gamma * vb) * vb - ve - r) / (gamma.square() * vb + u);
        let va = s - gamma * vb - gamma.square() * vc;
        channel.send(b"spartan products", &[va, vb, vc]).unwrap();
        // The rest is honest.
        let reduced = inner.finish(forger, &mut channel, outer);
        (channel.into_messages(), reduced)
    });
}

/// A round of the outer sumcheck chosen after its challenge: the sum over all constraints is not zero, and nobody sees it.
#[test]
fn outer_round_not_absorbed() {
    assert_argument(b"spartan outer", |forger, transcript, folded| {
        let tau = transcript.clone().challenge_scalars(b"spartan tau", Sizes::of(&forger.r1cs).mu);
        let sum = sum_of_errors(forger, folded, &tau);
        let mut channel = ClearProver::new(transcript);
        let z = folded.1.witness.assignment();
        let assignment =
            crate::spartan::Folded { slack: folded.0.instance.slack, z: &z, error: &folded.1.opening.values };
        let reduced = crate::spartan::prove(&mut channel, &forger.r1cs, &assignment).unwrap();
        let mut messages = channel.into_messages();
        // g1 counts r - tau in the next claim, which is `sum` too low.
        messages[0] += sum / (reduced.error_point[0] - tau[0]);
        (messages, reduced)
    });
}

/// A round of the inner sumcheck chosen after its challenge: a value of Cz that suits the outer rounds, and is not that of z.
#[test]
fn inner_round_not_absorbed() {
    assert_argument(b"spartan inner", |forger, transcript, folded| {
        let mut channel = ClearProver::new(transcript);
        let outer = false_outer(forger, &mut channel, folded);
        let [va, vb, vc, ve] = outer.values;
        let lie = (va * vb - ve - outer.arrived_at) / folded.0.instance.slack;
        channel.send(b"spartan products", &[va, vb, lie]).unwrap();
        let inner = Inner::draw(forger, &mut channel, folded, &outer);
        let more = inner.gamma.square() * (lie - vc);
        let first = 2 * outer.point.len() + 3;
        let reduced = inner.finish(forger, &mut channel, outer);
        let mut messages = channel.into_messages();
        messages[first] += first_round(more, reduced.row_point[0]);
        (messages, reduced)
    });
}

/// What outer rounds leave that were made for the claim 0, which is false.
pub(super) struct FalseOuter {
    pub(super) point: Vec<Fr>,
    /// What `va vb - u vc - ve` has to be.
    pub(super) arrived_at: Fr,
    /// Az, Bz, Cz, E at the point.
    pub(super) values: [Fr; 4],
}

fn pad(mut values: Vec<Fr>, vars: usize) -> Vec<Fr> {
    values.resize(1 << vars, Fr::ZERO);
    values
}

pub(super) fn false_outer(
    forger: &Forger<'_>,
    channel: &mut ClearProver<'_>,
    folded: &Accumulator<'_>,
) -> FalseOuter {
    let (r1cs, u) = (&forger.r1cs, folded.0.instance.slack);
    let (z, e) = (folded.1.witness.assignment(), &folded.1.opening.values);
    let mu = Sizes::of(r1cs).mu;
    let tau = channel.transcript().challenge_scalars(b"spartan tau", mu);
    let product = |m: &zktorch_transcript::SparseMatrix| pad(m.multiply(u, &z).unwrap(), mu);
    let [a, b, c, e] = [product(r1cs.a()), product(r1cs.b()), product(r1cs.c()), pad(e.clone(), mu)];
    let w = c.iter().zip(&e).map(|(c, e)| u * c + e).collect();
    let (point, [va, vb, w]) = crate::spartan::outer::prove(channel, &tau, [a, b, w]).unwrap();
    let eq_rx = eq_table(&point);
    let [vc, ve] = [c, e].map(|table| table.iter().zip(&eq_rx).map(|(v, e)| *v * e).sum::<Fr>());
    // The messages are those of the true sum, and the verifier starts from zero.
    let arrived_at = va * vb - w - sum_of_errors(forger, folded, &tau);
    FalseOuter { arrived_at, point, values: [va, vb, vc, ve] }
}

/// `sum_x eq(tau, x) F(x)`, which the outer sumcheck says is zero.
fn sum_of_errors(forger: &Forger<'_>, folded: &Accumulator<'_>, tau: &[Fr]) -> Fr {
    let f = forger.relation().form(&folded.0.instance, &folded.1.witness).unwrap();
    let missing = f.iter().zip(&folded.1.opening.values).map(|(f, e)| *f - e);
    missing.zip(eq_table(tau)).map(|(missing, eq)| missing * eq).sum()
}

/// The inner sumcheck: gamma, the true claim `sum_i <M(rx, i, .), z_i>`, and u times what the constants add to it.
pub(super) struct Inner {
    pub(super) gamma: Fr,
    combined: Vec<Fr>,
    z: Vec<Fr>,
    claim: Fr,
    constants: Fr,
}

impl Inner {
    pub(super) fn draw(
        forger: &Forger<'_>,
        channel: &mut ClearProver<'_>,
        folded: &Accumulator<'_>,
        outer: &FalseOuter,
    ) -> Self {
        let (r1cs, nu) = (&forger.r1cs, Sizes::of(&forger.r1cs).nu());
        let gamma = channel.transcript().challenge_scalar(b"spartan gamma");
        let eq_rx = eq_table(&outer.point);
        let (mut combined, mut constants) = (vec![Fr::ZERO; 1 << nu], Fr::ZERO);
        for (matrix, weight) in
            [r1cs.a(), r1cs.b(), r1cs.c()].into_iter().zip([Fr::ONE, gamma, gamma.square()])
        {
            combined.accumulate(&matrix.combine_rows(&eq_rx, combined.len()).unwrap(), weight);
            constants += weight * folded.0.instance.slack * matrix.constant_part(&eq_rx).unwrap();
        }
        let z = pad(folded.1.witness.assignment().to_vec(), nu);
        let claim = combined.iter().zip(&z).map(|(m, z)| *m * z).sum();
        Self { gamma, combined, z, claim, constants }
    }

    /// The rounds, and what they leave.
    pub(super) fn finish(
        self,
        forger: &Forger<'_>,
        channel: &mut ClearProver<'_>,
        outer: FalseOuter,
    ) -> crate::spartan::Reduced {
        let rows = Sizes::of(&forger.r1cs).row_vars;
        let mut inner = crate::spartan::RowProduct::new(self.combined, self.z, rows, self.claim);
        let instances: &mut [&mut dyn SumcheckInstance] = &mut [&mut inner];
        let inner = prove_sumcheck(channel, b"spartan inner", instances).unwrap();
        crate::spartan::Reduced {
            error_point: outer.point,
            error_value: outer.values[3],
            row_point: inner.point,
            weights: inner.finals[0].clone(),
            message_value: inner.residual,
        }
    }
}

/// The statement chosen after the proof. "I know two factors of n" with one constraint: T = E_r = 0, values that suit the folded
/// messages, and n solved from them in the end. It works for a protocol whose transcript leaves n out.
#[test]
fn statement_not_absorbed() {
    struct Factors {
        n: Fr,
        absorbed: bool,
    }
    impl Protocol for Factors {
        type Error = ChannelError;
        fn transcript(&self) -> Transcript {
            let mut transcript = Transcript::new(b"factors");
            if self.absorbed {
                transcript.append_scalar(b"n", &self.n);
            }
            transcript
        }
        fn verify<V: VerifierChannel>(
            &self,
            channel: &mut V,
        ) -> Result<Vec<OpeningInstance<V::Scalar>>, ChannelError> {
            let f = channel.receive(b"factors", 2)?;
            let n = V::Scalar::constant(self.n);
            channel.enforce_product("p q = n", f[0].clone(), f[1].clone(), n)?;
            Ok(Vec::new())
        }
    }
    let (srs, columns) = (Srs::dev(5).unwrap(), 2);
    let verify = |n, absorbed, proof: &HiddenProof| {
        crate::verify(srs.verifier(), srs.k(), columns, &Factors { n, absorbed }, proof)
    };

    // Messages p, q and a mask without error terms, committed with blinds that the forger knows.
    let mut rng = ark_std::test_rng();
    let [message, mask] = [0, 1].map(|_| scalars(&mut rng, 2));
    let blinds: [Blind; 2] = random_blinds(2, 28).try_into().unwrap();
    let [row, mask_row] =
        [(&message, &blinds[0]), (&mask, &blinds[1])].map(|(v, b)| srs.commit(v, b).unwrap());
    let zero = vec![G1Affine::identity()];
    let fold = FoldProof { mask: vec![mask_row.point()], error: zero.clone(), cross: zero };

    // The forger's transcript does not have n.
    let transcript = Factors { n: Fr::ZERO, absorbed: false }.transcript();
    let nonce = crate::Nonce::from_bytes([1; 32]);
    let mut transcript =
        HiddenProver::new(&srs, transcript, columns, &[], nonce).unwrap().into_messages().transcript;
    transcript.append_hidden(b"factors", 2, &[row.point()]);
    let commitments: Vec<G1Projective> = fold.error.iter().map(|&c| c.into()).collect();
    let layout = {
        let mut recorder = Recorder::new(Transcript::new(b"layout"), PlaceholderRows::new(columns)).unwrap();
        Factors { n: Fr::ZERO, absorbed: false }.verify(&mut recorder).unwrap();
        recorder.finish().unwrap().r1cs
    };
    let relation = MessageRelation::new(&layout, srs.k());
    let instance = mask_instance(fold.mask.clone());
    absorb_mask(&mut transcript, &Relaxed { instance, error: commitments.clone() });
    relation.absorb_error(&mut transcript, &commitments);
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    let z: Vec<Fr> = message.iter().zip(&mask).map(|(a, b)| *a + epsilon * b).collect();
    // va = p*, vb = q*, vc = p* q*, and vc = n.
    let n = z[0] * z[1];
    assert_ne!(message[0] * message[1], n);

    // What is left is the honest argument for the R1CS with this n, whose relaxed instance holds without error.
    let r1cs = {
        let mut recorder = Recorder::new(Transcript::new(b"n"), PlaceholderRows::new(columns)).unwrap();
        Factors { n, absorbed: false }.verify(&mut recorder).unwrap();
        recorder.finish().unwrap().r1cs
    };
    let relation = MessageRelation::new(&r1cs, srs.k());
    let mut folded = (
        relation.fresh_instance(vec![row.point()]),
        relation.fresh_witness(message, vec![blinds[0].clone()]),
    );
    let none = (commitments.clone(), ErrorOpening { values: vec![Fr::ZERO], blinds: vec![Blind::zero()] });
    let mask = (
        Relaxed { instance: mask_instance(fold.mask.clone()), error: commitments },
        RelaxedWitness { witness: mask_witness(mask, vec![blinds[1].clone()]), opening: none.1.clone() },
    );
    folded.0.fold(&mask.0, core::slice::from_ref(&none.0), epsilon);
    folded.1.fold(&mask.1, core::slice::from_ref(&none.1), epsilon);
    let mut rng = split_rng(&transcript);
    let (argument, ()) =
        argument::prove(&srs, &mut transcript, &r1cs, &folded, Vec::new(), &mut rng).unwrap();
    let proof = HiddenProof { rows: vec![row.point()], masks: Vec::new(), fold, argument };

    verify(n, false, &proof).unwrap();
    assert!(verify(n, true, &proof).is_err());
}

/// C_s chosen after delta: a false hidden y gets a true y*.
#[test]
fn mask_commitment_not_absorbed() {
    let label = b"mira mask commitment";
    let mut case = Case::new(SMALL);
    let mut y = case.evaluations();
    case.example.products[0] = y[0] * (y[1] + Fr::ONE);
    y[1] += Fr::ONE;
    let mut prover = case.prover(forgetful(&case, label), 1);
    let rho = case.send_messages(&mut prover, &y);
    let (instance, mut witness) = case.claims(rho).remove(0);
    let Replay { mut recorder, claims: hidden } = Replay::run(&prover, &case.example).unwrap();

    // y_s is sent, delta drawn; s follows: <v + delta s, u> = y + delta y_s.
    let sent = prover.rows().len();
    let y_s = Fr::from(1234u64);
    mask::absorb_claim(prover.transcript(), instance.commitment, &instance.functional);
    prover.send(mask::VALUE, &[y_s]).unwrap();
    let delta = prover.transcript().challenge_nonzero(b"mira mask delta");
    let claimed = y[0] + rho * y[1];
    let u = instance.functional.dense();
    let mut s = scalars(&mut ark_std::test_rng(), case.srs.size());
    let missing = y_s + (claimed - instance.value) / delta - instance.functional.apply(&s).unwrap();
    s[0] += missing / u[0];
    let blind = random_blinds(1, 27).remove(0);
    let commitment = case.srs.commit(&s, &blind).unwrap();
    let value = claimed + delta * y_s;
    prover.transcript().append_scalar(b"mira masked value", &value);
    witness.vector.accumulate(&s, delta);
    Blind::add_scaled(&mut witness.blind, &blind, delta);
    let proof = MaskProof { commitment, value };
    recorder.source_mut().extend(&prover.rows()[sent..]);
    let masked: Vec<OpeningInstance<Fr>> =
        hidden.into_iter().map(|hidden| mask::verify(&mut recorder, hidden, &proof).unwrap()).collect();

    let r1cs = recorder.finish().unwrap().r1cs;
    let rng = prover.rng();
    let crate::prover::Messages { transcript, z, blinds, rows } = prover.into_messages();
    r1cs.check(&z).unwrap();
    let claims: Vec<(OpeningInstance<Fr>, OpeningWitness)> = masked.into_iter().zip([witness]).collect();
    let forger = Forger {
        case: &case,
        r1cs,
        transcript,
        z: z.to_vec(),
        blinds,
        rows,
        masks: vec![proof],
        claims,
        rng,
    };
    assert_only_the_forgetful_accept(&case, label, &forger.finish(), DECIDER);
}

/// f of the folded messages.
pub(super) fn folded_value<'f>(forger: &'f Forger<'_>, mask: &Accumulator<'f>, epsilon: Fr) -> Vec<Fr> {
    let relation = forger.relation();
    let messages = (
        relation.fresh_instance(forger.rows.clone()),
        relation.fresh_witness(forger.z.clone(), forger.blinds.clone()),
    );
    let left = (&messages.0.instance, &messages.1.witness);
    relation.form_on_line(left, (&mask.0.instance, &mask.1.witness), epsilon).unwrap()
}

pub(super) fn random_z(forger: &Forger<'_>) -> Vec<Fr> {
    random_cells(forger.r1cs.layout(), &mut Transcript::new(b"random z").rng(&[], [0; 32]))
}
