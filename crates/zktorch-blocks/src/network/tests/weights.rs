//! The proof that all weights are in their ranges and that their padding is zero.

use ark_ff::{Field, One};
use zktorch_channel::Nonce;
use zktorch_field::Fr;
use zktorch_graph::layout::Scope;
use zktorch_graph::{Graph, Interval, Role, Visibility::Public};

use super::forger::{DECIDER, Forger, refused_by};
use crate::test_util::{Case, id, tiny};
use crate::{BlockError, Network, NetworkProof, Private, Statement, Witness, prove};

/// Weights of two ranges.
fn graph() -> Graph {
    let mut graph = tiny(Public, Public);
    for tensor in graph.tensors.iter_mut().filter(|tensor| tensor.role == Role::Weight) {
        tensor.range = if tensor.name == "b" { Interval::new(-60, 60) } else { Interval::new(-64, 63) };
    }
    graph
}

fn weights_network(case: &Case) -> Network {
    Network::new(case.network.graph().clone(), case.network.k(), Scope::Weights).unwrap()
}

pub(super) fn statement<'a>(case: &'a Case, network: &'a Network) -> Statement<'a> {
    Statement::new(network, [7; 32], b"test", &case.weight_commitments, [&[], &[]], &[]).unwrap()
}

pub(super) fn prove_weights(case: &Case, network: &Network) -> Result<NetworkProof, BlockError> {
    let witness = Witness::new(network, &case.weights, &[])?;
    let private = Private { weights: &case.weight_blinds, io: [&[], &[]], secret: b"secret" };
    prove(&case.srs, &statement(case, network), &witness, &private, Nonce::from_bytes([6; 32]))
}

#[test]
fn honest_weights_are_in_range() {
    for k in [4, 5, 9] {
        let case = Case::new(graph(), k, 5);
        let network = weights_network(&case);
        let proof = prove_weights(&case, &network).unwrap();
        statement(&case, &network).verify(case.srs.verifier(), &proof).unwrap();
        let shape = statement(&case, &network).shape().unwrap();
        let decoded = NetworkProof::from_bytes(&network, &shape, &proof.to_bytes()).unwrap();
        assert_eq!(decoded, proof);
        // For these weights only.
        let other = Case::new(graph(), k, 6);
        assert!(statement(&other, &network).verify(case.srs.verifier(), &proof).is_err());
        // It is no proof of an inference, and a proof of an inference is none of this.
        assert!(case.verify(&proof).is_err());
        assert!(statement(&case, &network).verify(case.srs.verifier(), &case.prove()).is_err());
    }
}

#[test]
fn a_weight_out_of_range_and_padding_are_refused() {
    let case = Case::new(graph(), 6, 5);
    let network = weights_network(&case);
    // (tensor, cell, value): real entries out of range (63 and 64 are in range of w only), padding, cells after all tensors.
    let lies = [
        ("w", 2, 64),
        ("w", 2, -65),
        ("w", 0, 70_000),
        ("b", 1, 61),
        ("w", 5, 1),
        ("w", 30, -1),
        ("b", 3, 1),
        ("b", 9, 1),
    ];
    for (name, cell, value) in lies {
        let make = || {
            let mut forger = Forger::of_network(&case, &network, &case.values);
            forger.private = [Vec::new(), Vec::new()];
            *forger.cell(id(network.graph(), name), cell) = Fr::from(value);
            forger.count();
            forger
        };
        assert_eq!(refused_by(make().run()), "lookup: sum h = sum h'", "{name} {cell}");
        let mut forger = make();
        let chunks = network.chunks().clone();
        forger.alter_inverses = Box::new(move |columns, _| {
            let total = |columns: &[Vec<Fr>]| -> Fr { columns.iter().flatten().sum() };
            let difference = total(&columns[chunks.table_inverses.first..])
                - total(&columns[chunks.inverses.first..chunks.table_inverses.first]);
            columns[chunks.inverses.first][0] += difference;
        });
        assert_eq!(refused_by(forger.run()), "sumcheck A", "{name} {cell}");
        // The honest prover notices.
        let mut weights = case.weights.clone();
        let offset = network.location(id(network.graph(), name)).unwrap().1.offsets[0];
        weights[offset + cell] = value;
        assert!(matches!(Witness::new(&network, &weights, &[]), Err(BlockError::Graph(_))));
    }
    // In range, but not what is committed.
    let mut forger = Forger::of_network(&case, &network, &case.values);
    forger.private = [Vec::new(), Vec::new()];
    *forger.cell(id(network.graph(), "w"), 0) += Fr::one();
    forger.count();
    assert_eq!(refused_by(forger.run()), DECIDER);
    // A field element that is no small integer.
    let mut forger = Forger::of_network(&case, &network, &case.values);
    forger.private = [Vec::new(), Vec::new()];
    *forger.cell(id(network.graph(), "w"), 0) = Fr::from(2u64).inverse().unwrap();
    forger.count();
    assert_eq!(refused_by(forger.run()), "lookup: sum h = sum h'");
}
