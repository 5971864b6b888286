//! How many levels to do per pass over the vectors.

use std::collections::{BTreeMap, BTreeSet};

use super::Column;
use super::form::grid_size;
use super::tables::PointTable;
use crate::plan::Row;

/// Most levels in one stage: `3^4` inner products per group.
const MAX_STAGE: usize = 4;

// Relative costs of work on eight entries, about nanoseconds on one core.
const FIELD_PRODUCT: f64 = 15.0;
const SMALL_PRODUCT: f64 = 4.0;
const REDUCTION: f64 = 20.0;
const FIELD_LOAD: f64 = 16.0;
const ADDITION: f64 = 8.0;

/// The numbers of levels of the stages, in order; their sum is `levels`.
///
/// The first stage makes all products within a group of `2^a` instances, later ones make `3^a - 2^a`, but first they sum up
/// every column and point again. Few levels per stage mean many passes; many mean many products. The cheapest sequence
/// is found by dynamic programming over these costs. The choice concerns the prover alone: the messages do not depend
/// on it.
pub(super) fn stage_sizes(
    rows: &[Row],
    columns: &[Column<'_>],
    tables: &BTreeMap<usize, PointTable>,
    levels: usize,
) -> Vec<usize> {
    let support: Support =
        tables.iter().map(|(point, table)| (*point, (table.tail, table.support()))).collect();
    let first = FirstStage::new(rows, columns, &support);

    // best[l]: cost and size of the next stage when l levels are left.
    let mut best: Vec<(f64, usize)> = vec![(0.0, 0)];
    for left in 1..=levels {
        let mut least = (f64::INFINITY, 1);
        let collapse = collapse_cost(rows, columns, &support, 1 << (levels - left));
        for size in 1..=left.min(MAX_STAGE) {
            let here = if left == levels { first.cost(size) } else { collapse + later_cost(1 << left, size) };
            let cost = here + best[left - size].0;
            if cost < least.0 {
                least = (cost, size);
            }
        }
        best.push(least);
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
    let each: f64 = row.chunks.iter().map(|(b, _)| column_cost(&columns[*b])).sum();
    each > 2.0 * (FIELD_LOAD + FIELD_PRODUCT) + REDUCTION
}

/// By point: its tail, and the part of the entries where it is not zero.
type Support = BTreeMap<usize, (usize, f64)>;

/// The lower tiers that a sum over the points of some instances adds for an entry, on average.
fn tails<'r>(rows: impl IntoIterator<Item = &'r Row>, support: &Support) -> f64 {
    let points: BTreeSet<usize> =
        rows.into_iter().flat_map(|row| row.points.iter().map(|(p, _)| *p)).collect();
    let mut of_tail: BTreeMap<usize, f64> = BTreeMap::new();
    for (tail, part) in points.iter().filter_map(|point| support.get(point)) {
        *of_tail.entry(*tail).or_default() += part;
    }
    of_tail.values().map(|part| part.min(1.0)).sum()
}

/// Reading and summing every column and point once, when every `folded` instances have become one.
fn collapse_cost(rows: &[Row], columns: &[Column<'_>], support: &Support, folded: usize) -> f64 {
    let chunks: BTreeSet<usize> = rows.iter().flat_map(|row| row.chunks.iter().map(|(b, _)| *b)).collect();
    let columns: f64 = chunks.iter().map(|b| column_cost(&columns[*b])).sum();
    let sums: f64 = rows.chunks(folded).map(|group| tails(group, support)).sum();
    columns + sums * FIELD_PRODUCT
}

fn column_cost(column: &Column<'_>) -> f64 {
    if column.is_small() { SMALL_PRODUCT } else { FIELD_LOAD + FIELD_PRODUCT }
}

/// A later stage of `levels` levels on `instances` instances, without the collapse.
fn later_cost(instances: usize, levels: usize) -> f64 {
    let sums = grid_size(levels) - (1 << levels);
    let groups = instances >> levels;
    2.0 * REDUCTION * instances as f64 + (groups * sums) as f64 * (FIELD_PRODUCT + 2.0 * ADDITION)
}

struct FirstStage {
    load: f64,
    /// The product of every instance's vector with a functional that is nowhere zero.
    products: f64,
    /// The part of the entries where functionals are not zero: the sum over the instances.
    support: f64,
    instances: usize,
}

impl FirstStage {
    fn new(rows: &[Row], columns: &[Column<'_>], support: &Support) -> Self {
        let (mut load, mut products, mut supports) = (0.0, 0.0, 0.0);
        for row in rows {
            let each: f64 = row.chunks.iter().map(|(b, _)| column_cost(&columns[*b])).sum();
            products += match row.chunks.as_slice() {
                // Zeros.
                [] => 0.0,
                [(b, _)] if columns[*b].is_small() => SMALL_PRODUCT,
                _ => {
                    load += each + REDUCTION;
                    FIELD_PRODUCT
                }
            };
            let sum = tails([row], support);
            if row.points.len() == 1 {
                supports += sum;
            } else {
                supports += 1.0;
                load += sum * FIELD_PRODUCT + REDUCTION;
            }
        }
        Self { load, products, support: supports, instances: rows.len() }
    }

    /// Every vector meets the functionals of its group.
    fn cost(&self, levels: usize) -> f64 {
        let group = self.instances.min(1 << levels) as f64;
        self.load + self.products * group * self.support / self.instances.max(1) as f64
    }
}

#[cfg(test)]
mod tests;
