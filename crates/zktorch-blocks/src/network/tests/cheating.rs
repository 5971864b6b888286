//! Cheating witnesses: each constraint broken on its own, and refused by it.

use ark_ff::{AdditiveGroup, One};
use zktorch_field::Fr;
use zktorch_graph::Visibility::{Private, Public};
use zktorch_graph::{Contract, Expr, Graph, Interval, Linear, Operand, Role, Term};
use zktorch_transcript::probe::Probe;

use super::forger::{DECIDER, Forger, refused_by};
use crate::BlockError;
use crate::network::transcript::{A_VALUES, B_VALUES, RELATION_VALUES};
use crate::test_util::{Builder, Case, embedding_case, follow, id, tiny};

pub(super) const RELATION: &str = "linear relation";
const SUM: &str = "lookup: sum h = sum h'";
const A: &str = "sumcheck A";
const B: &str = "sumcheck B";

pub(super) fn case() -> Case {
    Case::new(tiny(Private, Private), 8, 5)
}

/// Makes the sums of the inverse columns agree by changing the inverse of the first cell.
fn balance(columns: &mut [Vec<Fr>], inverses: std::ops::Range<usize>) {
    let total = |columns: &[Vec<Fr>]| -> Fr { columns.iter().flatten().sum() };
    let difference = total(&columns[inverses.end..]) - total(&columns[inverses.clone()]);
    columns[inverses.start][0] += difference;
}

/// A value that is in no table: with its true inverse the sums differ, with any other one the zero-check fails.
pub(super) fn assert_not_looked_up(make: impl Fn() -> Forger<'static>) {
    assert_eq!(refused_by(make().run()), SUM);
    let mut forger = make();
    let chunks = forger.network.chunks().inverses;
    forger.alter_inverses =
        Box::new(move |columns, _| balance(columns, chunks.first..chunks.first + chunks.count));
    assert_eq!(refused_by(forger.run()), A);
}

/// Values of a tensor, changed.
pub(super) fn with(case: &Case, name: &str, entry: usize, change: i32) -> Vec<Vec<i32>> {
    let mut values = case.values.clone();
    values[id(case.network.graph(), name).0 as usize][entry] += change;
    values
}

pub(super) fn leak(case: Case) -> &'static Case {
    Box::leak(Box::new(case))
}

#[test]
fn an_honest_forger_is_accepted() {
    let case = case();
    assert_eq!(refused_by(Forger::new(&case, &case.values).run()), "accepted");
}

#[test]
fn every_wrong_tensor_is_refused_by_its_relation() {
    // Outputs (public or private), quotients and remainders, off by one.
    for visibility in [Public, Private] {
        let case = Case::new(tiny(Public, visibility), 8, 5);
        for name in ["relu", "relu r", "square", "square r", "out", "out r"] {
            for change in [1, -1] {
                let mut forger = Forger::new(&case, &with(&case, name, 1, change)).recommit();
                assert_eq!(refused_by(forger.run()), RELATION, "{name}");
            }
        }
    }
}

#[test]
fn a_remainder_outside_its_range_is_no_remainder() {
    // y - 1 and r + D, y + 1 and r - D: the relation holds. Here y is in range and r is not.
    let case = leak(case());
    for (name, divisor) in [("square", 100), ("out", 6)] {
        for sign in [1, -1] {
            assert_not_looked_up(|| {
                let mut values = with(case, name, 2, -sign);
                let r = id(case.network.graph(), &format!("{name} r")).0 as usize;
                values[r][2] += sign * divisor;
                if name == "square" {
                    // What follows from the lie is true.
                    follow(case.network.graph(), &mut values, 3);
                }
                Forger::new(case, &values).recommit()
            });
        }
    }
}

