//! Hidden messages: run any public-coin protocol so that the verifier sees commitments instead of the prover's
//! messages, and is convinced all the same. Nothing but the statement is revealed.
//!
//! A protocol's verifier is written once, over a [`VerifierChannel`](zktorch_transcript::VerifierChannel), and given as a
//! [`Protocol`]. Then
//!
//! 1. the prover runs its side over a [`HiddenProver`]: every message becomes one or more rows of a matrix z, each committed
//!    with a fresh blind over the same few generators;
//! 2. both sides run the protocol's verifier on the row commitments: it *records* an R1CS over z and returns claims on
//!    committed vectors, with hidden values;
//! 3. [`prove`] masks the claims, closes the R1CS, folds the messages with a random satisfying instance of it, and proves the
//!    folded instance in the clear; [`verify`] checks that.
//!
//! # Example
//!
//! A vector is committed. The prover shows that its evaluations at two public points multiply to a public number, and
//! reveals neither of them.
//!
//! ```
//! use zktorch_channel::{ChannelError, HiddenProof, HiddenProver, Nonce, Protocol, Shape, prove, verify};
//! use zktorch_commit::{Blind, Commitment, Srs, SrsPolicy};
//! use zktorch_field::Fr;
//! use zktorch_mira::{Functional, OpeningInstance, OpeningWitness};
//! use zktorch_transcript::{ProverChannel, Scalar, Transcript, VerifierChannel};
//!
//! /// "C commits to a vector v with v~(a) v~(b) = p."
//! struct EvaluationProduct {
//!     commitment: Commitment,
//!     points: [Vec<Fr>; 2],
//!     product: Fr,
//! }
//!
//! impl EvaluationProduct {
//!     /// v~(a) + rho v~(b): both evaluations in one claim.
//!     fn functional(&self, rho: Fr) -> Result<Functional, ChannelError> {
//!         let [a, b] = self.points.clone();
//!         Ok(Functional::new(a.len(), vec![(Fr::from(1u64), a), (rho, b)])?)
//!     }
//! }
//!
//! impl Protocol for EvaluationProduct {
//!     type Error = ChannelError;
//!
//!     fn transcript(&self) -> Transcript {
//!         let mut transcript = Transcript::new(b"evaluation product v1");
//!         transcript.append_point(b"commitment", &self.commitment.point());
//!         self.points.iter().for_each(|point| transcript.append_scalars(b"point", point));
//!         transcript.append_scalar(b"product", &self.product);
//!         transcript
//!     }
//!
//!     fn verify<V: VerifierChannel>(&self, channel: &mut V) -> Result<Vec<OpeningInstance<V::Scalar>>, ChannelError> {
//!         let y = channel.receive(b"evaluations", 2)?;
//!         let product = V::Scalar::constant(self.product);
//!         channel.enforce_product("y_a y_b = p", y[0].clone(), y[1].clone(), product)?;
//!         let rho = channel.transcript().challenge_scalar(b"rho");
//!         let mut value = y[0].clone();
//!         value.add_scaled(&y[1], rho);
//!         Ok(vec![OpeningInstance {
//!             commitment: self.commitment.projective(),
//!             functional: self.functional(rho)?,
//!             value,
//!         }])
//!     }
//! }
//!
//! // The statement, and what the prover knows.
//! let (k, columns) = (6, 16);
//! let srs = Srs::dev(k)?;
//! let vector: Vec<Fr> = (0..64u64).map(|i| Fr::from(i * i)).collect();
//! let blind = Blind::from_scalar(Fr::from(123456u64)); // drawn at random elsewhere
//! let points = [5u64, 7].map(|x| (0..6).map(|i| Fr::from(x + i)).collect::<Vec<_>>());
//! let at = |point: &Vec<Fr>| Functional::eq(point.clone()).apply(&vector);
//! let y = [at(&points[0])?, at(&points[1])?];
//! let commitment = srs.commit(&vector, &blind)?;
//! let statement = EvaluationProduct { commitment, points, product: y[0] * y[1] };
//!
//! // The prover: messages, challenges, claims.
//! let mut prover = HiddenProver::new(&srs, statement.transcript(), columns, &[], Nonce::fresh()?)?;
//! prover.send(b"evaluations", &y)?;
//! let rho = prover.transcript().challenge_scalar(b"rho");
//! let claim = OpeningInstance {
//!     commitment: commitment.projective(),
//!     functional: statement.functional(rho)?,
//!     value: y[0] + rho * y[1],
//! };
//! let proof = prove(prover, &statement, vec![(claim, OpeningWitness { vector, blind })])?;
//! let bytes = proof.to_bytes();
//!
//! // The verifier: the length follows from the statement alone.
//! let shape = Shape::measure(&statement, k, columns)?;
//! let proof = HiddenProof::from_bytes(&shape, &bytes)?;
//! let policy = SrsPolicy::new().allow_insecure(); // the SRS of this example has a published tau
//! policy.check(srs.verifier())?;
//! verify(srs.verifier(), k, columns, &statement, &proof)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod close;
mod ending;
mod error;
mod nonce;
mod part;
mod proof;
mod protocol;
mod prover;
mod relation;
mod rows;
mod shape;
mod spartan;
mod split;
#[cfg(test)]
mod test_util;

#[cfg(any(test, feature = "simulator"))]
pub use close::simulate;
pub use close::{defer, prove, verify, verify_deferred};
pub use ending::Ending;
pub use error::ChannelError;
pub use nonce::Nonce;
pub use part::Part;
pub use proof::{ArgumentProof, DeferredProof, FoldProof, HiddenProof};
pub use protocol::Protocol;
pub use prover::HiddenProver;
pub use relation::{ErrorOpening, MessageInstance, MessageRelation, MessageWitness};
pub use rows::{FoldedCommitments, RowReader};
pub use shape::Shape;
pub use split::SplitProof;

/// The stage, as [observers](zktorch_field::task) are told of it, in which claims are masked.
pub const MASK: zktorch_field::task::Stage = zktorch_field::task::Stage::new("mask");
