//! The operators: one declaration each ([`REGISTRY`]), families in files.
//!
//! To add an operator: a function that reads its attributes, checks its inputs and calls the [`Builder`](crate::program::Builder)
//! (its *expansion* into core operators), a line in the registry, and ONNX's own tests of it.

mod activation;
mod arithmetic;
mod attention;
mod bits;
mod cast;
mod constant;
mod context;
mod conv;
mod cumulative;
mod determinant;
mod einsum;
mod element;
mod function;
mod logic;
mod loss;
mod matmul;
mod ml;
mod movement;
mod norm;
mod normalise;
mod order;
mod pool;
mod power;
mod quantised;
mod quotient;
mod recurrent;
mod reduce;
mod reshape;
mod rotary;
mod softmax;
mod unary;
mod variadic;
mod windows;
// Movement and spatial operators.
mod arrange;
mod cache;
mod conv_transpose;
mod deform_conv;
mod dft;
mod gather;
mod generate;
mod grid;
mod indices;
mod lp_pool;
mod max_indices;
mod resize;
mod resize_axis;
mod roi_align;
mod sampling;
mod scatter;
mod unpool;

pub(crate) use context::Context;
pub(crate) use element::result_type;

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
    /// The module of its expansion; none: it is declared so that the refusal says what to do instead.
    pub(crate) module: Option<&'static str>,
}

const ANY: (i64, i64) = (1, i64::MAX);
const MANY: usize = usize::MAX;

/// The declaration of an operator: its name, versions, arity, attributes and expansion.
macro_rules! spec {
    ($name:literal, $opsets:expr, $arity:expr, $attributes:expr, $module:ident :: $expand:ident) => {
        Spec {
            name: $name,
            opsets: $opsets,
            arity: $arity,
            attributes: $attributes,
            expand: $module::$expand,
            module: Some(concat!(module_path!(), "::", stringify!($module))),
        }
    };
}
use spec;

const CONV: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
const MAX_POOL: &[&str] =
    &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"];
const AVERAGE_POOL: &[&str] =
    &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"];
const CONSTANT: &[&str] = &["value", "value_float", "value_floats", "value_int", "value_ints"];
const BATCH_NORM: &[&str] = &["epsilon", "momentum", "training_mode", "spatial", "is_test"];
const REDUCE: &[&str] = &["axes", "keepdims", "noop_with_empty_axes"];
const ARG: &[&str] = &["axis", "keepdims", "select_last_index"];
const LAYER_NORM: &[&str] = &["axis", "epsilon", "stash_type"];
const GROUP_NORM: &[&str] = &["epsilon", "num_groups", "stash_type"];
const LRN: &[&str] = &["alpha", "beta", "bias", "size"];
const LOSS: &[&str] = &["ignore_index", "reduction"];
const ROTARY: &[&str] = &["interleaved", "num_heads", "rotary_embedding_dim"];
const ATTENTION: &[&str] = &[
    "is_causal",
    "kv_num_heads",
    "q_num_heads",
    "qk_matmul_output_mode",
    "scale",
    "softcap",
    "softmax_precision",
];

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
/// What versions before 6 may say about memory.
const LEGACY: &[&str] = &["consumed_inputs"];
const BROADCAST: &[&str] = &["axis", "broadcast", "consumed_inputs"];
const WINDOW: &[&str] = &["output_datatype", "periodic"];
const RESIZE: &[&str] = &[
    "antialias",
    "axes",
    "coordinate_transformation_mode",
    "cubic_coeff_a",
    "exclude_outside",
    "extrapolation_value",
    "keep_aspect_ratio_policy",
    "mode",
    "nearest_mode",
];
const CONV_TRANSPOSE: &[&str] =
    &["auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides"];
const LP_POOL: &[&str] = &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads", "strides"];
const DEFORM_CONV: &[&str] = &["dilations", "group", "kernel_shape", "offset_group", "pads", "strides"];
const ROI_ALIGN: &[&str] = &[
    "coordinate_transformation_mode",
    "mode",
    "output_height",
    "output_width",
    "sampling_ratio",
    "spatial_scale",
];

