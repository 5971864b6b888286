//! The witness as columns of cells.

use core::ops::Range;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroize;
use zktorch_field::par;
use zktorch_graph::layout::{ArenaKind, Layout, LookupKind, Place, Placed, Scope};
use zktorch_graph::{Graph, GraphError, TensorId};

use super::chunks::LookedUp;
use super::description::Network;
use crate::BlockError;
use crate::cells::{Cells, is_zero};
use crate::error::check_length;
use crate::piece::prover::{Entries, lay_into, real_entries};

/// All values of an inference, laid out. Wiped from memory when dropped.
pub struct Witness<'a> {
    /// The stacked weights.
    weights: Cells<'a>,
    /// The other arenas' columns of arguments, by arena.
    columns: Vec<Stacked<i32>>,
    /// The values of functions.
    outputs: Stacked<i32>,
    /// The looked-up chunks whose cells are all at rest and zero.
    resting: Vec<bool>,
    /// The committed tensors of which all entries are zero.
    zeros: Vec<bool>,
    /// How often every entry of the tables is looked up.
    multiplicities: Vec<i32>,
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        self.columns.iter_mut().chain([&mut self.outputs]).for_each(Stacked::zeroize);
        self.resting.zeroize();
        self.multiplicities.zeroize();
        self.zeros.zeroize();
    }
}

impl core::fmt::Debug for Witness<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Witness(..)")
    }
}

impl Network {
    /// The stacked column of the weights, whole chunks, from their real entries by tensor.
    ///
    /// # Errors
    /// [`BlockError::Length`] if a tensor has another number of entries.
    pub fn stack_weights<T: Copy + Default + PartialEq + Send + Sync>(
        &self,
        values: &[Vec<T>],
    ) -> Result<Vec<T>, BlockError> {
        Ok(stack(self.graph(), self.layout(), ArenaKind::Weights, values)?.cells)
    }

    /// The real entries of a weight of the graph, row-major, from cells of the column of all parts that begin with number `start`:
    /// lent where they lie there as they are.
    ///
    /// # Errors
    /// [`BlockError::NoTensor`] for a tensor that is no weight; [`BlockError::Length`] if it lies in other cells.
    pub fn weight_entries<'c, T: Copy + Default>(
        &self,
        id: TensorId,
        start: usize,
        cells: &'c [T],
    ) -> Result<Cow<'c, [T]>, BlockError> {
        let place = self.layout().place(id).filter(|place| place.arena == ArenaKind::Weights);
        let place = place.ok_or(BlockError::NoTensor { id: id.0 })?;
        let entries = real_entries(cells, start, &self.graph().tensor(id).shape, place);
        let (expected, got) = (place.offsets.iter().copied().max().unwrap_or_default(), start + cells.len());
        entries.ok_or(BlockError::Length { what: "cells of a part of the weights", expected, got })
    }

    /// The stacked column of the private inputs or outputs, whole chunks, from the real entries of all tensors.
    ///
    /// # Errors
    /// [`BlockError::Length`] if a tensor has another number of entries.
    pub fn stack_private(&self, kind: ArenaKind, values: &[Vec<i32>]) -> Result<Vec<i32>, BlockError> {
        Ok(stack(self.graph(), self.layout(), kind, values)?.cells)
    }
}

/// A column, and how far it was written: the rest, zeros, was never touched.
#[derive(Clone, Default)]
struct Stacked<T> {
    cells: Vec<T>,
    written: usize,
}

impl<T: Zeroize> Stacked<T> {
    fn zeroize(&mut self) {
        self.cells[..self.written].iter_mut().for_each(Zeroize::zeroize);
    }
}

fn stack<T: Copy + Default + PartialEq + Send + Sync>(
    graph: &Graph,
    layout: &Layout,
    kind: ArenaKind,
    values: &[Vec<T>],
) -> Result<Stacked<T>, BlockError> {
    let arena = layout.arena(kind);
    let k = layout.chunk_size().of(kind);
    place((graph, layout), arena.pieces().to_vec(), values, arena.chunks() << k)
}

/// A column of `len` cells with these pieces at their offsets, which do not overlap.
fn place<T: Copy + Default + PartialEq + Send + Sync>(
    (graph, layout): (&Graph, &Layout),
    mut pieces: Vec<Placed>,
    values: &[Vec<T>],
    len: usize,
) -> Result<Stacked<T>, BlockError> {
    let mut column = Stacked { cells: vec![T::default(); len], written: 0 };
    pieces.sort_unstable_by_key(|placed| placed.offset);
    let mut parts = Vec::with_capacity(pieces.len());
    let mut zeros: BTreeMap<TensorId, bool> = BTreeMap::new();
    let (mut rest, mut at) = (column.cells.as_mut_slice(), 0);
    for placed in pieces {
        let id = placed.tensor;
        let shape = &graph.tensor(id).shape;
        let values = values.get(id.0 as usize).map(Vec::as_slice).unwrap_or_default();
        check_length("values of a tensor", shape.len(), values.len())?;
        let place = layout.place(id).ok_or(BlockError::NoTensor { id: id.0 })?;
        let Range { start, end } = placed.cells();
        if *zeros.entry(id).or_insert_with(|| is_zero(values)) {
            continue;
        }
        column.written = end;
        let (cells, tail) = rest.split_at_mut(start - at).1.split_at_mut(end - start);
        parts.push((values, shape, &place.cut, placed.piece, cells));
        (rest, at) = (tail, end);
    }
    par::map_vec(parts, |(values, shape, cut, piece, cells)| lay_into(values, shape, cut, piece, cells));
    Ok(column)
}

