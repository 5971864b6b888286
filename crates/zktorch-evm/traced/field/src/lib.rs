//! `zktorch-field` with symbolic scalars: stands in for it where the verifier is traced.
//!
//! The crates of the verifier are built a second time, from the same files, with this crate under the name `zktorch_field`. A scalar is
//! then either a number or the name of a value on the [`tape`]; a point of G1 is a point of the curve, of which the tape knows what it
//! stands for. Vectors are scalars one after the other; everything else is `zktorch-field`'s own source.
#![warn(missing_docs)]

#[path = "../../../../zktorch-field/src/block.rs"]
pub mod block;
#[path = "../../../../zktorch-field/src/chords.rs"]
pub mod chords;
#[path = "../../../../zktorch-field/src/modulus.rs"]
pub mod modulus;
#[path = "../../../../zktorch-field/src/packed.rs"]
pub mod packed;
#[path = "../../../../zktorch-field/src/par.rs"]
pub mod par;
#[path = "../../../../zktorch-field/src/point.rs"]
pub mod point;
#[path = "../../../../zktorch-field/src/roots.rs"]
mod roots;
#[path = "../../../../zktorch-field/src/row.rs"]
pub mod row;
#[path = "../../../../zktorch-field/src/slice/mod.rs"]
pub mod slice;
#[path = "../../../../zktorch-field/src/task.rs"]
pub mod task;

#[path = "../../../../zktorch-field/src/error.rs"]
mod error;
#[allow(dead_code, reason = "prefetches are for the other backends")]
#[path = "../../../../zktorch-field/src/memory.rs"]
mod memory;
#[allow(dead_code, reason = "its scalars are numbers, which nothing here computes with")]
#[path = "../../../../zktorch-field/src/portable/mod.rs"]
mod portable;

pub mod backend;
pub mod decide;
pub mod tape;

mod curve;
mod element;
mod fr;
mod invert;
mod lanes;
mod scalar;

pub use ark_bn254::{Fq, Fq2};

pub use backend::{Backend, BackendKind, Kernel, dispatch, dispatch_on};
pub use block::{Block, Halves, HalvesMut, PackedVec};
pub use chords::{CHORDS, Chords};
pub use curve::{Bn254, G1Affine, G1Projective, G2Affine, G2Projective};
pub use error::FieldError;
pub use fr::Fr;
pub use invert::invert;
pub use modulus::Element;
pub use packed::{Ints, LANES, Mask, Packed, PackedPoints};
pub use point::{RawAffine, ScratchPoint};
pub use roots::square_roots;
pub use row::Row;
pub use scalar::Symbolic;
