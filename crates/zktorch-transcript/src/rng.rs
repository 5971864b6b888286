//! The prover's randomness.

use ark_std::rand::{CryptoRng, Error, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

/// A random generator bound to a transcript, to secrets and to a nonce; see [`Transcript::rng`](crate::Transcript::rng).
///
/// Blinds and masks come from here: if the nonce is ever repeated, different transcripts or secrets still give
/// independent streams, and if the secrets are guessable the nonce still protects them.
///
/// The transcript's hash derives a 32-byte seed; ChaCha20 expands it, because a mask has as many scalars as a chunk (a permutation of
/// Keccak for every scalar would take longer than committing to them).
pub struct ProverRng(ChaCha20Rng);

impl ProverRng {
    pub(crate) fn from_merlin(builder: merlin::TranscriptRngBuilder, nonce: [u8; 32]) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        builder.finalize(&mut Nonce(nonce)).fill_bytes(&mut seed[..]);
        Self::from_seed(seed)
    }

    pub(crate) fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        Self(ChaCha20Rng::from_seed(*seed))
    }
}

impl core::fmt::Debug for ProverRng {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProverRng").finish_non_exhaustive()
    }
}

impl RngCore for ProverRng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill_bytes(dest);
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.0.try_fill_bytes(dest)
    }
}

impl CryptoRng for ProverRng {}

/// Hands the nonce to merlin, which asks an external generator for exactly 32 bytes.
struct Nonce([u8; 32]);

impl RngCore for Nonce {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }
    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.iter_mut().zip(self.0).for_each(|(out, byte)| *out = byte);
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Nonce {}

/// 32 fresh bytes from the operating system, for one attempt to prove.
///
/// # Errors
/// [`TranscriptError::NoRandomness`](crate::TranscriptError::NoRandomness) if it gives none.
#[cfg(feature = "os-rng")]
pub fn fresh_nonce() -> Result<[u8; 32], crate::TranscriptError> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce)
        .map_err(|error| crate::TranscriptError::NoRandomness { reason: error.to_string() })?;
    Ok(nonce)
}
