//! The numbers of all chunks.

use std::collections::BTreeSet;
use std::ops::Range;

use zktorch_graph::layout::{ArenaKind, Layout, Place, Scope};

/// A column of chunks: consecutive numbers in the list of all chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChunkRange {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl ChunkRange {
    /// The numbers.
    pub(crate) fn numbers(self) -> Range<usize> {
        self.first..self.first + self.count
    }
}

/// All chunks, in the order W, private inputs and outputs (whose commitments are part of the statement), V (ranged, x, y,
/// multiplicities), H (inverse columns of looked-up chunks, of the tables).
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunks {
    pub(crate) weights: ChunkRange,
    pub(crate) private_inputs: ChunkRange,
    pub(crate) private_outputs: ChunkRange,
    pub(crate) ranged: ChunkRange,
    pub(crate) x: ChunkRange,
    pub(crate) y: ChunkRange,
    pub(crate) multiplicities: ChunkRange,
    pub(crate) inverses: ChunkRange,
    pub(crate) table_inverses: ChunkRange,
    /// Those of V that hold nothing but what is hardly ever anything but zero.
    pub(crate) quiet: BTreeSet<usize>,
    pub(crate) total: usize,
}

/// A chunk whose cells are looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LookedUp {
    pub(crate) arena: ArenaKind,
    /// Number within the arena.
    pub(crate) chunk: usize,
    /// Number of the chunk of arguments among all chunks; likewise the values of a function and the inverse column.
    pub(crate) x: usize,
    pub(crate) y: Option<usize>,
    pub(crate) h: usize,
}

impl Chunks {
    pub(super) fn new(layout: &Layout, scope: Scope) -> Self {
        let mut chunks = Self::default();
        let mut range = |count: usize| {
            let first = chunks.total;
            chunks.total += count;
            ChunkRange { first, count }
        };
        let inference = |kind| if scope == Scope::Weights { 0 } else { layout.arena(kind).chunks() };
        let weights = range(layout.arena(ArenaKind::Weights).chunks());
        let private_inputs = range(inference(ArenaKind::PrivateInputs));
        let private_outputs = range(inference(ArenaKind::PrivateOutputs));
        let ranged = range(inference(ArenaKind::Ranged));
        let x = range(inference(ArenaKind::Function));
        let y = range(inference(ArenaKind::Function));
        let multiplicities = range(layout.tables().chunks());
        let looked_up = match scope {
            Scope::Weights => weights.count,
            Scope::Inference | Scope::Shard => {
                private_inputs.count + private_outputs.count + ranged.count + x.count
            }
        };
        let inverses = range(looked_up);
        let table_inverses = range(multiplicities.count);
        let total = chunks.total;
        let quiet = [(ArenaKind::Ranged, ranged), (ArenaKind::Function, x), (ArenaKind::Function, y)];
        let quiet = quiet.into_iter().filter(|(_, column)| column.count > 0).flat_map(|(kind, column)| {
            layout.arena(kind).quiet_chunks().map(move |chunk| column.first + chunk)
        });
        let quiet = quiet.collect();
        Self {
            weights,
            private_inputs,
            private_outputs,
            ranged,
            x,
            y,
            multiplicities,
            inverses,
            table_inverses,
            quiet,
            total,
        }
    }

    pub(super) fn v_count(&self) -> usize {
        self.inverses.first - self.ranged.first
    }

    pub(super) fn h_count(&self) -> usize {
        self.total - self.inverses.first
    }

    pub(super) fn column(&self, place: &Place) -> ChunkRange {
        match place.arena {
            ArenaKind::Weights => self.weights,
            ArenaKind::PrivateInputs => self.private_inputs,
            ArenaKind::PrivateOutputs => self.private_outputs,
            ArenaKind::Ranged => self.ranged,
            ArenaKind::Function if place.output => self.y,
            ArenaKind::Function => self.x,
        }
    }

    pub(super) fn looked_up(&self, scope: Scope) -> Vec<LookedUp> {
        let inference = [
            (ArenaKind::PrivateInputs, self.private_inputs, None),
            (ArenaKind::PrivateOutputs, self.private_outputs, None),
            (ArenaKind::Ranged, self.ranged, None),
            (ArenaKind::Function, self.x, Some(self.y)),
        ];
        let weights = [(ArenaKind::Weights, self.weights, None)];
        let arenas: &[(ArenaKind, ChunkRange, Option<ChunkRange>)] = match scope {
            Scope::Weights => &weights,
            Scope::Inference | Scope::Shard => &inference,
        };
        let chunks = arenas.iter().flat_map(|(arena, x, y)| (0..x.count).map(move |c| (*arena, c, *x, *y)));
        (self.inverses.first..)
            .zip(chunks)
            .map(|(h, (arena, chunk, x, y))| LookedUp {
                arena,
                chunk,
                x: x.first + chunk,
                y: y.map(|y| y.first + chunk),
                h,
            })
            .collect()
    }
}
