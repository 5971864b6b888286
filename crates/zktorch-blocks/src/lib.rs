//! The basic blocks of zktorch: statements about committed tensors, reduced to evaluation claims.
//!
//! Each block has a folder: what it states, the reduction with its soundness error, the verifier's side and the prover's.
//!
//! | block | what it proves | how |
//! |---|---|---|
//! | `linear` | what a step says of its tensors: rescaling, quotients, roots, saturation | at one random point |
//! | `contract` | convolutions, matrix products, elementwise products | one sumcheck instance, degree 2 or 3 |
//! | `reindex` | transposes, windows, slices, padding, broadcasts, sums | nothing, or one sumcheck instance |
//! | `lookup` | ranges and functions of one variable | committed inverse columns |
//!
//! No block opens anything: they return claims, which `network` hands to the accumulator of `zktorch-mira` over the hidden
//! channel of `zktorch-channel`. A [`Network`] is a graph with its layout; a [`Statement`] adds commitments and public values;
//! [`Statement::verify`] checks a [`NetworkProof`].
//!
//! # Example
//! A product with hidden weights, a public input and a public output: `y = round((3 x_0 - 2 x_1) / 4)`.
//!
//! ```
//! use zktorch_blocks::{Network, NetworkProof, Private, Statement, Witness, prove};
//! use zktorch_channel::Nonce;
//! use zktorch_commit::{Blind, Srs, SrsPolicy};
//! use zktorch_graph::layout::Scope;
//! use zktorch_graph::{
//!     Contract, Expr, Graph, Interval, Linear, Operand, Role, Shape, Step, Tensor, TensorId, Term, View, Visibility,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Tensors: weights [2], input [2], output and remainder, scalars.
//! let tensor = |name: &str, dims: &[u32], range, role| Tensor {
//!     name: name.to_owned(), shape: Shape::new(dims), scale: 0, range, role,
//! };
//! let tensors = vec![
//!     tensor("w", &[2], Interval::new(-8, 7), Role::Weight),
//!     tensor("x", &[2], Interval::new(-8, 7), Role::Input(Visibility::Public)),
//!     tensor("y", &[], Interval::new(-64, 63), Role::Output(Visibility::Public)),
//!     tensor("r", &[], Interval::new(0, 3), Role::Ranged),
//! ];
//! let read = |id: usize| Linear {
//!     shape: tensors[id].shape.clone(),
//!     terms: vec![(1, View::identity(TensorId(id as u32), &tensors[id].shape))],
//! };
//! // Both axes have the label 0, the result has none: it is summed over.
//! let product = Contract { a: read(0), b: read(1), a_axes: vec![0], b_axes: vec![0], out_axes: vec![] };
//! let acc = Expr {
//!     shape: Shape::new([]),
//!     terms: vec![Term { coeff: 1, operand: Operand::Contract(product) }],
//! };
//! let steps = vec![Step::rescale(acc, 4, TensorId(2), Some(TensorId(3)))];
//! let graph = Graph { tensors, tables: vec![], steps, inputs: vec![TensorId(1)], outputs: vec![TensorId(2)] };
//!
//! // Both sides: the network, in chunks of 2^6 cells.
//! let k = 6;
//! let network = Network::new(graph, k, Scope::Inference)?;
//! let srs = Srs::dev(k)?; // insecure: its tau is published
//!
//! // The owner of the model commits the weights, once.
//! let weights = network.stack_weights(&[vec![3, -2], vec![], vec![], vec![]])?;
//! let weight_blinds = vec![Blind::from_scalar(zktorch_field::Fr::from(123456u64))]; // drawn at random elsewhere
//! let commitments = srs.commit_chunks(&weights, k, &weight_blinds)?.0;
//!
//! // An inference: 3 * 7 - 2 * (-1) = 23, and 23 + 2 = 4 * 6 + 1.
//! let (x, y) = ([7, -1], [6]);
//! let statement = Statement::new(&network, [0; 32], b"context", &commitments, [&[], &[]], &[&x, &y])?;
//! let witness = Witness::new(&network, &weights, &[vec![3, -2], x.to_vec(), y.to_vec(), vec![1]])?;
//! let private = Private { weights: &weight_blinds, io: [&[], &[]], secret: b"known to the prover only" };
//! let bytes = prove(&srs, &statement, &witness, &private, Nonce::fresh()?)?.to_bytes();
//!
//! // The verifier: no length comes from the bytes.
//! SrsPolicy::new().allow_insecure().check(srs.verifier())?;
//! let proof = NetworkProof::from_bytes(&network, &statement.shape()?, &bytes)?;
//! statement.verify(srs.verifier(), &proof)?;
//!
//! // It proves no other output.
//! let other = Statement::new(&network, [0; 32], b"context", &commitments, [&[], &[]], &[&x, &[5]])?;
//! assert!(other.verify(srs.verifier(), &proof).is_err());
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

#[cfg(feature = "prover")]
mod array;
#[cfg(feature = "prover")]
mod cells;
mod claims;
mod contract;
mod error;
mod linear;
mod lookup;
mod network;
mod pad;
mod piece;
mod point;
mod reindex;
#[cfg(test)]
mod test_util;

#[cfg(feature = "prover")]
pub use cells::Cells;
pub use error::BlockError;
pub use network::{Accumulation, DeferredProof, Network, NetworkProof, Statement, verify_accumulation};
#[cfg(feature = "prover")]
pub use network::{Accumulator, Private, SortedWeights, Witness, check_leaf, prove, prove_deferred, stages};
#[cfg(feature = "prover")]
pub use zktorch_mira::OpeningWitness;
/// What a proof leaves to a tree of folds.
pub use zktorch_mira::tree::Leaf;
/// What transcripts are hashed with.
pub use zktorch_transcript::Hash;
