//! Wrong messages: values that are not those of the committed tensors, each refused by the constraint that ties it.

use ark_ff::One;
use zktorch_field::Fr;
use zktorch_graph::Visibility::Private;

use super::cheating::case;
use super::forger::{DECIDER, Forger, refused_by};
use crate::network::transcript::{A_VALUES, B_VALUES, RELATION_VALUES};
use crate::test_util::{Case, tiny};

const RELATION: &str = "linear relation";
const SUM: &str = "lookup: sum h = sum h'";
const PRODUCT: &str = "lookup: h (alpha - q)";
const CONTRACTION: &str = "contraction: A B";
const A: &str = "sumcheck A";
const B: &str = "sumcheck B";

/// Runs with a change to one message.
fn refused(case: &Case, label: &'static [u8], change: impl Fn(&mut Vec<Fr>)) -> String {
    let mut forger = Forger::new(case, &case.values);
    let seen = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = seen.clone();
    forger.alter_message = Box::new(move |sent, message| {
        if sent == label {
            count.set(count.get() + 1);
            change(message);
        }
    });
    let refused = refused_by(forger.run());
    assert_eq!(seen.get(), 1);
    refused
}

fn add(changes: &[(usize, i32)]) -> impl Fn(&mut Vec<Fr>) + '_ {
    |message| changes.iter().for_each(|(i, change)| message[*i] += Fr::from(*change))
}

#[test]
fn values_of_relations() {
    // relu, its r, W x, b; square, its r, y y; out, its r, the reversed square, y; then multiplicities and sums.
    let case = case();
    let run = |changes: &[(usize, i32)]| refused(&case, RELATION_VALUES, add(changes));
    for value in 0..11 {
        assert_eq!(run(&[(value, 1)]), RELATION, "value {value}");
    }
    // Changes that cancel in the relation. The claims are on tensors, on products, on a view.
    assert_eq!(run(&[(4, 1), (5, -100)]), DECIDER);
    assert_eq!(run(&[(10, 1), (8, -2)]), DECIDER);
    assert_eq!(run(&[(3, 1), (1, 4)]), DECIDER);
    assert_eq!(run(&[(2, 1), (1, 1)]), A);
    assert_eq!(run(&[(6, 1), (5, 1)]), A);
    assert_eq!(run(&[(9, 1), (8, 1)]), B);
    let tables = case.network.chunks().multiplicities.count;
    let looked_up = case.network.looked_up().len();
    for chunk in 0..tables {
        assert_eq!(run(&[(11 + chunk, 1)]), A, "multiplicities");
        assert_eq!(run(&[(11 + tables + looked_up + chunk, 1)]), SUM);
    }
    for sum in 1..looked_up + tables {
        let sign = if sum < looked_up { -1 } else { 1 };
        assert_eq!(run(&[(11 + tables, 1), (11 + tables + sum, sign)]), A, "sum {sum}");
    }
}

#[test]
fn values_after_the_sumchecks() {
    let case = case();
    let run = |changes: &[(usize, i32)]| refused(&case, A_VALUES, add(changes));
    let twice = |first: usize, second: usize| {
        refused(&case, A_VALUES, move |message| {
            message[first] = message[first] + message[first];
            message[second] = message[second] + message[second];
        })
    };
    let mut at = 0;
    for chunk in case.network.looked_up() {
        let len = if chunk.y.is_some() { 4 } else { 3 };
        for value in at..at + len {
            assert_eq!(run(&[(value, 1)]), PRODUCT);
        }
        // h and the product times two: a stays, the sumcheck objects.
        assert_eq!(twice(at + len - 2, at + len - 1), A);
        at += len;
    }
    for _ in 0..case.network.chunks().multiplicities.count {
        assert_eq!(run(&[(at, 1)]), A);
        at += 1;
    }
    // W and x with their product; y, y and theirs.
    for _ in 0..2 {
        for value in at..at + 3 {
            assert_eq!(run(&[(value, 1)]), CONTRACTION);
        }
        assert_eq!(twice(at, at + 2), A);
        at += 3;
    }
    let len = std::cell::Cell::new(0);
    refused(&case, A_VALUES, |message| len.set(message.len()));
    assert_eq!(len.get(), at);
    assert_eq!(refused(&case, B_VALUES, add(&[(0, 1)])), B);
}

#[test]
fn every_scalar_of_every_message_matters() {
    let case = Case::new(tiny(Private, Private), 8, 6);
    let mut forger = Forger::new(&case, &case.values);
    let transcript = forger.statement().unwrap().transcript();
    let mut forged = forger.forge(transcript).unwrap();
    let statement = forger.statement().unwrap();
    forged.verify(&case, &statement, statement.transcript()).unwrap();
    for i in 0..forged.messages.len() {
        forged.messages[i] += Fr::one();
        assert!(forged.verify(&case, &statement, statement.transcript()).is_err(), "scalar {i}");
        forged.messages[i] -= Fr::one();
    }
    // One too many, one too few.
    forged.messages.push(Fr::one());
    assert!(forged.verify(&case, &statement, statement.transcript()).is_err());
    forged.messages.truncate(forged.messages.len() - 2);
    assert!(forged.verify(&case, &statement, statement.transcript()).is_err());
}
