//! The later stages: folded instances, made block by block from the columns and points they are sums of.
//!
//! Folded vectors are not stored anywhere: with M instances of n entries they would be gigabytes. A block of all of a
//! group's vectors and functionals is summed into scratch, then every value of the group's form is one inner product
//! of sums of them.

use core::ops::Range;
use std::collections::BTreeMap;

use zktorch_field::{Backend, Fr, Kernel, LANES, Packed, dispatch};

use super::Column;
use super::combination::{Combination, PackedCombination};
use super::form::{QuadraticForm, grid_size, instance_at, summands};
use super::functional_sum::FunctionalSum;
use super::tables::{LOW_BITS, PointTable};
use crate::plan::Row;

/// Vectors of eight entries on which all sums of a group are made at a time.
const STRIP: usize = 8;

/// The forms of the groups of `2^levels` neighbouring instances, whose own values `<v_i, u_i>` are `values`.
pub(super) fn forms(
    rows: &[Row],
    values: &[Fr],
    columns: &[Column<'_>],
    tables: &BTreeMap<usize, PointTable>,
    levels: usize,
    num_vars: usize,
) -> Vec<QuadraticForm> {
    let combination = |row: &Row| Combination::new(row.chunks.iter().map(|(b, a)| (columns[*b], *a)));
    let combinations: Vec<Combination<'_>> = rows.iter().map(combination).collect();
    let groups: Vec<_> = rows.chunks(1 << levels).zip(combinations.chunks(1 << levels)).collect();
    let blocks = 1usize << num_vars.saturating_sub(LOW_BITS);
    let mut forms = super::sum_over_pieces(groups.len(), blocks, |group, blocks| {
        let (rows, vectors) = groups[group];
        if rows.iter().all(|row| row.chunks.is_empty()) {
            return QuadraticForm::zero(levels);
        }
        QuadraticForm::new(dispatch(Grid { rows, vectors, tables, levels, blocks, num_vars }))
    });
    for (form, values) in forms.iter_mut().zip(values.chunks(1 << levels)) {
        form.set_instances(levels, values);
    }
    forms
}

/// The values of one group's form at all grid indices with a sum, over a range of blocks; zero at the others.
///
/// Vector code stays out of closures here: one that is not inlined is compiled without the CPU features.
struct Grid<'t, 'a> {
    rows: &'t [Row],
    vectors: &'t [Combination<'a>],
    tables: &'t BTreeMap<usize, PointTable>,
    levels: usize,
    blocks: Range<usize>,
    num_vars: usize,
}

impl Kernel for Grid<'_, '_> {
    type Output = Vec<Fr>;
    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Vec<Fr> {
        let block_len = 1usize << self.num_vars.min(LOW_BITS);
        let width = block_len.div_ceil(LANES);
        let size = grid_size(self.levels);

        let mut vectors = Vec::with_capacity(self.rows.len());
        let mut functionals = Vec::with_capacity(self.rows.len());
        for (row, vector) in self.rows.iter().zip(self.vectors) {
            vectors.push(PackedCombination::<B>::new(vector));
            functionals.push(FunctionalSum::<B>::new(row.points.iter().copied(), self.tables));
        }
        // A block of every instance, and a strip of every grid index: instances that are absent stay zero.
        let mut v_block = vec![B::Fr::zero(); width << self.levels];
        let mut u_block = v_block.clone();
        let mut v_grid = vec![B::Fr::zero(); size * STRIP];
        let mut u_grid = v_grid.clone();
        let mut products = vec![B::Fr::acc_zero(); size];

        for block in self.blocks {
            for (i, (vector, functional)) in vectors.iter_mut().zip(&mut functionals).enumerate() {
                vector.fill(block * block_len, &mut v_block[i * width..][..width]);
                functional.fill(block * block_len, &mut u_block[i * width..][..width]);
            }
            for strip in (0..width).step_by(STRIP) {
                let len = STRIP.min(width - strip);
                for (index, product) in products.iter_mut().enumerate() {
                    let at = index * STRIP;
                    if let Some(i) = instance_at(index, self.levels) {
                        let from = i * width + strip;
                        v_grid[at..at + len].copy_from_slice(&v_block[from..from + len]);
                        u_grid[at..at + len].copy_from_slice(&u_block[from..from + len]);
                    } else if let Some((left, right)) = summands(index, self.levels) {
                        add::<B>(&mut v_grid, left * STRIP, right * STRIP, at);
                        add::<B>(&mut u_grid, left * STRIP, right * STRIP, at);
                        let mut acc = *product;
                        for (v, u) in v_grid[at..at + len].iter().zip(&u_grid[at..at + len]) {
                            B::Fr::acc_mul_add(&mut acc, *v, *u);
                        }
                        *product = acc;
                    }
                }
            }
        }
        let mut out = Vec::with_capacity(size);
        for product in products {
            out.push(B::Fr::acc_reduce(product).sum_lanes());
        }
        out
    }
}

/// The strip at `to` becomes the sum of two before it.
#[inline(always)]
fn add<B: Backend>(grid: &mut [B::Fr], left: usize, right: usize, to: usize) {
    let (before, after) = grid.split_at_mut(to);
    for t in 0..STRIP {
        after[t] = before[left + t].add(before[right + t]);
    }
}
