//! The verifier part of an SRS and its id.

use std::sync::OnceLock;

use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use sha2::{Digest, Sha256, Sha512};
use zktorch_field::{G1Affine, G2Affine, RawAffine};
use zktorch_mutants::enforced;
use zktorch_transcript::wire;

use super::{consistency, dev};
use crate::CommitError;
use crate::hash_to_curve::{HIDING_DOMAIN, hiding_generator};

/// Powers of tau in G1 that a verifier needs: an interpolant through the nine points of an opening has degree 8.
pub const VERIFIER_G1: usize = 9;
/// Powers of tau in G2 that a verifier needs: the vanishing polynomial of those nine points has degree 9.
pub const VERIFIER_G2: usize = 10;

const G1_BYTES: usize = 32;
const G2_BYTES: usize = 64;

/// The identity of an SRS: a hash of its verifier part, independent of the number of powers the prover has.
///
/// `[tau]_1` and `[tau]_2` determine every other power, so two consistent SRSs with the same id have the same powers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SrsId(pub [u8; 32]);

impl core::fmt::Display for SrsId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::fmt::Debug for SrsId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SrsId({self})")
    }
}

/// What a verifier needs of an SRS: `[tau^0..tau^8]_1`, `[tau^0..tau^9]_2` and the derivation of `H`.
///
/// A value of this type is consistent: its points are in their groups and powers of one tau that is not degenerate, and
/// its id was computed from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSrs {
    g1: [G1Affine; VERIFIER_G1],
    g2: [G2Affine; VERIFIER_G2],
    id: SrsId,
}

impl VerifierSrs {
    /// Bytes of the encoding: all points compressed, those of G2 first.
    pub const BYTES: usize = VERIFIER_G2 * G2_BYTES + VERIFIER_G1 * G1_BYTES;

    /// The verifier part of the development SRS.
    pub fn dev() -> Self {
        static DEV: OnceLock<VerifierSrs> = OnceLock::new();
        DEV.get_or_init(|| {
            let (p1, p2) = (dev::powers_g1(VERIFIER_G1), dev::powers_g2(VERIFIER_G2));
            Self::from_consistent(
                core::array::from_fn(|i| p1[i].to_affine_unchecked()),
                core::array::from_fn(|i| p2[i]),
            )
        })
        .clone()
    }

    /// Checks points and wraps them.
    ///
    /// # Errors
    /// [`CommitError::InvalidPoint`] for a point outside its group, or infinity; [`CommitError::Generator`],
    /// [`CommitError::DegenerateTau`], [`CommitError::InconsistentPowers`] unless the points are the first powers of a
    /// tau whose powers differ.
    ///
    /// Costs about 3 ms.
    pub fn new(g1: [G1Affine; VERIFIER_G1], g2: [G2Affine; VERIFIER_G2]) -> Result<Self, CommitError> {
        if let Some(index) = g1.iter().position(|p| p.is_zero() || !p.is_on_curve())
            && enforced()
        {
            return Err(CommitError::InvalidPoint { what: "powers of tau in G1", index });
        }
        let in_g2 =
            |p: &G2Affine| !p.is_zero() && p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve();
        if let Some(index) = g2.iter().position(|p| !in_g2(p))
            && enforced()
        {
            return Err(CommitError::InvalidPoint { what: "powers of tau in G2", index });
        }
        let part = Self::from_consistent(g1, g2);
        let hash = Sha512::new().chain_update(b"zktorch SRS verifier part").chain_update(part.id.0);
        consistency::check_verifier_part(&part.g1, &part.g2, consistency::to_scalar(hash))?;
        Ok(part)
    }

    /// Wraps points that are known to be consistent.
    fn from_consistent(g1: [G1Affine; VERIFIER_G1], g2: [G2Affine; VERIFIER_G2]) -> Self {
        let id = SrsId(Sha256::digest(id_preimage(&g1, &g2)).into());
        Self { g1, g2, id }
    }

    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode_points(&self.g1, &self.g2)
    }

    /// Decodes and checks a verifier part.
    ///
    /// # Errors
    /// [`CommitError::Length`] for other lengths than [`BYTES`](Self::BYTES); [`CommitError::InvalidPoint`] and
    /// [`CommitError::Encoding`] for bytes that are no canonical encoding of points of the groups; else as
    /// [`new`](Self::new).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CommitError> {
        if bytes.len() != Self::BYTES && enforced() {
            return Err(CommitError::Length {
                what: "verifier SRS bytes",
                expected: Self::BYTES,
                got: bytes.len(),
            });
        }
        let (bytes_2, bytes_1) = bytes.split_at(VERIFIER_G2 * G2_BYTES);
        let mut g2 = [G2Affine::identity(); VERIFIER_G2];
        for (index, (point, bytes)) in g2.iter_mut().zip(bytes_2.as_chunks::<G2_BYTES>().0).enumerate() {
            *point =
                decode_g2(bytes).ok_or(CommitError::InvalidPoint { what: "powers of tau in G2", index })?;
        }
        let mut g1 = [G1Affine::identity(); VERIFIER_G1];
        for (point, bytes) in g1.iter_mut().zip(bytes_1.as_chunks::<G1_BYTES>().0) {
            *point = wire::point_from_bytes(bytes, "powers of tau in G1")?;
        }
        Self::new(g1, g2)
    }

    /// `[tau^0..tau^8]_1`.
    pub fn g1(&self) -> &[G1Affine; VERIFIER_G1] {
        &self.g1
    }

    /// `[tau^0..tau^9]_2`.
    pub fn g2(&self) -> &[G2Affine; VERIFIER_G2] {
        &self.g2
    }

    /// The hiding generator `H` (derived, never read).
    pub fn hiding_generator(&self) -> G1Affine {
        hiding_generator()
    }

    /// The id: a hash of the points and of the derivation of `H`.
    pub fn id(&self) -> SrsId {
        self.id
    }

    /// Whether `bases` start with the powers in G1 of this part.
    pub(super) fn starts(&self, bases: &[RawAffine]) -> bool {
        bases.len() >= VERIFIER_G1 && self.g1.iter().zip(bases).all(|(p, b)| b.to_affine() == Some(*p))
    }
}

/// Everything the id depends on: a version, the domain of `H`, the points.
fn id_preimage(g1: &[G1Affine], g2: &[G2Affine]) -> Vec<u8> {
    let mut bytes = b"zktorch SRS id v1, H = hash to curve: ".to_vec();
    bytes.extend_from_slice(HIDING_DOMAIN.as_bytes());
    bytes.extend_from_slice(&encode_points(g1, g2));
    bytes
}

fn encode_points(g1: &[G1Affine], g2: &[G2Affine]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(VerifierSrs::BYTES);
    for point in g2 {
        // Writing to a vector cannot fail.
        let written = point.serialize_compressed(&mut bytes);
        debug_assert!(written.is_ok());
    }
    g1.iter().for_each(|p| bytes.extend_from_slice(&wire::point_to_bytes(p)));
    bytes
}

/// A point of G2 from its canonical compressed encoding, subgroup included.
fn decode_g2(bytes: &[u8; G2_BYTES]) -> Option<G2Affine> {
    let point = G2Affine::deserialize_compressed(&bytes[..]).ok()?;
    // arkworks ignores coordinates beside the infinity flag: only the canonical bytes are accepted.
    let mut again = [0u8; G2_BYTES];
    point.serialize_compressed(&mut again[..]).ok()?;
    (again == *bytes).then_some(point)
}
