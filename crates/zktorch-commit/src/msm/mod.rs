//! Multi-scalar multiplication.

use ark_ec::VariableBaseMSM;
use zktorch_field::{Fr, G1Affine, G1Projective, RawAffine};

/// `sum_i scalars[i] bases[i]` over the shorter of the two slices.
pub fn msm(bases: &[RawAffine], scalars: &[Fr]) -> G1Projective {
    let bases: Vec<G1Affine> = bases.iter().map(RawAffine::to_affine_unchecked).collect();
    G1Projective::msm_unchecked(&bases, scalars)
}
