//! What a proof may take, before there is a key.

use zktorch_graph::{Graph, Shard};

use crate::stages::{Planned, of_proof};
use crate::{choose_k, choose_shards_k, committed_values};

/// Bytes per committed cell while proving, about: the cell, its index and tag, its inverse.
const BYTES_PER_CELL: u64 = 48;

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
    /// Bytes of memory: in shards, those of the largest.
    pub memory_bytes: u64,
}

impl Estimate {
    /// For a model with so many parameters, cut into these shards; none if it is proved in one piece.
    pub fn new(graph: &Graph, shards: &[Shard], parameters: usize) -> Self {
        let (k, graphs): (usize, Vec<&Graph>) = match shards {
            [] | [_] => (choose_k(graph), vec![graph]),
            shards => (choose_shards_k(shards), shards.iter().map(|shard| &shard.graph).collect()),
        };
        let committed = graphs.iter().map(|graph| committed_values(graph) as u64);
        let (all, largest) = (committed.clone().sum(), committed.max().unwrap_or(0));
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
            committed_values: all,
            seconds: stages.iter().map(|planned| planned.seconds).sum(),
            stages,
            memory_bytes: 4 * (64u64 << k) + BYTES_PER_CELL * largest + 8 * parameters as u64,
        }
    }
}
