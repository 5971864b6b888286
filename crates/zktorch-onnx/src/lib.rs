#![doc = include_str!("../README.md")]
//!
//! # The way of a model
//!
//! [`proto`] decodes the bytes; `model` checks names, constants and order; `program` resolves every node through the registry
//! in `ops` (attributes, shapes) and folds constants; `float` computes in floats and so calibrates; `lower` turns values into
//! expressions and steps; [`compile()`] puts it together and validates the graph.

mod compile;
mod error;
mod float;
mod inspect;
mod lower;
mod model;
mod ops;
mod options;
mod problem;
mod program;
pub mod proto;
mod tensor;

pub use compile::{Compiled, GENERATED, PortInfo, ValueError, compile};
pub use error::{OnnxError, Result};
pub use float::FloatModel;
pub use inspect::{NodeReport, Report, inspect};
pub use options::Options;
pub use problem::ProblemKind;
pub use tensor::FloatTensor;
