//! A place in a file's bytes.

use anyhow::{Context, Result, bail};

/// What is left of a file.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count);
        let Some(taken) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            bail!("expected {count} bytes at {}, found {}", self.at, self.bytes.len() - self.at);
        };
        self.at += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        <[u8; N]>::try_from(taken).context("the file is cut off")
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A text behind its length.
    pub(super) fn text(&mut self) -> Result<&'a str> {
        let length = usize::try_from(self.u64()?).unwrap_or(usize::MAX);
        let at = self.at;
        std::str::from_utf8(self.take(length)?).with_context(|| format!("expected a text in UTF-8 at {at}"))
    }

    /// All bytes from the next multiple of a number; none if the file ends before.
    pub(super) fn rest_aligned(self, alignment: u64) -> Result<&'a [u8]> {
        let alignment = usize::try_from(alignment).context("the alignment is too large")?;
        let start = self.at.checked_next_multiple_of(alignment).context("the alignment is too large")?;
        Ok(self.bytes.get(start..).unwrap_or_default())
    }
}
