//! Cells of weights as they are committed to, in memory or in a file that is mapped.

use core::ops::Range;
use std::sync::Arc;

use zeroize::Zeroize;
use zktorch_commit::MappedFile;

/// Adjacent cells of a column of weights, which parts may have in common. Secret; wiped when the last of them is dropped, but in a
/// file.
#[derive(Clone)]
pub(crate) struct Held {
    source: Arc<Source>,
    range: Range<usize>,
}

enum Source {
    Memory(Vec<i16>),
    /// The cells of a file, and its first byte that is one of theirs.
    Mapped(MappedFile, Range<usize>),
}

impl Source {
    fn cells(&self) -> &[i16] {
        match self {
            Self::Memory(cells) => cells,
            Self::Mapped(file, bytes) => file.integers(bytes.clone()).unwrap_or_default(),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Self::Memory(cells) = self {
            cells.zeroize();
        }
    }
}

impl Held {
    /// In memory.
    pub(crate) fn new(cells: Vec<i16>) -> Self {
        let range = 0..cells.len();
        Self { source: Arc::new(Source::Memory(cells)), range }
    }

    /// These bytes of a file; the file itself if numbers cannot be read there as they are.
    pub(crate) fn mapped(file: MappedFile, bytes: Range<usize>) -> Result<Self, MappedFile> {
        match file.integers(bytes.clone()).map(<[i16]>::len) {
            Some(len) => Ok(Self { source: Arc::new(Source::Mapped(file, bytes)), range: 0..len }),
            None => Err(file),
        }
    }

    /// All of them.
    pub(crate) fn cells(&self) -> &[i16] {
        self.source.cells().get(self.range.clone()).unwrap_or_default()
    }

    /// Some of them, with no copy; none if they are not all there.
    pub(crate) fn slice(&self, range: Range<usize>) -> Option<Self> {
        let (start, end) = (self.range.start + range.start, self.range.start + range.end);
        let within = start <= end && end <= self.range.end;
        within.then(|| Self { source: Arc::clone(&self.source), range: start..end })
    }

    /// These cells and those of another, if they follow each other where they are.
    pub(crate) fn followed_by(&self, other: &Self) -> Option<Self> {
        let follows = Arc::ptr_eq(&self.source, &other.source) && self.range.end == other.range.start;
        follows.then(|| Self { source: Arc::clone(&self.source), range: self.range.start..other.range.end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_without_a_copy() {
        let all = Held::new((0..10).collect());
        let [a, b, c] = [0..3, 3..7, 7..10].map(|range| all.slice(range).unwrap());
        assert_eq!(b.cells(), [3, 4, 5, 6]);
        assert_eq!(b.slice(1..3).unwrap().cells(), [4, 5]);
        let joined = a.followed_by(&b).and_then(|ab| ab.followed_by(&c)).unwrap();
        assert_eq!(joined.cells(), all.cells());
        assert!(a.followed_by(&c).is_none() && b.followed_by(&a).is_none());
        assert!(b.slice(2..5).is_none());
        // Equal numbers elsewhere are others.
        assert!(a.followed_by(&Held::new(vec![3, 4, 5, 6])).is_none());
    }
}
