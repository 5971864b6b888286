//! Arenas, and the places of tensors in them.

use core::ops::Range;
use std::sync::Arc;

use super::{Cut, Piece};
use crate::TensorId;

/// A stacked vector of tensors that are committed and looked up together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArenaKind {
    /// Weights: committed at setup.
    Weights,
    /// Private inputs: their commitments are part of the statement.
    PrivateInputs,
    /// Private outputs: their commitments are part of the statement.
    PrivateOutputs,
    /// Remainders and rescaled values that no function reads: one column.
    Ranged,
    /// Arguments of functions, and the values at the same offsets: two columns.
    Function,
}

impl ArenaKind {
    /// All kinds, in order of their discriminants.
    pub const ALL: [Self; 5] =
        [Self::Weights, Self::PrivateInputs, Self::PrivateOutputs, Self::Ranged, Self::Function];
}

/// One arena.
#[derive(Clone, Debug)]
pub struct Arena {
    kind: ArenaKind,
    chunks: usize,
    quiet: usize,
    pieces: Vec<Placed>,
}

/// A piece of a tensor, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The tensor; of [`ArenaKind::Function`] the argument.
    pub tensor: TensorId,
    /// The piece.
    pub piece: Piece,
    /// Its first cell in the arena, a multiple of its size.
    pub offset: usize,
}

impl Placed {
    /// Its cells in the arena.
    pub fn cells(&self) -> Range<usize> {
        self.offset..self.offset + (1 << self.piece.vars)
    }
}

impl Arena {
    pub(super) fn new(kind: ArenaKind) -> Self {
        Self { kind, chunks: 0, quiet: 0, pieces: Vec::new() }
    }

    /// Gives it its pieces, and chunks for them.
    pub(super) fn fill(&mut self, mut pieces: Vec<Placed>, chunks: usize, quiet: usize) {
        pieces.sort_by_key(|placed| placed.offset);
        (self.pieces, self.chunks, self.quiet) = (pieces, chunks, quiet);
    }

    /// What it holds.
    pub fn kind(&self) -> ArenaKind {
        self.kind
    }

    /// Chunks per column.
    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// The last chunks per column, which hold nothing but what is hardly ever anything but zero.
    pub fn quiet_chunks(&self) -> Range<usize> {
        self.chunks - self.quiet..self.chunks
    }

    /// The pieces of its tensors, with ascending offsets.
    pub fn pieces(&self) -> &[Placed] {
        &self.pieces
    }
}

/// Where a tensor lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its arena.
    pub arena: ArenaKind,
    /// The order of its cells, and its pieces.
    pub cut: Arc<Cut>,
    /// The first cell of every piece.
    pub offsets: Vec<usize>,
    /// Whether it is in the second column of [`ArenaKind::Function`].
    pub output: bool,
}

impl Place {
    /// Its pieces, and the first cell of each.
    pub fn pieces(&self) -> impl Iterator<Item = (Piece, usize)> + '_ {
        self.cut.pieces().iter().copied().zip(self.offsets.iter().copied())
    }
}

/// Offsets of blocks of `2^v` cells, largest first and without gaps, and the number of cells used.
pub(super) fn stack(vars: &[usize]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..vars.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(vars[*i]), *i));
    let mut offsets = vec![0; vars.len()];
    let mut next = 0;
    for i in order {
        offsets[i] = next;
        next += 1usize << vars[i];
    }
    (offsets, next)
}
