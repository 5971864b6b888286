//! Lookup tables in one stacked column.

use super::{PADDING, arena_of, place};
use crate::{Graph, Interval, Role, TableId, TableValues, Tensor};

/// What a lookup table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookupKind {
    /// The pairs (v, 0) for v in an interval.
    Range(Interval),
    /// The pairs (v, f(v)) of a function table.
    Function(TableId),
}

impl LookupKind {
    /// The table that the cells of a tensor are looked up in; none for what is public, and for the values of
    /// lookups.
    pub fn of(tensor: &Tensor) -> Option<Self> {
        match tensor.role {
            Role::LookupInput(table) => Some(Self::Function(table)),
            role if arena_of(role).is_some() => Some(Self::Range(tensor.range)),
            _ => None,
        }
    }
}

/// One lookup table.
#[derive(Clone, Debug)]
pub struct LookupTable {
    /// What it holds.
    pub kind: LookupKind,
    /// Its keys.
    pub keys: Interval,
    /// Its tag: distinct from all others, not zero.
    pub tag: i32,
    /// Its first cell in the stacked table column.
    pub offset: usize,
}

impl LookupTable {
    /// The key of a cell *at rest*: zero, or what is nearest to it.
    pub fn rest(&self) -> i32 {
        0.clamp(self.keys.lo, self.keys.hi)
    }

    /// The cell of the stacked table column that a key has.
    pub fn cell(&self, key: i32) -> usize {
        self.offset + (i64::from(key) - i64::from(self.keys.lo)) as usize
    }
}

/// All lookup tables. The first is the padding table {(0, 0)}.
///
/// Cells of the stacked column that belong to no table repeat the padding entry, so there is no phantom entry.
#[derive(Clone, Debug)]
pub struct TableLayout {
    k: usize,
    chunks: usize,
    tables: Vec<LookupTable>,
}

impl TableLayout {
    pub(super) fn new(graph: &Graph, k: usize, kinds: &[LookupKind]) -> Self {
        let kinds: Vec<LookupKind> =
            std::iter::once(LookupKind::Range(PADDING)).chain(kinds.iter().copied()).collect();
        let keys: Vec<Interval> = kinds
            .iter()
            .map(|kind| match kind {
                LookupKind::Range(interval) => *interval,
                LookupKind::Function(table) => graph.table(*table).domain,
            })
            .collect();
        let vars: Vec<usize> =
            keys.iter().map(|keys| keys.len().max(1).next_power_of_two().trailing_zeros() as usize).collect();
        // The padding's only entry takes a cell that another table leaves free, if there is one.
        let (mut offsets, cells) = place::stack(&vars[1..]);
        let free = offsets.iter().zip(&keys[1..]).zip(&vars[1..]);
        let free = free
            .filter(|((_, keys), vars)| keys.len() < 1 << **vars)
            .map(|((offset, keys), _)| offset + keys.len());
        offsets.insert(0, free.min().unwrap_or(cells));
        let cells = cells.max(offsets[0] + 1);
        let tables = (1i32..)
            .zip(kinds.iter().zip(keys).zip(offsets))
            .map(|(tag, ((kind, keys), offset))| LookupTable { kind: *kind, keys, tag, offset })
            .collect();
        Self { k, chunks: cells.div_ceil(1 << k), tables }
    }

    /// Chunks of the stacked column.
    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// The tables, the padding table first.
    pub fn tables(&self) -> &[LookupTable] {
        &self.tables
    }

    /// The stacked columns tag, key and value over all chunks, padding entries included. `values` are the graph's, as far as
    /// somebody has computed them.
    pub fn columns(&self, graph: &Graph, values: &TableValues) -> [Vec<i32>; 3] {
        let cells = self.chunks << self.k;
        let padding = self.tables.first().map_or(1, |table| table.tag);
        let mut columns = [vec![padding; cells], vec![0; cells], vec![0; cells]];
        for table in &self.tables {
            let values = match table.kind {
                LookupKind::Range(_) => None,
                LookupKind::Function(id) => Some(values.of(graph, id)),
            };
            for (i, key) in (table.keys.lo..=table.keys.hi).enumerate() {
                let cell = table.offset + i;
                columns[0][cell] = table.tag;
                columns[1][cell] = key;
                if let Some(values) = &values {
                    columns[2][cell] = values[i];
                }
            }
        }
        columns
    }
}
