//! (tag, value) pairs, and the grouping of a column by them.

use std::{collections::BTreeMap, ops::Range};

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
    /// Their tag; without one they are left out of the sums.
    pub tag: Option<u32>,
}

impl TagRun {
    /// `len` cells with a tag.
    pub fn new(len: usize, tag: u32) -> Self {
        Self { len, tag: Some(tag) }
    }

    /// `len` cells to leave out.
    pub fn skip(len: usize) -> Self {
        Self { len, tag: None }
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

/// Groups the cells of a column by tag and value.
pub(super) fn group<V: Value>(values: &[V], runs: &[TagRun]) -> Result<(KeyLayout, Buckets), CommitError> {
    let mut layout = KeyLayout(Vec::new());
    let mut buckets = Buckets::default();
    let mut base = 0u32;
    for (tag, ranges) in cells_by_tag(values.len(), runs)? {
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
        let items = ranges.iter().flat_map(|range| {
            let cells = (2 * range.start as u32..).step_by(2).zip(&values[range.clone()]);
            cells.map(move |(entry, &value)| ((value.into() - min) as u32, entry))
        });
        let span = (max - min) as usize + 1;
        buckets.push(items, span, 0, base);
        layout.0.push(TagKeys { base, tag, min });
        base += span as u32;
    }
    Ok((layout, buckets))
}

/// The non-empty ranges of cells of every tag.
fn cells_by_tag(len: usize, runs: &[TagRun]) -> Result<BTreeMap<u32, Vec<Range<usize>>>, CommitError> {
    let mut tags: BTreeMap<u32, Vec<Range<usize>>> = BTreeMap::new();
    let mut at = 0usize;
    for run in runs {
        let end = at.saturating_add(run.len);
        if let Some(tag) = run.tag
            && run.len > 0
            && end <= len
        {
            tags.entry(tag).or_default().push(at..end);
        }
        at = end;
    }
    if at != len {
        return Err(CommitError::Length { what: "tag runs", expected: len, got: at });
    }
    Ok(tags)
}
