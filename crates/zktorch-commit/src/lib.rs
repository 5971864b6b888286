//! Hiding vector commitments over BN254 and their openings.
//!
//! A vector v of at most `n = 2^k` scalars or small integers is committed as
//! ```text
//! Com(v; r) = sum_i v_i [tau^i]_1 + r H
//! ```
//! under an [`Srs`]: powers of a tau that nobody knows, and a generator H [hashed to the curve](hiding_generator). Commitments
//! combine linearly; one vector is opened at one multilinear point by [`hyperkzg`], after its blind was removed
//! (whoever must not reveal the vector masks it first).
//!
//! ```
//! use zktorch_commit::{Blind, CommitError, Srs, SrsPolicy, hyperkzg};
//! use zktorch_field::Fr;
//! use zktorch_transcript::{Transcript, fresh_nonce};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The development SRS: anybody can forge proofs under it. Real ones are imported from a ceremony (`Srs::import_ptau`).
//! let srs = Srs::dev(10)?;
//! let vector: Vec<Fr> = (0..1024u64).map(Fr::from).collect();
//!
//! // Commit, hiding.
//! let mut rng = Transcript::new(b"example").rng(&[b"secret"], fresh_nonce()?);
//! let blind = Blind::random(&mut rng);
//! let commitment = srs.commit(&vector, &blind)?;
//!
//! // Open at a point of F^10. The blind is revealed and removed; the value is what the statement says.
//! let point: Vec<Fr> = (1..=10u64).map(Fr::from).collect();
//! let value = hyperkzg::evaluate(&vector, &point)?;
//! let opened = commitment.without_blind(&blind);
//! let proof = hyperkzg::open(&srs, &mut Transcript::new(b"example"), opened, &vector, &point, value)?;
//! let bytes = proof.to_bytes();
//!
//! // The verifier needs the small part of the SRS, and decides for itself whether to trust it.
//! let verifier = srs.verifier();
//! assert_eq!(SrsPolicy::new().check(verifier), Err(CommitError::SrsInsecure { id: verifier.id() }));
//! let proof = hyperkzg::OpeningProof::from_bytes(10, &bytes)?;
//! hyperkzg::verify(verifier, &mut Transcript::new(b"example"), 10, opened, &point, value, &proof)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! Multilinear convention: the first coordinate of a point belongs to the most significant bit of the index, and entry i
//! is the coefficient of `X^i`.
//!
//! | module | what it is |
//! |---|---|
//! | [`srs`] | SRS files, import of ceremonies, the development SRS, what a verifier accepts |
//! | [`msm`](mod@msm) | multi-scalar multiplication, full width and small integers |
//! | [`buckets`] | commitments to functions of small integers |
//! | [`hyperkzg`] | openings |
//!
//! # Timing
//! Nothing here runs in constant time: commit secrets only where nobody measures.
#![warn(missing_docs)]

pub mod buckets;
mod chunks;
mod commitment;
mod error;
#[cfg(test)]
mod fuzz;
mod hash_to_curve;
pub mod hyperkzg;
pub mod msm;
mod rows;
pub mod srs;
pub mod stages;

pub use chunks::{ChunkCommitments, Coefficient};
pub use commitment::{Blind, Commitment};
pub use error::CommitError;
pub use hash_to_curve::{HIDING_DOMAIN, hiding_generator};
pub use rows::MAX_ROW;
pub use srs::{MAX_LOG_SIZE, MIN_LOG_SIZE, MappedFile, Srs, SrsId, SrsPolicy, SrsStatus, VerifierSrs};
