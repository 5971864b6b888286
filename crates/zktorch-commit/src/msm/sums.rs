//! The sums of buckets, split over groups (for the cache) and threads.

use std::mem::take;

use zktorch_field::{Backend, BackendKind, Kernel, RawAffine, dispatch_on, par};

use super::{sort::Buckets, tree::Tree};

/// Entries whose tree is built at once: large enough to share inversions, small enough for the level-2 cache.
const GROUP: usize = 1 << 15;
/// Fewer entries than this are not worth another thread.
const PER_THREAD: usize = 1 << 12;

/// Sums of buckets that are not the point at infinity, by ascending key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) keys: Vec<u32>,
    pub(crate) points: Vec<RawAffine>,
}

/// Sums every bucket. The keys of `buckets` must ascend.
///
/// # Panics
/// If an entry names a point that is not in `bases`.
pub(crate) fn sum_buckets(kind: BackendKind, bases: &[RawAffine], buckets: &Buckets) -> Sums {
    sum_buckets_with(kind, bases, buckets, par::current_num_threads())
}

/// [`sum_buckets`] cut for a number of threads (the sums do not depend on it).
pub(super) fn sum_buckets_with(
    kind: BackendKind,
    bases: &[RawAffine],
    buckets: &Buckets,
    threads: usize,
) -> Sums {
    let parts = partition(buckets, threads);
    let mut sums = Sums::default();
    for part in par::map(parts.len(), |i| dispatch_on(kind, SumPart { bases, part: &parts[i] })) {
        sums.keys.extend(part.keys);
        sums.points.extend(part.points);
    }
    join_pieces(kind, sums)
}

/// A run of buckets for one thread: bucket b is the next `lengths[b]` entries. Several neighbours may have the same key.
struct Part<'a> {
    keys: Vec<u32>,
    lengths: Vec<u32>,
    entries: &'a [u32],
}

/// Cuts what is longer than a group into pieces, and the sequence of pieces into runs of about equal work.
fn partition(buckets: &Buckets, threads: usize) -> Vec<Part<'_>> {
    let parts = (buckets.entries.len() / PER_THREAD).clamp(1, threads);
    let target = buckets.entries.len().div_ceil(parts);
    let mut out = Vec::with_capacity(parts);
    let mut rest = buckets.entries.as_slice();
    let (mut keys, mut lengths, mut size) = (Vec::new(), Vec::new(), 0);
    for (&key, &length) in buckets.keys.iter().zip(&buckets.lengths) {
        let mut left = length as usize;
        while left > 0 {
            let piece = left.min(GROUP);
            keys.push(key);
            lengths.push(piece as u32);
            size += piece;
            left -= piece;
            if size >= target {
                let (entries, tail) = rest.split_at(size);
                out.push(Part { keys: take(&mut keys), lengths: take(&mut lengths), entries });
                rest = tail;
                size = 0;
            }
        }
    }
    if !keys.is_empty() {
        out.push(Part { keys, lengths, entries: rest });
    }
    out
}

/// The sums of one part, group by group.
struct SumPart<'a> {
    bases: &'a [RawAffine],
    part: &'a Part<'a>,
}

impl Kernel for SumPart<'_> {
    type Output = Sums;

    #[inline(always)]
    fn run<B: Backend>(self, _: B) -> Sums {
        let Self { bases, part } = self;
        let mut tree = Tree::<B>::new(part.entries.len().min(GROUP));
        let mut sums = Sums::default();
        let mut kept = Vec::new();
        let (mut begin, mut rest) = (0, part.entries);
        while begin < part.lengths.len() {
            let (mut end, mut size) = (begin, 0);
            while let Some(&length) = part.lengths.get(end)
                && (end == begin || size + length as usize <= GROUP)
            {
                size += length as usize;
                end += 1;
            }
            let (entries, tail) = rest.split_at(size);
            kept.clear();
            tree.sum(bases, entries, &part.lengths[begin..end], &mut kept, &mut sums.points);
            sums.keys.extend(kept.iter().map(|&b| part.keys[begin + b as usize]));
            (begin, rest) = (end, tail);
        }
        sums
    }
}

/// Adds up the pieces of buckets that were cut.
fn join_pieces(kind: BackendKind, sums: Sums) -> Sums {
    if sums.keys.is_sorted_by(|a, b| a < b) {
        return sums;
    }
    let mut pieces = Buckets::default();
    for run in sums.keys.chunk_by(|a, b| a == b) {
        pieces.keys.push(run[0]);
        pieces.lengths.push(run.len() as u32);
    }
    pieces.entries = (0..sums.points.len() as u32).map(|i| 2 * i).collect();
    sum_buckets(kind, &sums.points, &pieces)
}
