//! What a forger looks up, and where: cell by cell.

use std::collections::{BTreeMap, BTreeSet};

use ark_ff::{AdditiveGroup, One};
use zktorch_field::Fr;
use zktorch_graph::layout::ArenaKind;

use super::super::cells::real_cells;
use super::Forger;

impl Forger<'_> {
    /// The tag of every cell of a looked-up chunk, cell by cell.
    fn tags(&self, arena: ArenaKind, chunk: usize) -> Vec<Fr> {
        let (n, layout) = (1usize << self.network.k(), self.network.layout());
        let tables = layout.tables().tables();
        let mut tags = vec![Fr::from(tables[0].tag); n];
        let ids = layout.arena(arena).pieces().iter().map(|placed| placed.tensor).collect::<BTreeSet<_>>();
        for id in ids {
            let tag = Fr::from(tables[layout.table_of(id).unwrap()].tag);
            let first = self.network.location(id).unwrap().0;
            let shape = &self.network.graph().tensor(id).shape;
            // All cells of what is mostly zero: where no piece has one, there is none.
            let real: BTreeSet<usize> = real_cells(shape).collect();
            let quiet = self.network.graph().steps.iter().any(|step| step.mostly_zero().contains(&id));
            for index in (0..shape.padded_len()).filter(|index| quiet || real.contains(index)) {
                let Some((at, cell)) = self.lies_at(id, index) else {
                    assert!(!real.contains(&index));
                    continue;
                };
                if at - first == chunk {
                    tags[cell] = tag;
                }
            }
        }
        tags
    }

    /// (tag, x, y) of all cells of the table column.
    pub(crate) fn entries(&self) -> Vec<[Fr; 3]> {
        let [tags, keys, values] = self.network.tables();
        (0..tags.len()).map(|j| [tags[j], keys[j], values[j]].map(Fr::from)).collect()
    }

    /// (tag, x, y) of all looked-up cells.
    pub(crate) fn lookups(&self) -> Vec<[Fr; 3]> {
        let mut lookups = Vec::new();
        for chunk in self.network.looked_up() {
            let tags = self.tags(chunk.arena, chunk.chunk);
            for (i, tag) in tags.into_iter().enumerate() {
                let y = chunk.y.map_or(Fr::ZERO, |y| self.played(y)[i]);
                lookups.push([tag, self.played(chunk.x)[i], y]);
            }
        }
        lookups
    }

    /// (tag, x, y) of all looked-up cells, if they were at rest: x = 0, or what is nearest in the cell's table.
    pub(super) fn at_rest(&self) -> Vec<[Fr; 3]> {
        let (entries, tables) = (self.entries(), self.network.layout().tables().tables());
        let rest = |[tag, ..]: [Fr; 3]| {
            let table = tables.iter().find(|table| Fr::from(table.tag) == tag).unwrap();
            entries[table.offset + (0.clamp(table.keys.lo, table.keys.hi) - table.keys.lo) as usize]
        };
        self.lookups().into_iter().map(rest).collect()
    }

    /// Counts the multiplicities anew. Lookups of entries that are in no table count nowhere.
    pub(crate) fn count(&mut self) {
        let n = 1usize << self.network.k();
        let first = self.network.chunks().multiplicities.first;
        let entries = self.entries();
        // The padding's entry is counted at its own table, not in a slot that repeats it.
        let padding = self.network.layout().tables().tables()[0].offset;
        let mut index = BTreeMap::from([(entries[padding], padding)]);
        for (j, entry) in entries.iter().enumerate() {
            index.entry(*entry).or_insert(j);
        }
        for chunk in 0..entries.len() / n {
            self.columns[first + chunk] = vec![Fr::ZERO; n];
        }
        for j in self.lookups().iter().filter_map(|lookup| index.get(lookup)) {
            self.columns[first + j / n][j % n] += Fr::one();
        }
    }
}
