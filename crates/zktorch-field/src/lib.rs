//! BN254 fields for zktorch.
#![warn(missing_docs)]

pub mod backend;
pub mod block;
pub mod modulus;
pub mod packed;
pub mod par;
pub mod point;
pub mod row;
pub mod slice;

mod error;
mod invert;
mod memory;

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
#[cfg(test)]
mod tests;

pub use backend::{Backend, BackendKind, Kernel, dispatch, dispatch_on};
pub use block::{Block, Halves, HalvesMut, PackedVec};
pub use error::FieldError;
pub use invert::invert;
pub use modulus::Element;
pub use packed::{Ints, LANES, Mask, Packed, PackedPoints};
pub use point::{RawAffine, ScratchPoint};
pub use row::Row;

/// The base field of BN254: coordinates of G1 points.
pub use ark_bn254::Fq;
/// The scalar field F of BN254 (254 bits, 2-adic): every tensor, challenge and claim lives here.
pub use ark_bn254::Fr;
/// The pairing engine and its groups.
pub use ark_bn254::{Bn254, Fq2, G1Affine, G1Projective, G2Affine, G2Projective};
