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
mod movement;
mod norm;
mod pool;
mod reduce;
mod reshape;
mod windows;
// Movement and spatial operators.
mod arrange;
mod conv_transpose;
mod deform_conv;
mod dft;
mod gather;
mod generate;
mod grid;
mod indices;
mod lp_pool;
mod resize;
mod resize_axis;
mod roi_align;
mod sampling;
mod scatter;

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
const CONV_TRANSPOSE: &[&str] = &[
    "auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides",
];
const LP_POOL: &[&str] = &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads", "strides"];
const DEFORM_CONV: &[&str] = &["dilations", "group", "kernel_shape", "offset_group", "pads", "strides"];
const ROI_ALIGN: &[&str] = &[
    "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio", "spatial_scale",
];

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
    spec("Cast", ANY, (1, 1), &["to", "saturate", "round_mode"], constant::cast),
    // Movement and spatial operators.
    spec("Gather", ANY, (2, 2), &["axis"], gather::gather),
    spec("GatherElements", ANY, (2, 2), &["axis"], gather::gather_elements),
    spec("GatherND", ANY, (2, 2), &["batch_dims"], gather::gather_nd),
    spec("OneHot", ANY, (3, 3), &["axis"], gather::one_hot_operator),
    spec("Scatter", ANY, (3, 3), &["axis"], scatter::scatter_elements),
    spec("ScatterElements", ANY, (3, 3), &["axis", "reduction"], scatter::scatter_elements),
    spec("ScatterND", ANY, (3, 3), &["reduction"], scatter::scatter_nd),
    spec("TensorScatter", ANY, (2, 3), &["axis", "mode"], scatter::tensor_scatter),
    spec("MaxUnpool", ANY, (2, 3), &["kernel_shape", "pads", "strides"], scatter::max_unpool),
    spec("Expand", ANY, (2, 2), &[], arrange::expand),
    spec("Tile", (1, 5), (3, 3), &[], arrange::tile_axis),
    spec("Tile", (6, i64::MAX), (2, 2), &[], arrange::tile),
    spec("Split", ANY, (1, 2), &["axis", "num_outputs", "split"], arrange::split),
    spec("Trilu", ANY, (1, 2), &["upper"], arrange::trilu),
    spec("DepthToSpace", ANY, (1, 1), &["blocksize", "mode"], arrange::depth_to_space),
    spec("SpaceToDepth", ANY, (1, 1), &["blocksize"], arrange::space_to_depth),
    spec("ReverseSequence", ANY, (2, 2), &["batch_axis", "time_axis"], arrange::reverse_sequence),
    spec("Compress", ANY, (2, 2), &["axis"], arrange::compress),
    spec("CenterCropPad", ANY, (2, 2), &["axes"], arrange::center_crop_pad),
    spec("Range", ANY, (3, 3), &["stash_type"], generate::range),
    spec("Size", ANY, (1, 1), &[], generate::size),
    spec("EyeLike", ANY, (1, 1), &["dtype", "k"], generate::eye_like),
    spec("NonZero", ANY, (1, 1), &[], generate::non_zero),
    spec("HannWindow", ANY, (1, 1), WINDOW, generate::hann_window),
    spec("HammingWindow", ANY, (1, 1), WINDOW, generate::hamming_window),
    spec("BlackmanWindow", ANY, (1, 1), WINDOW, generate::blackman_window),
    spec("Upsample", ANY, (1, 2), &["height_scale", "mode", "scales", "width_scale"], resize::upsample),
    spec("Resize", (1, 10), (2, 2), &["mode"], resize::resize_first),
    spec("Resize", (11, i64::MAX), (1, 4), RESIZE, resize::resize),
    spec("ConvTranspose", ANY, (2, 3), CONV_TRANSPOSE, conv_transpose::conv_transpose),
    spec("Col2Im", ANY, (3, 3), &["dilations", "pads", "strides"], conv_transpose::col2im),
    spec("LpPool", ANY, (1, 1), LP_POOL, lp_pool::lp_pool),
    spec("GlobalLpPool", ANY, (1, 1), &["p"], lp_pool::global_lp),
    spec("GlobalMaxPool", ANY, (1, 1), &[], lp_pool::global_max),
    spec("GridSample", ANY, (2, 2), &["align_corners", "mode", "padding_mode"], grid::grid_sample),
    spec("AffineGrid", ANY, (2, 2), &["align_corners"], grid::affine_grid),
    spec("DeformConv", ANY, (3, 5), DEFORM_CONV, deform_conv::deform_conv),
    spec("RoiAlign", ANY, (3, 3), ROI_ALIGN, roi_align::roi_align),
    spec("DFT", ANY, (1, 3), &["axis", "inverse", "onesided"], dft::dft),
    spec("STFT", ANY, (2, 4), &["onesided"], dft::stft),
];

/// The declaration that a node falls under.
pub(crate) fn find(op_type: &str, domain: &str, opset: i64) -> Option<&'static Spec> {
    let standard = domain.is_empty() || domain == "ai.onnx";
    let fits = |spec: &&Spec| spec.name == op_type && spec.opsets.0 <= opset && opset <= spec.opsets.1;
    REGISTRY.iter().find(fits).filter(|_| standard)
}
