//! How many levels to do per pass over the vectors.

use zktorch_field::Fr;

use super::Column;
use crate::plan::Row;

/// Most levels in one stage: 16 x 16 products per group.
const MAX_STAGE: usize = 4;
/// Relative costs per entry, in multiplications of 52-bit limbs (eight lanes at once).
const FIELD_PRODUCT: usize = 50;
const SMALL_PRODUCT: usize = 10;
const REDUCTION: usize = 55;

/// The numbers of levels of the stages, in order; their sum is `levels`.
///
/// A stage of a levels on m instances makes `m 2^a` products and first collapses, block by block, every instance that
/// is not a single column at a single point. Few levels per stage mean many passes that collapse; many mean many
/// products. The cheapest sequence is found by dynamic programming over this cost. The choice concerns the prover alone:
/// the messages do not depend on it.
pub(super) fn stage_sizes(rows: &[Row], columns: &[Column<'_>], levels: usize) -> Vec<usize> {
    let first = Costs::of_rows(rows, columns);
    let chunks: std::collections::BTreeSet<usize> =
        rows.iter().flat_map(|r| r.chunks.iter().map(|(b, _)| *b)).collect();
    let points: std::collections::BTreeSet<usize> =
        rows.iter().flat_map(|r| r.points.iter().map(|(p, _)| *p)).collect();
    let collapse =
        chunks.iter().map(|b| product_cost(&columns[*b])).sum::<usize>() + points.len() * FIELD_PRODUCT;
    let later =
        |instances: usize| Costs { collapse: collapse + 2 * REDUCTION * instances, product: FIELD_PRODUCT };

    // best[l]: cost and size of the first stage when l levels are left.
    let mut best: Vec<(usize, usize)> = vec![(0, 0)];
    for left in 1..=levels {
        let instances = 1usize << left;
        let costs = if left == levels { first } else { later(instances) };
        let choice = (1..=left.min(MAX_STAGE))
            .map(|size| (costs.of_stage(instances, size) + best[left - size].0, size))
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

#[derive(Clone, Copy)]
struct Costs {
    /// Collapsing every instance, per entry.
    collapse: usize,
    /// One product, per entry.
    product: usize,
}

impl Costs {
    fn of_stage(self, instances: usize, levels: usize) -> usize {
        self.collapse + self.product * (instances << levels)
    }

    fn of_rows(rows: &[Row], columns: &[Column<'_>]) -> Self {
        let mut collapse = 0;
        let mut product = 0;
        for row in rows {
            let single = |side: &[(usize, Fr)]| side.len() == 1;
            let small = row.chunks.iter().all(|(b, _)| columns[*b].is_small());
            if !single(&row.chunks) {
                collapse +=
                    row.chunks.iter().map(|(b, _)| product_cost(&columns[*b])).sum::<usize>() + REDUCTION;
            }
            if !single(&row.points) {
                collapse += row.points.len() * FIELD_PRODUCT + REDUCTION;
            }
            product += if small && single(&row.chunks) { SMALL_PRODUCT } else { FIELD_PRODUCT };
        }
        Self { collapse, product: product.div_ceil(rows.len().max(1)) }
    }
}

fn product_cost(column: &Column<'_>) -> usize {
    if column.is_small() { SMALL_PRODUCT } else { FIELD_PRODUCT }
}

#[cfg(test)]
mod tests;
