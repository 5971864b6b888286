//! The basic blocks of zktorch: statements about committed tensors, reduced to evaluation claims.
//!
//! Each block has a folder: what it states, the reduction with its soundness error, the verifier's side and the prover's.
//!
//! | block | what it proves | how |
//! |---|---|---|
//! | [`linear`] | `acc + floor(D/2) = D y + r`: rescaling, sums, scale alignment | at one random point |
//! | [`contract`] | convolutions, matrix products, elementwise products | one sumcheck instance, degree 2 or 3 |
//! | [`reindex`] | transposes, windows, slices, padding, broadcasts, sums | nothing, or one sumcheck instance |
//! | [`lookup`] | ranges and functions of one variable | committed inverse columns |
//!
//! No block opens anything: they return claims, which [`network`] hands to the accumulator of `zktorch-mira` over the hidden
//! channel of `zktorch-channel`. A [`Network`] is a graph with its layout; a [`Statement`] adds commitments and public values;
//! [`Statement::verify`] checks a [`NetworkProof`].
#![warn(missing_docs)]

#[cfg(feature = "prover")]
mod array;
mod claims;
mod contract;
mod error;
mod linear;
mod lookup;
mod network;
mod pad;
mod point;
mod reindex;
#[cfg(test)]
mod test_util;

pub use error::BlockError;
pub use network::{Network, NetworkProof, ROW_COLUMNS, Statement};
#[cfg(feature = "prover")]
pub use network::{Private, Witness, prove};
