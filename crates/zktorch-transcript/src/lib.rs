//! Typed Fiat-Shamir transcripts on merlin or Keccak-256, and the channels that zktorch's protocols are written against.
//!
//! A verifier in zktorch is written **once**, generically over a [`VerifierChannel`]. It receives messages, draws
//! challenges and states constraints; it cannot look at a received [`Scalar`]. The same code then runs
//!
//! * on numbers sent in the clear ([`ClearVerifier`]): constraints are checked on the spot;
//! * on hidden messages ([`Recorder`]): each message is known only by the commitments of its rows, and constraints
//!   become an [`R1cs`] over the matrix z of all messages, to be proved later (crate `zktorch-channel`).
//!
//! ```
//! use zktorch_field::Fr;
//! use zktorch_transcript::{
//!     ClearProver, ClearVerifier, PlaceholderRows, ProverChannel, Recorder, Scalar, Transcript, TranscriptError,
//!     VerifierChannel,
//! };
//!
//! /// "I know two factors of n": the verifier.
//! fn factors<V: VerifierChannel>(channel: &mut V, n: u64) -> Result<(), TranscriptError> {
//!     channel.transcript().append_u64(b"n", n); // the statement first: later it could be made to fit the proof
//!     let f = channel.receive(b"factors", 2)?;
//!     channel.enforce_product("p q = n", f[0].clone(), f[1].clone(), V::Scalar::constant(Fr::from(n)))
//! }
//!
//! // In the clear.
//! let mut transcript = Transcript::new(b"factors v1");
//! let mut prover = ClearProver::new(&mut transcript);
//! prover.transcript().append_u64(b"n", 42);
//! prover.send(b"factors", &[Fr::from(6u64), Fr::from(7u64)])?;
//! let messages = prover.into_messages();
//!
//! let mut transcript = Transcript::new(b"factors v1");
//! let mut verifier = ClearVerifier::new(&mut transcript, &messages);
//! factors(&mut verifier, 42)?;
//! verifier.finish()?;
//!
//! // Recorded: one row of z with two scalars, one constraint.
//! let mut recorder = Recorder::new(Transcript::new(b"factors v1"), PlaceholderRows::new(16))?;
//! factors(&mut recorder, 42)?;
//! let r1cs = recorder.finish()?.r1cs;
//! assert_eq!((r1cs.layout().rows(), r1cs.num_constraints()), (1, 1));
//! # Ok::<(), TranscriptError>(())
//! ```

mod channel;
mod clear;
mod engine;
mod error;
mod keccak;
mod layout;
mod linear;
mod merlin;
#[cfg(feature = "instrument")]
pub mod probe;
mod r1cs;
mod recorder;
mod rng;
mod scalar;
mod transcript;
pub mod wire;

pub use channel::{ProverChannel, VerifierChannel};
pub use clear::{ClearProver, ClearVerifier};
pub use engine::Hash;
pub use error::TranscriptError;
pub use layout::{HiddenMessage, RowLayout};
pub use linear::LinearCombination;
pub use r1cs::{R1cs, SparseMatrix};
pub use recorder::{PlaceholderRows, Recorded, Recorder, RowSource};
pub use rng::ProverRng;
#[cfg(feature = "os-rng")]
pub use rng::fresh_nonce;
pub use scalar::Scalar;
pub use transcript::Transcript;
