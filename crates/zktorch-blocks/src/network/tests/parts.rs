//! Weights that were committed to in parts, for other graphs too.

use std::sync::Arc;

use ark_ff::AdditiveGroup;
use zktorch_field::Fr;
use zktorch_graph::Visibility::{Private, Public};
use zktorch_graph::layout::{ArenaKind, ChunkSize, Scope};
use zktorch_graph::{
    GraphError, Interval, MAX_PARTS, Role, Shape, ValidGraph, WeightParts, WeightRef, WeightSpec, execute,
};

use super::forger::{DECIDER, Forger, refused_by};
use super::weights::{prove_weights, statement};
use crate::test_util::{Case, id, tiny};
use crate::{BlockError, Network};

const SIZE: ChunkSize = ChunkSize { k: 7, weights: 4, inputs: 7 };

/// Two parts for [`tiny`]: `b` lies in the first one beside a matrix like `w` and much that nobody reads; `w` in the second one.
fn parts() -> WeightParts {
    let spec = |dims: &[u32]| WeightSpec { shape: Shape::new(dims), range: Interval::I16 };
    let parts = vec![vec![spec(&[3]), spec(&[3, 5]), spec(&[64])], vec![spec(&[2]), spec(&[3, 5])]];
    let refs = vec![WeightRef { part: 1, index: 1 }, WeightRef { part: 0, index: 0 }];
    WeightParts { parts, refs }
}

/// The weights of all parts: those that nobody reads are not zero.
fn values() -> Vec<Vec<Vec<i32>>> {
    let many = |count: i32, seed: i32| -> Vec<i32> { (0..count).map(|i| (i * seed) % 61 - 30).collect() };
    vec![vec![many(3, 7), many(15, 11), many(64, 13)], vec![many(2, 17), many(15, 19)]]
}

/// A network, the values of an inference with these weights, and the column of all parts.
fn case_of(parts: WeightParts, weights: [&[i32]; 2]) -> Case {
    let graph = tiny(Private, Public);
    let valid = ValidGraph::new(graph.clone()).unwrap();
    let network = Network::with_weights(valid, SIZE, Scope::Inference, Arc::new(parts)).unwrap();
    let mut given = vec![None; graph.tensors.len()];
    for (name, values) in ["w", "b"].into_iter().zip(weights) {
        given[id(&graph, name).0 as usize] = Some(values.to_vec());
    }
    given[graph.inputs[0].0 as usize] = Some(vec![3, -60, 17, 0, 41]);
    let executed = execute(&graph, network.bounds(), given.clone()).unwrap();
    let values_of = |(given, executed): (Option<Vec<i32>>, Vec<i32>)| given.unwrap_or(executed);
    let all: Vec<Vec<i32>> = given.into_iter().zip(executed).map(values_of).collect();
    let column = values()
        .into_iter()
        .enumerate()
        .map(|(part, values)| network.of_weights(part).unwrap().stack_weights(&values).unwrap());
    let column: Vec<i32> = column.flatten().collect();
    Case::with_column(network, all, column)
}

#[test]
fn weights_are_read_from_their_parts() {
    let all = values();
    let case = case_of(parts(), [&all[1][1], &all[0][0]]);
    // Two, four and one chunk of the first part; of the second one two and one.
    assert_eq!(case.network.weight_chunks(), 10);
    assert_eq!(case.network.layout().arena(ArenaKind::Weights).pieces().len(), 2);
    let proof = case.prove();
    case.verify(&proof).unwrap();
    // Whoever says that `w` is the other matrix needs another proof.
    let mut others = parts();
    others.refs[0] = WeightRef { part: 0, index: 1 };
    let other = case_of(others, [&all[0][1], &all[0][0]]);
    assert_eq!(other.weight_commitments, case.weight_commitments);
    assert!(other.verify(&proof).is_err());
    other.verify(&other.prove()).unwrap();
    // Everything is true of the other matrix but that this one is committed to in the second part.
    let forged = |values: &[Vec<i32>], column: &[i32]| {
        let mut forger = Forger::new(&case, values);
        for (own, cells) in forger.columns.iter_mut().zip(column.chunks(1 << SIZE.weights)) {
            own.fill(Fr::ZERO);
            own.iter_mut().zip(cells).for_each(|(own, cell)| *own = Fr::from(*cell));
        }
        refused_by(forger.recommit().run())
    };
    assert_eq!(forged(&case.values, &case.weights), "accepted");
    let mut column = case.weights.clone();
    let second = case.network.of_weights(1).unwrap();
    let of_second = second.stack_weights(&[all[1][0].clone(), all[0][1].clone()]).unwrap();
    let first = column.len() - of_second.len();
    column[first..].copy_from_slice(&of_second);
    assert_ne!(other.values.last(), case.values.last());
    assert_eq!(forged(&other.values, &column), DECIDER);
    // The chunk of `b` is opened as a whole, chunks that nobody reads are not opened at all.
    for (cell, refused) in
        [(6 << SIZE.weights | 9, DECIDER), (0, "accepted"), (5 << SIZE.weights, "accepted")]
    {
        let mut column = case.weights.clone();
        column[cell] += 1;
        assert_eq!(forged(&case.values, &column), refused, "{cell}");
    }
}

