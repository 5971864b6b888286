//! Why every message is absorbed: forgeries that a verifier accepts if it forgets one absorption, and that the real
//! verifier rejects. In each of them the prover chooses something *after* the challenge that should have bound it.
//!
//! The last tests commit in time, but to more entries than there are constraints, or cells in a row.

use ark_ff::{AdditiveGroup, Field};
use zktorch_commit::{Blind, CommitError, Srs};
use zktorch_field::{Fr, G1Affine, G1Projective};
use zktorch_mira::mask::{self, MaskProof};
use zktorch_mira::relation::{Relaxed, RelaxedRelation, RelaxedWitness};
use zktorch_mira::{MiraError, Module, OpeningInstance, OpeningWitness};
use zktorch_sumcheck::{Dense, Product, SumcheckInstance, eq_eval, eq_table, prove as prove_sumcheck};
use zktorch_transcript::probe::Probe;
use zktorch_transcript::{
    ClearProver, PlaceholderRows, ProverChannel, Recorder, Scalar, Transcript, VerifierChannel,
};

use super::forger::{Forger, random_blinds};
use crate::close::argument;
use crate::close::fold::{Accumulator, absorb_mask, random_cells};
use crate::close::prover::Replay;
use crate::relation::{ErrorOpening, MessageInstance, MessageRelation, MessageWitness};
use crate::spartan::Sizes;
use crate::test_util::{Case, SMALL, Size, assert_unsatisfied, helpers, scalars};
use crate::{ChannelError, FoldProof, HiddenProof, HiddenProver, Protocol, RowCommitments, RowReader};

const OUTER: &str = "spartan outer residual";
const DECIDER: &str = zktorch_mira::decider::CONSTRAINT;

/// A transcript that ignores a label: the verifier with the mistake.
fn forgetful(case: &Case, label: &'static [u8]) -> Transcript {
    let probe = Probe::new();
    probe.omit_label(label);
    case.transcript().with_probe(&probe)
}

/// The forgery works against the forgetful verifier, and only against that one: the other one finds `error`.
fn assert_only_the_forgetful_accept(case: &Case, label: &'static [u8], proof: &HiddenProof, error: &str) {
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
fn false_messages<'a>(case: &'a Case, label: &'static [u8]) -> Forger<'a> {
    let forger = messages(case, label, Fr::from(3u64), |_| vec![Fr::from(9u64); SMALL.helpers]);
    assert!(forger.r1cs.check(&forger.z).is_err());
    forger
}

fn no_claims() -> Case {
    Case::new(Size { claims: 0, ..SMALL })
}

/// An error term of given values.
fn error_term(forger: &Forger<'_>, values: &[Fr], seed: u64) -> (Vec<G1Projective>, ErrorOpening) {
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
    let mut transcript = forger.transcript.clone();
    let claims = forger.claims.clone();
    let argument = argument::prove(&forger.case.srs, &mut transcript, &forger.r1cs, &folded, claims).unwrap();
    forger.assemble(forger.fold_proof(mask, &cross.0), argument)
}

/// u_r chosen after epsilon: u* = 1 + epsilon u_r = 0 makes the messages (all zero here) and every constant vanish.
#[test]
fn u_r_not_absorbed() {
    let label = b"channel mask slack";
    let case = no_claims();
    let mut forger = messages(&case, label, Fr::ZERO, |_| vec![Fr::ZERO; SMALL.helpers]);
    assert!(forger.r1cs.check(&forger.z).is_err());
    let z = random_z(&forger);
    let zeros = vec![Fr::ZERO; forger.r1cs.num_constraints()];
    let cross = error_term(&forger, &zeros, 20);
    let epsilon = draw(
        &mut forger,
        |forger, transcript| absorb_mask(transcript, &forger.accumulator(z.clone(), Fr::ZERO).0),
        &cross.0,
    );
    let mut mask = forger.accumulator(z, Fr::ZERO);
    mask.0.instance.slack = -epsilon.inverse().unwrap();
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, OUTER);
}

