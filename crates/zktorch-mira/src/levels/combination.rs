//! Sums of weighted columns, a few vectors at a time.

use ark_ff::AdditiveGroup;
use zktorch_field::{Backend, Fr, Kernel, LANES, Packed, dispatch, par};

use super::Column;
use crate::kernels;

/// Rows added at a time: few enough streams for the prefetchers, enough that loading and storing the sums costs little.
const ROWS: usize = 8;
/// Vectors of eight entries per tile: the sums of a tile stay in the first-level cache.
const TILE: usize = 16;
/// Entries per piece of parallel work.
const PIECE: usize = 1 << 12;

/// `sum_c w_c column_c`.
#[derive(Clone, Debug, Default)]
pub(super) struct Combination<'a> {
    small: Vec<(Column<'a>, Fr)>,
    field: Vec<(Column<'a>, Fr)>,
}

impl<'a> Combination<'a> {
    pub(super) fn new(terms: impl IntoIterator<Item = (Column<'a>, Fr)>) -> Self {
        let mut out = Self::default();
        for (column, weight) in terms {
            if column.is_small() { &mut out.small } else { &mut out.field }.push((column, weight));
        }
        out
    }

    /// Length of the longest column.
    fn len(&self) -> usize {
        self.small.iter().chain(&self.field).map(|(column, _)| column.len()).max().unwrap_or(0)
    }

    /// The sum as field elements: one streaming pass over all columns.
    pub(super) fn to_field(&self) -> Vec<Fr> {
        struct Combine<'c, 'a>(&'c Combination<'a>, usize, &'c mut [Fr]);
        impl Kernel for Combine<'_, '_> {
            type Output = ();
            #[inline(always)]
            fn run<B: Backend>(self, _: B) {
                let Self(combination, start, out) = self;
                let mut packed = PackedCombination::<B>::new(combination);
                let mut tile = [B::Fr::zero(); TILE];
                for (i, out) in out.chunks_mut(TILE * LANES).enumerate() {
                    let width = out.len().div_ceil(LANES);
                    packed.fill(start + i * TILE * LANES, &mut tile[..width]);
                    for (t, out) in out.chunks_mut(LANES).enumerate() {
                        kernels::store::<B>(tile[t], out);
                    }
                }
            }
        }
        let mut out = vec![Fr::ZERO; self.len()];
        par::for_each_chunk_mut(&mut out, PIECE, |i, out| dispatch(Combine(self, i * PIECE, out)));
        out
    }
}

/// A [`Combination`] ready for a kernel.
pub(super) struct PackedCombination<'c, 'a, B: Backend> {
    small: Vec<(&'c Column<'a>, B::Fr)>,
    /// Sum of the weights of `small`.
    small_weights: B::Fr,
    field: Vec<(&'c Column<'a>, B::Fr)>,
    len: usize,
    small_sums: Vec<<B::Fr as Packed>::SmallAcc>,
    field_sums: Vec<<B::Fr as Packed>::Acc>,
}

impl<'c, 'a, B: Backend> PackedCombination<'c, 'a, B> {
    #[inline(always)]
    pub(super) fn new(combination: &'c Combination<'a>) -> Self {
        let mut small = Vec::with_capacity(combination.small.len());
        let mut small_weights = B::Fr::zero();
        for (column, weight) in &combination.small {
            let weight = B::Fr::splat(*weight);
            small_weights = small_weights.add(weight);
            small.push((column, weight));
        }
        let mut field = Vec::with_capacity(combination.field.len());
        for (column, weight) in &combination.field {
            field.push((column, B::Fr::splat(*weight)));
        }
        let (small_sums, field_sums) = (vec![B::Fr::small_zero(); TILE], vec![B::Fr::acc_zero(); TILE]);
        Self { small, small_weights, field, len: combination.len(), small_sums, field_sums }
    }

    /// The vectors of eight entries from `start` on.
    #[inline(always)]
    pub(super) fn fill(&mut self, start: usize, out: &mut [B::Fr]) {
        for (i, tile) in out.chunks_mut(TILE).enumerate() {
            self.fill_tile(start + i * TILE * LANES, tile);
        }
    }

    #[inline(always)]
    fn fill_tile(&mut self, start: usize, out: &mut [B::Fr]) {
        out.fill(B::Fr::zero());
        if start >= self.len {
            return;
        }
        if !self.small.is_empty() {
            let sums = &mut self.small_sums[..out.len()];
            sums.fill(B::Fr::small_zero());
            for rows in self.small.chunks(ROWS) {
                for (t, sum) in sums.iter_mut().enumerate() {
                    let mut acc = *sum;
                    for (column, weight) in rows {
                        let ints = column.load_ints::<B>(start + t * LANES);
                        B::Fr::small_mul_add_known(&mut acc, *weight, ints);
                    }
                    *sum = acc;
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = B::Fr::small_reduce_known(*sum, self.small_weights);
            }
        }
        if !self.field.is_empty() {
            let sums = &mut self.field_sums[..out.len()];
            sums.fill(B::Fr::acc_zero());
            for rows in self.field.chunks(ROWS) {
                for (t, sum) in sums.iter_mut().enumerate() {
                    let mut acc = *sum;
                    for (column, weight) in rows {
                        B::Fr::acc_mul_add(&mut acc, column.load::<B>(start + t * LANES), *weight);
                    }
                    *sum = acc;
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = out.add(B::Fr::acc_reduce(*sum));
            }
        }
    }
}
