//! Multilinear polynomials over small integers or BN254 scalars, and a batched sumcheck engine.

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
pub use self::instances::{Dense, EqProduct, Product, ZeroCheck};
pub use self::lookup::{Indices, InverseTable, Query};
pub use self::multilinear::eq_table_packed;
pub use self::round::RoundPolynomial;