/// T chosen after epsilon: whatever the folded messages violate is declared to be the error.
#[test]
fn cross_term_not_absorbed() {
    let label = b"message error";
    let case = no_claims();
    let mut forger = false_messages(&case, label);
    let (z, slack) = (random_z(&forger), Fr::from(77u64));
    let placeholder = vec![G1Projective::ZERO; forger.relation().num_error_chunks()];
    let epsilon = draw(
        &mut forger,
        |forger, transcript| absorb_mask(transcript, &forger.accumulator(z.clone(), slack).0),
        &placeholder,
    );
    let mask = forger.accumulator(z, slack);
    // epsilon T = f(folded) - epsilon^2 E_r.
    let mut value = folded_value(&forger, &mask, epsilon);
    value.accumulate(&mask.1.opening.values, -epsilon.square());
    value.iter_mut().for_each(|t| *t /= epsilon);
    let cross = error_term(&forger, &value, 21);
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, OUTER);
}

/// E_r chosen after epsilon: the same with the other error term.
#[test]
fn mask_error_not_absorbed() {
    let label = b"channel mask error";
    let case = no_claims();
    let mut forger = false_messages(&case, label);
    let (z, slack) = (random_z(&forger), Fr::from(77u64));
    let zeros = vec![Fr::ZERO; forger.r1cs.num_constraints()];
    let cross = error_term(&forger, &zeros, 22);
    let epsilon = draw(
        &mut forger,
        |forger, transcript| absorb_mask(transcript, &forger.accumulator(z.clone(), slack).0),
        &cross.0,
    );
    let mut mask = forger.accumulator(z, slack);
    let mut value = folded_value(&forger, &mask, epsilon);
    value.iter_mut().for_each(|e| *e /= epsilon.square());
    let (error, opening) = error_term(&forger, &value, 23);
    (mask.0.error, mask.1.opening) = (error, opening);
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, OUTER);
}

/// Mask rows chosen after epsilon: the messages become others, that satisfy the constraints for challenges drawn long
/// before.
#[test]
fn mask_rows_not_absorbed() {
    let label = b"channel mask rows";
    let case = no_claims();
    // Helpers for y = 55, though y = 3 was sent.
    let other = Fr::from(55u64);
    let h = |rho| helpers(SMALL.helpers, other + Fr::ONE, rho);
    let mut forger = messages(&case, label, Fr::from(3u64), h);
    assert!(forger.r1cs.check(&forger.z).is_err());
    let zeros = vec![Fr::ZERO; forger.r1cs.num_constraints()];
    let (cross, error) = (error_term(&forger, &zeros, 24), error_term(&forger, &zeros, 25));
    let slack = Fr::from(77u64);
    let epsilon = draw(
        &mut forger,
        |forger, transcript| {
            let z = vec![Fr::ZERO; forger.z.len()];
            let mut mask = forger.accumulator(z, slack).0;
            mask.error = error.0.clone();
            absorb_mask(transcript, &mask);
        },
        &cross.0,
    );
    // z + epsilon z_r = u* z' with E* = 0.
    let mut satisfying = forger.z.clone();
    satisfying[0] = other;
    forger.r1cs.check(&satisfying).unwrap();
    let u = Fr::ONE + epsilon * slack;
    let z = satisfying.iter().zip(&forger.z).map(|(s, z)| (u * s - z) / epsilon).collect();
    let mut mask = forger.accumulator(z, slack);
    (mask.0.error, mask.1.opening) = error;
    let proof = finish(&forger, &mask, cross, epsilon);
    assert_only_the_forgetful_accept(&case, label, &proof, OUTER);
}

/// Az, Bz, Cz batched before they are committed: with gamma known, false values have a true combination.
#[test]
fn claims_batched_before_all_values_are_committed() {
    let label = b"spartan products";
    let case = no_claims();
    let forger = false_messages(&case, label);
    // An honest fold of false messages, then the sumchecks by hand.
    let relation = forger.relation();
    let mask = forger.accumulator(random_z(&forger), Fr::from(77u64));
    let mut transcript = forger.transcript.clone();
    absorb_mask(&mut transcript, &mask.0);
    // T for messages that satisfy the constraints; these do not.
    let mut value = folded_value(&forger, &mask, Fr::ONE);
    value.accumulate(&mask.1.opening.values, -Fr::ONE);
    let cross = error_term(&forger, &value, 26);
    relation.absorb_error(&mut transcript, &cross.0);
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    let mut folded = (
        relation.fresh_instance(forger.rows.clone()),
        relation.fresh_witness(forger.z.clone(), forger.blinds.clone()),
    );
    folded.0.fold(&mask.0, core::slice::from_ref(&cross.0), epsilon);
    folded.1.fold(&mask.1, core::slice::from_ref(&cross.1), epsilon);

    let spartan = false_spartan(&forger, &mut transcript, &folded);
    let argument = argument::prove_claims(
        &case.srs,
        &mut transcript,
        &forger.r1cs,
        &folded,
        (spartan.0, &spartan.1),
        Vec::new(),
    )
    .unwrap();
    let proof = forger.assemble(forger.fold_proof(&mask, &cross.0), argument);
    assert_only_the_forgetful_accept(&case, label, &proof, "spartan inner residual");
}

