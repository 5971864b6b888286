//! The shape of an opening: a function of `k` alone.

use crate::CommitError;
use crate::srs::check_log_size;

/// From this k on vectors are folded by eight: committing to folds by four would cost 17% of the opening.
const BY_EIGHT_FROM: usize = 16;

/// Number of folds and size of the tail for vectors of `2^k` entries: `k = bits folds + tail_vars`, `1 <= tail_vars <= bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) k: usize,
    /// Variables that a fold binds.
    pub(crate) bits: usize,
    pub(crate) folds: usize,
    pub(crate) tail_vars: usize,
}

impl Shape {
    /// The shape for `2^k` entries.
    pub(crate) fn new(k: usize) -> Result<Self, CommitError> {
        check_log_size(k)?;
        // k >= 4, so there is at least one fold.
        let bits = if k < BY_EIGHT_FROM { 2 } else { 3 };
        let folds = (k - 1) / bits;
        Ok(Self { k, bits, folds, tail_vars: k - bits * folds })
    }

    /// Number of committed polynomials after `f_0`.
    pub(crate) fn commitments(&self) -> usize {
        self.folds - 1
    }

    /// Number of coefficients of the tail.
    pub(crate) fn tail_len(&self) -> usize {
        1 << self.tail_vars
    }

    /// The radix d: what a fold divides the length by.
    pub(crate) fn radix(&self) -> usize {
        1 << self.bits
    }

    /// The coordinates that fold `i` binds: the last ones that are still free.
    pub(crate) fn group<'a, T>(&self, point: &'a [T], i: usize) -> &'a [T] {
        &point[self.k - self.bits * (i + 1)..self.k - self.bits * i]
    }

    /// Group elements and scalars of a proof.
    pub(crate) fn elements(&self) -> [usize; 2] {
        [self.commitments() + 1, self.tail_len() + self.radix() * self.folds + 1]
    }

    /// Bytes of a serialized proof.
    pub(crate) fn proof_bytes(&self) -> usize {
        32 * self.elements().iter().sum::<usize>()
    }
}