#[test]
fn batches_read_the_same_parts() {
    let all = values();
    let one = case_of(parts(), [&all[1][1], &all[0][0]]);
    let (graph, _) = one.network.batched_graph(3).unwrap();
    let batch = one.network.of_batch(graph, 8, 3).unwrap();
    assert_eq!(batch.weight_parts(), one.network.weight_parts());
    let repeated = |(tensor, values): (&zktorch_graph::Tensor, &Vec<i32>)| match tensor.role {
        Role::Weight | Role::One => values.clone(),
        _ => values.repeat(3),
    };
    let values = one.network.graph().tensors.iter().zip(&one.values).map(repeated).collect();
    let case = Case::with_column(batch, values, one.weights);
    assert_eq!(case.weight_commitments, one.weight_commitments);
    case.verify(&case.prove()).unwrap();
}

#[test]
fn every_part_has_a_proof_of_its_own() {
    let all = values();
    let case = case_of(parts(), [&all[1][1], &all[0][0]]);
    let first = case.network.of_weights(0).unwrap();
    let chunks = first.weight_chunks();
    let part = |part: usize| {
        let network = case.network.of_weights(part).unwrap();
        let column = network.stack_weights(&all[part]).unwrap();
        let values = vec![Vec::new(); network.graph().tensors.len()];
        let mut own = Case::with_column(network, values, column);
        let of = if part == 0 { 0..chunks } else { chunks..case.weight_commitments.len() };
        own.weight_commitments = case.weight_commitments[of.clone()].to_vec();
        own.weight_blinds = case.weight_blinds[of].to_vec();
        own
    };
    let [zero, one] = [part(0), part(1)];
    for own in [&zero, &one] {
        let proof = prove_weights(own, &own.network).unwrap();
        statement(own, &own.network).verify(own.srs.verifier(), &proof).unwrap();
    }
    let proof = prove_weights(&one, &one.network).unwrap();
    assert!(statement(&zero, &zero.network).verify(zero.srs.verifier(), &proof).is_err());
}

/// Whoever checks a key reads a chunk of tables for every part.
#[test]
fn every_part_is_work() {
    let network = |parts: WeightParts| {
        let graph = ValidGraph::new(tiny(Private, Public)).unwrap();
        let size = ChunkSize { k: 20, weights: 20, inputs: 20 };
        Network::with_weights(graph, size, Scope::Inference, Arc::new(parts)).unwrap().work()
    };
    let mut many = parts();
    while many.parts.len() < MAX_PARTS {
        many.parts.push(many.parts[1].clone());
    }
    assert!(network(many) - network(parts()) >= (8 * (MAX_PARTS as u64 - 2)) << 20);
}

#[test]
fn parts_that_are_not_the_graphs_are_refused() {
    let refused = |size, parts: WeightParts| {
        let graph = ValidGraph::new(tiny(Private, Public)).unwrap();
        Network::with_weights(graph, size, Scope::Inference, Arc::new(parts)).unwrap_err()
    };
    let mut swapped = parts();
    swapped.refs.swap(0, 1);
    assert!(matches!(refused(SIZE, swapped), BlockError::Graph(GraphError::Invalid { .. })));
    let size = ChunkSize { k: 6, weights: 7, inputs: 6 };
    assert!(matches!(refused(size, parts()), BlockError::ChunkSize { min: 7, got: 6, .. }));
    // Weights that the graph does not read are held to the limits of those that it does.
    let mut many = parts();
    let shape = Shape::new([1 << 14, 1 << 14]);
    many.parts[0].extend(vec![WeightSpec { shape, range: Interval::I16 }; 64]);
    let what = "padded cells of all weights";
    assert!(matches!(refused(SIZE, many), BlockError::Limit { what: found, .. } if found == what));
    assert!(parts().graph(2).tensors.is_empty());
}
