//! The error type of the crate.

use thiserror::Error;

/// What can be wrong with a graph, or go wrong while it is executed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The graph breaks a rule of its documentation.
    #[error("{place}: {rule}: expected {expected}, got {got}")]
    Invalid {
        /// Which tensor, table or step.
        place: String,
        /// The rule.
        rule: &'static str,
        /// What the rule demands.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Inferences of the graph cannot be one graph.
    #[error("{place}: a batch of inferences: expected {expected}, got {got}")]
    Batch {
        /// Which step and tensor.
        place: String,
        /// What can be written down.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Whether the graph's outputs are right cannot be a graph.
    #[error("accuracy: {what}: expected {expected}, got {got}")]
    Accuracy {
        /// Which part of the graph, or of what is claimed.
        what: &'static str,
        /// What can be written down.
        expected: String,
        /// What is there.
        got: String,
    },
    /// An activation leaves its range while the network is executed.
    #[error(
        "{tensor}: value {value} at entry {index} is outside [{lo}, {hi}]: the input is unlike the calibration data"
    )]
    OutOfRange {
        /// The tensor.
        tensor: String,
        /// Index of the entry (row-major over the real extents).
        index: usize,
        /// The value.
        value: i64,
        /// Smallest value allowed.
        lo: i32,
        /// Largest value allowed.
        hi: i32,
    },
    /// A quotient's divisor is not positive while the network is executed.
    #[error(
        "{tensor}: the divisor of entry {index} is {value}, not positive: nothing is defined there (is a whole row masked?)"
    )]
    Divisor {
        /// The tensor of the quotient.
        tensor: String,
        /// Index of the entry (row-major over the real extents).
        index: usize,
        /// The divisor (or the least number of 64 bits).
        value: i64,
    },
    /// A root is taken of a negative number while the network is executed.
    #[error("{tensor}: the root of entry {index} is of {value}, a negative number")]
    Radicand {
        /// The tensor of the root.
        tensor: String,
        /// Index of the entry (row-major over the real extents).
        index: usize,
        /// The number (or the least one of 64 bits).
        value: i64,
    },
    /// A number is given for a port that no integer of the port's range stands for.
    #[error("{port}: value: expected {expected}, got {got}")]
    Number {
        /// Name of the port.
        port: String,
        /// The numbers that integers of the range stand for.
        expected: String,
        /// The number.
        got: String,
    },
    /// A tensor that has to be supplied is missing or has another length.
    #[error("{tensor}: expected {expected} values, got {got}")]
    Length {
        /// The tensor.
        tensor: String,
        /// The number of entries of its shape.
        expected: usize,
        /// The number that was given.
        got: usize,
    },
}
