//! The operators: one declaration each ([`REGISTRY`]), families in files.
//!
//! To add an operator: a function that reads its attributes, checks its inputs and calls the [`Builder`](crate::program::Builder)
//! (its *expansion* into core operators), a line in the registry, and ONNX's own tests of it.

mod arithmetic;
mod constant;
mod context;
mod conv;
mod function;
mod matmul;
mod ml;
mod movement;
mod norm;
mod pool;
mod quantised;
mod recurrent;
mod reduce;
mod reshape;
mod windows;

pub(crate) use context::Context;

use crate::Result;
use crate::program::Id;

/// Expands a node: the values of its outputs, in their order; those that nobody can want may be missing at the end.
pub(crate) type Expand = fn(&mut Context<'_>) -> Result<Vec<Id>>;

/// The declaration of one operator.
pub(crate) struct Spec {
    /// Name.
    pub(crate) name: &'static str,
    /// First and last version of the operator set with these attributes and inputs.
    pub(crate) opsets: (i64, i64),
    /// Least and greatest number of inputs.
    pub(crate) arity: (usize, usize),
    /// The attributes it may have; any other is refused.
    pub(crate) attributes: &'static [&'static str],
    pub(crate) expand: Expand,
}

const ANY: (i64, i64) = (1, i64::MAX);
const MANY: usize = usize::MAX;

const fn spec(
    name: &'static str,
    opsets: (i64, i64),
    arity: (usize, usize),
    attributes: &'static [&'static str],
    expand: Expand,
) -> Spec {
    Spec { name, opsets, arity, attributes, expand }
}

const CONV: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
const MAX_POOL: &[&str] =
    &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"];
const AVERAGE_POOL: &[&str] =
    &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"];
const CONSTANT: &[&str] = &["value", "value_float", "value_floats", "value_int", "value_ints"];
const BATCH_NORM: &[&str] = &["epsilon", "momentum", "training_mode", "spatial", "is_test"];
const REDUCE: &[&str] = &["axes", "keepdims", "noop_with_empty_axes"];

const RECURRENT: &[&str] = &[
    "activation_alpha",
    "activation_beta",
    "activations",
    "clip",
    "direction",
    "hidden_size",
    "input_forget",
    "layout",
    "linear_before_reset",
    "output_sequence",
];
const QUANTIZE: &[&str] = &["axis", "block_size", "output_dtype", "precision", "saturate"];

/// All operators.
#[rustfmt::skip]
pub(crate) const REGISTRY: &[Spec] = &[
    spec("Conv", ANY, (2, 3), CONV, conv::conv),
    spec("Gemm", ANY, (2, 3), &["alpha", "beta", "transA", "transB", "broadcast"], matmul::gemm),
    spec("MatMul", ANY, (2, 2), &[], matmul::matmul),
    spec("Add", ANY, (2, 2), &["axis", "broadcast"], arithmetic::add),
    spec("Sub", ANY, (2, 2), &["axis", "broadcast"], arithmetic::sub),
    spec("Mul", ANY, (2, 2), &["axis", "broadcast"], arithmetic::mul),
    spec("Relu", ANY, (1, 1), &[], function::relu),
    spec("LeakyRelu", ANY, (1, 1), &["alpha"], function::leaky_relu),
    spec("Clip", (1, 10), (1, 1), &["min", "max"], function::clip_attributes),
    spec("Clip", (11, i64::MAX), (1, 3), &[], function::clip_inputs),
    spec("Sigmoid", ANY, (1, 1), &[], function::sigmoid),
    spec("Tanh", ANY, (1, 1), &[], function::tanh),
    spec("MaxPool", ANY, (1, 1), MAX_POOL, pool::max),
    spec("AveragePool", ANY, (1, 1), AVERAGE_POOL, pool::average),
    spec("GlobalAveragePool", ANY, (1, 1), &[], pool::global_average),
    spec("ReduceMean", ANY, (1, 2), REDUCE, reduce::mean),
    spec("ReduceSum", ANY, (1, 2), REDUCE, reduce::sum),
    spec("BatchNormalization", ANY, (5, 5), BATCH_NORM, norm::batch),
    spec("Flatten", ANY, (1, 1), &["axis"], reshape::flatten),
    spec("Reshape", (1, 4), (1, 1), &["shape"], reshape::reshape_attribute),
    spec("Reshape", (5, i64::MAX), (2, 2), &["allowzero"], reshape::reshape),
    spec("Squeeze", ANY, (1, 2), &["axes"], reshape::squeeze),
    spec("Unsqueeze", ANY, (1, 2), &["axes"], reshape::unsqueeze),
    spec("Identity", ANY, (1, 1), &[], reshape::identity),
    spec("Dropout", ANY, (1, 3), &["ratio", "seed", "is_test"], reshape::dropout),
    spec("Transpose", ANY, (1, 1), &["perm"], movement::transpose),
    spec("Concat", ANY, (1, MANY), &["axis"], movement::concat),
    spec("Slice", (1, 9), (1, 1), &["axes", "starts", "ends"], movement::slice_attributes),
    spec("Slice", (10, i64::MAX), (3, 5), &[], movement::slice_inputs),
    spec("Pad", (1, 10), (1, 1), &["mode", "pads", "paddings", "value"], movement::pad_attributes),
    spec("Pad", (11, i64::MAX), (2, 4), &["mode"], movement::pad_inputs),
    spec("Constant", ANY, (0, 0), CONSTANT, constant::constant),
    spec("ConstantOfShape", ANY, (1, 1), &["value"], constant::constant_of_shape),
    spec("Shape", ANY, (1, 1), &["start", "end"], constant::shape),
    spec("Gather", ANY, (2, 2), &["axis"], movement::gather),
    spec("Cast", ANY, (1, 1), &["to", "saturate", "round_mode"], constant::cast),
    // Recurrent networks.
    spec("RNN", ANY, (3, 6), RECURRENT, recurrent::rnn),
    spec("GRU", ANY, (3, 6), RECURRENT, recurrent::gru),
    spec("LSTM", ANY, (3, 8), RECURRENT, recurrent::lstm),
    // Quantised numbers.
    spec("QuantizeLinear", ANY, (2, 3), QUANTIZE, quantised::quantize_linear),
    spec("DequantizeLinear", ANY, (2, 3), &["axis", "block_size", "output_dtype"], quantised::dequantize_linear),
    spec("DynamicQuantizeLinear", ANY, (1, 1), &[], quantised::dynamic_quantize_linear),
    spec("MatMulInteger", ANY, (2, 4), &[], quantised::matmul_integer),
    spec("ConvInteger", ANY, (2, 4), CONV, quantised::conv_integer),
    spec("QLinearMatMul", ANY, (8, 8), &[], quantised::qlinear_matmul),
    spec("QLinearConv", ANY, (8, 9), CONV, quantised::qlinear_conv),
];

/// The declaration that a node falls under. The domain of the standard operators is empty.
pub(crate) fn find(op_type: &str, domain: &str, opset: i64) -> Option<&'static Spec> {
    let registry = match domain {
        "" => REGISTRY,
        "ai.onnx.ml" => ml::REGISTRY,
        _ => return None,
    };
    let fits = |spec: &&Spec| spec.name == op_type && spec.opsets.0 <= opset && opset <= spec.opsets.1;
    registry.iter().find(fits)
}
