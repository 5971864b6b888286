//! Multi-scalar multiplication.

use ark_ec::VariableBaseMSM;
use zktorch_field::{Fr, G1Affine, G1Projective};

/// `sum_i scalars[i] bases[i]` over the shorter of the two slices.
pub fn msm(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    G1Projective::msm_unchecked(bases, scalars)
}
