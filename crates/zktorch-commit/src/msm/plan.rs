//! The choice of windows.

use super::digits::window_count;

/// Windows of a full-width MSM.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Bits of a window.
    pub(super) c: usize,
    /// How many windows are summed together: small ones, so that batches are long enough to share inversions.
    pub(super) joint: usize,
}

/// Smallest and largest window. Below, the weighted sums cost nothing; above, they cost more than they save at any size.
const MIN_BITS: usize = 4;
const MAX_BITS: usize = 17;
/// Buckets that are looked at, by the counting sort, in the time of an addition.
const LOOKS: usize = 16;
/// Entries that windows are joined up to.
const JOINT_ENTRIES: usize = 1 << 16;

impl Plan {
    /// The plan for n points: minimises the additions of all windows.
    pub(super) fn new(n: usize) -> Self {
        let cost = |&c: &usize| {
            let buckets = 1 << (c - 1);
            // Filling the buckets takes n minus their number, weighing them twice their number; looking at one, also if it is empty, a
            // small part of an addition.
            window_count(c) * (LOOKS * (n + buckets.min(n)) + buckets)
        };
        let c = (MIN_BITS..=MAX_BITS).min_by_key(cost).unwrap_or(MAX_BITS);
        Self { c, joint: (JOINT_ENTRIES / n.max(1)).clamp(1, window_count(c)) }
    }
}
