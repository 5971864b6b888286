//! Typed Fiat-Shamir transcripts, and the abstract scalars and channels that verifiers are written against.

mod channel;
mod clear;
mod error;
mod linear;
#[cfg(feature = "instrument")]
pub mod probe;
mod rng;
mod scalar;
mod transcript;
pub mod wire;

pub use channel::{ProverChannel, VerifierChannel};
pub use clear::{ClearProver, ClearVerifier};
pub use error::TranscriptError;
pub use linear::LinearCombination;
pub use rng::ProverRng;
#[cfg(feature = "os-rng")]
pub use rng::fresh_nonce;
pub use scalar::Scalar;
pub use transcript::Transcript;