/// Spartan for an assignment that does not satisfy the constraints: values of Az, Bz, Cz made up after gamma.
fn false_spartan(
    forger: &Forger<'_>,
    transcript: &mut Transcript,
    folded: &Accumulator<'_>,
) -> (Vec<Fr>, crate::spartan::Reduced) {
    let (r1cs, u) = (&forger.r1cs, folded.0.instance.slack);
    let (z, e) = (&folded.1.witness.z, &folded.1.opening.values);
    let mut channel = ClearProver::new(transcript);
    let sizes = crate::spartan::Sizes::of(r1cs);
    let pad = |mut values: Vec<Fr>, vars: usize| {
        values.resize(1 << vars, Fr::ZERO);
        values
    };

    // Outer rounds for the claim 0, which is false.
    let tau = channel.transcript().challenge_scalars(b"spartan tau", sizes.mu);
    let product = |m: &zktorch_transcript::SparseMatrix| pad(m.multiply(u, z).unwrap(), sizes.mu);
    let [a, b, c, e] = [product(r1cs.a()), product(r1cs.b()), product(r1cs.c()), pad(e.clone(), sizes.mu)];
    let w = c.iter().zip(&e).map(|(c, e)| u * c + e).collect();
    let tables = vec![eq_table(&tau), a, b.clone(), w];
    let mut outer = Dense::new(tables, 3, Fr::ZERO, |t: &[Fr]| t[0] * (t[1] * t[2] - t[3])).unwrap();
    let instances: &mut [&mut dyn SumcheckInstance] = &mut [&mut outer];
    let outer = prove_sumcheck(&mut channel, b"spartan outer", instances).unwrap();
    let eq_rx = eq_table(&outer.point);
    let at_rx = |v: &[Fr]| v.iter().zip(&eq_rx).map(|(v, e)| *v * e).sum::<Fr>();
    let (vb, ve) = (at_rx(&b), at_rx(&e));

    // gamma, before the values: they are not absorbed by this verifier.
    let gamma = channel.transcript().challenge_scalar(b"spartan gamma");
    let batching = [Fr::ONE, gamma, gamma.square()];
    let matrices = [r1cs.a(), r1cs.b(), r1cs.c()];
    let mut combined = vec![Fr::ZERO; 1 << sizes.nu()];
    for (matrix, weight) in matrices.iter().zip(batching) {
        combined.accumulate(&matrix.combine_rows(&eq_rx, combined.len()).unwrap(), weight);
    }
    let z = pad(z.clone(), sizes.nu());
    let claim = combined.iter().zip(&z).map(|(m, z)| *m * z).sum::<Fr>();
    let constants: Fr =
        matrices.iter().zip(batching).map(|(m, w)| w * m.constant_part(&eq_rx).unwrap()).sum();
    // va + gamma vb + gamma^2 vc = s is true, and va vb - u vc - ve = r what the outer rounds arrived at.
    let (s, r) = (claim + u * constants, outer.residual / eq_eval(&tau, &outer.point));
    let vc = ((s - gamma * vb) * vb - ve - r) / (gamma.square() * vb + u);
    let va = s - gamma * vb - gamma.square() * vc;
    channel.send(b"spartan products", &[va, vb, vc, ve]).unwrap();

    // The rest is honest.
    let mut inner = Product::new(combined, z, claim).unwrap();
    let instances: &mut [&mut dyn SumcheckInstance] = &mut [&mut inner];
    let inner = prove_sumcheck(&mut channel, b"spartan inner", instances).unwrap();
    let vz = inner.finals[0][1];
    channel.send(b"spartan z", &[vz]).unwrap();
    let reduced = crate::spartan::Reduced {
        error_point: outer.point,
        error_value: ve,
        message_point: inner.point,
        message_value: vz,
    };
    (channel.into_messages(), reduced)
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
    let slack = Fr::from(99u64);
    let zero = vec![G1Affine::identity()];
    let fold = FoldProof { rows: vec![mask_row.point()], slack, error: zero.clone(), cross: zero };

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
    let instance = MessageInstance { rows: RowCommitments::new(fold.rows.clone()), slack };
    absorb_mask(&mut transcript, &Relaxed { instance, error: commitments.clone() });
    relation.absorb_error(&mut transcript, &commitments);
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    let z: Vec<Fr> = message.iter().zip(&mask).map(|(a, b)| *a + epsilon * b).collect();
    let u = Fr::ONE + epsilon * slack;
    // va = p*, vb = q*, vc = p* q* / u*, and vc = u* n.
    let n = z[0] * z[1] / u.square();
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
        Relaxed {
            instance: MessageInstance { rows: RowCommitments::new(fold.rows.clone()), slack },
            error: commitments,
        },
        RelaxedWitness {
            witness: MessageWitness { z: mask, blinds: vec![blinds[1].clone()] },
            opening: none.1.clone(),
        },
    );
    folded.0.fold(&mask.0, core::slice::from_ref(&none.0), epsilon);
    folded.1.fold(&mask.1, core::slice::from_ref(&none.1), epsilon);
    let argument = argument::prove(&srs, &mut transcript, &r1cs, &folded, Vec::new()).unwrap();
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
    assert_only_the_forgetful_accept(&case, label, &forger.finish(), OUTER);
}

