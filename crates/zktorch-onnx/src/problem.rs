//! What is wrong with nodes, sorted by what they have in common.

use serde::Serialize;

use crate::OnnxError;

/// What a node needs of its inputs before anything else can be said about it.
pub(crate) const KNOWN_EXTENTS: &str = "known extents";

/// A kind of obstacle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The operator is missing.
    Operator,
    /// The operator is there, but not with these attributes or inputs.
    Node,
    /// A node before it has a problem, so that nothing is known about this one.
    Follows,
}

/// The kind of an error about a node, and its text without the names of nodes and values: equal for nodes
/// that have the same problem.
pub(crate) fn sort(error: &OnnxError) -> (ProblemKind, String) {
    match error {
        OnnxError::UnsupportedOp { op, opset, .. } => {
            (ProblemKind::Operator, format!("operator {op} of opset {opset} is not supported"))
        }
        OnnxError::Node { expected, .. } if expected == KNOWN_EXTENTS => {
            (ProblemKind::Follows, "an input comes from a node with a problem".to_owned())
        }
        OnnxError::Node { op, field, expected, .. } => {
            (ProblemKind::Node, format!("{op}: {field}: expected {expected}"))
        }
        other => (ProblemKind::Node, other.to_string()),
    }
}
