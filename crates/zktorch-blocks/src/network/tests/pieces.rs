//! Tensors in pieces: all of their cells are proved, and nothing else is.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::Visibility::Private;
use zktorch_graph::{AxisMap, Contract, Entry, Expr, Graph, Interval, Operand, Shape, Term};

use super::cells::{ravel, real_cells, unravel};
use super::cheating::{RELATION, assert_not_looked_up, leak, with};
use super::forger::{DECIDER, Forger, refused_by};
use crate::test_util::{Builder, Case, factor, id};

/// What products are divided by.
const DIVISOR: u64 = 64;

/// A product with weights entry by entry, a ReLU, sums along the first axis; all but the sums are cut into pieces.
fn network() -> Graph {
    let dims = [3, 17, 12];
    let mut b = Builder::default();
    let x = b.input(&dims, Private);
    let w = b.weight("w", &dims);
    let axes = vec![0, 1, 2];
    let product = Contract {
        a: b.linear(w),
        b: b.linear(x),
        a_axes: axes.clone(),
        b_axes: axes.clone(),
        out_axes: axes,
    };
    let terms = vec![Term { coeff: 1, operand: Operand::Contract(product) }];
    let y = b.relu("y", Expr { shape: Shape::new(dims), terms }, DIVISOR, Interval::new(-250, 250));
    let mut sums = b.view(y);
    sums.shape = Shape::new([dims[1], dims[2]]);
    let all = AxisMap::Sparse((0..dims[0]).map(|src| Entry { out: 0, src, coeff: 1 }).collect());
    sums.factors = vec![
        factor(&[0], &[], all),
        factor(&[1], &[0], AxisMap::Identity),
        factor(&[2], &[1], AxisMap::Identity),
    ];
    let acc =
        Expr { shape: sums.shape.clone(), terms: vec![Term { coeff: 1, operand: Operand::View(sums) }] };
    b.output(acc, 8, Private);
    b.graph
}

fn case() -> Case {
    Case::new(network(), 9, 11)
}

#[test]
fn tensors_in_pieces_are_proved() {
    for k in [8, 10, 12] {
        let case = Case::new(network(), k, 11);
        let y = id(case.network.graph(), "y");
        assert!(case.network.layout().place(y).unwrap().cut.pieces().len() > 3);
        case.verify(&case.prove()).unwrap();
    }
    let case = case();
    assert_eq!(refused_by(Forger::new(&case, &case.values).run()), "accepted");
}

#[test]
fn every_piece_is_in_the_relations() {
    let case = case();
    let len = case.values[id(case.network.graph(), "y").0 as usize].len();
    for name in ["y", "y r"] {
        for entry in [0, len / 2, len - 1] {
            let mut forger = Forger::new(&case, &with(&case, name, entry, 1)).recommit();
            assert_eq!(refused_by(forger.run()), RELATION, "{name} {entry}");
        }
    }
}

#[test]
fn weights_in_pieces_are_those_that_are_committed() {
    let case = case();
    let w = id(case.network.graph(), "w");
    for index in [0, real_cells(&case.network.graph().tensor(w).shape).last().unwrap()] {
        let mut forger = Forger::new(&case, &case.values);
        *forger.cell(w, index) += Fr::one();
        forger.count();
        assert_ne!(refused_by(forger.run()), "accepted");
    }
    // What is proved follows from the altered weight, but the commitment does not hold it.
    let mut values = with(&case, "w", 5, 1);
    crate::test_util::follow(case.network.graph(), &mut values, 0);
    let mut forger = Forger::new(&case, &values).recommit();
    assert_eq!(refused_by(forger.run()), DECIDER);
}

/// The last block of an axis may be real in part: its other cells are looked up as padding.
#[test]
fn padding_within_a_piece_is_zero() {
    let case = leak(case());
    let graph = case.network.graph();
    let [x, y, r, sum] = ["y", "y relu", "y r", "output r"].map(|name| id(graph, name));
    let honest = Forger::new(case, &case.values);
    let real: std::collections::BTreeSet<usize> = real_cells(&graph.tensor(y).shape).collect();
    let mut padding = (0..graph.tensor(y).shape.padded_len())
        .filter(|index| !real.contains(index) && honest.lies_at(y, *index).is_some());
    let ends = [padding.next().unwrap(), padding.next_back().unwrap()];
    for (index, argument) in ends.into_iter().flat_map(|index| [(index, false), (index, true)]) {
        assert_not_looked_up(|| {
            let mut forger = Forger::new(case, &case.values);
            // What the function's values add up to is a remainder; or the relation of the argument is kept.
            let indices = unravel(index, graph.tensor(y).shape.dims());
            match argument {
                false => {
                    *forger.cell(y, index) = Fr::one();
                    *forger.cell(sum, ravel(&indices[1..], graph.tensor(sum).shape.dims())) = Fr::one();
                }
                true => {
                    *forger.cell(x, index) = Fr::one();
                    *forger.cell(r, index) = -Fr::from(DIVISOR);
                }
            }
            forger.count();
            forger.recommit()
        });
    }
}