impl<'a> Witness<'a> {
    /// From the stacked weights ([`Network::stack_weights`]) and the values of all tensors (those of weights may be missing).
    ///
    /// # Errors
    /// [`BlockError::Length`] for a tensor of another size; [`BlockError::Graph`] for a value that is in no table.
    pub fn new(
        network: &Network,
        weights: impl Into<Cells<'a>>,
        values: &[Vec<i32>],
    ) -> Result<Self, BlockError> {
        let weights = weights.into();
        // The weights' cells are the caller's.
        let committed =
            |id: TensorId| network.location(id).is_some_and(|(_, place)| place.arena != ArenaKind::Weights);
        let zeros = par::map(values.len(), |id| committed(TensorId(id as u32)) && is_zero(&values[id]));
        let cells = network.weight_chunks() << network.layout().chunk_size().weights;
        check_length("cells of the weights", cells, weights.len())?;
        let mut columns = vec![Stacked::default(); ArenaKind::ALL.len()];
        let mut outputs = Stacked::default();
        if network.scope() != Scope::Weights {
            for kind in ArenaKind::ALL {
                if kind != ArenaKind::Weights {
                    columns[kind as usize] = stack(network.graph(), network.layout(), kind, values)?;
                }
            }
            let ids = (0..network.graph().tensors.len() as u32).map(TensorId);
            let of = |tensor: TensorId| {
                let place = network.layout().place(tensor).filter(|place| place.output)?;
                Some(place.pieces().map(move |(piece, offset)| Placed { tensor, piece, offset }))
            };
            let found = ids.filter_map(of).flatten().collect();
            let (graph, layout) = (network.graph(), network.layout());
            outputs =
                place((graph, layout), found, values, columns[ArenaKind::Function as usize].cells.len())?;
        }
        let (resting, multiplicities) = Default::default();
        let mut witness = Self { weights, columns, outputs, resting, zeros, multiplicities };
        let chunks = network.looked_up();
        witness.resting = chunks.iter().map(|chunk| witness.rests(network, chunk)).collect();
        let entries = network.layout().tables().chunks() << network.k();
        // One histogram for every thread.
        let share = chunks.len().div_ceil(par::current_num_threads()).max(1);
        let counts = par::map_reduce(
            chunks.len(),
            share,
            |range| {
                let mut counts = vec![0i32; entries];
                let counted =
                    range.map(|i| witness.count(network, &chunks[i], witness.resting[i], &mut counts));
                counted.collect::<Result<(), _>>().map(|()| counts)
            },
            |sum, counts| {
                let (mut sum, counts) = (sum?, counts?);
                sum.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
                Ok::<_, BlockError>(sum)
            },
        );
        witness.multiplicities = counts.unwrap_or_else(|| Ok(vec![0; entries]))?;
        Ok(witness)
    }

    /// One arena's column of arguments; nothing for the weights, which are the caller's.
    pub fn column(&self, kind: ArenaKind) -> &[i32] {
        &self.columns[kind as usize].cells
    }

