//! Sums of the bases over aligned blocks: cells of one value in a row are added up once, for all columns.

use zktorch_field::{BackendKind, RawAffine};

use crate::msm::{sort::Buckets, sums::sum_buckets};

/// Cells of a block.
pub(super) const BLOCK: usize = 64;

/// The sum of the bases over every whole block of consecutive cells: one addition per base, and a 64th of their memory.
#[derive(Clone, Debug)]
pub struct BlockSums(Vec<RawAffine>);

impl BlockSums {
    /// The sums over the blocks of some bases; of none where one of them is the point at infinity, which no bases but forged ones
    /// have.
    pub fn new(bases: &[RawAffine]) -> Self {
        let count = bases.len() / BLOCK;
        let buckets = Buckets {
            keys: (0..count as u32).collect(),
            lengths: vec![BLOCK as u32; count],
            entries: (0..(count * BLOCK) as u32).map(|i| 2 * i).collect(),
        };
        let sums = sum_buckets(BackendKind::active(), bases, &buckets);
        Self(if sums.keys.len() == count { sums.points } else { Vec::new() })
    }

    /// The sums for a column of some length, if there is one for each of its whole blocks.
    pub(super) fn of(&self, cells: usize) -> Option<&[RawAffine]> {
        self.0.get(..cells / BLOCK).filter(|sums| !sums.is_empty())
    }
}
