//! The verifier part of an SRS and its id.

use std::sync::OnceLock;

use ark_serialize::CanonicalSerialize;
use sha2::{Digest, Sha256};
use zktorch_field::{G1Affine, G2Affine};

use super::dev;
use crate::hash_to_curve::{HIDING_DOMAIN, hiding_generator};

/// Powers of tau in G1 that a verifier needs: an interpolant through the nine points of an opening has degree 8.
pub(crate) const VERIFIER_G1: usize = 9;
/// Powers of tau in G2 that a verifier needs: the vanishing polynomial of those nine points has degree 9.
pub(crate) const VERIFIER_G2: usize = 10;

/// The identity of an SRS: a hash of its verifier part, independent of the number of powers the prover has.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSrs {
    g1: [G1Affine; VERIFIER_G1],
    g2: [G2Affine; VERIFIER_G2],
    id: SrsId,
}

impl VerifierSrs {
    /// The verifier part of the development SRS.
    pub fn dev() -> Self {
        static DEV: OnceLock<VerifierSrs> = OnceLock::new();
        DEV.get_or_init(|| {
            let (p1, p2) = (dev::powers_g1(VERIFIER_G1), dev::powers_g2(VERIFIER_G2));
            Self::from_points(core::array::from_fn(|i| p1[i]), core::array::from_fn(|i| p2[i]))
        })
        .clone()
    }

    /// Wraps points that are known to be consistent; the id is always computed from them.
    pub(crate) fn from_points(g1: [G1Affine; VERIFIER_G1], g2: [G2Affine; VERIFIER_G2]) -> Self {
        let id = compute_id(&g1, &g2);
        Self { g1, g2, id }
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
}

/// SHA-256 over a version label, the points (compressed, in order) and the domain that `H` is derived under.
fn compute_id(g1: &[G1Affine], g2: &[G2Affine]) -> SrsId {
    let mut bytes = b"zktorch SRS id v1".to_vec();
    for point in g2 {
        // Writing to a vector cannot fail.
        let _ = point.serialize_compressed(&mut bytes);
    }
    for point in g1 {
        let _ = point.serialize_compressed(&mut bytes);
    }
    bytes.extend_from_slice(HIDING_DOMAIN.as_bytes());
    SrsId(Sha256::digest(&bytes).into())
}