/// f of the folded messages.
fn folded_value<'f>(forger: &'f Forger<'_>, mask: &Accumulator<'f>, epsilon: Fr) -> Vec<Fr> {
    let relation = forger.relation();
    let messages = (
        relation.fresh_instance(forger.rows.clone()),
        relation.fresh_witness(forger.z.clone(), forger.blinds.clone()),
    );
    let left = (&messages.0.instance, &messages.1.witness);
    relation.form_on_line(left, (&mask.0.instance, &mask.1.witness), epsilon).unwrap()
}

fn random_z(forger: &Forger<'_>) -> Vec<Fr> {
    random_cells(forger.r1cs.layout(), &mut Transcript::new(b"random z").rng(&[], [0; 32]))
}

/// What a prover commits where nothing belongs, beside honest vectors.
#[derive(Default)]
struct Added {
    /// In E_r.
    error: Vec<Fr>,
    /// In T.
    cross: Vec<Fr>,
    /// In the rows of the messages.
    rows: Vec<Vec<Fr>>,
    /// In the rows of the mask.
    mask_rows: Vec<Vec<Fr>>,
}

/// A one (or another value) at one place of a long vector.
fn single(at: usize, value: Fr) -> Vec<Fr> {
    [vec![Fr::ZERO; at], vec![value]].concat()
}

