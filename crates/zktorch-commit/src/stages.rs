//! The stages of long work that are this crate's, as [observers](zktorch_field::task) are told of them.

use zktorch_field::task::Stage;

/// An SRS is computed, or imported.
pub const SRS: Stage = Stage::new("srs");
/// Commitments to many columns or chunks: one step each.
pub const COMMIT: Stage = Stage::new("commit");
