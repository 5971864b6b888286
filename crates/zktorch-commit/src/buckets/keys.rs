//! (tag, value) pairs, and the grouping of a column by them.

use std::{collections::BTreeMap, ops::Range};

use super::blocks::BLOCK;
use crate::{CommitError, msm::sort::Buckets};

/// Largest absolute value of a cell: differences of 16-bit integers and remainders of divisors up to 2^17 fit.
pub const MAX_VALUE: i32 = 1 << 17;

/// A bucket: cells with this tag and this value. Ordered by tag, then value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey {
    /// The caller's number of the tag.
    pub tag: u32,
    /// The cells' value.
    pub value: i32,
}

/// Consecutive cells with the same tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagRun {
    /// The number of cells.
    pub len: usize,
    /// Their tag.
    pub tag: u32,
    /// Cells with this value are left out of the sums: nothing that is committed to has an entry there.
    pub rest: Option<i32>,
}

impl TagRun {
    /// `len` cells with a tag.
    pub fn new(len: usize, tag: u32) -> Self {
        Self { len, tag, rest: None }
    }

    /// Leaves out the cells with this value: that of all runs with the same tag.
    #[must_use]
    pub fn without(self, rest: i32) -> Self {
        Self { rest: Some(rest), ..self }
    }
}

/// Integers a column can hold.
pub trait Value: Copy + Into<i32> + Send + Sync {}

impl Value for i8 {}
impl Value for u8 {}
impl Value for i16 {}
impl Value for u16 {}
impl Value for i32 {}

/// How pairs are numbered: the values of a tag are consecutive, tags ascend.
pub(super) struct KeyLayout(Vec<TagKeys>);

/// The numbers `base..` belong to (tag, min), (tag, min + 1), ...
struct TagKeys {
    base: u32,
    tag: u32,
    min: i32,
}

impl KeyLayout {
    /// The pairs of ascending numbers.
    pub(super) fn decode(&self, keys: &[u32]) -> impl Iterator<Item = BucketKey> {
        let mut current = 0;
        keys.iter().map(move |key| {
            while let Some(next) = self.0.get(current + 1)
                && next.base <= *key
            {
                current += 1;
            }
            let TagKeys { base, tag, min } = &self.0[current];
            BucketKey { tag: *tag, value: min + (key - base) as i32 }
        })
    }
}

/// The cells of a column by tag and value.
pub(super) struct Grouped {
    pub(super) layout: KeyLayout,
    /// Cells, of which the bases are added up.
    pub(super) cells: Buckets,
    /// Blocks, of which the sums of the bases are.
    pub(super) blocks: Buckets,
}

/// Groups the cells of a column by tag and value; whole blocks where that takes fewer additions, if their sums are known. What
/// has another value than the block is taken away again.
pub(super) fn group<V: Value>(
    values: &[V],
    runs: &[TagRun],
    in_blocks: bool,
) -> Result<Grouped, CommitError> {
    let mut layout = KeyLayout(Vec::new());
    let (mut cells, mut blocks) = (Buckets::default(), Buckets::default());
    let mut base = 0u32;
    for (tag, (rest, ranges)) in cells_by_tag(values.len(), runs)? {
        let (mut min, mut max) = (i32::MAX, i32::MIN);
        for range in &ranges {
            for &value in &values[range.clone()] {
                let value: i32 = value.into();
                min = min.min(value);
                max = max.max(value);
            }
        }
        for got in [min, max] {
            if got.unsigned_abs() > MAX_VALUE.unsigned_abs() {
                return Err(CommitError::ValueRange { what: "column", max: MAX_VALUE, got });
            }
        }
        let (plain, even) = if in_blocks { split(values, &ranges, rest) } else { (ranges, Vec::new()) };
        let key = |value: i32| (value - min) as u32;
        let items = plain.iter().flat_map(|range| {
            let cells = (2 * range.start as u32..).step_by(2).zip(&values[range.clone()]);
            cells.map(|(entry, &value)| (key(value.into()), entry))
        });
        let others = even.iter().flat_map(|(block, most)| {
            let start = block * BLOCK;
            let cells = (2 * start as u32..).step_by(2).zip(&values[start..start + BLOCK]);
            let others =
                cells.map(|(entry, &value)| (entry, value.into())).filter(move |(_, value)| value != most);
            others.flat_map(move |(entry, value)| [(key(value), entry), (key(*most), entry + 1)])
        });
        let at_rest = rest.filter(|rest| (min..=max).contains(rest)).map(key);
        let span = (max - min) as usize + 1;
        let moved = items.chain(others).filter(|(key, _)| Some(*key) != at_rest);
        cells.push(moved, span, 0, base);
        if !even.is_empty() {
            blocks.push(even.iter().map(|(block, most)| (key(*most), 2 * *block as u32)), span, 0, base);
        }
        layout.0.push(TagKeys { base, tag, min });
        base += span as u32;
    }
    Ok(Grouped { layout, cells, blocks })
}

/// Ranges of cells without the blocks of which most cells have one value, not that of those that are left out, and the blocks with
/// that value.
fn split<V: Value>(
    values: &[V],
    ranges: &[Range<usize>],
    rest: Option<i32>,
) -> (Vec<Range<usize>>, Vec<(usize, i32)>) {
    let (mut plain, mut even) = (Vec::new(), Vec::new());
    for range in ranges {
        let mut start = range.start;
        for block in range.start.div_ceil(BLOCK)..range.end / BLOCK {
            let at = block * BLOCK;
            if let Some(most) = most_frequent(&values[at..at + BLOCK]).filter(|most| Some(*most) != rest) {
                if start < at {
                    plain.push(start..at);
                }
                even.push((block, most));
                start = at + BLOCK;
            }
        }
        if start < range.end {
            plain.push(start..range.end);
        }
    }
    (plain, even)
}

/// The value of most cells of a block, if that of three of them is: one that nearly all have is found nearly always.
fn most_frequent<V: Value>(block: &[V]) -> Option<i32> {
    let [a, b, c] = [0, BLOCK / 3, 2 * BLOCK / 3].map(|i| block[i].into());
    let most: i32 = if a == b || a == c {
        a
    } else if b == c {
        b
    } else {
        return None;
    };
    let count = block.iter().filter(|&&value| value.into() == most).count();
    // Every other cell is added once more.
    (2 * count > BLOCK + 2).then_some(most)
}

/// The cells of a tag: the value of those that are left out, and ranges.
type TagCells = (Option<i32>, Vec<Range<usize>>);

/// The non-empty ranges of cells of every tag.
fn cells_by_tag(len: usize, runs: &[TagRun]) -> Result<BTreeMap<u32, TagCells>, CommitError> {
    let mut tags: BTreeMap<u32, TagCells> = BTreeMap::new();
    let mut at = 0usize;
    for run in runs {
        let end = at.saturating_add(run.len);
        if run.len > 0 && end <= len {
            tags.entry(run.tag).or_insert((run.rest, Vec::new())).1.push(at..end);
        }
        at = end;
    }
    if at != len {
        return Err(CommitError::Length { what: "tag runs", expected: len, got: at });
    }
    Ok(tags)
}
