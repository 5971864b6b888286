//! The fields of BN254 in vectors of eight.
//!
//! At rest everything is in one form, canonical Montgomery residues (R = 2^256) as arkworks has them, in arrays or in
//! blocks of eight ([`Block`], [`PackedVec`]). Between rest and rest a kernel computes on packed vectors ([`Packed`]): with AVX-512
//! IFMA five 52-bit limbs in eight lanes, elsewhere eight elements one after the other. The backend is chosen at run time
//! ([`dispatch`]); results are the same bit for bit. Kernels are written once, over [`Backend`]; the common ones are in
//! [`slice`](mod@slice).
//!
//! ```
//! use zktorch_field::slice::{batch_inverse, bind, inner_product, inner_product_small};
//! use zktorch_field::{Fr, PackedVec};
//!
//! // <a, b>, and with small integers, which are never converted to field elements.
//! let a: Vec<Fr> = (1..=16u64).map(Fr::from).collect();
//! assert_eq!(inner_product(&a, &a)?, Fr::from(1496u64));
//! let small: Vec<i16> = (1..=16).map(|i| -i).collect();
//! assert_eq!(inner_product_small(&a, &small)?, -Fr::from(1496u64));
//!
//! // v[j] + r (v[j + 8] - v[j]): the first variable of a multilinear polynomial bound to r.
//! let mut v = PackedVec::from_slice(&a);
//! bind(&mut v, Fr::from(2u64))?;
//! assert_eq!((v.len(), v.get(0)), (8, Fr::from(17u64)));
//!
//! // Sixteen inverses with one inversion.
//! let mut inverses = a.clone();
//! batch_inverse(&mut inverses);
//! assert_eq!(inverses[2] * a[2], Fr::from(1u64));
//! # Ok::<(), zktorch_field::FieldError>(())
//! ```
#![warn(missing_docs)]

pub mod backend;
pub mod block;
pub mod chords;
pub mod decide;
pub mod modulus;
pub mod packed;
pub mod par;
pub mod point;
pub mod row;
pub mod slice;
pub mod task;

mod element;
mod error;
mod invert;
mod memory;
mod roots;

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
#[cfg(test)]
mod tests;

pub use backend::{Backend, BackendKind, Kernel, dispatch, dispatch_on};
pub use block::{Block, Halves, HalvesMut, PackedVec};
pub use chords::{CHORDS, Chords};
pub use error::FieldError;
pub use invert::invert;
pub use memory::give_back;
pub use modulus::Element;
pub use packed::{Ints, LANES, Mask, Packed, PackedPoints};
pub use point::{RawAffine, ScratchPoint};
pub use roots::square_roots;
pub use row::Row;

/// The base field of BN254: coordinates of G1 points.
pub use ark_bn254::Fq;
/// The scalar field F of BN254 (254 bits, 2-adic): every tensor, challenge and claim lives here.
pub use ark_bn254::Fr;
/// The pairing engine and its groups.
pub use ark_bn254::{Bn254, Fq2, G1Affine, G1Projective, G2Affine, G2Projective};
