//! The verifier of zktorch: verifying keys, statements, the proof format, and [`verify`].
//!
//! A pure function of (key, policy, statement, proof): no clock, no randomness, no threads, no file system; on any bytes it
//! returns an error or accepts. What the user decides: which SRSs to trust ([`SrsPolicy`](zktorch_commit::SrsPolicy)), and which
//! model ([`ModelId`]).
#![warn(missing_docs)]

mod envelope;
mod error;
mod id;
mod key;
mod verify;

pub use envelope::ProofEnvelope;
pub use error::VerifyError;
pub use id::ModelId;
pub use key::{KeyBody, MAX_K, Port, VERSION, VerifyingKey, encode_key};
pub use verify::{Statement, verify};