/// Honest messages, and their mask with something added. `sees` says where the prover acts on what it has
/// added: in Spartan (for E alone), in the reduction of the claims, in the opening. Elsewhere it acts as if
/// it had not.
fn prove_with(forger: &Forger<'_>, added: &Added, sees: [bool; 3]) -> HiddenProof {
    let (relation, case) = (forger.relation(), forger.case);
    let mut mask = forger.accumulator(random_z(forger), Fr::from(77u64));
    // f of the honest messages is zero: f at epsilon = 1 is T + E_r.
    let mut cross = folded_value(forger, &mask, Fr::ONE);
    cross.accumulate(&mask.1.opening.values, -Fr::ONE);
    cross.accumulate(&added.cross, Fr::ONE);
    let cross = error_term(forger, &cross, 30);
    let mut error = mask.1.opening.values.clone();
    error.accumulate(&added.error, Fr::ONE);
    (mask.0.error, mask.1.opening) = error_term(forger, &error, 31);
    mask.1.witness.z = with_added(&mask.1.witness.z, case.columns, &added.mask_rows);
    mask.0.instance.rows = RowCommitments::new(commit_all(case, &mask.1.witness.z, &mask.1.witness.blinds));

    let mut transcript = forger.transcript.clone();
    absorb_mask(&mut transcript, &mask.0);
    relation.absorb_error(&mut transcript, &cross.0);
    let epsilon = transcript.challenge_nonzero(b"mira fold gamma");
    let z = with_added(&forger.z, case.columns, &added.rows);
    let mut relaxed = relation.fresh_instance(forger.rows.clone());
    let mut whole = relation.fresh_witness(z, forger.blinds.clone());
    relaxed.fold(&mask.0, core::slice::from_ref(&cross.0), epsilon);
    whole.fold(&mask.1, core::slice::from_ref(&cross.1), epsilon);

    let mut short = whole.clone();
    let width = whole.witness.z.len() / forger.rows.len();
    short.witness.z = whole.witness.z.chunks(width).flat_map(|row| row[..case.columns].to_vec()).collect();
    short.opening.values.truncate(forger.r1cs.num_constraints());
    let mut spartan = short.clone();
    if sees[0] {
        spartan.opening = whole.opening.clone();
    }
    let [claimed, opened] = [sees[1], sees[2]].map(|sees| if sees { &whole } else { &short });
    let argument = forger.argue(&mut transcript, &relaxed, [&spartan, claimed, opened]);
    forger.assemble(forger.fold_proof(&mask, &cross.0), argument)
}

/// All rows of z with what is added to each; nothing where there is no such list.
fn with_added(z: &[Fr], columns: usize, added: &[Vec<Fr>]) -> Vec<Fr> {
    let rows = z.chunks(columns).enumerate().map(|(index, row)| {
        let mut row = row.to_vec();
        row.accumulate(added.get(index).unwrap_or(&Vec::new()), Fr::ONE);
        row
    });
    rows.flatten().collect()
}

/// Commits to rows of whatever width.
fn commit_all(case: &Case, z: &[Fr], blinds: &[Blind]) -> Vec<G1Affine> {
    let rows = z.chunks(z.len() / blinds.len()).zip(blinds);
    rows.map(|(row, blind)| case.srs.commit(row, blind).unwrap().point()).collect()
}

fn assert_not_opened(result: Result<(), ChannelError>, expected: &CommitError) {
    match result {
        Err(ChannelError::Mira(MiraError::Commit(error))) => assert_eq!(error, *expected),
        other => panic!("expected `{expected}`, got {other:?}"),
    }
}

/// E is committed in whole chunks, and only its first entries belong to constraints. What stands in the
/// others is refused: within the cube of Spartan, and beyond it.
#[test]
fn error_terms_beyond_the_constraints_are_refused() {
    // Helpers; constraints, size of the cube, entries of all chunks; places within the cube and beyond it.
    let sizes = [
        (SMALL.helpers, [6, 8, 32], [6, 7], [8, 15, 16, 31].as_slice()),
        (115, [41, 64, 64], [41, 63], &[]),
        (202, [70, 128, 96], [70, 95], &[]),
    ];
    for (helpers, expected, within, beyond) in sizes {
        let case = Case::new(Size { helpers, ..SMALL });
        let mut prover = case.prover(case.transcript(), 1);
        let rho = case.send_messages(&mut prover, &case.evaluations());
        let forger = Forger::new(&case, prover, case.claims(rho));
        let committed = case.srs.size() * forger.relation().num_error_chunks();
        let cube = 1 << Sizes::of(&forger.r1cs).mu;
        assert_eq!([forger.r1cs.num_constraints(), cube, committed], expected);
        let run = |added: &Added, sees| case.verify(&prove_with(&forger, added, sees));
        for sees in [[false; 3], [true; 3]] {
            run(&Added::default(), sees).unwrap();
        }
        // In E_r, in T, and in both with opposite signs.
        let one = Fr::ONE;
        let changes = |at: usize| {
            [(one, Fr::ZERO), (Fr::ZERO, one), (-one, one)].map(|(e, t)| Added {
                error: single(at, e),
                cross: single(at, t),
                ..Added::default()
            })
        };
        for added in within.iter().flat_map(|at| changes(*at)) {
            assert_unsatisfied(run(&added, [true, true, true]), OUTER);
            assert_unsatisfied(run(&added, [false, true, true]), DECIDER);
            assert_not_opened(run(&added, [false, false, true]), &CommitError::OpeningValue);
            assert_not_opened(run(&added, [false, false, false]), &CommitError::OpeningPairing);
        }
        // Neither Spartan nor the claim on E looks there: the opening does, whose point is random.
        for added in beyond.iter().flat_map(|at| changes(*at)) {
            assert_not_opened(run(&added, [true, true, true]), &CommitError::OpeningValue);
            assert_not_opened(run(&added, [true, true, false]), &CommitError::OpeningPairing);
        }
    }
}

