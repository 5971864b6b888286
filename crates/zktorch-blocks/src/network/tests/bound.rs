//! What binds the lookups to the commitments: provers that play them on other columns than those that are committed, each stopped
//! by the claim on that column alone; and the provers that lambda, and the absorption of the statement's commitments, stop.

use std::cell::Cell;
use std::rc::Rc;

use ark_ff::{Field, One};
use zktorch_commit::{Blind, Commitment};
use zktorch_field::Fr;
use zktorch_transcript::probe::Probe;

use super::cheating::case;
use super::forger::{DECIDER, Forger, refused_by};
use super::order::{liar, missing, omitting, probed, run};
use crate::Statement;
use crate::network::transcript::RELATION_VALUES;
use crate::test_util::{Case, follow, id};

const SUM: &str = "lookup: sum h = sum h'";
const A: &str = "sumcheck A";
const RELATION: &str = "linear relation";

/// Lies as they are committed are in no table; with the lookups played on these values of these cells, everything is true
/// but that the commitments hold them.
fn assert_bound<'a>(make: impl Fn() -> Forger<'a>, played: &[(&str, usize, i32)]) {
    let honest = || {
        let mut forger = make();
        forger.count();
        forger.recommit()
    };
    assert_eq!(refused_by(honest().run()), SUM, "{played:?}");
    let mut forger = make();
    for (name, entry, value) in played {
        let (chunk, cell) = forger.lies_at(id(forger.network.graph(), name), *entry).unwrap();
        let committed = forger.columns[chunk].clone();
        forger.played.entry(chunk).or_insert(committed)[cell] = Fr::from(*value);
    }
    forger.count();
    assert_eq!(refused_by(forger.recommit().run()), DECIDER, "{played:?}");
}

#[test]
fn the_values_of_functions_that_are_looked_up_are_the_committed_ones() {
    // The lookups see the true ReLU, the next layers a false one.
    let case = case();
    let graph = case.network.graph();
    let relu = id(graph, "relu relu").0 as usize;
    for change in [1, -1] {
        let mut values = case.values.clone();
        values[relu][0] += change;
        follow(graph, &mut values, 2);
        assert_bound(|| Forger::new(&case, &values), &[("relu relu", 0, case.values[relu][0])]);
    }
}

#[test]
fn the_arguments_that_are_looked_up_are_the_committed_ones() {
    let case = case();
    let graph = case.network.graph();
    let tensor = |name: &str| id(graph, name).0 as usize;
    // An argument of a function: the lookups see one with the value that is committed.
    let mut values = case.values.clone();
    let other = case.values[tensor("relu")][0].max(0) + 7;
    values[tensor("relu relu")][0] = other;
    follow(graph, &mut values, 2);
    assert_bound(|| Forger::new(&case, &values), &[("relu", 0, other)]);
    // A negative remainder.
    let mut values = case.values.clone();
    values[tensor("square")][2] += 1;
    values[tensor("square r")][2] -= 100;
    follow(graph, &mut values, 3);
    let r = case.values[tensor("square r")][2];
    assert_bound(|| Forger::new(&case, &values), &[("square r", 2, r)]);
    // A private input beyond its range.
    let mut values = case.values.clone();
    values[tensor("x")][0] = 61;
    follow(graph, &mut values, 0);
    assert_bound(|| Forger::new(&case, &values), &[("x", 0, 60)]);
    // A private output that is no small integer: another remainder, divided in the field.
    let (y, r) = (case.values[tensor("out")][0], case.values[tensor("out r")][0]);
    let mut values = case.values.clone();
    values[tensor("out r")][0] = (r + 1) % 6;
    let cell = Fr::from(6 * y + r - (r + 1) % 6) * Fr::from(6u64).inverse().unwrap();
    let make = || {
        let mut forger = Forger::new(&case, &values);
        *forger.cell(id(graph, "out"), 0) = cell;
        forger
    };
    assert_bound(make, &[("out", 0, y)]);
}

/// Makes up for `missing` by two cells of a column without a trace in the zero-check, where they weigh `weights`.
fn make_up(column: &mut [Fr], weights: [Fr; 2], missing: Fr) {
    // weights_0 d_0 + weights_1 d_1 = 0 and d_0 + d_1 = missing.
    let ratio = -weights[0] / weights[1];
    let d = missing / (Fr::one() + ratio);
    column[0] += d;
    column[1] += d * ratio;
}

#[test]
fn the_inverses_in_the_zero_check_are_the_committed_ones() {
    // Whoever may choose them after z makes the sums agree whatever is looked up.
    let case = case();
    let chunks = case.network.chunks().clone();
    for side in [chunks.inverses.first, chunks.table_inverses.first] {
        let mut forger = liar(&case);
        let (entries, chunks) = (forger.entries(), chunks.clone());
        forger.alter_played = Box::new(move |columns, [alpha, beta], z| {
            let eq = zktorch_sumcheck::eq_table(z);
            let missing = missing(columns, &chunks);
            if side == chunks.inverses.first {
                let column = &mut columns[side];
                let weights = [eq[0] / column[0], eq[1] / column[1]];
                make_up(column, weights, -missing);
            } else {
                let query = |[tag, x, y]: [Fr; 3]| alpha - tag - beta * x - beta * beta * y;
                make_up(&mut columns[side], [0, 1].map(|j: usize| eq[j] * query(entries[j])), missing);
            }
        });
        assert_eq!(refused_by(forger.run()), DECIDER);
    }
}

