//! ONNX models as block graphs: decoding, shape inference, calibration, quantisation, lowering.

mod compile;
mod error;
mod float;
mod inspect;
mod lower;
mod model;
mod ops;
mod options;
mod program;
pub mod proto;
mod tensor;

pub use compile::{Compiled, PortInfo, compile};
pub use error::{OnnxError, Result};
pub use float::FloatModel;
pub use inspect::{NodeReport, Report, inspect};
pub use options::Options;
pub use tensor::FloatTensor;
