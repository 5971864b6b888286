//! Messages of the sumchecks that are chosen after the challenge that should have depended on them: what they are absorbed for.

use std::cell::Cell;

use ark_ff::{AdditiveGroup, One};
use zktorch_field::Fr;
use zktorch_transcript::probe::Probe;
use zktorch_transcript::{
    ClearProver, ClearVerifier, ProverChannel, Transcript, TranscriptError, VerifierChannel,
};

use super::cheating::{RELATION, case, halves, with};
use super::forger::{DECIDER, Forged, Forger, refused_by};
use super::order::{liar, missing, omitting, probed};
use crate::network::prover::Reduced;
use crate::network::transcript::{A_VALUES, B_VALUES, RELATION_VALUES, SUMCHECK_A, SUMCHECK_B};
use crate::network::verifier::{self, Argument};
use crate::test_util::Case;

const SUM: &str = "lookup: sum h = sum h'";
const A: &str = "sumcheck A";
const B: &str = "sumcheck B";

/// What is added to scalars of the first message with a label, after the prover is done with it.
#[derive(Clone, Copy)]
struct Late<'a> {
    label: &'static [u8],
    changes: &'a [(usize, Fr)],
}

/// A channel that sends something else than it is told.
struct LateProver<'a, 't> {
    inner: ClearProver<'t>,
    late: Late<'a>,
    is_sent: bool,
}

impl ProverChannel for LateProver<'_, '_> {
    fn transcript(&mut self) -> &mut Transcript {
        self.inner.transcript()
    }

    fn send(&mut self, label: &'static [u8], message: &[Fr]) -> Result<(), TranscriptError> {
        let mut message = message.to_vec();
        if label == self.late.label && !self.is_sent {
            self.late.changes.iter().for_each(|(i, change)| message[*i] += change);
            self.is_sent = true;
        }
        self.inner.send(label, &message)
    }
}

/// A verifier who goes on after a constraint that does not hold, and notes what is missing.
struct Lenient<'a> {
    inner: ClearVerifier<'a>,
    missing: Vec<(&'static str, Fr)>,
}

impl VerifierChannel for Lenient<'_> {
    type Scalar = Fr;

    fn transcript(&mut self) -> &mut Transcript {
        self.inner.transcript()
    }

    fn receive(&mut self, label: &'static [u8], len: usize) -> Result<Vec<Fr>, TranscriptError> {
        self.inner.receive(label, len)
    }

    fn enforce_zero(&mut self, constraint: &'static str, value: Fr) -> Result<(), TranscriptError> {
        self.missing.push((constraint, value));
        Ok(())
    }

    fn enforce_product(
        &mut self,
        constraint: &'static str,
        a: Fr,
        b: Fr,
        c: Fr,
    ) -> Result<(), TranscriptError> {
        self.enforce_zero(constraint, a * b - c)
    }
}

fn forge(forger: &mut Forger<'_>, probe: &Probe, late: Late<'_>) -> Forged {
    let mut transcript = probed(&forger.statement().unwrap(), probe);
    let mut channel = LateProver { inner: ClearProver::new(&mut transcript), late, is_sent: false };
    let Reduced { v, h, accumulated } = forger.reduce(&mut channel).unwrap();
    assert!(channel.is_sent);
    Forged { v, h, messages: channel.inner.into_messages(), accumulated }
}

/// What is missing in the constraints of these names; the decider stands for the claim on the accumulator.
fn measure<const N: usize>(forger: &Forger<'_>, forged: &Forged, probe: &Probe, names: [&str; N]) -> [Fr; N] {
    let statement = forger.statement().unwrap();
    let mut transcript = probed(&statement, probe);
    let inner = ClearVerifier::new(&mut transcript, &forged.messages);
    let mut channel = Lenient { inner, missing: Vec::new() };
    let argument = Argument { statement: &statement, v: &forged.v, h: &forged.h };
    let claims = verifier::verify(&mut channel, &argument).unwrap();
    let value = claims[0].functional.apply(&forged.accumulated.1.vector).unwrap();
    channel.missing.push((DECIDER, claims[0].value - value));
    names.map(|name| channel.missing.iter().filter(|(of, _)| *of == name).map(|(_, value)| *value).sum())
}

fn refused(forger: &mut Forger<'_>, probe: impl Fn() -> Probe, late: Late<'_>) -> String {
    let forged = forge(forger, &probe(), late);
    let statement = forger.statement().unwrap();
    refused_by(forged.verify(forger.case, &statement, probed(&statement, &probe())))
}

/// Where an affine function is zero, from its values at 0 and 1.
fn zero_of_line([at_0, at_1]: [Fr; 2]) -> Fr {
    at_0 / (at_0 - at_1)
}

/// Where an affine map of the plane is zero, from its values at (0, 0), (1, 0) and (0, 1).
fn zero_of_plane([at, first, second]: [[Fr; 2]; 3]) -> [Fr; 2] {
    let [a, b] = [first, second].map(|end| [end[0] - at[0], end[1] - at[1]]);
    let determinant = a[0] * b[1] - a[1] * b[0];
    [b[0] * at[1] - b[1] * at[0], a[1] * at[0] - a[0] * at[1]].map(|x| x / determinant)
}