/// All operators.
#[rustfmt::skip]
pub(crate) const REGISTRY: &[Spec] = &[
    spec!("Conv", ANY, (2, 3), CONV, conv::conv),
    spec!("Gemm", ANY, (2, 3), &["alpha", "beta", "transA", "transB", "broadcast"], matmul::gemm),
    spec!("MatMul", ANY, (2, 2), &[], matmul::matmul),
    spec!("Add", ANY, (2, 2), BROADCAST, arithmetic::add),
    spec!("Sub", ANY, (2, 2), BROADCAST, arithmetic::sub),
    spec!("Mul", ANY, (2, 2), BROADCAST, arithmetic::mul),
    spec!("Relu", ANY, (1, 1), LEGACY, function::relu),
    spec!("LeakyRelu", ANY, (1, 1), &["alpha", "consumed_inputs"], function::leaky_relu),
    spec!("Clip", (1, 10), (1, 1), &["min", "max", "consumed_inputs"], function::clip_attributes),
    spec!("Clip", (11, i64::MAX), (1, 3), &[], function::clip_inputs),
    spec!("Sigmoid", ANY, (1, 1), LEGACY, function::sigmoid),
    spec!("Tanh", ANY, (1, 1), LEGACY, function::tanh),
    spec!("MaxPool", ANY, (1, 1), MAX_POOL, pool::max),
    spec!("AveragePool", ANY, (1, 1), AVERAGE_POOL, pool::average),
    spec!("GlobalAveragePool", ANY, (1, 1), &[], pool::global_average),
    spec!("ReduceMean", ANY, (1, 2), REDUCE, reduce::mean),
    spec!("ReduceSum", ANY, (1, 2), REDUCE, reduce::sum),
    spec!("BatchNormalization", ANY, (5, 5), BATCH_NORM, norm::batch),
    spec!("Flatten", ANY, (1, 1), &["axis"], reshape::flatten),
    spec!("Reshape", (1, 4), (1, 1), &["shape"], reshape::reshape_attribute),
    spec!("Reshape", (5, i64::MAX), (2, 2), &["allowzero"], reshape::reshape),
    spec!("Squeeze", ANY, (1, 2), &["axes"], reshape::squeeze),
    spec!("Unsqueeze", ANY, (1, 2), &["axes"], reshape::unsqueeze),
    spec!("Identity", ANY, (1, 1), &[], reshape::identity),
    spec!("Dropout", ANY, (1, 3), &["ratio", "seed", "is_test"], reshape::dropout),
    spec!("Transpose", ANY, (1, 1), &["perm"], movement::transpose),
    spec!("Concat", ANY, (1, MANY), &["axis"], movement::concat),
    spec!("Slice", (1, 9), (1, 1), &["axes", "starts", "ends"], movement::slice_attributes),
    spec!("Slice", (10, i64::MAX), (3, 5), &[], movement::slice_inputs),
    spec!("Pad", (1, 10), (1, 1), &["mode", "pads", "paddings", "value"], movement::pad_attributes),
    spec!("Pad", (11, i64::MAX), (2, 4), &["mode"], movement::pad_inputs),
    spec!("Constant", ANY, (0, 0), CONSTANT, constant::constant),
    spec!("ConstantOfShape", ANY, (1, 1), &["value"], constant::constant_of_shape),
    spec!("Shape", ANY, (1, 1), &["start", "end"], constant::shape),
    // Recurrent networks.
    spec!("RNN", ANY, (3, 6), RECURRENT, recurrent::rnn),
    spec!("GRU", ANY, (3, 6), RECURRENT, recurrent::gru),
    spec!("LSTM", ANY, (3, 8), RECURRENT, recurrent::lstm),
    // Quantised numbers.
    spec!("QuantizeLinear", ANY, (2, 3), QUANTIZE, quantised::quantize_linear),
    spec!("DequantizeLinear", ANY, (2, 3), &["axis", "block_size", "output_dtype"], quantised::dequantize_linear),
    spec!("DynamicQuantizeLinear", ANY, (1, 1), &[], quantised::dynamic_quantize_linear),
    spec!("MatMulInteger", ANY, (2, 4), &[], quantised::matmul_integer),
    spec!("ConvInteger", ANY, (2, 4), CONV, quantised::conv_integer),
    spec!("QLinearMatMul", ANY, (8, 8), &[], quantised::qlinear_matmul),
    spec!("QLinearConv", ANY, (8, 9), CONV, quantised::qlinear_conv),
    // Elementwise functions and logic.
    spec!("Abs", ANY, (1, 1), LEGACY, unary::abs),
    spec!("Neg", ANY, (1, 1), LEGACY, unary::neg),
    spec!("Sign", ANY, (1, 1), LEGACY, unary::sign),
    spec!("Floor", ANY, (1, 1), LEGACY, unary::floor),
    spec!("Ceil", ANY, (1, 1), LEGACY, unary::ceil),
    spec!("Round", ANY, (1, 1), LEGACY, unary::round),
    spec!("Sqrt", ANY, (1, 1), LEGACY, unary::sqrt),
    spec!("Reciprocal", ANY, (1, 1), LEGACY, unary::reciprocal),
    spec!("Exp", ANY, (1, 1), LEGACY, unary::exp),
    spec!("Log", ANY, (1, 1), LEGACY, unary::log),
    spec!("Erf", ANY, (1, 1), LEGACY, unary::erf),
    spec!("Sin", ANY, (1, 1), LEGACY, unary::sin),
    spec!("Cos", ANY, (1, 1), LEGACY, unary::cos),
    spec!("Tan", ANY, (1, 1), LEGACY, unary::tan),
    spec!("Asin", ANY, (1, 1), LEGACY, unary::asin),
    spec!("Acos", ANY, (1, 1), LEGACY, unary::acos),
    spec!("Atan", ANY, (1, 1), LEGACY, unary::atan),
    spec!("Sinh", ANY, (1, 1), LEGACY, unary::sinh),
    spec!("Cosh", ANY, (1, 1), LEGACY, unary::cosh),
    spec!("Asinh", ANY, (1, 1), LEGACY, unary::asinh),
    spec!("Acosh", ANY, (1, 1), LEGACY, unary::acosh),
    spec!("Atanh", ANY, (1, 1), LEGACY, unary::atanh),
    spec!("Elu", ANY, (1, 1), &["alpha", "consumed_inputs"], activation::elu),
    spec!("Selu", ANY, (1, 1), &["alpha", "gamma", "consumed_inputs"], activation::selu),
    spec!("Celu", ANY, (1, 1), &["alpha"], activation::celu),
    spec!("HardSigmoid", ANY, (1, 1), &["alpha", "beta", "consumed_inputs"], activation::hard_sigmoid),
    spec!("HardSwish", ANY, (1, 1), &[], activation::hard_swish),
    spec!("Swish", ANY, (1, 1), &["alpha"], activation::swish),
    spec!("Mish", ANY, (1, 1), &[], activation::mish),
    spec!("Gelu", ANY, (1, 1), &["approximate"], activation::gelu),
    spec!("ThresholdedRelu", ANY, (1, 1), &["alpha"], activation::thresholded_relu),
    spec!("Shrink", ANY, (1, 1), &["bias", "lambd"], activation::shrink),
    spec!("Softplus", ANY, (1, 1), &[], activation::softplus),
    spec!("Softsign", ANY, (1, 1), &[], activation::softsign),
    spec!("PRelu", ANY, (2, 2), LEGACY, activation::prelu),
    spec!("Div", ANY, (2, 2), BROADCAST, quotient::div),
    spec!("Mod", ANY, (2, 2), &["fmod"], quotient::modulo),
    spec!("Pow", ANY, (2, 2), BROADCAST, power::pow),
    spec!("Equal", ANY, (2, 2), BROADCAST, logic::equal),
    spec!("Less", ANY, (2, 2), BROADCAST, logic::less),
    spec!("LessOrEqual", ANY, (2, 2), BROADCAST, logic::less_or_equal),
    spec!("Greater", ANY, (2, 2), BROADCAST, logic::greater),
    spec!("GreaterOrEqual", ANY, (2, 2), BROADCAST, logic::greater_or_equal),
    spec!("And", ANY, (2, 2), BROADCAST, logic::and),
    spec!("Or", ANY, (2, 2), BROADCAST, logic::or),
    spec!("Xor", ANY, (2, 2), BROADCAST, logic::xor),
    spec!("Not", ANY, (1, 1), &[], logic::not),
    spec!("Where", ANY, (3, 3), &[], logic::choose),
    spec!("IsNaN", ANY, (1, 1), &[], logic::is_nan),
    spec!("IsInf", ANY, (1, 1), &["detect_negative", "detect_positive"], logic::is_inf),
    spec!("Max", ANY, (1, MANY), LEGACY, variadic::max),
    spec!("Min", ANY, (1, MANY), LEGACY, variadic::min),
    spec!("Sum", ANY, (1, MANY), LEGACY, variadic::sum),
    spec!("Mean", ANY, (1, MANY), LEGACY, variadic::mean),
    spec!("Cast", ANY, (1, 1), &["to", "saturate", "round_mode"], cast::cast),
    spec!("CastLike", ANY, (2, 2), &["saturate", "round_mode"], cast::cast_like),
    spec!("BitShift", ANY, (2, 2), &["direction"], bits::shift),
    spec!("BitwiseAnd", ANY, (2, 2), &[], bits::and),
    spec!("BitwiseOr", ANY, (2, 2), &[], bits::or),
    spec!("BitwiseXor", ANY, (2, 2), &[], bits::xor),
    spec!("BitwiseNot", ANY, (1, 1), &[], bits::not),
    spec!("Det", ANY, (1, 1), &[], determinant::det),
    // Reductions, orders, softmax, normalisations, attention, losses.
    spec!("ReduceMax", ANY, (1, 2), REDUCE, reduce::max),
    spec!("ReduceMin", ANY, (1, 2), REDUCE, reduce::min),
    spec!("ReduceProd", ANY, (1, 2), REDUCE, reduce::prod),
    spec!("ReduceL1", ANY, (1, 2), REDUCE, reduce::l1),
    spec!("ReduceL2", ANY, (1, 2), REDUCE, reduce::l2),
    spec!("ReduceSumSquare", ANY, (1, 2), REDUCE, reduce::sum_square),
    spec!("ReduceLogSum", ANY, (1, 2), REDUCE, reduce::log_sum),
    spec!("ReduceLogSumExp", ANY, (1, 2), REDUCE, reduce::log_sum_exp),
    spec!("ArgMax", ANY, (1, 1), ARG, order::arg_max),
    spec!("ArgMin", ANY, (1, 1), ARG, order::arg_min),
    spec!("TopK", (1, 9), (1, 1), &["axis", "k"], order::top_k),
    spec!("TopK", (10, i64::MAX), (2, 2), &["axis", "largest", "sorted"], order::top_k),
    spec!("CumSum", ANY, (2, 2), &["exclusive", "reverse"], cumulative::cum_sum),
    spec!("CumProd", ANY, (2, 2), &["exclusive", "reverse"], cumulative::cum_prod),
    spec!("Softmax", ANY, (1, 1), &["axis"], softmax::softmax),
    spec!("LogSoftmax", ANY, (1, 1), &["axis"], softmax::log_softmax),
    spec!("Hardmax", ANY, (1, 1), &["axis"], softmax::hardmax),
    spec!("LayerNormalization", ANY, (2, 3), LAYER_NORM, normalise::layer),
    spec!("RMSNormalization", ANY, (2, 2), LAYER_NORM, normalise::rms),
    spec!("InstanceNormalization", ANY, (3, 3), &["epsilon", "consumed_inputs"], normalise::instance),
    spec!("GroupNormalization", ANY, (3, 3), GROUP_NORM, normalise::group),
    spec!("MeanVarianceNormalization", ANY, (1, 1), &["axes"], normalise::mean_variance),
    spec!("LpNormalization", ANY, (1, 1), &["axis", "p"], normalise::lp),
    spec!("LRN", ANY, (1, 1), LRN, normalise::local_response),
    spec!("Attention", ANY, (3, 7), ATTENTION, attention::attention),
    spec!("RotaryEmbedding", ANY, (3, 4), ROTARY, rotary::rotary),
    spec!("Einsum", ANY, (1, MANY), &["equation"], einsum::einsum),
    spec!("NegativeLogLikelihoodLoss", ANY, (2, 3), LOSS, loss::negative_log_likelihood),
    spec!("SoftmaxCrossEntropyLoss", ANY, (2, 3), LOSS, loss::softmax_cross_entropy),
    // Movement and spatial operators.
    spec!("Gather", ANY, (2, 2), &["axis"], gather::gather),
    spec!("GatherElements", ANY, (2, 2), &["axis"], gather::gather_elements),
    spec!("GatherND", ANY, (2, 2), &["batch_dims"], gather::gather_nd),
    spec!("OneHot", ANY, (3, 3), &["axis"], gather::one_hot_operator),
    spec!("Scatter", ANY, (3, 3), &["axis"], scatter::scatter_elements),
    spec!("ScatterElements", ANY, (3, 3), &["axis", "reduction"], scatter::scatter_elements),
    spec!("ScatterND", ANY, (3, 3), &["reduction"], scatter::scatter_nd),
    spec!("TensorScatter", ANY, (2, 3), &["axis", "mode"], cache::tensor_scatter),
    spec!("MaxUnpool", ANY, (2, 3), &["kernel_shape", "pads", "strides"], unpool::max_unpool),
    spec!("Expand", ANY, (2, 2), &[], arrange::expand),
    spec!("Tile", (1, 5), (3, 3), &[], arrange::tile_axis),
    spec!("Tile", (6, i64::MAX), (2, 2), &[], arrange::tile),
    spec!("Split", ANY, (1, 2), &["axis", "num_outputs", "split"], arrange::split),
    spec!("Trilu", ANY, (1, 2), &["upper"], arrange::trilu),
    spec!("DepthToSpace", ANY, (1, 1), &["blocksize", "mode"], arrange::depth_to_space),
    spec!("SpaceToDepth", ANY, (1, 1), &["blocksize"], arrange::space_to_depth),
    spec!("ReverseSequence", ANY, (2, 2), &["batch_axis", "time_axis"], arrange::reverse_sequence),
    spec!("Compress", ANY, (2, 2), &["axis"], arrange::compress),
    spec!("CenterCropPad", ANY, (2, 2), &["axes"], arrange::center_crop_pad),
    spec!("Range", ANY, (3, 3), &["stash_type"], generate::range),
    spec!("Size", ANY, (1, 1), &[], generate::size),
    spec!("EyeLike", ANY, (1, 1), &["dtype", "k"], generate::eye_like),
    spec!("NonZero", ANY, (1, 1), &[], generate::non_zero),
    spec!("HannWindow", ANY, (1, 1), WINDOW, generate::hann_window),
    spec!("HammingWindow", ANY, (1, 1), WINDOW, generate::hamming_window),
    spec!("BlackmanWindow", ANY, (1, 1), WINDOW, generate::blackman_window),
    spec!("Upsample", ANY, (1, 2), &["height_scale", "mode", "scales", "width_scale"], resize::upsample),
    spec!("Resize", (1, 10), (2, 2), &["mode"], resize::resize_first),
    spec!("Resize", (11, i64::MAX), (1, 4), RESIZE, resize::resize),
    spec!("ConvTranspose", ANY, (2, 3), CONV_TRANSPOSE, conv_transpose::conv_transpose),
    spec!("Col2Im", ANY, (3, 3), &["dilations", "pads", "strides"], conv_transpose::col2im),
    spec!("LpPool", ANY, (1, 1), LP_POOL, lp_pool::lp_pool),
    spec!("GlobalLpPool", ANY, (1, 1), &["p"], lp_pool::global_lp),
    spec!("GlobalMaxPool", ANY, (1, 1), &[], lp_pool::global_max),
    spec!("GridSample", ANY, (2, 2), &["align_corners", "mode", "padding_mode"], grid::grid_sample),
    spec!("AffineGrid", ANY, (2, 2), &["align_corners"], grid::affine_grid),
    spec!("DeformConv", ANY, (3, 5), DEFORM_CONV, deform_conv::deform_conv),
    spec!("RoiAlign", ANY, (3, 3), ROI_ALIGN, roi_align::roi_align),
    spec!("DFT", ANY, (1, 3), &["axis", "inverse", "onesided"], dft::dft),
    spec!("STFT", ANY, (2, 4), &["onesided"], dft::stft),
];

/// All declarations, with their domain.
pub(crate) fn declarations() -> impl Iterator<Item = (&'static str, &'static Spec)> {
    let standard = REGISTRY.iter().map(|spec| ("", spec));
    standard.chain(ml::REGISTRY.iter().map(|spec| (ml::DOMAIN, spec)))
}

/// The declaration that a node falls under. The domain of the standard operators is empty.
pub(crate) fn find(op_type: &str, domain: &str, opset: i64) -> Option<&'static Spec> {
    let fits = |spec: &Spec| spec.name == op_type && spec.opsets.0 <= opset && opset <= spec.opsets.1;
    declarations().find(|(of, spec)| *of == domain && fits(spec)).map(|(_, spec)| spec)
}
