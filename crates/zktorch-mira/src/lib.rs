//! Mira for zktorch: accumulation of pairing-based openings.
//!
//! Every block protocol ends in claims "the vector v committed in C satisfies `<v, u> = y`". This crate brings any number
//! of them down to one opening.

mod error;
mod functional;
mod kernels;
mod module;
mod opening;
mod tiers;

pub mod decider;
pub mod levels;
pub mod mask;
pub mod pair;
pub mod plan;
pub mod relation;
pub mod tree;

pub use self::error::MiraError;
pub use self::functional::Functional;
pub use self::module::Module;
pub use self::opening::{ChunkOpening, DenseWitness, OpeningInstance, OpeningWitness};