/// Honest messages without claims, in rows to which something is added when they are committed.
fn long_rows<'a>(case: &'a Case, added: &[Vec<Fr>]) -> Forger<'a> {
    let mut prover = case.prover(case.transcript(), 1);
    let mut transcript = prover.start().0;
    let (mut z, mut rows, mut blinds) = (Vec::new(), Vec::new(), Vec::new());
    let mut send = |transcript: &mut Transcript, label, message: &[Fr]| {
        let mut cells = message.to_vec();
        cells.resize(message.len().next_multiple_of(case.columns), Fr::ZERO);
        let (first, count) = (rows.len(), cells.len() / case.columns);
        let own = random_blinds(count, 32 + first as u64);
        let long = with_added(&cells, case.columns, added.get(first..).unwrap_or_default());
        rows.extend(commit_all(case, &long, &own));
        transcript.append_hidden(label, message.len(), &rows[first..]);
        z.extend(cells);
        blinds.extend(own);
    };
    transcript.append_points(b"example commitments", &[]);
    let y = case.evaluations();
    send(&mut transcript, b"example evaluations", &y);
    let rho = transcript.challenge_scalar(b"example rho");
    send(&mut transcript, b"example helpers", &helpers(case.example.helpers, y[0] + Fr::ONE, rho));

    // The verifier's code on these rows.
    let reader = RowReader::new(case.columns, rows.clone());
    let mut recorder = Recorder::new(prover.start().0, reader).unwrap();
    assert!(case.example.verify(&mut recorder).unwrap().is_empty());
    let recorded = recorder.finish().unwrap();
    recorded.r1cs.check(&z).unwrap();
    Forger {
        case,
        r1cs: recorded.r1cs,
        transcript: recorded.transcript,
        z,
        blinds,
        rows,
        masks: Vec::new(),
        claims: Vec::new(),
        rng: prover.rng(),
    }
}

/// A row commits to its cells and to no further powers of tau: the rows of messages, and those of the mask.
#[test]
fn rows_longer_than_their_width_are_refused() {
    // Columns, helpers, rows; log2 of the entries that are opened, of 32 that can be committed.
    // No opening has less than 16: up to there, what follows a narrower row has weight zero in its claim.
    for (columns, helpers, count, vars) in [(16, 60, 5, 5), (4, 61, 17, 5), (16, 10, 2, 4)] {
        let case = Case::new(Size { k: 5, columns, claims: 0, helpers });
        let run = |[messages, mask]: [Fr; 2], (row, at): (usize, usize), sees| {
            let [rows, mask_rows] = [messages, mask].map(|value| {
                let mut rows = vec![vec![Fr::ZERO; case.srs.size()]; count];
                rows[row][at] = value;
                rows
            });
            let forger = long_rows(&case, &rows);
            assert_eq!(forger.rows.len(), count);
            case.verify(&prove_with(&forger, &Added { rows, mask_rows, ..Added::default() }, sees))
        };
        let (zero, one) = (Fr::ZERO, Fr::ONE);
        for sees in [[false; 3], [true, true, vars == case.srs.k()]] {
            run([zero, zero], (0, 16), sees).unwrap();
        }
        // The first message, a row of the second, its last row, which is not full.
        for row in [0, count / 2, count - 1] {
            for at in [16, 17, 31] {
                for values in [[one, zero], [zero, one], [one, -one]] {
                    let run = |sees| run(values, (row, at), sees);
                    assert_not_opened(run([true, true, false]), &CommitError::OpeningPairing);
                    // Powers of tau beyond the opening cannot even be opened to something false.
                    if vars == case.srs.k() {
                        assert_not_opened(run([true, true, true]), &CommitError::OpeningValue);
                    }
                }
            }
        }
    }
}
