//! The parts of the proof. The first message has the values of `Relations` and `Sums`; sumcheck A proves `Lookups`, `Tables` and
//! `Contractions`, sumcheck B `Reindexings`.

mod contractions;
mod lookups;
mod reindexings;
mod relations;
mod sums;
mod tables;

pub(super) use self::contractions::Contractions;
pub(super) use self::lookups::Lookups;
pub(super) use self::reindexings::Reindexings;
pub(super) use self::relations::Relations;
pub(super) use self::sums::Sums;
pub(super) use self::tables::Tables;