/// The lie breaks the sumcheck with this residual. The first round's constant coefficient, chosen after its challenge, hides it.
fn attack_a_round(mut forger: Forger<'_>, label: &'static [u8], residual: &str) {
    let probe = omitting(label);
    let [at_0, at_1] = [Fr::ZERO, Fr::one()].map(|x| {
        let forged = forge(&mut forger, &probe(), Late { label, changes: &[(0, x)] });
        measure(&forger, &forged, &probe(), [residual])[0]
    });
    let changes = [(0, zero_of_line([at_0, at_1]))];
    let late = Late { label, changes: &changes };
    assert_eq!(refused(&mut forger, probe, late), "accepted");
    assert_eq!(refused(&mut forger, Probe::new, late), residual);
}

/// Two values of a message, chosen when the challenges after it are known, hide the lie from both constraints. The real verifier
/// finds the second one unsatisfied, which is the one that these challenges are for.
fn attack_values(mut forger: Forger<'_>, label: &'static [u8], values: [usize; 2], constraints: [&str; 2]) {
    let probe = omitting(label);
    let [zero, one] = [Fr::ZERO, Fr::one()];
    let ends = [[zero, zero], [one, zero], [zero, one]].map(|x| {
        let changes = [(values[0], x[0]), (values[1], x[1])];
        let forged = forge(&mut forger, &probe(), Late { label, changes: &changes });
        measure(&forger, &forged, &probe(), constraints)
    });
    let x = zero_of_plane(ends);
    let changes = [(values[0], x[0]), (values[1], x[1])];
    let late = Late { label, changes: &changes };
    assert_eq!(refused(&mut forger, probe, late), "accepted");
    assert_eq!(refused(&mut forger, Probe::new, late), constraints[1]);
}

/// A remainder that is in no table. One of the sums is changed so that they agree: sumcheck A has a false claim.
fn false_lookup(case: &Case) -> Forger<'_> {
    let mut forger = liar(case);
    let difference = std::rc::Rc::new(Cell::new(Fr::ZERO));
    let (seen, chunks) = (difference.clone(), case.network.chunks().clone());
    forger.alter_inverses = Box::new(move |columns, _| seen.set(-missing(columns, &chunks)));
    let first = first_sum(case);
    forger.alter_message = Box::new(move |label, message| {
        if label == RELATION_VALUES {
            message[first] += difference.get();
        }
    });
    forger
}

/// An output that is off by one. The value of a view is changed so that the relation holds: sumcheck B has a false claim.
fn false_output(case: &Case) -> Forger<'_> {
    let mut forger = Forger::new(case, &with(case, "mixed", 0, 1)).recommit();
    // dense, its r, the product with w; mixed, its r, the product, the even and the odd entries.
    let ends = [Fr::ZERO, Fr::one()].map(|x| {
        let changes = [(6, x)];
        let late = Late { label: RELATION_VALUES, changes: &changes };
        let forged = forge(&mut forger, &Probe::new(), late);
        measure(&forger, &forged, &Probe::new(), [RELATION])[0]
    });
    let change = zero_of_line(ends);
    assert_ne!(change, Fr::ZERO);
    forger.alter_message = Box::new(move |label, message| {
        if label == RELATION_VALUES {
            message[6] += change;
        }
    });
    forger
}

/// The first of the sums of the inverse columns, after the values of the relations and the multiplicities.
fn first_sum(case: &Case) -> usize {
    11 + case.network.chunks().multiplicities.count
}

/// The first of the values of the tables' inverse columns after sumcheck A.
fn first_table_value(case: &Case) -> usize {
    case.network.looked_up().iter().map(|chunk| if chunk.y.is_some() { 4 } else { 3 }).sum()
}

/// Two sums, chosen when lambda and rho1 are known: they agree, and what is false in two claims of sumcheck A cancels.
#[test]
fn sums_that_are_not_absorbed_prove_anything() {
    let case = case();
    let first = first_sum(&case);
    attack_values(liar(&case), RELATION_VALUES, [first, first + 1], [SUM, A]);
}

#[test]
fn a_round_of_a_that_is_not_absorbed_proves_anything() {
    let case = case();
    attack_a_round(false_lookup(&case), SUMCHECK_A, A);
}

/// Two values, chosen when rho is known: the residual holds, and what is false in the two claims cancels in the accumulator.
#[test]
fn values_after_a_that_are_not_absorbed_prove_anything() {
    let case = case();
    let first = first_table_value(&case);
    attack_values(false_lookup(&case), A_VALUES, [first, first + 1], [A, DECIDER]);
}

#[test]
fn a_round_of_b_that_is_not_absorbed_proves_anything() {
    let case = Case::new(halves(), 8, 5);
    attack_a_round(false_output(&case), SUMCHECK_B, B);
}

#[test]
fn values_after_b_that_are_not_absorbed_prove_anything() {
    let case = Case::new(halves(), 8, 5);
    attack_values(false_output(&case), B_VALUES, [0, 1], [B, DECIDER]);
}
