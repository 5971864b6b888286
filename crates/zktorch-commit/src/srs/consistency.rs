//! Checks that points are the powers of one tau.

use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{Field, PrimeField, Zero};
use sha2::{Digest, Sha256, Sha512};
use zktorch_field::{Bn254, Fr, G1Affine, G2Affine, G2Projective, RawAffine, par};
use zktorch_mutants::enforced;

use super::bases::{checked_point, encode_point};
use super::verifier::{VERIFIER_G1, VerifierSrs};
use crate::{CommitError, msm};

/// Checks a verifier part whose points are known to be in their groups: generators first, distinct small powers,
/// `e([tau^{i+1}]_1, [1]_2) = e([tau^i]_1, [tau]_2)` and `e([tau]_1, [tau^j]_2) = e([1]_1, [tau^{j+1}]_2)`, each family in
/// a random linear combination (error at most `2^-250`).
pub(super) fn check_verifier_part(g1: &[G1Affine], g2: &[G2Affine], rho: Fr) -> Result<(), CommitError> {
    let (what_1, what_2) = ("powers of tau in G1", "powers of tau in G2");
    let ([one_1, tau_1, ..], [one_2, tau_2, ..]) = (g1, g2) else {
        return Err(CommitError::Length { what: what_1, expected: VERIFIER_G1, got: g1.len() });
    };
    if *one_1 != G1Affine::generator() && enforced() {
        return Err(CommitError::Generator { what: what_1 });
    }
    if *one_2 != G2Affine::generator() && enforced() {
        return Err(CommitError::Generator { what: what_2 });
    }
    for (second, p) in g1.iter().enumerate() {
        if let Some(first) = g1[..second].iter().position(|q| q.x == p.x)
            && enforced()
        {
            return Err(CommitError::DegenerateTau { first, second });
        }
    }
    // G2 has one power more: a tau of order nine shows only there.
    for (second, p) in g2.iter().enumerate() {
        if let Some(first) = g2[..second].iter().position(|q| q.x == p.x)
            && enforced()
        {
            return Err(CommitError::DegenerateTau { first, second });
        }
    }
    let rhos = |count: usize| -> Vec<Fr> {
        core::iter::successors(Some(Fr::from(1u64)), |x| Some(*x * rho)).take(count).collect()
    };
    let combine_1 = |points: &[G1Affine]| {
        <G1Affine as AffineRepr>::Group::msm_unchecked(points, &rhos(points.len())).into_affine()
    };
    let combine_2 =
        |points: &[G2Affine]| G2Projective::msm_unchecked(points, &rhos(points.len())).into_affine();
    if !equal_pairings(combine_1(&g1[1..]), *one_2, combine_1(&g1[..g1.len() - 1]), *tau_2) && enforced() {
        return Err(CommitError::InconsistentPowers { what: what_1 });
    }
    if !equal_pairings(*tau_1, combine_2(&g2[..g2.len() - 1]), *one_1, combine_2(&g2[1..])) && enforced() {
        return Err(CommitError::InconsistentPowers { what: what_2 });
    }
    Ok(())
}

/// Checks that `bases` are points of the curve and the powers of the tau of `verifier`, which was checked before:
/// `e(sum_i rho^i P_{i+1}, [1]_2) = e(sum_i rho^i P_i, [tau]_2)`, `P_0` the generator. `rho` hashes all points, so its
/// error is `n / |F|` an attempt. Costs two full-width MSMs.
pub(super) fn check_bases(bases: &[RawAffine], verifier: &VerifierSrs) -> Result<(), CommitError> {
    let what = "powers of tau in G1";
    const CHUNK: usize = 1 << 12;
    let invalid = par::map(bases.len().div_ceil(CHUNK), |i| {
        let chunk = &bases[i * CHUNK..bases.len().min((i + 1) * CHUNK)];
        chunk.iter().position(|p| checked_point(p).is_none()).map(|at| i * CHUNK + at)
    });
    if let Some(index) = invalid.into_iter().flatten().next()
        && enforced()
    {
        return Err(CommitError::InvalidPoint { what, index });
    }
    let (Some(first), Some(last)) = (bases.first(), bases.len().checked_sub(1)) else {
        return Err(CommitError::Length { what, expected: VERIFIER_G1, got: 0 });
    };
    if checked_point(first) != Some(G1Affine::generator()) && enforced() {
        return Err(CommitError::Generator { what });
    }
    let rho = challenge(bases, verifier);
    let rhos: Vec<Fr> = core::iter::successors(Some(Fr::ONE), |x| Some(*x * rho)).take(last).collect();
    let low = msm::msm(&bases[..last], &rhos).into_affine();
    let high = msm::msm(&bases[1..], &rhos).into_affine();
    let g2 = verifier.g2();
    if equal_pairings(high, g2[0], low, g2[1]) || !enforced() {
        Ok(())
    } else {
        Err(CommitError::InconsistentPowers { what })
    }
}

/// `e(a, b) = e(c, d)`.
fn equal_pairings(a: G1Affine, b: G2Affine, c: G1Affine, d: G2Affine) -> bool {
    Bn254::multi_pairing([a, -c], [b, d]).is_zero()
}

fn challenge(bases: &[RawAffine], verifier: &VerifierSrs) -> Fr {
    let mut hash = Sha256::new();
    bases.iter().for_each(|p| hash.update(encode_point(p)));
    to_scalar(
        Sha512::new()
            .chain_update(b"zktorch SRS bases")
            .chain_update(verifier.id().0)
            .chain_update(hash.finalize()),
    )
}

/// The hash as a scalar.
pub(super) fn to_scalar(hash: Sha512) -> Fr {
    Fr::from_le_bytes_mod_order(&hash.finalize())
}
