//! What a proof may take, before there is a key.

use zktorch_graph::{Graph, Shard};

use crate::{choose_k, choose_shards_k, committed_values};

/// Bytes per committed cell while proving, about: the cell, its index and tag, its inverse.
const BYTES_PER_CELL: u64 = 48;
/// Seconds per committed value on two cores with AVX-512 IFMA, about.
const SECONDS_PER_VALUE: f64 = 0.4e-6;
/// What a proof costs at least.
const SECONDS_AT_LEAST: f64 = 0.04;

/// What a proof may take on two cores with AVX-512 IFMA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// log2 of the chunk size.
    pub k: usize,
    /// Cells that are committed to.
    pub committed_values: u64,
    /// Seconds.
    pub seconds: f64,
    /// Bytes of memory: in shards, those of the largest.
    pub memory_bytes: u64,
}

impl Estimate {
    /// For a model with so many parameters, cut into these shards; none if it is proved in one piece.
    pub fn new(graph: &Graph, shards: &[Shard], parameters: usize) -> Self {
        let committed = shards.iter().map(|shard| committed_values(&shard.graph) as u64);
        let (k, all, largest) = if shards.len() > 1 {
            (choose_shards_k(shards), committed.clone().sum(), committed.max().unwrap_or(0))
        } else {
            let all = committed_values(graph) as u64;
            (choose_k(graph), all, all)
        };
        Self {
            k,
            committed_values: all,
            seconds: SECONDS_AT_LEAST + all as f64 * SECONDS_PER_VALUE,
            memory_bytes: 4 * (64u64 << k) + BYTES_PER_CELL * largest + 8 * parameters as u64,
        }
    }
}
