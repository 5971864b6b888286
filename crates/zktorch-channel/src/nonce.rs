//! The nonce of one attempt to prove.

use zeroize::{Zeroize, ZeroizeOnDrop};
#[cfg(feature = "os-rng")]
use zktorch_transcript::{TranscriptError, fresh_nonce};

/// 32 bytes that no other attempt to prove has used. Not `Clone`: a channel consumes it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Nonce([u8; 32]);

impl Nonce {
    /// Fresh bytes from the operating system.
    ///
    /// # Errors
    /// [`TranscriptError::NoRandomness`].
    #[cfg(feature = "os-rng")]
    pub fn fresh() -> Result<Self, TranscriptError> {
        Ok(Self(fresh_nonce()?))
    }

    /// These bytes: where the caller has its own source of randomness, and for reproducible tests.
    ///
    /// With the same nonce, transcript and secrets the masks of two proofs are the same; if the witnesses differ, the
    /// two proofs together reveal them.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl core::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonce(..)")
    }
}
