//! Verification on chain, in development: the verifier of one key as a straight-line program, and as EVM code.
//!
//! The verifier's crates are built a second time over symbolic scalars (`traced/`), and run once: what they compute, hash, add up and
//! check is the [`Program`]. [`Program::run`] does here what its [`Segments`] do on a chain, with the same [`Inputs`].
//!
//! ```
//! use zktorch_evm::{EvmError, Inputs, Program};
//! use zktorch_verifier::{Statement, UncheckedKey};
//!
//! /// What a program for this key says, and what its code would cost.
//! fn try_out(key: &UncheckedKey, statement: &Statement, proof: &[u8]) -> Result<(bool, u64), EvmError> {
//!     let program = Program::of_key(key)?;
//!     let inputs = Inputs::new(key, statement, proof)?;
//!     let gas = program.segments()?.gas.iter().map(|(_, gas)| gas).sum();
//!     Ok((program.run(&inputs), gas))
//! }
//! ```
#![warn(missing_docs)]

pub mod artifact;
mod assembler;
pub mod audit;
pub mod contract;
mod emit;
mod error;
mod inputs;
mod parts;
pub mod program;
mod run;
mod schedule;
mod trace;

pub use contract::Contract;
pub use emit::Segments;
pub use error::EvmError;
pub use inputs::{Inputs, Word};
pub use program::Program;
pub use trace::PublicTensor;

impl Program {
    /// The verifier of a key.
    ///
    /// # Errors
    /// [`EvmError`] for a key that a contract cannot verify.
    pub fn of_key(key: &zktorch_verifier::UncheckedKey) -> Result<Self, EvmError> {
        let traced = trace::trace(key).and_then(Self::new);
        traced_hash::stop();
        traced
    }
}
