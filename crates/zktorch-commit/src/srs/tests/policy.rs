//! What a verifier accepts.

use zktorch_field::{Fr, G1Affine, G2Affine};
use zktorch_transcript::Transcript;

use super::super::policy::{DEVELOPMENT, PERPETUAL_POWERS_OF_TAU};
use super::super::{SrsId, SrsPolicy, SrsStatus, VerifierSrs};
use super::ptau::{ceremony, powers};
use crate::hyperkzg::{evaluate, open, verify};
use crate::srs::Srs;
use crate::{CommitError, Commitment};

#[test]
fn the_development_srs_needs_permission() {
    let dev = VerifierSrs::dev();
    assert_eq!(dev.id(), DEVELOPMENT);
    let refused = Err(CommitError::SrsInsecure { id: DEVELOPMENT });
    assert_eq!(SrsPolicy::new().check(&dev), refused);
    // Adding it to the list is not permission: the status follows from the id.
    assert_eq!(SrsPolicy::new().accept(DEVELOPMENT).check(&dev), refused);
    assert_eq!(SrsPolicy::new().accept_part(dev.clone()).check(&dev), refused);
    assert_eq!(SrsPolicy::new().allow_insecure().check(&dev), Ok(SrsStatus::Insecure));
    // The id is independent of n.
    assert_eq!(Srs::dev(4).unwrap().verifier().id(), Srs::dev(6).unwrap().verifier().id());
}

/// A proof under the development SRS is a good proof, and for that reason worthless: who asks the policy first refuses it,
/// however its verifier part arrives.
#[test]
fn a_dev_srs_proof_without_permission_is_refused() {
    let srs = Srs::dev(4).unwrap();
    let vector: Vec<Fr> = (1..=16u64).map(Fr::from).collect();
    let point = [3u64, 5, 7, 11].map(Fr::from);
    let value = evaluate(&vector, &point).unwrap();
    let commitment = Commitment::from(srs.commit_without_blind(&vector).unwrap());
    let transcript = || Transcript::new(b"policy test");
    let proof = open(&srs, &mut transcript(), commitment, &vector, &point, value).unwrap();

    let read = VerifierSrs::from_bytes(&srs.verifier().to_bytes()).unwrap();
    for part in [srs.verifier(), &read, &VerifierSrs::dev()] {
        let check = |policy: SrsPolicy| -> Result<SrsStatus, CommitError> {
            let status = policy.check(part)?;
            verify(part, &mut transcript(), 4, commitment, &point, value, &proof)?;
            Ok(status)
        };
        let refused = Err(CommitError::SrsInsecure { id: DEVELOPMENT });
        assert_eq!(check(SrsPolicy::new()), refused);
        assert_eq!(check(SrsPolicy::empty().accept(part.id()).accept_part(part.clone())), refused);
        assert_eq!(check(SrsPolicy::new().allow_insecure()), Ok(SrsStatus::Insecure));
    }
}

#[test]
fn other_srss_need_to_be_in_the_list() {
    let other = ceremony(7u64);
    let refused = Err(CommitError::SrsNotAccepted { id: other.id() });
    assert_eq!(SrsPolicy::new().check(&other), refused);
    assert_eq!(SrsPolicy::new().allow_insecure().check(&other), refused);
    assert_eq!(SrsPolicy::empty().accept(PERPETUAL_POWERS_OF_TAU).check(&other), refused);
    assert_eq!(SrsPolicy::empty().accept(other.id()).check(&other), Ok(SrsStatus::Accepted));

    let policy = SrsPolicy::new().accept_part(other.clone());
    assert_eq!(policy.check(&other), Ok(SrsStatus::Accepted));
    assert_eq!(policy.part(other.id()), Some(&other));
    assert_eq!(policy.part(SrsId([1; 32])), None);
}

/// An accepted SRS whose powers in G2 were replaced by those of another tau (under which the prover could cheat) either
/// is not consistent, or has another id: the id is recomputed from the points.
#[test]
fn accepted_srs_id_with_foreign_g2_powers() {
    let accepted = ceremony(7u64);
    let policy = SrsPolicy::empty().accept(accepted.id());
    let foreign = ceremony(9u64);

    let mixed = VerifierSrs::new(*accepted.g1(), *foreign.g2());
    assert_eq!(mixed, Err(CommitError::InconsistentPowers { what: "powers of tau in G1" }));
    let mut bytes = foreign.to_bytes();
    let g1 = accepted.to_bytes();
    bytes[640..].copy_from_slice(&g1[640..]);
    assert_eq!(VerifierSrs::from_bytes(&bytes), mixed);

    // Both groups foreign: consistent, and therefore known by its own id.
    let (g1, g2): (Vec<G1Affine>, Vec<G2Affine>) = powers(9u64);
    let whole = VerifierSrs::new(core::array::from_fn(|i| g1[i]), core::array::from_fn(|i| g2[i])).unwrap();
    assert_eq!(policy.check(&whole), Err(CommitError::SrsNotAccepted { id: foreign.id() }));
    assert_eq!(policy.check(&accepted), Ok(SrsStatus::Accepted));
}
