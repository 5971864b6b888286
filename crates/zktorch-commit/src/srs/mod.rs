//! The structured reference string: `[tau^0..tau^{n-1}]_1`, a verifier part, and the hiding generator `H`.

mod dev;
mod policy;
mod verifier;

pub use policy::{SrsPolicy, SrsStatus};
pub use verifier::{SrsId, VerifierSrs};

use zktorch_field::{Fr, G1Affine, G1Projective};

use crate::{Blind, CommitError, Commitment, msm};

/// Smallest supported `k = log2(n)`: the verifier part needs nine powers in G1 and ten in G2.
pub const MIN_LOG_SIZE: usize = 4;
/// Largest supported `k = log2(n)`: the size of the largest public ceremony.
pub const MAX_LOG_SIZE: usize = 28;

/// The prover's SRS: `n = 2^k` powers of tau in G1, and the verifier part they belong to.
#[derive(Debug)]
pub struct Srs {
    k: usize,
    bases: Vec<G1Affine>,
    verifier: VerifierSrs,
}

impl Srs {
    /// The development SRS with `2^k` powers of a *published* tau: insecure, deterministic, for tests and trying out.
    ///
    /// # Errors
    /// [`CommitError::LogSize`] unless `MIN_LOG_SIZE <= k <= MAX_LOG_SIZE`.
    pub fn dev(k: usize) -> Result<Self, CommitError> {
        check_log_size(k)?;
        Ok(Self { k, bases: dev::powers_g1(1 << k), verifier: VerifierSrs::dev() })
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
    pub fn bases(&self) -> &[G1Affine] {
        &self.bases
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
    pub fn commit(&self, values: &[Fr], blind: &Blind) -> Result<Commitment, CommitError> {
        Ok(Commitment::from(self.commit_without_blind(values)? + self.hiding_generator() * *blind.expose()))
    }

    /// `sum_i v_i [tau^i]_1`, without a blind: binding, not hiding.
    ///
    /// # Errors
    /// [`CommitError::ShortSrs`] when `values` has more than `n` entries.
    pub fn commit_without_blind(&self, values: &[Fr]) -> Result<G1Projective, CommitError> {
        Ok(msm::msm(self.prefix("vector", values.len())?, values))
    }

    /// The first `len` bases.
    pub(crate) fn prefix(&self, what: &'static str, len: usize) -> Result<&[G1Affine], CommitError> {
        self.bases.get(..len).ok_or(CommitError::ShortSrs { what, capacity: self.size(), got: len })
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
