//! BN254 fields for zktorch.
#![warn(missing_docs)]

/// The scalar field F of BN254 (254 bits, 2-adic): every tensor, challenge and claim lives here.
pub use ark_bn254::Fr;
/// The base field of BN254: coordinates of G1 points.
pub use ark_bn254::Fq;
/// The pairing engine and its groups.
pub use ark_bn254::{Bn254, Fq2, G1Affine, G1Projective, G2Affine, G2Projective};
