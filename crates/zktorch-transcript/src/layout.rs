//! Where hidden messages lie in the matrix z.

use core::ops::Range;

use zktorch_mutants::enforced;

use crate::TranscriptError;
use crate::error::label_text;

/// Hidden scalars are numbered by 32 bits.
const MAX_CELLS: usize = 1 << 31;

/// One hidden message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenMessage {
    /// Its label.
    pub label: &'static [u8],
    /// Its scalars.
    pub len: usize,
    /// Its rows of z.
    pub rows: Range<usize>,
}

/// The matrix z of hidden scalars: every message starts a new row of `columns` cells and fills as many rows as it
/// needs, so no row is shared by two messages. Cells after the end of a message are in no message.
///
/// The cell (row, column) has number `row * columns + column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLayout {
    columns: usize,
    rows: usize,
    messages: Vec<HiddenMessage>,
}

impl RowLayout {
    /// The empty layout with rows of `columns` cells.
    ///
    /// # Errors
    /// [`TranscriptError::Columns`] unless `columns` is a power of two.
    pub fn new(columns: usize) -> Result<Self, TranscriptError> {
        if columns.is_power_of_two() && columns <= MAX_CELLS {
            Ok(Self { columns, rows: 0, messages: Vec::new() })
        } else {
            Err(TranscriptError::Columns { got: columns })
        }
    }

    /// Cells of a row, a power of two.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows used so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Cells of all rows.
    pub fn cells(&self) -> usize {
        self.rows * self.columns
    }

    /// The messages in order.
    pub fn messages(&self) -> &[HiddenMessage] {
        &self.messages
    }

    /// Adds a message of `len` scalars; returns its rows (`ceil(len / columns)` of them).
    ///
    /// # Errors
    /// [`TranscriptError::TooManyScalars`] beyond 2^31 cells.
    pub fn push(&mut self, label: &'static [u8], len: usize) -> Result<Range<usize>, TranscriptError> {
        let end = self.rows.saturating_add(len.div_ceil(self.columns));
        let cells = end.saturating_mul(self.columns);
        if cells > MAX_CELLS && enforced() {
            return Err(TranscriptError::TooManyScalars { limit: MAX_CELLS, got: cells });
        }
        let rows = self.rows..end;
        self.messages.push(HiddenMessage { label, len, rows: rows.clone() });
        self.rows = end;
        Ok(rows)
    }

    /// The first scalar whose cell is not marked in `used`, as an error.
    pub(crate) fn check_all_used(&self, used: &[bool]) -> Result<(), TranscriptError> {
        for message in &self.messages {
            let first = message.rows.start * self.columns;
            let is_used = |index: &usize| used.get(first + index).copied().unwrap_or(false);
            let unused = (0..message.len).find(|index| !is_used(index));
            if let Some(index) = unused
                && enforced()
            {
                return Err(TranscriptError::UnconstrainedScalar { label: label_text(message.label), index });
            }
        }
        Ok(())
    }
}
