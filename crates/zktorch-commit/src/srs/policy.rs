//! Which SRSs a verifier accepts. Trust is the verifier's: nothing here is read from a proof or a key.

use zktorch_mutants::enforced;

use super::verifier::{SrsId, VerifierSrs};
use crate::CommitError;

/// The Perpetual Powers of Tau ceremony as finalised by Hermez (54 contributions and a beacon, `2^28` powers): the
/// powers in all `powersOfTau28_hez_final*.ptau` files. Computed from `powersOfTau28_hez_final_08.ptau`, whose BLAKE2b digest
/// (published in the documentation of snarkjs) starts with `d6a8fb3a04feb600`.
pub const PERPETUAL_POWERS_OF_TAU: SrsId = SrsId([
    0xce, 0x0f, 0x05, 0x00, 0xa5, 0x2c, 0xe4, 0x93, 0x72, 0xaf, 0x14, 0xc3, 0xff, 0xf8, 0x5c, 0x59, 0xb2,
    0xd8, 0x56, 0x66, 0xd2, 0xc1, 0xd5, 0x46, 0xcf, 0x0a, 0xb9, 0x92, 0x0c, 0xfb, 0x88, 0x91,
]);

/// The development SRS: its tau is public.
pub const DEVELOPMENT: SrsId = SrsId([
    0xbe, 0xb7, 0x4f, 0x2e, 0x25, 0xc0, 0x80, 0xb6, 0x63, 0x77, 0x80, 0x68, 0x3a, 0x13, 0x09, 0x4d, 0x67,
    0x26, 0x52, 0x1b, 0xc9, 0xd0, 0xd2, 0x99, 0xcc, 0x8a, 0x9c, 0x10, 0xc2, 0xe1, 0xe0, 0x2d,
]);

/// How far an accepted SRS can be trusted. A function of the SRS id alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrsStatus {
    /// From a ceremony in the verifier's list.
    Accepted,
    /// The development SRS: its tau is public, proofs under it prove nothing.
    Insecure,
}

/// The verifier's list of accepted SRSs.
///
/// ```
/// use zktorch_commit::{CommitError, SrsPolicy, SrsStatus, VerifierSrs};
///
/// let srs = VerifierSrs::dev();
/// assert_eq!(SrsPolicy::new().check(&srs), Err(CommitError::SrsInsecure { id: srs.id() }));
/// assert_eq!(SrsPolicy::new().allow_insecure().check(&srs), Ok(SrsStatus::Insecure));
/// ```
#[derive(Clone, Debug)]
pub struct SrsPolicy {
    accepted: Vec<SrsId>,
    parts: Vec<VerifierSrs>,
    allow_insecure: bool,
}

impl Default for SrsPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl SrsPolicy {
    /// The compiled-in list: [`PERPETUAL_POWERS_OF_TAU`]. The development SRS is refused.
    pub fn new() -> Self {
        Self { accepted: vec![PERPETUAL_POWERS_OF_TAU], parts: Vec::new(), allow_insecure: false }
    }

    /// An empty list: only what is added is accepted.
    pub fn empty() -> Self {
        Self { accepted: Vec::new(), ..Self::new() }
    }

    /// Also accepts the SRS with this id, which the caller trusts.
    #[must_use]
    pub fn accept(mut self, id: SrsId) -> Self {
        self.accepted.push(id);
        self
    }

    /// Also accepts this SRS, and keeps its verifier part for [`part`](Self::part).
    #[must_use]
    pub fn accept_part(mut self, part: VerifierSrs) -> Self {
        self.accepted.push(part.id());
        self.parts.push(part);
        self
    }

    /// Also accepts the development SRS. For tests and for trying things out.
    #[must_use]
    pub fn allow_insecure(mut self) -> Self {
        self.allow_insecure = true;
        self
    }

    /// The verifier part with this id, if the verifier keeps it itself.
    pub fn part(&self, id: SrsId) -> Option<&VerifierSrs> {
        self.parts.iter().find(|part| part.id() == id)
    }

    /// Decides about an SRS by its id, which was computed from its points and not read from anywhere.
    ///
    /// # Errors
    /// [`CommitError::SrsInsecure`] for the development SRS without permission, even if its id was added to the list;
    /// [`CommitError::SrsNotAccepted`] for an id that is not in the list.
    pub fn check(&self, srs: &VerifierSrs) -> Result<SrsStatus, CommitError> {
        let id = srs.id();
        if id == DEVELOPMENT {
            return if self.allow_insecure || !enforced() {
                Ok(SrsStatus::Insecure)
            } else {
                Err(CommitError::SrsInsecure { id })
            };
        }
        if self.accepted.contains(&id) || !enforced() {
            Ok(SrsStatus::Accepted)
        } else {
            Err(CommitError::SrsNotAccepted { id })
        }
    }
}
