//! The shape of an opening: a function of `k` alone.

use crate::CommitError;
use crate::srs::check_log_size;

/// Number of folds and size of the tail for vectors of `2^k` entries: `k = 3 folds + tail_vars`, `1 <= tail_vars <= 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) k: usize,
    pub(crate) folds: usize,
    pub(crate) tail_vars: usize,
}

impl Shape {
    /// The shape for `2^k` entries.
    pub(crate) fn new(k: usize) -> Result<Self, CommitError> {
        check_log_size(k)?;
        // k >= 4, so there is at least one fold.
        let folds = (k - 1) / 3;
        Ok(Self { k, folds, tail_vars: k - 3 * folds })
    }

    /// Number of committed polynomials after `f_0`.
    pub(crate) fn commitments(&self) -> usize {
        self.folds - 1
    }

    /// Number of coefficients of the tail.
    pub(crate) fn tail_len(&self) -> usize {
        1 << self.tail_vars
    }

    /// The three coordinates that fold `i` binds: the last three that are still free.
    pub(crate) fn group<'a, T>(&self, point: &'a [T], i: usize) -> &'a [T] {
        &point[self.k - 3 * (i + 1)..self.k - 3 * i]
    }

    /// Bytes of a serialized proof.
    pub(crate) fn proof_bytes(&self) -> usize {
        32 * (self.commitments() + 1 + 8 * self.folds + 1 + self.tail_len())
    }
}
