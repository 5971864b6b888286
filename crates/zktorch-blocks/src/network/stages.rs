//! The stages of a proof, as observers are told of them: this crate's, and those of the crates below.

pub use zktorch_channel::MASK;
pub use zktorch_commit::stages::{COMMIT, SRS};
use zktorch_field::task::Stage;
pub use zktorch_mira::decider::OPENING;

/// Inverses of the tables' entries, from which inverse columns are gathered: within a [`COMMIT`].
pub const INVERSE_COLUMNS: Stage = Stage::new("inverse_columns");
/// Values of all relations at one point.
pub const RELATIONS: Stage = Stage::new("relations");
/// The sumcheck of lookups, tables and contractions, with the values at its end.
pub const SUMCHECK_A: Stage = Stage::new("sumcheck_a");
/// The sumcheck of reindexings. Does not take place where there are none.
pub const SUMCHECK_B: Stage = Stage::new("sumcheck_b");
/// All claims into one.
pub const MIRA: Stage = Stage::new("mira");
