//! What a proof may take, before there is a key.

use zktorch_graph::{Graph, Shard};

use crate::stages::{Planned, of_proof};
use crate::{Memory, choose_k, choose_shards_k, committed_values};

/// What a proof may take on two cores with AVX-512 IFMA.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// log2 of the chunk size.
    pub k: usize,
    /// Cells that are committed to.
    pub committed_values: u64,
    /// The stages, those of all shards together.
    pub stages: Vec<Planned>,
    /// Seconds of all of them.
    pub seconds: f64,
    /// Memory, under an SRS that is computed: in shards, that of the largest.
    pub memory: Memory,
}

impl Estimate {
    /// For a model that is cut into these shards; none if it is proved in one piece.
    pub fn new(graph: &Graph, shards: &[Shard]) -> Self {
        let (k, graphs): (usize, Vec<&Graph>) = match shards {
            [] | [_] => (choose_k(graph), vec![graph]),
            shards => (choose_shards_k(shards), shards.iter().map(|shard| &shard.graph).collect()),
        };
        let mut stages: Vec<Planned> = Vec::new();
        for planned in graphs.iter().flat_map(|graph| of_proof(graph, k)) {
            match stages.iter_mut().find(|other| other.stage == planned.stage) {
                Some(other) => {
                    other.steps += planned.steps;
                    other.seconds += planned.seconds;
                }
                None => stages.push(planned),
            }
        }
        Self {
            k,
            committed_values: graphs.iter().map(|graph| committed_values(graph) as u64).sum(),
            seconds: stages.iter().map(|planned| planned.seconds).sum(),
            stages,
            memory: Memory::of_proofs(graph, shards, true),
        }
    }
}
