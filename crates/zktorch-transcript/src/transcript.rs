//! The Fiat-Shamir transcript.

use zktorch_field::{Fr, G1Affine, decide};
use zktorch_mutants::absorbed;

use crate::ProverRng;
use crate::engine::{Hash, Inner, Items};
#[cfg(feature = "instrument")]
use crate::probe::{Event, Probe};

/// A transcript of a public-coin protocol: what the prover said so far, and the verifier's coins as a hash of it.
///
/// It is hashed with merlin (STROBE-128), or with a chain of Keccak-256 ([`Hash`](enum@Hash)). Every message is absorbed as `label, kind,
/// count, items`, so two different sequences of messages never give the same bytes.
///
/// ```
/// use zktorch_transcript::Transcript;
///
/// let mut prover = Transcript::new(b"example v1");
/// prover.append_u64(b"size", 8);
/// let mut verifier = Transcript::new(b"example v1");
/// verifier.append_u64(b"size", 8);
/// assert_eq!(prover.challenge_scalar(b"alpha"), verifier.challenge_scalar(b"alpha"));
/// ```
#[derive(Clone)]
pub struct Transcript {
    inner: Inner,
    #[cfg(feature = "instrument")]
    probe: Option<Probe>,
}

impl core::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Transcript").finish_non_exhaustive()
    }
}

impl Transcript {
    /// Starts the transcript of `protocol` (its name and version).
    pub fn new(protocol: &'static [u8]) -> Self {
        Self::with_hash(Hash::Merlin, protocol)
    }

    /// [`new`](Self::new) with a hash of the caller's choice.
    pub fn with_hash(hash: Hash, protocol: &'static [u8]) -> Self {
        Self {
            inner: Inner::new(hash, protocol),
            #[cfg(feature = "instrument")]
            probe: None,
        }
    }

    /// Absorbs bytes.
    pub fn append_message(&mut self, label: &'static [u8], message: &[u8]) {
        self.append(label, Items::Bytes(message));
    }

    /// Absorbs a number.
    pub fn append_u64(&mut self, label: &'static [u8], number: u64) {
        self.append(label, Items::Number(number));
    }

    /// Absorbs one scalar; the same as [`append_scalars`](Self::append_scalars) of one.
    pub fn append_scalar(&mut self, label: &'static [u8], scalar: &Fr) {
        self.append_scalars(label, core::slice::from_ref(scalar));
    }

    /// Absorbs a vector of scalars with its length.
    pub fn append_scalars(&mut self, label: &'static [u8], scalars: &[Fr]) {
        self.append(label, Items::Scalars(scalars));
    }

    /// Absorbs one point; the same as [`append_points`](Self::append_points) of one.
    pub fn append_point(&mut self, label: &'static [u8], point: &G1Affine) {
        self.append_points(label, core::slice::from_ref(point));
    }

    /// Absorbs a vector of points with its length.
    pub fn append_points(&mut self, label: &'static [u8], points: &[G1Affine]) {
        self.append(label, Items::Points(points));
    }

    /// Absorbs a message of `len` scalars of which only the commitments of its rows are known.
    pub fn append_hidden(&mut self, label: &'static [u8], len: usize, rows: &[G1Affine]) {
        self.append(label, Items::Hidden(len, rows));
    }

    /// Draws a challenge.
    pub fn challenge_scalar(&mut self, label: &'static [u8]) -> Fr {
        #[cfg(feature = "instrument")]
        if let Some(programmed) = self.probe.as_ref().and_then(|p| p.squeeze(label)) {
            return programmed;
        }
        self.inner.engine_mut().challenge(label)
    }

    /// Draws a challenge that is not zero (it draws again, with probability about 2^-254).
    pub fn challenge_nonzero(&mut self, label: &'static [u8]) -> Fr {
        loop {
            let challenge = self.challenge_scalar(label);
            if decide::nonzero(&[challenge]).is_ok() {
                return challenge;
            }
        }
    }

    /// Draws `count` challenges, one after the other.
    pub fn challenge_scalars(&mut self, label: &'static [u8], count: usize) -> Vec<Fr> {
        (0..count).map(|_| self.challenge_scalar(label)).collect()
    }

    /// Fills `bytes` with challenge bytes: a digest of everything absorbed so far.
    pub fn challenge_bytes(&mut self, label: &'static [u8], bytes: &mut [u8]) {
        #[cfg(feature = "instrument")]
        if let Some(probe) = &self.probe {
            probe.record(Event::Bytes(label));
        }
        self.inner.engine_mut().digest(label, bytes);
    }

    /// The prover's randomness at this point: depends on the transcript, on `secrets` (witness or key material) and
    /// on `nonce`, which has to be fresh from the operating system for every attempt to prove
    /// ([`fresh_nonce`](crate::fresh_nonce)). Does not change the transcript.
    ///
    /// Two calls with the same nonce and secrets and no message between them return the same stream.
    pub fn rng(&self, secrets: &[&[u8]], nonce: [u8; 32]) -> ProverRng {
        self.inner.engine().rng(secrets, nonce)
    }

    fn append(&mut self, label: &'static [u8], items: Items<'_>) {
        if !absorbed(label) {
            return;
        }
        #[cfg(feature = "instrument")]
        if let Some(probe) = &self.probe
            && !probe.absorb(label)
        {
            return;
        }
        self.inner.engine_mut().absorb(label, items);
    }
}

#[cfg(feature = "instrument")]
impl Transcript {
    /// Attaches a probe, which clones of this transcript share. Only for tests of protocols.
    pub fn with_probe(mut self, probe: &Probe) -> Self {
        self.probe = Some(probe.clone());
        self
    }
}
