//! How many levels to do per pass over the vectors.

use std::collections::BTreeSet;

use super::Column;
use super::form::grid_size;
use crate::plan::Row;

/// Most levels in one stage: `3^4` inner products per group.
const MAX_STAGE: usize = 4;

// Relative costs of work on eight entries, about nanoseconds on one core.
const FIELD_PRODUCT: usize = 15;
const SMALL_PRODUCT: usize = 4;
const REDUCTION: usize = 20;
const FIELD_LOAD: usize = 16;
const ADDITION: usize = 8;

/// The numbers of levels of the stages, in order; their sum is `levels`.
///
/// The first stage makes all products within a group of `2^a` instances, later ones make `3^a - 2^a`, but first they sum up
/// every column and point again. Few levels per stage mean many passes; many mean many products. The cheapest sequence
/// is found by dynamic programming over these costs. The choice concerns the prover alone: the messages do not depend
/// on it.
pub(super) fn stage_sizes(rows: &[Row], columns: &[Column<'_>], levels: usize) -> Vec<usize> {
    let first = FirstStage::new(rows, columns);
    let collapse = collapse_cost(rows, columns);

    // best[l]: cost and size of the next stage when l levels are left.
    let mut best: Vec<(usize, usize)> = vec![(0, 0)];
    for left in 1..=levels {
        let choice = (1..=left.min(MAX_STAGE))
            .map(|size| {
                let here =
                    if left == levels { first.cost(size) } else { collapse + later_cost(1 << left, size) };
                (here + best[left - size].0, size)
            })
            .min()
            .unwrap_or((0, 1));
        best.push(choice);
    }
    let mut sizes = Vec::new();
    let mut left = levels;
    while left > 0 {
        let size = best[left].1;
        sizes.push(size);
        left -= size;
    }
    sizes
}

/// Whether an instance's columns are summed up once, before the first stage. There are two more passes at least, the first stage's
/// and that of the accumulator.
pub(super) fn is_collapsed(row: &Row, columns: &[Column<'_>]) -> bool {
    let each: usize = row.chunks.iter().map(|(b, _)| column_cost(&columns[*b])).sum();
    each > 2 * (FIELD_LOAD + FIELD_PRODUCT) + REDUCTION
}

/// Reading and summing every column and point once.
fn collapse_cost(rows: &[Row], columns: &[Column<'_>]) -> usize {
    let chunks: BTreeSet<usize> = rows.iter().flat_map(|row| row.chunks.iter().map(|(b, _)| *b)).collect();
    let points: BTreeSet<usize> = rows.iter().flat_map(|row| row.points.iter().map(|(p, _)| *p)).collect();
    chunks.iter().map(|b| column_cost(&columns[*b])).sum::<usize>() + points.len() * FIELD_PRODUCT
}

fn column_cost(column: &Column<'_>) -> usize {
    if column.is_small() { SMALL_PRODUCT } else { FIELD_LOAD + FIELD_PRODUCT }
}

/// A later stage of `levels` levels on `instances` instances, without the collapse.
fn later_cost(instances: usize, levels: usize) -> usize {
    let sums = grid_size(levels) - (1 << levels);
    2 * REDUCTION * instances + (instances >> levels) * sums * (FIELD_PRODUCT + 2 * ADDITION)
}

struct FirstStage {
    instances: usize,
    load: usize,
    /// One product with every instance.
    products: usize,
}

impl FirstStage {
    fn new(rows: &[Row], columns: &[Column<'_>]) -> Self {
        let (mut load, mut products) = (0, 0);
        for row in rows {
            let small = match row.chunks.as_slice() {
                [(b, _)] => columns[*b].is_small(),
                _ => false,
            };
            products += if small { SMALL_PRODUCT } else { FIELD_PRODUCT };
            if !small {
                load += row.chunks.iter().map(|(b, _)| column_cost(&columns[*b])).sum::<usize>() + REDUCTION;
            }
            if row.points.len() != 1 {
                load += row.points.len() * FIELD_PRODUCT + REDUCTION;
            }
        }
        Self { instances: rows.len(), load, products }
    }

    fn cost(&self, levels: usize) -> usize {
        self.load + self.products * self.instances.min(1 << levels)
    }
}

#[cfg(test)]
mod tests;
