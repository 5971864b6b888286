//! What all rules are made of: a condition, and an error that says where it does not hold.

use std::fmt::Display;

use zktorch_mutants::enforced;

use super::limits;
use crate::{GraphError, Interval, Shape};

/// An error whose place is still empty; callers add it from the inside out with [`At::at`].
pub(super) fn invalid<T>(
    rule: &'static str,
    expected: impl Display,
    got: impl Display,
) -> Result<T, GraphError> {
    Err(GraphError::Invalid {
        place: String::new(),
        rule,
        expected: expected.to_string(),
        got: got.to_string(),
    })
}

/// Refuses unless `holds`.
#[track_caller]
pub(super) fn require(
    holds: bool,
    rule: &'static str,
    expected: impl Display,
    got: impl Display,
) -> Result<(), GraphError> {
    if holds || !enforced() { Ok(()) } else { invalid(rule, expected, got) }
}

pub(super) trait At {
    /// Puts an outer place before the place of an error.
    fn at(self, outer: impl FnOnce() -> String) -> Self;
}

impl<T> At for Result<T, GraphError> {
    fn at(self, outer: impl FnOnce() -> String) -> Self {
        self.map_err(|error| match error {
            GraphError::Invalid { place, rule, expected, got } => {
                let place = if place.is_empty() { outer() } else { format!("{}: {place}", outer()) };
                GraphError::Invalid { place, rule, expected, got }
            }
            other => other,
        })
    }
}

pub(super) fn show(interval: Interval) -> String {
    format!("[{}, {}]", interval.lo, interval.hi)
}

pub(super) fn check_interval(interval: Interval, rule: &'static str) -> Result<(), GraphError> {
    let Interval { lo, hi } = interval;
    let holds = (-(1 << 16)..=0).contains(&lo) && (0..=1 << 17).contains(&hi);
    require(holds, rule, "an interval that contains 0 within [-2^16, 2^17]", show(interval))?;
    require(interval.len() <= limits::INTERVAL, rule, "at most 2^17 values", interval.len())
}

/// Rank, extents and padded size of a shape.
pub(super) fn check_shape(shape: &Shape, max_vars: usize) -> Result<(), GraphError> {
    require(shape.rank() <= limits::RANK, "rank", format_args!("at most {}", limits::RANK), shape.rank())?;
    if let Some(axis) = shape.dims().iter().position(|dim| *dim == 0)
        && enforced()
    {
        return invalid("extents", "at least 1", 0).at(|| format!("axis {axis}"));
    }
    // Extents above 2^31 have no power of two in their type.
    if let Some(dim) = shape.dims().iter().find(|dim| **dim > 1 << 31)
        && enforced()
    {
        return invalid("extents", "at most 2^31", dim);
    }
    let vars = shape.num_vars();
    require(vars <= max_vars, "padded size", format_args!("at most 2^{max_vars}"), format_args!("2^{vars}"))
}
