//! The verifier of zktorch: verifying keys, statements, the proof format, and [`verify`].
//!
//! A pure function of (key, statement, proof): no clock, no randomness, no threads, no file system; on any
//! bytes it returns an error or accepts. What the user decides: which SRSs to trust
//! ([`SrsPolicy`](zktorch_commit::SrsPolicy)), and which model ([`ModelId`]).
//!
//! ```
//! use zktorch_commit::SrsPolicy;
//! use zktorch_verifier::{ModelId, Statement, VerifyError, VerifyingKey, verify};
//!
//! /// What a verifier does with what it was sent; `expected` is the model that it trusts.
//! fn accept(key: &[u8], expected: ModelId, statement: &Statement, proof: &[u8]) -> Result<(), VerifyError> {
//!     let vk = VerifyingKey::from_bytes_pinned(key, expected)?;
//!     let vk = vk.check(&SrsPolicy::new())?; // once per key
//!     verify(&vk, statement, proof)
//! }
//!
//! let statement = Statement {
//!     model_id: ModelId([0; 32]),
//!     inferences: 1,
//!     public: vec![vec![1, 2, 3]],
//!     private_inputs: vec![],
//!     private_outputs: vec![],
//!     context: b"a challenge of the verifier's".to_vec(),
//! };
//! assert!(accept(b"no key", ModelId([0; 32]), &statement, b"no proof").is_err());
//! ```
#![warn(missing_docs)]

mod accuracy;
mod batch;
mod budget;
mod envelope;
mod error;
mod id;
mod key;
mod parts;
mod pipeline;
mod port;
mod verify;
mod weights;

pub use accuracy::{AccuracyStatement, MAX_PIXELS, MAX_SET_BYTES, Pixels, SetCommitment, verify_accuracy};
pub use batch::{Batch, MAX_INFERENCES};
pub use envelope::ProofEnvelope;
pub use error::VerifyError;
pub use id::{ModelId, SetId};
pub use key::{
    KeyBody, MAX_DECODED_BYTES, MAX_K, MAX_KEY_BYTES, MAX_PREPROCESSING, UncheckedKey, VERSION, VerifyingKey,
    encode_key,
};
pub use parts::proof_parts;
pub use pipeline::{
    Leaf, MAX_SHARDS, MAX_WORK, PipelineBody, PipelineKey, PipelineStatement, ShardBody, UncheckedPipeline,
    Wire, encode_pipeline, verify_pipeline,
};
pub use port::Port;
pub use verify::{MAX_CONTEXT, Statement, verify};
pub use weights::{Weights, WeightsId, WeightsPart};
/// A part of a proof's bytes.
pub use zktorch_channel::Part;
