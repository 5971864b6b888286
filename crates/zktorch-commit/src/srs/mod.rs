//! The structured reference string: `[tau^0..tau^{n-1}]_1`, a verifier part, and the hiding generator `H`.

mod bases;
mod consistency;
mod dev;
mod file;
mod fixed_base;
mod mapping;
mod policy;
mod ptau;
mod verifier;

#[cfg(test)]
mod tests;

pub use mapping::MappedFile;
pub use policy::{DEVELOPMENT, PERPETUAL_POWERS_OF_TAU, SrsPolicy, SrsStatus};
pub use verifier::{SrsId, VERIFIER_G1, VERIFIER_G2, VerifierSrs};

use zktorch_field::{G1Affine, G1Projective, RawAffine};

use bases::Bases;

use crate::rows::LazyRowTable;
use crate::{Blind, Coefficient, CommitError, Commitment};

/// Smallest supported `k = log2(n)`: the verifier part needs nine powers in G1 and ten in G2.
pub const MIN_LOG_SIZE: usize = 4;
/// Largest supported `k = log2(n)`: the size of the largest public ceremony.
pub const MAX_LOG_SIZE: usize = 28;

/// The prover's SRS: `n = 2^k` powers of tau in G1, and the verifier part they belong to.
#[derive(Debug)]
pub struct Srs {
    k: usize,
    bases: Bases,
    verifier: VerifierSrs,
    pub(crate) rows: LazyRowTable,
}

impl Srs {
    /// The development SRS with `2^k` powers of a *published* tau: insecure, deterministic, for tests and trying out.
    ///
    /// # Errors
    /// [`CommitError::LogSize`] unless `MIN_LOG_SIZE <= k <= MAX_LOG_SIZE`.
    pub fn dev(k: usize) -> Result<Self, CommitError> {
        check_log_size(k)?;
        let _span = tracing::info_span!("development SRS", k).entered();
        let _stage = crate::stages::SRS.enter();
        Ok(Self::from_parts(k, Bases::Owned(dev::powers_g1(1 << k)), VerifierSrs::dev()))
    }

    fn from_parts(k: usize, bases: Bases, verifier: VerifierSrs) -> Self {
        Self { k, bases, verifier, rows: LazyRowTable::new() }
    }

    /// The same SRS with its first `2^k` powers only.
    ///
    /// # Errors
    /// [`CommitError::LogSize`] for a `k` out of range, [`CommitError::ShortSrs`] if there are fewer powers.
    pub fn truncated(mut self, k: usize) -> Result<Self, CommitError> {
        check_log_size(k)?;
        if k > self.k {
            return Err(CommitError::ShortSrs { what: "truncated SRS", capacity: self.size(), got: 1 << k });
        }
        self.k = k;
        Ok(self)
    }

    /// Checks that every point is on the curve and that all are successive powers of the tau of the verifier part:
    /// for files that somebody else wrote. Costs about two full-width MSMs.
    ///
    /// # Errors
    /// [`CommitError::InvalidPoint`], [`CommitError::Generator`], [`CommitError::InconsistentPowers`].
    pub fn check(&self) -> Result<(), CommitError> {
        consistency::check_bases(self.bases(), &self.verifier)
    }

    /// `k = log2(n)`.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The number `n = 2^k` of powers of tau.
    pub fn size(&self) -> usize {
        1 << self.k
    }

    /// The bases `[tau^i]_1`, `i < n`.
    pub fn bases(&self) -> &[RawAffine] {
        &self.bases.as_slice()[..self.size()]
    }

    /// The hiding generator `H`.
    pub fn hiding_generator(&self) -> G1Affine {
        self.verifier.hiding_generator()
    }

    /// The verifier part.
    pub fn verifier(&self) -> &VerifierSrs {
        &self.verifier
    }

    /// `Com(v; r) = sum_i v_i [tau^i]_1 + r H`.
    ///
    /// # Errors
    /// [`CommitError::ShortSrs`] when `values` has more than `n` entries.
    pub fn commit<T: Coefficient>(&self, values: &[T], blind: &Blind) -> Result<Commitment, CommitError> {
        Ok(Commitment::from(self.commit_without_blind(values)? + self.hiding_generator() * *blind.expose()))
    }

    /// `sum_i v_i [tau^i]_1`, without a blind: binding, not hiding.
    ///
    /// # Errors
    /// [`CommitError::ShortSrs`] when `values` has more than `n` entries.
    pub fn commit_without_blind<T: Coefficient>(&self, values: &[T]) -> Result<G1Projective, CommitError> {
        Ok(T::msm(self.prefix("vector", values.len())?, values))
    }

    /// The first `len` bases.
    pub(crate) fn prefix(&self, what: &'static str, len: usize) -> Result<&[RawAffine], CommitError> {
        self.bases().get(..len).ok_or(CommitError::ShortSrs { what, capacity: self.size(), got: len })
    }
}

/// Refuses sizes out of range.
pub(crate) fn check_log_size(k: usize) -> Result<(), CommitError> {
    if (MIN_LOG_SIZE..=MAX_LOG_SIZE).contains(&k) {
        Ok(())
    } else {
        Err(CommitError::LogSize { min: MIN_LOG_SIZE, max: MAX_LOG_SIZE, got: k })
    }
}
