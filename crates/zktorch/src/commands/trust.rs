//! Which SRSs a verifier trusts, and why.

use anyhow::{Result, anyhow};
use zktorch::cli::AcceptedSrs;
use zktorch::container::{self, Kind};
use zktorch_commit::srs::{DEVELOPMENT, PERPETUAL_POWERS_OF_TAU};
use zktorch_commit::{SrsId, SrsPolicy, VerifierSrs};

use super::{Context, protocol};

/// A file with the verifier's part of an SRS is shorter than this.
const MAX_BYTES: u64 = 1 << 16;

/// Whether verifiers know this SRS without being told of it: to be accepted, or to be refused.
pub(super) fn is_built_in(id: SrsId) -> bool {
    [PERPETUAL_POWERS_OF_TAU, DEVELOPMENT].contains(&id)
}

/// What the user accepts.
pub(super) struct Trust {
    pub(super) policy: SrsPolicy,
    /// The SRS that was accepted by a flag, and how the flag named it.
    named: Option<(SrsId, &'static str)>,
}

impl Trust {
    /// # Errors
    /// If a file that holds an SRS to be accepted cannot be read or does not hold one.
    pub(super) fn new(
        context: &Context,
        accepted: Option<&AcceptedSrs>,
        allow_insecure: bool,
    ) -> Result<Self> {
        let (mut policy, mut named) = (SrsPolicy::new(), None);
        match accepted {
            None => {}
            Some(AcceptedSrs::Id(id)) => {
                let id = SrsId(id.0);
                named = Some((id, "accepted_id"));
                policy = policy.accept(id);
            }
            Some(AcceptedSrs::File(path)) => {
                let part = container::read(path, Kind::SrsPart, &protocol(), MAX_BYTES)?;
                let part =
                    VerifierSrs::from_bytes(&part).map_err(|error| anyhow!("{}: {error}", path.display()))?;
                let id = part.id();
                if !is_built_in(id) {
                    context.progress.warn(&format!(
                        "SRS {id} is accepted because {} holds it: whoever made that file may know the SRS's secret and \
                         forge proofs. Compare the id with one that you trust, then give it: --accept-srs {id}",
                        path.display()
                    ));
                }
                named = Some((id, "accepted_file"));
                policy = policy.accept_part(part);
            }
        }
        if allow_insecure {
            policy = policy.allow_insecure();
        }
        Ok(Self { policy, named })
    }

    /// Why an SRS that the policy accepts is accepted.
    pub(super) fn source(&self, id: SrsId) -> &'static str {
        match self.named {
            _ if id == DEVELOPMENT => "development",
            _ if id == PERPETUAL_POWERS_OF_TAU => "perpetual_powers_of_tau",
            Some((named, how)) if named == id => how,
            _ => "built_in",
        }
    }
}
