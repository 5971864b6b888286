//! The Fiat-Shamir transcript.

use ark_ff::{PrimeField, Zero};
use zktorch_field::{Fr, G1Affine};
use zktorch_mutants::absorbed;

use crate::ProverRng;
#[cfg(feature = "instrument")]
use crate::probe::{Event, Probe};
use crate::wire::{POINT_BYTES, SCALAR_BYTES, point_to_bytes, scalar_to_bytes};

/// What a message holds. It is absorbed with the message, so that values of different types never collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Bytes = 1,
    U64 = 2,
    Scalars = 3,
    Points = 4,
    Hidden = 5,
}

/// A transcript of a public-coin protocol: what the prover said so far, and the verifier's coins as a hash of it.
///
/// It wraps merlin (STROBE-128). Every message is absorbed as `label, kind, count, items`, all of them
/// length-prefixed, so two different sequences of messages never give the same bytes. A challenge is the reduction
/// of 64 bytes modulo the 254-bit order: its distance from uniform is below 2^-257.
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
    inner: merlin::Transcript,
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
        Self {
            inner: merlin::Transcript::new(protocol),
            #[cfg(feature = "instrument")]
            probe: None,
        }
    }

    /// Absorbs bytes.
    pub fn append_message(&mut self, label: &'static [u8], message: &[u8]) {
        self.append(label, Kind::Bytes, message.len(), message);
    }

    /// Absorbs a number.
    pub fn append_u64(&mut self, label: &'static [u8], number: u64) {
        self.append(label, Kind::U64, 1, &number.to_le_bytes());
    }

    /// Absorbs one scalar; the same as [`append_scalars`](Self::append_scalars) of one.
    pub fn append_scalar(&mut self, label: &'static [u8], scalar: &Fr) {
        self.append_scalars(label, core::slice::from_ref(scalar));
    }

    /// Absorbs a vector of scalars with its length.
    pub fn append_scalars(&mut self, label: &'static [u8], scalars: &[Fr]) {
        let mut items = Vec::with_capacity(scalars.len() * SCALAR_BYTES);
        scalars.iter().for_each(|s| items.extend_from_slice(&scalar_to_bytes(s)));
        self.append(label, Kind::Scalars, scalars.len(), &items);
    }

    /// Absorbs one point; the same as [`append_points`](Self::append_points) of one.
    pub fn append_point(&mut self, label: &'static [u8], point: &G1Affine) {
        self.append_points(label, core::slice::from_ref(point));
    }

    /// Absorbs a vector of points with its length.
    pub fn append_points(&mut self, label: &'static [u8], points: &[G1Affine]) {
        self.append(label, Kind::Points, points.len(), &points_to_bytes(points));
    }

    /// Absorbs a message of `len` scalars of which only the commitments of its rows are known.
    pub fn append_hidden(&mut self, label: &'static [u8], len: usize, rows: &[G1Affine]) {
        self.append(label, Kind::Hidden, len, &points_to_bytes(rows));
    }

    /// Draws a challenge.
    pub fn challenge_scalar(&mut self, label: &'static [u8]) -> Fr {
        #[cfg(feature = "instrument")]
        if let Some(programmed) = self.probe.as_ref().and_then(|p| p.squeeze(label)) {
            return programmed;
        }
        let mut bytes = [0; 64];
        self.inner.challenge_bytes(label, &mut bytes);
        Fr::from_le_bytes_mod_order(&bytes)
    }

    /// Draws a challenge that is not zero (it draws again, with probability about 2^-254).
    pub fn challenge_nonzero(&mut self, label: &'static [u8]) -> Fr {
        loop {
            let challenge = self.challenge_scalar(label);
            if !challenge.is_zero() {
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
        self.inner.challenge_bytes(label, bytes);
    }

    /// The prover's randomness at this point: depends on the transcript, on `secrets` (witness or key material) and
    /// on `nonce`, which has to be fresh from the operating system for every attempt to prove
    /// ([`fresh_nonce`](crate::fresh_nonce)). Does not change the transcript.
    ///
    /// Two calls with the same nonce and secrets and no message between them return the same stream.
    pub fn rng(&self, secrets: &[&[u8]], nonce: [u8; 32]) -> ProverRng {
        let builder = self.inner.build_rng();
        let builder = secrets
            .iter()
            .fold(builder, |builder, secret| builder.rekey_with_witness_bytes(b"secret", secret));
        ProverRng::new(builder, nonce)
    }

    fn append(&mut self, label: &'static [u8], kind: Kind, count: usize, items: &[u8]) {
        if !absorbed(label) {
            return;
        }
        #[cfg(feature = "instrument")]
        if let Some(probe) = &self.probe
            && !probe.absorb(label)
        {
            return;
        }
        let mut message = Vec::with_capacity(9 + items.len());
        message.push(kind as u8);
        message.extend_from_slice(&(count as u64).to_le_bytes());
        message.extend_from_slice(items);
        self.inner.append_message(label, &message);
    }
}

fn points_to_bytes(points: &[G1Affine]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len() * POINT_BYTES);
    points.iter().for_each(|p| bytes.extend_from_slice(&point_to_bytes(p)));
    bytes
}

#[cfg(feature = "instrument")]
impl Transcript {
    /// Attaches a probe, which clones of this transcript share. Only for tests of protocols.
    pub fn with_probe(mut self, probe: &Probe) -> Self {
        self.probe = Some(probe.clone());
        self
    }
}
