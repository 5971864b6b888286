#![doc = include_str!("../README.md")]
//!
//! # The way of a model
//!
//! [`proto`] decodes the bytes; `model` checks names, constants and order; `expand` turns every node, through the registry in
//! `ops`, into core operators of a `program`, folding constants on the way; `calibrate` runs it in floats (`interpret`) and
//! notes the range of every value; `lower` turns values into expressions and steps; `precision` runs
//! samples in both; [`compile()`] puts it together and validates the graph.

mod calibrate;
mod compile;
mod error;
mod expand;
mod float;
mod inspect;
mod interpret;
mod like;
mod lower;
mod minifloat;
mod model;
mod operators;
mod ops;
mod options;
mod precision;
mod problem;
mod program;
pub mod proto;
mod stored;
mod tensor;

pub use calibrate::Seen;
pub use compile::{Compiled, GENERATED, compile};
pub use error::{OnnxError, Result};
pub use float::FloatModel;
pub use inspect::{NodeReport, Report, inspect};
pub use like::Known;
pub use operators::{CORE_OPERATORS, Operator, operators};
pub use options::Options;
pub use precision::{Precision, ValueError};
pub use problem::ProblemKind;
pub use stored::{ExternalWeight, StoredTensor};
pub use tensor::{FloatTensor, IntTensor, Tensor};
pub use zktorch_graph::PortInfo;
