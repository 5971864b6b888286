//! Mira for zktorch: accumulation of pairing-based openings.
//!
//! Every block protocol of a proof ends in claims about committed vectors, "C commits to v with `v~(z) = y`". This crate
//! is where claims end: any number of them is folded into one accumulator
//!
//! ```text
//! (C, u, y):   C commits to v and <v, u> = y,        u = sum_p d_p eq(point_p, .)
//! ```
//!
//! and one opening decides it. Source: Mira (Beal and Fisch, eprint 2024/2025), which folds two such instances with one
//! error term, `(C1 + gamma C2, u1 + gamma u2, y1 + gamma t + gamma^2 y2)`, `t = <v1, u2> + <v2, u1>`.
//!
//! | module | what | soundness error | messages |
//! |---|---|---|---|
//! | [`plan`] | which claims collapse linearly, and in which order the rest folds | - (public, deterministic) | - |
//! | [`levels`] | all claims of one proof at once, a whole level of the fold tree per message | `(J - 1 + 2 ceil(log2 M))/F` for J claims in M instances | `2 ceil(log2 M)` scalars |
//! | [`mask`] | a hidden accumulator becomes one that may be opened | `1/F` | 1 point, 1 scalar, 1 hidden scalar |
//! | [`relation`] | the general relaxed relation; cross terms by interpolation, for every relation | `d/F` per fold | d - 1 error terms |
//! | [`pair`], [`tree`] | folds of masked accumulators of several proofs, any tree, in parallel | `2/F` per fold | 1 scalar per fold |
//! | [`decider`] | several masked instances to one point; the opening there | `(2(q - 1) + 3k)/F` for q instances in k variables, and the opening's | `2k + q + 1` scalars, an opening |
//!
//! (F the order of the field, about 2^254.) Claims, messages and values are hidden scalars of a channel
//! ([`ProverChannel`](zktorch_transcript::ProverChannel), [`VerifierChannel`](zktorch_transcript::VerifierChannel)) up to the
//! mask, and in the clear after it. The verifier's code is written once and runs on both.
//!
//! # Example: accumulate eight openings and decide
//!
//! Here in the clear, without a mask; a proof that hides something runs the same functions over a hidden channel and
//! puts [`mask::prove`] before the decider.
//!
//! ```
//! use zktorch_commit::{Blind, Srs};
//! use zktorch_field::Fr;
//! use zktorch_mira::levels::{self, Chunk, Column, Statement};
//! use zktorch_mira::plan::{ClaimTerm, FoldPlan};
//! use zktorch_mira::{Functional, decider};
//! use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, VerifierChannel};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Eight vectors of 16-bit integers, committed.
//! let (k, count) = (6, 8);
//! let srs = Srs::dev(k)?;
//! let vectors: Vec<Vec<i16>> = (0..count).map(|i| (0..64).map(|x| 100 * i + x - 500).collect()).collect();
//! let blinds: Vec<Blind> = (0..8u64).map(|i| Blind::from_scalar(Fr::from(i + 9))).collect();
//! let mut commitments = Vec::new();
//! for (vector, blind) in vectors.iter().zip(&blinds) {
//!     commitments.push(srs.commit(&Column::I16(vector).to_field(), blind)?);
//! }
//!
//! // The structure of the claims: vector i at point i. Both sides plan the folds from it.
//! let claims = (0..8).map(|i| vec![ClaimTerm { chunk: i, point: i }]).collect();
//! let plan = FoldPlan::new(8, 8, claims)?;
//! let coefficients = vec![vec![Fr::from(1u64)]; 8];
//! // Points come from the transcript, after the commitments.
//! let start = |commitments: &[zktorch_commit::Commitment]| {
//!     let mut transcript = Transcript::new(b"accumulate eight openings");
//!     commitments.iter().for_each(|c| transcript.append_point(b"commitment", &c.0));
//!     let points: Vec<Vec<Fr>> = (0..8).map(|_| transcript.challenge_scalars(b"point", k)).collect();
//!     (transcript, points)
//! };
//!
//! // The prover: values, levels, decider.
//! let (mut transcript, points) = start(&commitments);
//! let statement = Statement { plan: &plan, coefficients: &coefficients, points: &points };
//! let mut values = Vec::new();
//! for (vector, point) in vectors.iter().zip(&points) {
//!     values.push(Functional::eq(point.clone()).apply(&Column::I16(vector).to_field())?);
//! }
//! let chunks: Vec<Chunk> = (0..8)
//!     .map(|i| Chunk { column: Column::I16(&vectors[i]), commitment: commitments[i], blind: &blinds[i] })
//!     .collect();
//! let mut channel = ClearProver::new(&mut transcript);
//! channel.send(b"values", &values)?;
//! let (instance, witness) = levels::prove(&mut channel, &statement, &chunks, &values)?;
//! let messages = channel.into_messages();
//! let proof = decider::prove(&srs, &mut transcript, vec![(instance, witness)])?;
//! assert_eq!(messages.len(), 8 + 2 * 3); // the values, and two scalars for each of three levels
//!
//! // The verifier.
//! let (mut transcript, points) = start(&commitments);
//! let statement = Statement { plan: &plan, coefficients: &coefficients, points: &points };
//! let mut channel = ClearVerifier::new(&mut transcript, &messages);
//! let values = channel.receive(b"values", 8)?;
//! let instance = levels::verify(&mut channel, &statement, &commitments, &values)?;
//! channel.finish()?;
//! decider::verify(srs.verifier(), &mut transcript, &[instance], &proof)?;
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod error;
mod functional;
#[cfg(test)]
mod fuzz;
mod kernels;
mod module;
mod opening;
#[cfg(test)]
mod test_util;
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
