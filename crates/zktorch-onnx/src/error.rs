//! The error type of the crate.

use thiserror::Error;
use zktorch_graph::GraphError;

/// What can be wrong with a model, its calibration data, or its quantisation.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The bytes are no ONNX file.
    #[error("the file is no ONNX model: {reason}")]
    Decode {
        /// What the decoder found.
        reason: String,
    },
    /// Something about the model as a whole.
    #[error("model: {field}: expected {expected}, got {got}")]
    Model {
        /// Which part.
        field: &'static str,
        /// What is needed.
        expected: String,
        /// What is there.
        got: String,
    },
    /// The operator is unknown in this version of its set.
    #[error("node {node}: operator {op} of opset {opset} is not supported")]
    UnsupportedOp {
        /// Name of the node.
        node: String,
        /// Operator, with its domain if that is not the standard one.
        op: String,
        /// Version of the operator set.
        opset: i64,
    },
    /// An attribute, an input or a shape of a node is wrong or not supported.
    #[error("node {node} ({op}): {field}: expected {expected}, got {got}")]
    Node {
        /// Name of the node.
        node: String,
        /// Operator.
        op: String,
        /// Attribute or input.
        field: String,
        /// What is supported.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A node or the graph reads a value that nothing defines.
    #[error("{reader}: value {value} is not defined by any input, initialiser or node")]
    Missing {
        /// Who reads it.
        reader: String,
        /// The value.
        value: String,
    },
    /// The nodes depend on each other.
    #[error("node {node} depends on itself through value {value}")]
    Cycle {
        /// One node of the cycle.
        node: String,
        /// The value it waits for.
        value: String,
    },
    /// A constant tensor is malformed.
    #[error("tensor {name}: {field}: expected {expected}, got {got}")]
    Tensor {
        /// Name of the initialiser or attribute.
        name: String,
        /// Which part.
        field: &'static str,
        /// What is needed.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A number is NaN or infinite.
    #[error("tensor {name}: entry {index} is {value}, which is not finite")]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// Row-major index.
        index: usize,
        /// The number.
        value: f32,
    },
    /// Data given for an input of the network do not fit.
    #[error("input {name}: {field}: expected {expected}, got {got}")]
    Input {
        /// Name of the input.
        name: String,
        /// Which part.
        field: &'static str,
        /// What is needed.
        expected: String,
        /// What is there.
        got: String,
    },
    /// A value cannot be represented by 16-bit integers with the scales that its neighbours have.
    #[error("value {value}: cannot be quantised: {field}: expected {expected}, got {got}")]
    Quantise {
        /// The ONNX value.
        value: String,
        /// Which quantity.
        field: &'static str,
        /// What is possible.
        expected: String,
        /// What was needed.
        got: String,
    },
    /// An output of the quantised network is further from the float model than it may be.
    #[error(
        "output {output}: expected a relative error of at most {expected} on the calibration samples, got {got}; the error enters at {source_value}: other samples, --headroom or a larger --max-error"
    )]
    Precision {
        /// The output.
        output: String,
        /// The limit.
        expected: f64,
        /// Largest difference as a part of the largest value.
        got: f64,
        /// The first value that is off by half of that or more.
        source_value: String,
    },
    /// The compiled graph breaks a rule of the intermediate representation.
    #[error("compiled graph: {0}")]
    Graph(#[source] GraphError),
}

impl From<GraphError> for OnnxError {
    /// A number that is out of range is the input's, whoever found it.
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Number { port, expected, got } => {
                Self::Input { name: port, field: "value", expected, got }
            }
            error => Self::Graph(error),
        }
    }
}

/// The result type of the crate.
pub type Result<T, E = OnnxError> = core::result::Result<T, E>;
