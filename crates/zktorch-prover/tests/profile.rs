//! What the parts of a network add to a proof.

#![allow(clippy::unwrap_used, reason = "an error is a failure")]

mod common;

use common::{key, model};
use zktorch_blocks::Network;
use zktorch_graph::layout::{Layout, Scope};
use zktorch_graph::{Graph, Visibility, committed_cells};
use zktorch_prover::stages::of_proof;
use zktorch_prover::{Estimate, committed_values, profile, proof_parts};

const K: usize = 10;

fn graph() -> Graph {
    model(Visibility::Private, Visibility::Private, 5).graph
}

#[test]
fn the_parts_add_up_to_the_whole() {
    let graph = graph();
    let all = graph.tensors.len();
    let layout = Layout::new(&graph, K, Scope::Inference);
    // Every tensor alone, all in one part, and nothing.
    let alone = profile(&graph, &layout, &(0..all).map(Some).collect::<Vec<_>>(), all);
    let whole = profile(&graph, &layout, &vec![Some(0); all], 1)[0];
    assert!(
        profile(&graph, &layout, &vec![None; all], 2)
            .iter()
            .all(|cost| *cost == zktorch_prover::Cost::default())
    );
    let sum = |value: fn(&zktorch_prover::Cost) -> u64| alone.iter().map(value).sum::<u64>();
    assert_eq!(whole.committed_values, committed_values(&graph) as u64);
    assert_eq!(sum(|cost| cost.committed_values), whole.committed_values);
    assert_eq!(whole.cells, committed_cells(&graph));
    assert_eq!(sum(|cost| cost.cells), whole.cells);
    assert_eq!(sum(|cost| cost.weights), whole.weights);
    assert!(whole.weights > 0 && whole.multiplications > 0);
    assert_eq!(sum(|cost| cost.multiplications), whole.multiplications);
    let seconds: f64 = alone.iter().map(|cost| cost.seconds).sum();
    assert!((seconds - whole.seconds).abs() < 1e-9 * whole.seconds);
    // Tables, mask and opening belong to no part.
    let planned: f64 = of_proof(&graph, K).iter().map(|planned| planned.seconds).sum();
    assert!(whole.seconds < planned, "{} of {planned}", whole.seconds);
    // A commitment that parts share counts for each, once.
    assert!(whole.commitments > 0 && whole.commitments <= sum(|cost| cost.commitments));
    let network = Network::new(graph.clone(), K, Scope::Inference).unwrap();
    let [v, h] = network.proof_chunks();
    let io: usize = network.private_chunks().into_iter().sum();
    // Those of tables are nobody's: multiplicities and an inverse column each.
    let tables = 2 * network.layout().tables().chunks();
    assert_eq!(whole.commitments as usize, v + h + io - tables);
}

#[test]
fn an_estimate_is_the_sum_of_its_stages() {
    let graph = graph();
    let estimate = Estimate::new(&graph, &[]);
    let seconds: f64 = estimate.stages.iter().map(|planned| planned.seconds).sum();
    assert_eq!(estimate.seconds, seconds);
    assert_eq!(estimate.stages, of_proof(&graph, estimate.k));
    let shards = zktorch_graph::shards(&graph, 2);
    let apart = Estimate::new(&graph, &shards);
    assert_eq!(apart.stages.len(), estimate.stages.len());
    assert!(apart.committed_values >= estimate.committed_values);
}

#[test]
fn the_parts_of_a_proof_are_all_of_its_bytes() {
    for (input, output) in
        [(Visibility::Private, Visibility::Public), (Visibility::Public, Visibility::Private)]
    {
        let model = model(input, output, 7);
        let srs = zktorch_commit::Srs::dev(K).unwrap();
        let key = key(&model, &srs);
        let parts = key.vk().parts().unwrap();
        // Known before there is a key.
        assert_eq!(proof_parts(&model.graph, K).unwrap(), parts);
        let argument: usize = parts.iter().map(zktorch_verifier::Part::bytes).sum();
        let envelope = zktorch_verifier::ProofEnvelope::new(key.vk().model_id(), vec![0; argument]);
        assert_eq!(envelope.to_bytes().len(), key.vk().proof_bytes().unwrap());
    }
}