#[test]
fn a_function_has_one_value() {
    let case = leak(case());
    for change in [1, -1] {
        assert_not_looked_up(|| {
            let mut values = with(case, "relu relu", 0, change);
            follow(case.network.graph(), &mut values, 2);
            Forger::new(case, &values).recommit()
        });
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let case = leak(case());
    let graph = case.network.graph();
    // An argument beyond the domain of its function: the accumulator is whatever the weights make it.
    let mut weights = case.values.clone();
    weights[id(graph, "b").0 as usize][0] = 30_000;
    follow(graph, &mut weights, 0);
    assert!(weights[id(graph, "relu").0 as usize][0] > 300);
    // A private input, a private output, a quotient beyond their ranges.
    let mut input = with(case, "x", 0, 0);
    input[id(graph, "x").0 as usize][0] = 61;
    follow(graph, &mut input, 0);
    for values in [weights, input] {
        let recommitted = leak(Case::with_weights_of(case, &values));
        assert_not_looked_up(|| Forger::new(recommitted, &values).recommit());
    }
}

#[test]
fn padding_is_zero_in_every_arena() {
    // The relations are satisfied on the padding as well, so that only the lookups can object.
    let case = leak(case());
    let graph = case.network.graph();
    let tensor = |name: &str| id(graph, name);
    let one = Fr::one();
    let changes: [&[(&str, Fr)]; 6] = [
        &[("x", one)],
        &[("out", one), ("out r", -Fr::from(6u64))],
        &[("square", one), ("square r", -Fr::from(100u64))],
        &[("square r", -one), ("square", Fr::from(100u64).inverse_of())],
        &[("relu", one), ("relu r", -Fr::from(64u64))],
        &[("relu relu", one), ("square r", one), ("out r", -Fr::from(2u64))],
    ];
    for change in changes {
        assert_not_looked_up(|| {
            let mut forger = Forger::new(case, &case.values);
            for (name, value) in change {
                let last = graph.tensor(tensor(name)).shape.padded_len() - 1;
                *forger.cell(tensor(name), last) = *value;
            }
            forger.count();
            forger.recommit()
        });
    }
    // Cells that belong to no tensor.
    for arena in [zktorch_graph::layout::ArenaKind::Ranged, zktorch_graph::layout::ArenaKind::Function] {
        assert_not_looked_up(|| {
            let mut forger = Forger::new(case, &case.values);
            let chunks = case.network.chunks();
            let ranged = arena == zktorch_graph::layout::ArenaKind::Ranged;
            let column = if ranged { chunks.ranged.first } else { chunks.y.first };
            assert!(case.network.layout().arena(arena).pieces().iter().all(|placed| placed.offset < 200));
            forger.columns[column][255] = one;
            forger.count();
            forger
        });
    }
}

trait InverseOf {
    fn inverse_of(self) -> Self;
}

impl InverseOf for Fr {
    fn inverse_of(self) -> Self {
        ark_ff::Field::inverse(&self).unwrap()
    }
}

#[test]
fn a_value_of_another_table_or_of_a_padded_slot_is_refused() {
    // "out r" is in [0, 5]: 6 and 7 would be in the padded slots of its table, and are in the tables of other remainders.
    let case = leak(case());
    let graph = case.network.graph();
    for lie in [6, 7, 50] {
        let make = || {
            let mut values = case.values.clone();
            let (y, r) = (id(graph, "out").0 as usize, id(graph, "out r").0 as usize);
            // 6 y' + r' = 6 y + r over the field.
            let old = 6 * values[y][0] + values[r][0];
            values[r][0] = lie;
            let mut forger = Forger::new(case, &values);
            *forger.cell(id(graph, "out"), 0) = Fr::from(old - lie) * Fr::from(6u64).inverse_of();
            forger.count();
            forger.recommit()
        };
        assert_not_looked_up(make);
        // The slot's multiplicity counts the padding's entry.
        let table = case.network.layout().table_of(id(graph, "out r")).unwrap();
        let slot = case.network.layout().tables().tables()[table].offset + lie as usize;
        if lie < 8 {
            let mut forger = make();
            let m = forger.network.chunks().multiplicities.first;
            assert_eq!(forger.entries()[slot], [Fr::one(), Fr::ZERO, Fr::ZERO]);
            forger.columns[m + slot / 256][slot % 256] += Fr::one();
            assert_eq!(refused_by(forger.run()), SUM);
        }
    }
}

#[test]
fn tags_keep_tables_apart() {
    let case = case();
    let tables = case.network.layout().tables().tables();
    let mut tags: Vec<i32> = tables.iter().map(|table| table.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    assert!(tags.len() == tables.len() && !tags.contains(&0));
    // An entry of one table under the tag of another is no entry.
    let entries = Forger::new(&case, &case.values).entries();
    let zero = entries.iter().filter(|[_, x, y]| *x == Fr::ZERO && *y == Fr::ZERO).map(|entry| entry[0]);
    assert_eq!(std::collections::BTreeSet::from_iter(zero).len(), tables.len());
}

#[test]
fn multiplicities_count() {
    let case = leak(case());
    let m = case.network.chunks().multiplicities.first;
    let h = case.network.chunks().table_inverses.first;
    // One too many: the sums differ; with an inverse column that repairs the sum, it is not that of m.
    let make = || {
        let mut forger = Forger::new(case, &case.values);
        forger.columns[m][3] += Fr::one();
        forger
    };
    assert_eq!(refused_by(make().run()), SUM);
    let mut forger = make();
    let inverses = case.network.chunks().inverses;
    forger.alter_inverses = Box::new(move |columns, _| {
        let mut rest: Fr = columns[inverses.first..h].iter().flatten().sum();
        rest -= columns[h..].iter().flatten().sum::<Fr>();
        columns[h][0] += rest;
    });
    assert_eq!(refused_by(forger.run()), A);
    // Entries that are equal may share the count: the padding's is in every unused slot.
    let mut forger = Forger::new(case, &case.values);
    let padding: Vec<usize> = (0..)
        .zip(forger.entries())
        .filter(|(_, e)| *e == [Fr::one(), Fr::ZERO, Fr::ZERO])
        .map(|(j, _)| j)
        .collect();
    let first = case.network.layout().tables().tables()[0].offset;
    let other = *padding.iter().find(|cell| **cell != first).unwrap();
    assert!(padding.contains(&first));
    assert!(forger.columns[m + first / 256][first % 256] > Fr::one());
    forger.columns[m + first / 256][first % 256] -= Fr::one();
    forger.columns[m + other / 256][other % 256] += Fr::one();
    assert_eq!(refused_by(forger.run()), "accepted");
}

#[test]
fn inverse_columns_are_inverses() {
    let case = leak(case());
    let chunks = case.network.chunks().clone();
    for column in chunks.inverses.first..chunks.total {
        let run = |changes: &[(usize, i32)]| {
            let mut forger = Forger::new(case, &case.values);
            forger.alter_inverses = Box::new(move |columns, _| {
                changes.iter().for_each(|(i, change)| columns[column][*i] += Fr::from(*change));
            });
            refused_by(forger.run())
        };
        assert_eq!(run(&[(5, 1)]), SUM);
        assert_eq!(run(&[(5, 1), (9, -1)]), A);
    }
}

/// A column of inverses is committed less what it is at rest: the inverses themselves are no such column.
#[test]
fn inverse_columns_are_centred() {
    let case = case();
    let mut forger = Forger::new(&case, &case.values);
    forger.centred = false;
    assert_eq!(refused_by(forger.run()), DECIDER);
}

#[test]
fn the_committed_tensors_are_the_ones_that_are_used() {
    let case = case();
    let graph = case.network.graph();
    // Other weights, another bias, another input than the statement's commitments hold, everything else consistent.
    for name in ["w", "b", "x"] {
        let mut values = with(&case, name, 0, 1);
        follow(graph, &mut values, 0);
        let mut forger = Forger::new(&case, &values);
        // The private output's commitment is the prover's to choose.
        let inputs = forger.private[0].clone();
        forger = forger.recommit();
        forger.private[0] = inputs;
        assert_eq!(refused_by(forger.run()), DECIDER, "{name}");
    }
    // Padding of the weights, which no relation reads.
    let mut forger = Forger::new(&case, &case.values);
    *forger.cell(id(graph, "w"), 7) = Fr::one();
    assert_eq!(refused_by(forger.run()), DECIDER);
    // Two tensors swapped.
    let mut values = case.values.clone();
    values.swap(id(graph, "square r").0 as usize, id(graph, "relu r").0 as usize);
    assert_eq!(refused_by(Forger::new(&case, &values).run()), RELATION);
}

#[test]
fn swapped_commitments_are_refused() {
    let case = Case::new(tiny(Private, Private), 4, 5);
    for (family, count) in [("V", 4), ("H", 4)] {
        for (i, j) in [(0, 1), (1, 3)] {
            let mut forger = Forger::new(&case, &case.values);
            forger.alter_commitments = Box::new(move |name, list| {
                assert!(list.len() >= count);
                if name == family {
                    list.swap(i, j);
                }
            });
            assert_eq!(refused_by(forger.run()), DECIDER, "{family}");
        }
    }
}

#[test]
fn public_values_are_checked_and_padded_by_the_verifier() {
    let case = Case::new(tiny(Public, Public), 8, 5);
    let refused = |change: &dyn Fn(&mut Vec<Vec<i32>>)| {
        let mut forger = Forger::new(&case, &case.values);
        change(&mut forger.public);
        forger.statement().map(|_| ()).unwrap_err()
    };
    for (tensor, value, lo, hi) in [(0, 61, -60, 60), (0, -61, -60, 60), (1, 128, -128, 127)] {
        match refused(&|public| public[tensor][2] = value) {
            BlockError::PublicRange { index: 2, value: got, lo: l, hi: h, .. } => {
                assert_eq!((got, l, h), (value, lo, hi));
            }
            other => panic!("{other}"),
        }
    }
    let length = |error| matches!(error, BlockError::Length { .. });
    assert!(length(refused(&|public| public[0].push(0))));
    assert!(length(refused(&|public| public[1].truncate(2))));
    assert!(length(refused(&|public| public.truncate(1))));
    assert!(length(refused(&|public| public.push(vec![0]))));
    // Another public input or output than the one that was computed with.
    for (tensor, name) in [(0, "x"), (1, "out")] {
        let mut forger = Forger::new(&case, &case.values);
        forger.public[tensor][0] = 1 - forger.public[tensor][0].signum();
        assert_ne!(forger.public[tensor], case.values[id(case.network.graph(), name).0 as usize]);
        assert_eq!(refused_by(forger.run()), RELATION);
    }
}

/// The ids of the statement, not others, say which rows of a table are read.
#[test]
fn rows_at_other_ids_are_refused() {
    let case = embedding_case();
    let graph = case.network.graph();
    // The prover read another row than the statement says: every row differs from every other.
    for (place, other) in [(0, 1), (5, 3), (1, -2), (3, 0)] {
        let mut values = case.values.clone();
        let ids = id(graph, "ids");
        values[ids.0 as usize][place] = other;
        follow(graph, &mut values, 0);
        let mut forger = Forger::new(&case, &values);
        forger.public = vec![case.values[ids.0 as usize].clone()];
        assert_eq!(refused_by(forger.recommit().run()), RELATION, "{place}");
    }
    // One entry of a row.
    for entry in [0, 17, 29] {
        let mut forger = Forger::new(&case, &with(&case, "output", entry, 1)).recommit();
        assert_eq!(refused_by(forger.run()), RELATION);
    }
    // The row that is read, in the table; its commitment is the key's.
    let mut values = with(&case, "table", 20, 1);
    follow(graph, &mut values, 0);
    let mut forger = Forger::new(&case, &values).recommit();
    assert_eq!(refused_by(forger.run()), DECIDER);
    // Ids that name no row.
    for wrong in [11, -12] {
        let mut forger = Forger::new(&case, &case.values);
        forger.public[0][2] = wrong;
        let refused = forger.statement().map(|_| ()).unwrap_err();
        assert!(matches!(refused, BlockError::PublicRange { index: 2, .. }), "{refused}");
    }
}

#[test]
fn cells_without_a_tensor_are_zero_in_every_column() {
    let case = leak(case());
    let chunks = case.network.chunks();
    let (inputs, outputs) = (chunks.private_inputs, chunks.private_outputs);
    for column in [inputs, outputs, chunks.ranged, chunks.x, chunks.y] {
        assert_not_looked_up(|| {
            let mut forger = Forger::new(case, &case.values);
            forger.columns[column.first][255] = Fr::one();
            forger.count();
            forger.recommit()
        });
    }
}

/// Chunks that begin in the middle of a tensor, or hold padding alone.
#[test]
fn padding_is_zero_in_tensors_of_several_chunks() {
    let range = Interval::new(-60, 60);
    let mut b = Builder::default();
    let x = b.tensor("x", &[11, 3], range, Role::Input(Private));
    b.graph.inputs.push(x);
    let acc = Expr::view(b.view(x));
    let y = b.rescale("y", acc, 4, range, Role::Ranged);
    let acc = Expr::view(b.view(y));
    let z = b.relu("z", acc, 2, range);
    let acc = Expr::view(b.view(z));
    let out = b.rescale("out", acc, 2, range, Role::Output(Private));
    b.graph.outputs.push(out);
    let case = leak(Case::new(b.graph, 4, 5));
    let graph = case.network.graph();
    // Changes that the relations between the tensors allow.
    let changes: [&[(&str, i64)]; 4] = [
        &[("y", 1), ("y r", -4), ("z r", 1)],
        &[("x", 4), ("y r", 4)],
        &[("z relu", 2), ("out r", 2)],
        &[("out", 1), ("out r", -2)],
    ];
    for cell in [3usize, 35, 44, 47, 48, 50, 63] {
        assert!(cell / 4 >= 11 || cell % 4 >= 3, "a real cell");
        for change in changes {
            assert_not_looked_up(|| {
                let mut forger = Forger::new(case, &case.values);
                for (name, value) in change {
                    *forger.cell(id(graph, name), cell) = Fr::from(*value);
                }
                forger.count();
                forger.recommit()
            });
        }
    }
}

/// Six reindexings in three variables each: the even and the odd entries of x, in a relation, in the two
/// terms of an operand, and as the two operands of a product.
pub(super) fn halves() -> Graph {
    let mut b = Builder::default();
    let x = b.tensor("x", &[8], Interval::new(-60, 60), Role::Input(Private));
    b.graph.inputs.push(x);
    let (even, odd) = (b.every_second(x, 0, 0), b.every_second(x, 0, 1));
    let shape = even.shape.clone();
    let linear = |terms| Linear { shape: shape.clone(), terms };
    let acc = b.dense("w", &linear(vec![(1, even.clone()), (1, odd.clone())]), 3);
    let dense = b.rescale("dense", acc, 256, Interval::new(-128, 127), Role::Output(Private));
    let product = Contract {
        a: linear(vec![(1, even.clone())]),
        b: linear(vec![(1, odd.clone())]),
        a_axes: vec![0],
        b_axes: vec![0],
        out_axes: vec![0],
    };
    let operands = [Operand::Contract(product), Operand::View(even), Operand::View(odd)];
    let terms = operands.map(|operand| Term { coeff: 1, operand }).to_vec();
    let acc = Expr { shape: shape.clone(), terms };
    let mixed = b.rescale("mixed", acc, 32, Interval::new(-128, 127), Role::Output(Private));
    b.graph.outputs.extend([dense, mixed]);
    b.graph
}

/// Two claims on views, off by +d and -d: nothing before sumcheck B sees it, and their plain sum is true.
#[test]
fn two_false_reindexings_whose_errors_cancel_are_refused() {
    let case = Case::new(halves(), 8, 5);
    type Change = fn(&mut [Fr]);
    let changes: [(&[u8], Change); 3] = [
        // dense, its r, the product with w; mixed, its r, the product, the even and the odd entries.
        (RELATION_VALUES, |message| {
            message[6] += Fr::one();
            message[7] -= Fr::one();
        }),
        // The values after A end with w, even, odd, their product; even, odd, their product.
        // Two terms of an operand: it keeps its value.
        (A_VALUES, |message| {
            let end = message.len();
            message[end - 6] += Fr::one();
            message[end - 5] -= Fr::one();
        }),
        // Two operands, swapped: their product keeps its value.
        (A_VALUES, |message| {
            let end = message.len();
            assert_ne!(message[end - 3], message[end - 2]);
            message.swap(end - 3, end - 2);
        }),
    ];
    let unbatched = || {
        let probe = Probe::new();
        probe.program_label(b"sumcheck batching", [Fr::from(77u64), Fr::one()]);
        probe
    };
    for (label, change) in changes {
        let run = |probe: &dyn Fn() -> Probe| {
            let mut forger = Forger::new(&case, &case.values);
            let seen = std::cell::Cell::new(0);
            forger.alter_message = Box::new(|sent, message| {
                if sent == label {
                    change(message);
                    seen.set(seen.get() + 1);
                }
                // Six sources, all of them honest.
                assert!(sent != B_VALUES || message.len() == 6);
            });
            let refused = refused_by(forger.run_with(probe));
            drop(forger);
            assert_eq!(seen.get(), 1);
            refused
        };
        assert_eq!(run(&Probe::new), B);
        // Only rho2 tells the claims apart: with all coefficients 1 the same messages are a proof.
        assert_eq!(run(&unbatched), "accepted");
    }
}