#[test]
fn the_multiplicities_in_the_zero_check_are_the_committed_ones() {
    // The first entry is counted, after alpha is known, as often as makes up for a lookup that is in no table.
    let case = case();
    let chunks = case.network.chunks().clone();
    let mut forger = liar(&case);
    let (entries, inverses) = (forger.entries(), chunks.clone());
    forger.alter_inverses = Box::new(move |columns, _| {
        let missing = missing(columns, &inverses);
        columns[inverses.table_inverses.first][0] += missing;
    });
    forger.alter_played = Box::new(move |columns, [alpha, beta], _| {
        let [tag, x, y] = entries[0];
        let query = alpha - tag - beta * x - beta * beta * y;
        columns[chunks.multiplicities.first][0] = columns[chunks.table_inverses.first][0] * query;
    });
    assert_eq!(refused_by(forger.run()), DECIDER);
}

/// With lambda = 1 an error of the zero-check that is the same in every cell, whatever z is, passes for a part of the sum.
#[test]
fn a_known_lambda_proves_anything() {
    let case = case();
    let chunks = case.network.chunks().clone();
    let forge = || {
        let mut forger = liar(&case);
        let error = Rc::new(Cell::new(Fr::one()));
        let (seen, columns_of) = (error.clone(), chunks.clone());
        forger.alter_inverses = Box::new(move |columns, _| {
            // h a = 1 + c: the chunk's sum S becomes (1 + c) S, and c more is claimed.
            let missing = missing(columns, &columns_of);
            let column = &mut columns[columns_of.inverses.first];
            let c = -missing / (Fr::one() + column.iter().sum::<Fr>());
            column.iter_mut().for_each(|h| *h *= Fr::one() + c);
            seen.set(c);
        });
        let first = 11 + chunks.multiplicities.count;
        forger.alter_message = Box::new(move |label, message| {
            if label == RELATION_VALUES {
                message[first] += error.get();
            }
        });
        forger
    };
    let known = || {
        let probe = Probe::new();
        probe.program_label(b"lambda", [Fr::one()]);
        probe
    };
    assert_eq!(run(&mut forge(), known), "accepted");
    assert_eq!(run(&mut forge(), Probe::new), A);
}

/// A false value of a relation, made true by a commitment of the statement that is chosen in the end.
#[test]
fn commitments_of_the_statement_after_the_challenges_prove_anything() {
    type Blinds = fn(&mut Case) -> &mut Blind;
    let families: [(&[u8], Blinds); 3] = [
        (b"weights", |case| &mut case.weight_blinds[0]),
        (b"private inputs", |case| &mut case.private_blinds[0][0]),
        (b"private outputs", |case| &mut case.private_blinds[1][0]),
    ];
    for (label, blind) in families {
        let forge = |case: &Case, probe: &dyn Fn() -> Probe| {
            let mut forger = Forger::new(case, &case.values);
            forger.alter_message = Box::new(|label, message| {
                if label == RELATION_VALUES {
                    // The square and its remainder, in a way that the relation does not see.
                    message[4] += Fr::one();
                    message[5] -= Fr::from(100u64);
                }
            });
            let mut forger = forger.recommit();
            let transcript = probed(&forger.statement().unwrap(), &probe());
            forger.forge(transcript).unwrap()
        };
        // The chunk's weight in the accumulator: what one more blind adds, with everything else the same.
        let (mut case, mut other) = (case(), case());
        *blind(&mut other) = Blind::from_scalar(*blind(&mut case).expose() + Fr::one());
        let omitted = omitting(label);
        let mut forged = forge(&case, &omitted);
        let weight =
            *forge(&other, &omitted).accumulated.1.blind.expose() - *forged.accumulated.1.blind.expose();

        // The accumulated vector that has the claimed value, and the commitment that it takes.
        let (instance, opening) = &mut forged.accumulated;
        let mut unit = vec![Fr::from(0u64); opening.vector.len()];
        unit[0] = Fr::one();
        let false_by = instance.value - instance.functional.apply(&opening.vector).unwrap();
        assert_ne!(false_by, Fr::from(0u64));
        let change = false_by / instance.functional.apply(&unit).unwrap();
        opening.vector[0] += change;
        let mut late = case.srs.commit(&[change / weight], &Blind::zero()).unwrap().projective();
        let commitment = match label {
            b"weights" => &mut case.weight_commitments[0],
            b"private inputs" => &mut case.private[0][0],
            _ => &mut case.private[1][0],
        };
        late += commitment.projective();
        *commitment = Commitment::from(late);
        let forger = Forger::new(&case, &case.values);

        let statement = forger.statement().unwrap();
        let verify = |probe: Probe| refused_by(forged.verify(&case, &statement, probed(&statement, &probe)));
        assert_eq!(verify(omitted()), "accepted");
        assert_eq!(verify(Probe::new()), RELATION);
    }
}

/// A proof is passed off as one of the same tensors under another key, or in another context.
#[test]
fn proofs_of_another_statement_are_refused() {
    let case = case();
    let mut forger = Forger::new(&case, &case.values);
    let forged = {
        let transcript = forger.statement().unwrap().transcript();
        forger.forge(transcript).unwrap()
    };
    let private = [case.private[0].as_slice(), &case.private[1]];
    let refused = |digest: u8, context: &[u8]| {
        let statement =
            Statement::new(&case.network, [digest; 32], context, &case.weight_commitments, private, &[])
                .unwrap();
        refused_by(forged.verify(&case, &statement, statement.transcript()))
    };
    assert_eq!(refused(7, b"test"), "accepted");
    assert_eq!(refused(8, b"test"), RELATION);
    assert_eq!(refused(7, b"tests"), RELATION);
}
