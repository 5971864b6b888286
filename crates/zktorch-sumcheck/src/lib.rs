//! Multilinear polynomials over small integers or BN254 scalars, and a batched sumcheck engine.
//!
//! A claim "sum over {0,1}^m of f(x) = S" is a [`SumcheckInstance`]; [`prove`] runs any number of them, of any sizes, as one
//! sumcheck with one shared point, and [`verify`] returns the residual claim, which the caller enforces. Messages go through the
//! channels of `zktorch-transcript`, so the same code proves in the clear and with hidden messages. The first variable is
//! the most significant bit of the index.
//!
//! ```
//! use zktorch_field::Fr;
//! use zktorch_sumcheck::{Product, Statement, prove, verify};
//! use zktorch_transcript::{ClearProver, ClearVerifier, ProverChannel, Transcript, VerifierChannel};
//!
//! // "The inner product of two vectors (known to the verifier in some other way, say by commitments) is 70."
//! let (a, b) = (vec![1i16, 2, 3, 4], vec![5i16, 6, 7, 8]);
//! let claim = Fr::from(70u64);
//!
//! let mut transcript = Transcript::new(b"inner product v1");
//! let mut channel = ClearProver::new(&mut transcript);
//! channel.send(b"claim", &[claim])?;
//! let mut product = Product::new(&a[..], &b[..], claim)?;
//! let output = prove(&mut channel, b"product", &mut [&mut product])?;
//! channel.send(b"finals", &output.finals[0])?;
//! let messages = channel.into_messages();
//!
//! let mut transcript = Transcript::new(b"inner product v1");
//! let mut channel = ClearVerifier::new(&mut transcript, &messages);
//! let claim = channel.receive(b"claim", 1)?[0];
//! let reduced = verify(&mut channel, b"product", &[Statement { num_rounds: 2, degree: 2, claim }])?;
//! let finals = channel.receive(b"finals", 2)?;
//! // What is left to show: a~(point) and b~(point) are these finals.
//! channel.enforce_product("residual", finals[0], finals[1], reduced.residual)?;
//! channel.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod eq;
mod error;
mod evaluations;
mod instance;
mod instances;
mod lookup;
mod multilinear;
mod quadratic;
mod round;
#[cfg(test)]
mod test_util;

pub use self::batch::{ProverOutput, Reduced, Statement, prove, verify};
pub use self::eq::{eq_eval, eq_table};
pub use self::error::SumcheckError;
pub use self::evaluations::{Evaluations, SmallColumn};
pub use self::instance::SumcheckInstance;
pub use self::instances::{Dense, EqProduct, Product, RepeatedZeroCheck, ZeroCheck, ZeroSum};
pub use self::lookup::{Indices, InverseTable, KeyedIndices, Query};
pub use self::multilinear::eq_table_packed;
pub use self::round::RoundPolynomial;
