//! What each part of a network adds to a proof.

use std::collections::BTreeSet;

use serde::Serialize;
use zktorch_graph::layout::{ArenaKind, Cut, Layout, Piece};
use zktorch_graph::{Graph, Role, Shape, TensorId};

use crate::{size, stages};

/// What a part of a network adds to a proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Values that are committed to, without padding: the part's share of [`committed_values`](crate::committed_values).
    pub committed_values: u64,
    /// The same with the padding of tensors: the part's share of [`committed_cells`](zktorch_graph::committed_cells).
    pub cells: u64,
    /// Numbers in weights, which are committed to once, by the setup.
    pub weights: u64,
    /// Multiplications of contractions.
    pub multiplications: u64,
    /// Commitments of a proof (to columns of tensors, and to their inverse columns) that hold something of the part, and of others too
    /// where they share a chunk.
    pub commitments: u64,
    /// Seconds that it adds on two cores with AVX-512 IFMA, about. What tables, mask and opening take belongs to no part.
    #[serde(rename = "estimated_s")]
    pub seconds: f64,
}

/// What the parts of a valid graph add to a proof with this layout. `owners` says of every tensor which of the `parts` it belongs
/// to, if to any; a step belongs to the part that has the first tensor that it defines.
///
/// The sums over parts that own everything are those of the graph: committed values, cells, multiplications.
pub fn profile(graph: &Graph, layout: &Layout, owners: &[Option<usize>], parts: usize) -> Vec<Cost> {
    let mut costs = vec![Cost::default(); parts];
    // Looked-up cells and cells of weights, then multiplications; columns of chunks, each counted once.
    let mut cells = vec![[0f64; 2]; parts];
    let mut multiplications = vec![0f64; parts];
    let mut columns: BTreeSet<(usize, ArenaKind, bool, usize)> = BTreeSet::new();
    let owner = |id: TensorId| owners.get(id.0 as usize).copied().flatten().filter(|part| *part < parts);
    for (id, tensor) in (0u32..).map(TensorId).zip(&graph.tensors) {
        let Some(part) = owner(id) else { continue };
        let (entries, padded, own) =
            (tensor.shape.len() as u64, padded(&tensor.shape), size::columns(tensor.role));
        costs[part].committed_values += own * entries;
        costs[part].cells += own * padded;
        match tensor.role {
            Role::Weight => {
                costs[part].weights += entries;
                cells[part][1] += padded as f64;
            }
            // Argument, inverse and value of a lookup are three columns, which the value's part shares.
            Role::LookupOutput(_) => cells[part][0] += padded as f64 / 3.0,
            Role::LookupInput(_) => cells[part][0] += padded as f64 * 2.0 / 3.0,
            _ if own > 0 => cells[part][0] += padded as f64,
            _ => {}
        }
        let Some(place) = layout.place(id).filter(|place| place.arena != ArenaKind::Weights) else {
            continue;
        };
        // The pieces of a tensor may lie far apart.
        let chunks = |(piece, offset): (Piece, usize)| {
            (offset >> layout.k())..(offset + (1 << piece.vars)).div_ceil(1 << layout.k())
        };
        for chunk in place.pieces().flat_map(chunks) {
            if columns.insert((part, place.arena, place.output, chunk)) {
                // The column of arguments has an inverse column, that of values has none.
                costs[part].commitments += if place.output { 1 } else { 2 };
            }
        }
    }
    for step in &graph.steps {
        if let Some(part) = step.defines().first().and_then(|id| owner(*id)) {
            multiplications[part] += stages::of_step(graph, step);
        }
    }
    for ((cost, [looked_up, weights]), multiplications) in costs.iter_mut().zip(cells).zip(multiplications) {
        cost.multiplications = multiplications as u64;
        cost.seconds = stages::of_part(layout.k(), looked_up, weights, multiplications);
    }
    costs
}

/// Cells of a tensor, padding included.
fn padded(shape: &Shape) -> u64 {
    Cut::new(shape).pieces().iter().map(|piece| 1 << piece.vars).sum()
}
