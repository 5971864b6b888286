//! The eq tables of the points that a stage uses.

use std::collections::BTreeMap;

use ark_ff::Zero;
use zktorch_field::{Backend, Fr, LANES, Packed, par};

use crate::kernels;
use crate::plan::Row;
use crate::tiers::EqTiers;

/// log2 of the entries of the lower tier: the tables of a few hundred points stay in the second-level cache.
pub(super) const LOW_BITS: usize = 8;
/// log2 of the entries of a block of the first stage: what is done once per block and product (a reduction, a scaling)
/// stays small beside what is done per entry.
pub(super) const BLOCK_BITS: usize = 10;

/// `eq(point, x) = high[x >> 8] low[x mod 2^8]`, and the upper tier once more as `block[x >> 10] middle[..]`.
#[derive(Debug)]
pub(super) struct PointTable {
    /// The same number for all points with the same lower tier: most points end in the same coordinates.
    pub(super) tail: usize,
    pub(super) low: Vec<Fr>,
    pub(super) middle: Vec<Fr>,
    pub(super) block: Vec<Fr>,
    pub(super) high: Vec<Fr>,
}

impl PointTable {
    fn new(point: &[Fr], tail: usize) -> Self {
        let EqTiers { low, high } = EqTiers::new(point, LOW_BITS);
        let upper = &point[..point.len().saturating_sub(LOW_BITS)];
        let EqTiers { low: middle, high: block } = EqTiers::new(upper, BLOCK_BITS - LOW_BITS);
        Self { tail, low, middle, block, high }
    }

    /// The part of the blocks in which eq is not zero: a small tensor's point begins with the bits that say where it lies.
    pub(super) fn support(&self) -> f64 {
        self.block.iter().filter(|scale| !scale.is_zero()).count() as f64 / self.block.len() as f64
    }

    /// The lower tier as vectors.
    #[inline(always)]
    pub(super) fn pack_low<B: Backend>(&self) -> Vec<B::Fr> {
        let mut out = Vec::with_capacity(self.low.len().div_ceil(LANES));
        for i in (0..self.low.len()).step_by(LANES) {
            out.push(kernels::load::<B>(&self.low, i));
        }
        out
    }

    /// Lower and middle tier together: eq on a block, up to the factor `block[..]`.
    #[inline(always)]
    pub(super) fn pack_block<B: Backend>(&self) -> Vec<B::Fr> {
        let low = self.pack_low::<B>();
        let mut out = Vec::with_capacity(low.len() * self.middle.len());
        for scale in &self.middle {
            let scale = B::Fr::splat(*scale);
            for v in &low {
                out.push(v.mul(scale));
            }
        }
        out
    }
}

/// The tables of all points that occur in `rows`, by index.
pub(super) fn point_tables(rows: &[Row], points: &[Vec<Fr>]) -> BTreeMap<usize, PointTable> {
    let mut used: Vec<usize> = rows.iter().flat_map(|row| row.points.iter().map(|(p, _)| *p)).collect();
    used.sort_unstable();
    used.dedup();
    let mut tails: BTreeMap<&[Fr], usize> = BTreeMap::new();
    let tail_of = |point: &usize| {
        let coordinates = &points[*point][points[*point].len().saturating_sub(LOW_BITS)..];
        let next = tails.len();
        *tails.entry(coordinates).or_insert(next)
    };
    let tails: Vec<usize> = used.iter().map(tail_of).collect();
    let tables = par::map(used.len(), |i| PointTable::new(&points[used[i]], tails[i]));
    used.into_iter().zip(tables).collect()
}
