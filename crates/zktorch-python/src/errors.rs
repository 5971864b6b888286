//! Errors of the libraries as exceptions of the package, which are Python's (`zktorch/_errors.py`).

use anyhow::Error;
use pyo3::prelude::*;
use pyo3::types::PyString;
use zktorch_commit::CommitError;
use zktorch_field::task::Cancelled;
use zktorch_files::{explained, printable};
use zktorch_graph::GraphError;
use zktorch_onnx::OnnxError;
use zktorch_prover::ProverError;
use zktorch_verifier::VerifyError;

/// A proof or statement that is not accepted, whatever is wrong with it.
#[derive(Debug)]
pub(crate) struct Rejected(pub(crate) String);

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rejected {}

/// Bytes that are none of ours, or damaged, in a way that no error of the libraries says.
#[derive(Debug)]
struct Malformed(String);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// The error of a decoder: what is not said to be something else is that the bytes are malformed.
pub(crate) fn malformed(error: Error) -> Error {
    match error.chain().find_map(kind_of) {
        Some(_) => error,
        None => Malformed(explained(error.as_ref())).into(),
    }
}

/// A model that cannot be compiled: its nodes that are not supported, each with its name, operator and reason.
#[derive(Debug)]
pub(crate) struct Unsupported(pub(crate) Vec<(String, String, String)>);

impl std::fmt::Display for Unsupported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the model is not supported: {} nodes or tensors", self.0.len())?;
        self.0.first().map_or(Ok(()), |(_, _, reason)| write!(f, ", the first: {reason}"))
    }
}

impl std::error::Error for Unsupported {}

/// A number that is given for an input, and is out of its range.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) node: String,
    pub(crate) value: f64,
    pub(crate) range: (f64, f64),
}

impl std::fmt::Display for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { node, value, range: (lo, hi) } = self;
        write!(
            f,
            "input {node}: value: expected from {lo} to {hi}, got {value}; compile the model again with calibration data like \
             this input, or with saturate=True"
        )
    }
}

impl std::error::Error for Outside {}

/// What an exception is made of.
enum Kind {
    Plain(&'static str),
    OutOfRange { node: String, value: f64, range: (f64, f64) },
    Nodes(Vec<(String, String, String)>),
}

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let text = printable(&explained(error.as_ref())).into_owned();
    let kind = error.chain().find_map(kind_of).unwrap_or(Kind::Plain("Error"));
    make(py, &text, kind).unwrap_or_else(|error| error)
}

fn make(py: Python<'_>, text: &str, kind: Kind) -> PyResult<PyErr> {
    let module = py.import("zktorch._errors")?;
    let text = PyString::new(py, text);
    let exception = match kind {
        Kind::Plain(name) => module.getattr(name)?.call1((text,))?,
        Kind::OutOfRange { node, value, range } => {
            module.getattr("OutOfRange")?.call1((text, node, value, range))?
        }
        Kind::Nodes(nodes) => module.getattr("UnsupportedOperator")?.call1((text, nodes))?,
    };
    Ok(PyErr::from_value(exception))
}

fn kind_of(cause: &(dyn std::error::Error + 'static)) -> Option<Kind> {
    let plain = |name| Some(Kind::Plain(name));
    if cause.is::<Cancelled>() || matches!(cause.downcast_ref(), Some(ProverError::Cancelled(_))) {
        return plain("Cancelled");
    }
    if cause.is::<Rejected>() {
        return plain("Rejected");
    }
    if cause.is::<Malformed>() {
        return plain("Malformed");
    }
    if let Some(Unsupported(nodes)) = cause.downcast_ref() {
        return Some(Kind::Nodes(nodes.clone()));
    }
    if let Some(Outside { node, value, range }) = cause.downcast_ref() {
        return Some(Kind::OutOfRange { node: node.clone(), value: *value, range: *range });
    }
    if let Some(error) = cause.downcast_ref::<GraphError>() {
        return graph(error);
    }
    if let Some(error) = cause.downcast_ref::<ProverError>() {
        return match error {
            ProverError::Graph(error) => graph(error),
            ProverError::Malformed { .. } | ProverError::Version { .. } => plain("Malformed"),
            ProverError::Key(error) => verify(error),
            ProverError::Srs { .. } => plain("SrsRefused"),
            _ => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<OnnxError>() {
        return match error {
            OnnxError::Graph(error) => graph(error),
            OnnxError::Decode { .. } => plain("Malformed"),
            _ => None,
        };
    }
    if let Some(error) = cause.downcast_ref::<VerifyError>() {
        return verify(error);
    }
    if let Some(error) = cause.downcast_ref::<CommitError>() {
        return srs(error);
    }
    if let Some(error) = cause.downcast_ref::<zktorch_files::Error>() {
        return files(error);
    }
    match cause.downcast_ref::<zktorch::Error>() {
        Some(zktorch::Error::Files(error)) => files(error),
        Some(zktorch::Error::File { error, .. }) => kind_of(error.as_ref()),
        _ => None,
    }
}

fn graph(error: &GraphError) -> Option<Kind> {
    match error {
        GraphError::OutOfRange { tensor, value, lo, hi, .. } => Some(Kind::OutOfRange {
            node: tensor.clone(),
            value: *value as f64,
            range: (f64::from(*lo), f64::from(*hi)),
        }),
        GraphError::Invalid { .. } => Some(Kind::Plain("Malformed")),
        _ => None,
    }
}

fn verify(error: &VerifyError) -> Option<Kind> {
    Some(Kind::Plain(match error {
        VerifyError::Malformed { .. } | VerifyError::Version { .. } => "Malformed",
        VerifyError::Key { .. } | VerifyError::KeyContent(_) => "Malformed",
        VerifyError::Srs(_) => "SrsRefused",
        _ => "Rejected",
    }))
}

fn srs(error: &CommitError) -> Option<Kind> {
    match error {
        CommitError::SrsInsecure { .. } | CommitError::SrsNotAccepted { .. } => {
            Some(Kind::Plain("SrsRefused"))
        }
        CommitError::ShortSrs { .. } | CommitError::CeremonySize { .. } => Some(Kind::Plain("SrsRefused")),
        _ => Some(Kind::Plain("Malformed")),
    }
}

fn files(error: &zktorch_files::Error) -> Option<Kind> {
    use zktorch_files::Error;
    match error {
        Error::Port(error) => graph(error),
        Error::Verify(error) => verify(error),
        Error::Statement { .. } | Error::Private { .. } | Error::Proof { .. } => {
            Some(Kind::Plain("Rejected"))
        }
        Error::Entry { .. } | Error::Distance { .. } => Some(Kind::Plain("Rejected")),
        Error::Input { .. } | Error::Expected { .. } => None,
        _ => Some(Kind::Plain("Malformed")),
    }
}
