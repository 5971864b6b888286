//! Commitments over BN254 for zktorch: a powers-of-tau SRS, hiding vector commitments and (soon) HyperKZG openings.
//!
//! A vector `v` of at most `n = 2^k` scalars is committed as `Com(v; r) = sum_i v_i [tau^i]_1 + r H`.
#![warn(missing_docs)]

pub mod buckets;
mod chunks;
mod commitment;
mod error;
mod hash_to_curve;
pub mod hyperkzg;
pub mod msm;
mod rows;
pub mod srs;

pub use chunks::{ChunkCommitments, Coefficient};
pub use commitment::{Blind, Commitment};
pub use error::CommitError;
pub use hash_to_curve::{HIDING_DOMAIN, hiding_generator};
pub use rows::MAX_ROW;
pub use srs::{MAX_LOG_SIZE, MIN_LOG_SIZE, Srs, SrsId, SrsPolicy, SrsStatus, VerifierSrs};
