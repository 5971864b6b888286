//! The prover's driver: [`setup`] commits to a model's weights, [`ProvingKey::prove`] proves an inference.
//!
//! Knows quantised graphs, not ONNX; bytes and an SRS, not files and flags.
//!
//! ```
//! use zktorch_commit::{Srs, SrsPolicy};
//! use zktorch_graph::{Expr, Graph, Interval, Role, Shape, Step, Tensor, TensorId, View, Visibility};
//! use zktorch_prover::{Model, setup};
//! use zktorch_verifier::{Port, VerifyingKey, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // "output = (input + bias) / 4, rounded": bias is a private weight.
//!     let shape = Shape::new([5]);
//!     let tensor = |name: &str, range, role| Tensor { name: name.to_owned(), shape: shape.clone(), scale: 0, range, role };
//!     let mut acc = Expr::view(View::identity(TensorId(0), &shape));
//!     acc.terms.extend(Expr::view(View::identity(TensorId(1), &shape)).terms);
//!     let graph = Graph {
//!         tensors: vec![
//!             tensor("input", Interval::I16, Role::Input(Visibility::Public)),
//!             tensor("bias", Interval::I16, Role::Weight),
//!             tensor("output", Interval::I16, Role::Output(Visibility::Public)),
//!             tensor("remainder", Interval::new(0, 3), Role::Ranged),
//!         ],
//!         steps: vec![Step::rescale(acc, 4, TensorId(2), Some(TensorId(3)))],
//!         inputs: vec![TensorId(0)],
//!         outputs: vec![TensorId(2)],
//!         ..Graph::default()
//!     };
//!     let port = |name: &str| vec![Port::new(name, [5])];
//!     let weights = vec![(TensorId(1), vec![100, -100, 3, 0, 7])];
//!     let (inputs, outputs) = (port("x"), port("y"));
//!     let model = Model { graph, inputs, outputs, preprocessing: String::new(), weights };
//!
//!     // Setup, once: under the development SRS, for trying things out.
//!     let srs = Srs::dev(12)?;
//!     let key = setup(&model, &srs)?;
//!
//!     // Prove.
//!     let proved = key.prove(&srs, &[vec![1, 2, 3, 4, 5]], b"a challenge of the verifier's")?;
//!     assert_eq!(proved.outputs, [[25, -24, 2, 1, 3]]);
//!
//!     // Verify, somewhere else: with the key, the statement and the proof. The verifier decides which SRS and which model to trust.
//!     let vk = VerifyingKey::from_bytes_pinned(key.vk_bytes(), key.vk().model_id())?;
//!     let vk = vk.check(&SrsPolicy::new().allow_insecure())?;
//!     verify(&vk, &proved.statement, &proved.proof)?;
//!     # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod accuracy;
mod cells;
mod error;
mod estimate;
mod key;
mod memory;
mod pipeline;
mod profile;
mod prove;
mod setup;
mod size;
pub mod stages;
mod weights;

pub use accuracy::{Labelled, ProvedAccuracy, TestSet};
pub use error::ProverError;
pub use estimate::Estimate;
pub use key::ProvingKey;
pub use memory::{Memory, shards_within};
pub use pipeline::{
    End, ProvedLeaf, Run, ShardKeys, ShardSecrets, ShardSetup, Wires, prove_leaf_with_nonce,
    prove_pipeline_with_nonce, setup_pipeline_with_nonce, setup_shards_with_nonce,
};
#[cfg(feature = "os-rng")]
pub use pipeline::{prove_leaf, prove_pipeline, setup_pipeline, setup_shards};
pub use profile::{Cost, profile};
pub use prove::Proved;
pub use setup::{
    Model, PART_CELLS, SetupOptions, Weight, WrittenKey, narrow, setup_beside_with_nonces,
    setup_in_parts_with_nonces, setup_to_with_nonces, setup_with_nonces,
};
#[cfg(feature = "os-rng")]
pub use setup::{setup, setup_beside, setup_to, setup_with_hash};
pub use size::{
    ChunkCost, check_size, choose_k, choose_shards_k, chunk_costs, committed_values, least_shards,
    proof_parts,
};
/// What transcripts are hashed with.
pub use zktorch_blocks::Hash;
