//! The prover's driver: [`setup`] commits to a model's weights, [`ProvingKey::prove`] proves an inference.
//!
//! Knows quantised graphs, not ONNX; bytes and an SRS, not files and flags.
#![warn(missing_docs)]

mod error;
mod key;
mod prove;
mod setup;
mod size;

pub use error::ProverError;
pub use key::ProvingKey;
pub use prove::Proved;
pub use setup::{Model, setup};
pub use size::{choose_k, committed_values};
