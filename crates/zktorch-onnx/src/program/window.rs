//! Windows of convolutions and pools along one axis.

/// Tap k of position p reads entry `stride p + dilation k - pad`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Entries of the axis.
    pub(crate) extent: usize,
    /// Taps.
    pub(crate) taps: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// Zeros before.
    pub(crate) pad: usize,
    /// Zeros after.
    pub(crate) pad_end: usize,
    /// Positions.
    pub(crate) positions: usize,
}

impl Window {
    /// The entry that a tap reads, if it is no padding.
    pub(crate) fn source(&self, position: usize, tap: usize) -> Option<usize> {
        let index = (self.stride * position + self.dilation * tap).checked_sub(self.pad)?;
        Some(index).filter(|index| *index < self.extent)
    }

    /// Number of taps of a position that are inside the axis or, with `padding`, inside its padding.
    pub(crate) fn count(&self, position: usize, padding: bool) -> usize {
        let end = self.extent + self.pad + self.pad_end;
        let inside = |tap: &usize| match padding {
            true => self.stride * position + self.dilation * tap < end,
            false => self.source(position, *tap).is_some(),
        };
        (0..self.taps).filter(inside).count()
    }
}
