//! Which SRSs a verifier accepts. Trust is the verifier's: nothing here is read from a proof or a key.

use super::verifier::{SrsId, VerifierSrs};
use crate::CommitError;

/// How far an accepted SRS can be trusted. A function of the SRS id alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrsStatus {
    /// From a ceremony in the verifier's list.
    Accepted,
    /// The development SRS: its tau is public, proofs under it prove nothing.
    Insecure,
}

/// The verifier's list of accepted SRSs.
#[derive(Clone, Debug, Default)]
pub struct SrsPolicy {
    accepted: Vec<SrsId>,
    allow_insecure: bool,
}

impl SrsPolicy {
    /// The compiled-in list; the development SRS is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also accepts this SRS, which the caller trusts.
    #[must_use]
    pub fn accept(mut self, id: SrsId) -> Self {
        self.accepted.push(id);
        self
    }

    /// Also accepts the development SRS. For tests and for trying things out.
    #[must_use]
    pub fn allow_insecure(mut self) -> Self {
        self.allow_insecure = true;
        self
    }

    /// Decides about an SRS by its id (recomputed from its points when it was built).
    ///
    /// # Errors
    /// [`CommitError::SrsInsecure`] for the development SRS without permission; [`CommitError::SrsNotAccepted`] for an
    /// id that is not in the list.
    pub fn check(&self, srs: &VerifierSrs) -> Result<SrsStatus, CommitError> {
        let id = srs.id();
        if id == VerifierSrs::dev().id() {
            return if self.allow_insecure {
                Ok(SrsStatus::Insecure)
            } else {
                Err(CommitError::SrsInsecure { id })
            };
        }
        if self.accepted.contains(&id) {
            Ok(SrsStatus::Accepted)
        } else {
            Err(CommitError::SrsNotAccepted { id })
        }
    }
}