    /// One arena's column of arguments.
    fn arguments(&self, kind: ArenaKind) -> Cells<'_> {
        match kind {
            ArenaKind::Weights => self.weights,
            other => self.column(other).into(),
        }
    }

    /// The column of function values.
    pub(crate) fn outputs(&self) -> &[i32] {
        &self.outputs.cells
    }

    /// How often every table entry is looked up.
    pub(crate) fn multiplicities(&self) -> &[i32] {
        &self.multiplicities
    }

    /// The cells of all chunks before the inverse columns, in the order of their numbers; of chunks at rest, none.
    pub(crate) fn chunks(&self, network: &Network) -> impl Iterator<Item = Cells<'_>> {
        use ArenaKind::{Function, PrivateInputs, PrivateOutputs, Ranged, Weights};
        let arguments = [Weights, PrivateInputs, PrivateOutputs, Ranged, Function];
        let size = network.layout().chunk_size();
        let columns = arguments.into_iter().map(move |kind| (self.arguments(kind), size.of(kind)));
        let columns =
            columns.chain([self.outputs(), self.multiplicities()].map(|cells| (cells.into(), size.k)));
        let looked_up = network.looked_up();
        let resting = looked_up.iter().zip(&self.resting).filter(|(_, rests)| **rests);
        let resting: BTreeSet<usize> =
            resting.flat_map(|(chunk, _)| [Some(chunk.x), chunk.y]).flatten().collect();
        let cells = columns.flat_map(move |(column, k)| column.chunks(1 << k)).enumerate();
        cells.map(move |(number, cells)| if resting.contains(&number) { Cells::I16(&[]) } else { cells })
    }

    /// Whether all entries of a committed tensor are known to be zero.
    pub(crate) fn is_zero(&self, id: TensorId) -> bool {
        self.zeros.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// One chunk of a column.
    pub(crate) fn chunk<'c>(
        network: &Network,
        column: Cells<'c>,
        chunk: usize,
    ) -> Result<Cells<'c>, BlockError> {
        let n = 1usize << network.k();
        let (expected, got) = ((chunk + 1) * n, column.len());
        column.get(chunk * n..expected).ok_or(BlockError::Length { what: "cells of a column", expected, got })
    }

    /// The arguments of a looked-up chunk.
    pub(crate) fn argument_chunk(
        &self,
        network: &Network,
        chunk: &LookedUp,
    ) -> Result<Cells<'_>, BlockError> {
        Self::chunk(network, self.arguments(chunk.arena), chunk.chunk)
    }

    /// The column that a committed tensor lies in, and its place there.
    pub(crate) fn place<'n>(&self, network: &'n Network, id: TensorId) -> Option<(Cells<'_>, &'n Place)> {
        let place = network.layout().place(id)?;
        Some((if place.output { self.outputs().into() } else { self.arguments(place.arena) }, place))
    }

    /// The padded entries of a committed tensor.
    pub(crate) fn entries(&self, network: &Network, id: TensorId) -> Option<Entries<'_>> {
        let (column, place) = self.place(network, id)?;
        Entries::new(column, &network.graph().tensor(id).shape, place)
    }

    /// The table of every cell of a looked-up chunk, in runs of (cells, table).
    pub(crate) fn runs(network: &Network, chunk: &LookedUp) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut next = 0;
        for region in network.layout().regions(chunk.arena, chunk.chunk) {
            runs.push((region.start - next, 0));
            next = region.start + (1 << region.low);
            runs.extend(region.runs());
        }
        runs.push(((1 << network.k()) - next, 0));
        runs
    }

    /// Which looked-up chunks have all cells at rest and zero, in the order of the chunks.
    pub(crate) fn resting(&self) -> &[bool] {
        &self.resting
    }

    fn rests(&self, network: &Network, chunk: &LookedUp) -> bool {
        let regions = network.layout().regions(chunk.arena, chunk.chunk);
        !regions.is_empty()
            && regions.iter().all(|r| self.is_zero(r.tensor) && network.rests_at_zero(r.table))
    }

    /// Counts the table entries that a chunk's cells refer to.
    fn count(
        &self,
        network: &Network,
        chunk: &LookedUp,
        rests: bool,
        counts: &mut [i32],
    ) -> Result<(), BlockError> {
        if rests {
            for (count, table) in Self::runs(network, chunk) {
                let table = &network.layout().tables().tables()[table];
                counts[table.cell(table.rest())] += count as i32;
            }
            return Ok(());
        }
        match self.argument_chunk(network, chunk)? {
            Cells::I16(cells) => count(network, chunk, cells, counts),
            Cells::I32(cells) => count(network, chunk, cells, counts),
        }
    }
}

/// Counts the cells of the table column that a looked-up chunk's cells refer to.
fn count<T: Copy + Into<i32>>(
    network: &Network,
    chunk: &LookedUp,
    cells: &[T],
    counts: &mut [i32],
) -> Result<(), BlockError> {
    let tables = network.layout().tables().tables();
    let mut start = 0;
    for (length, table) in Witness::runs(network, chunk) {
        let table = &tables[table];
        let run = start..start + length;
        let counts = &mut counts[table.offset..table.offset + table.keys.len()];
        for (index, value) in run.clone().zip(&cells[run]) {
            let value: i32 = (*value).into();
            if !table.keys.contains(i64::from(value)) {
                return Err(out_of_table(&table.kind, value, table.keys, index).into());
            }
            counts[(value - table.keys.lo) as usize] += 1;
        }
        start += length;
    }
    Ok(())
}

fn out_of_table(kind: &LookupKind, value: i32, keys: zktorch_graph::Interval, index: usize) -> GraphError {
    let tensor = match kind {
        LookupKind::Range(_) => "a ranged tensor".to_owned(),
        LookupKind::Function(id) => format!("an argument of table {}", id.0),
    };
    GraphError::OutOfRange { tensor, index, value: i64::from(value), lo: keys.lo, hi: keys.hi }
}
