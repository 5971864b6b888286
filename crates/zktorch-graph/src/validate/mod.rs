//! Validation: what a graph must satisfy before anybody relies on it.

mod bounds;
mod expr;
mod graph;
pub(crate) mod limits;
mod progress;
mod rules;
mod steps;
mod tables;
#[cfg(test)]
#[cfg(feature = "executor")]
mod tests;
mod valid;
mod view;
mod weights;

pub use self::bounds::{Bound, Bounds};
#[cfg(feature = "executor")]
pub(crate) use self::expr::expr_bound;
pub use self::tables::TableValues;
pub use self::valid::ValidGraph;
pub use self::weights::MAX_PARTS;
