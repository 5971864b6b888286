//! The operators: one declaration each ([`REGISTRY`]), families in files.
//!
//! To add an operator: a type that implements [`Operator`], a `resolve` function that reads its attributes and infers its
//! shape, a line in the registry, tests against the float interpreter.

mod arithmetic;
mod context;
mod conv;
mod function;
mod matmul;
mod movement;
mod norm;
mod pool;
mod reduce;
mod reshape;
mod shape_math;
mod spatial;

pub(crate) use context::{Context, Info};
pub(crate) use pool::along;

use crate::lower::{Lowering, Value};
use crate::tensor::Const;
use crate::{FloatTensor, Result};

/// One operator of one node, its attributes read.
pub(crate) trait Operator {
    /// The float semantics.
    fn eval(&self, inputs: &[&FloatTensor], dims: &[usize]) -> FloatTensor;

    /// The integers that replace them.
    fn lower(&self, lowering: &mut Lowering<'_>, inputs: &[String]) -> Result<Value>;

    /// Whether the result is a sum of the inputs' entries, so that their contractions stay pending and share its scale.
    fn is_sum(&self) -> bool {
        false
    }

    /// If the operator is linear with a constant weight in input 1 and a bias in input 2: the weight's axis of output
    /// channels. Then a following BatchNormalization disappears in it.
    fn channel_axis(&self) -> Option<usize> {
        None
    }

    /// The per-channel factor and offset, of a BatchNormalization with constant statistics (its inputs 1 to 4).
    fn channel_affine(&self, _constants: &[&FloatTensor]) -> Option<(Vec<f32>, Vec<f32>)> {
        None
    }
}

/// What a node turns into.
pub(crate) enum Resolved {
    /// An operator that reads these values and gives a tensor of these extents.
    Op { operator: Box<dyn Operator>, inputs: Vec<String>, dims: Vec<usize>, multiplications: u64 },
    /// A value that is known at compile time.
    Const(Const),
}

impl Resolved {
    fn op(operator: impl Operator + 'static, inputs: &[&str], dims: Vec<usize>) -> Self {
        let inputs = inputs.iter().map(|name| (*name).to_owned()).collect();
        Self::Op { operator: Box::new(operator), inputs, dims, multiplications: 0 }
    }

    fn with_multiplications(mut self, count: u64) -> Self {
        if let Self::Op { multiplications, .. } = &mut self {
            *multiplications = count;
        }
        self
    }
}

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
    /// Reads the attributes, checks and infers the shape.
    pub(crate) resolve: fn(&Context<'_>) -> Result<Resolved>,
}

const ANY: (i64, i64) = (1, i64::MAX);
const MANY: usize = usize::MAX;

const fn spec(
    name: &'static str,
    opsets: (i64, i64),
    arity: (usize, usize),
    attributes: &'static [&'static str],
    resolve: fn(&Context<'_>) -> Result<Resolved>,
) -> Spec {
    Spec { name, opsets, arity, attributes, resolve }
}

const CONV: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
const MAX_POOL: &[&str] =
    &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"];
const AVERAGE_POOL: &[&str] =
    &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"];
const CONSTANT: &[&str] = &["value", "value_float", "value_floats", "value_int", "value_ints"];

/// All operators.
#[rustfmt::skip]
pub(crate) const REGISTRY: &[Spec] = &[
    spec("Conv", ANY, (2, 3), CONV, conv::resolve),
    spec("Gemm", ANY, (2, 3), &["alpha", "beta", "transA", "transB"], matmul::gemm),
    spec("MatMul", ANY, (2, 2), &[], matmul::matmul),
    spec("Add", ANY, (2, 2), &[], arithmetic::add),
    spec("Sub", ANY, (2, 2), &[], arithmetic::sub),
    spec("Mul", ANY, (2, 2), &[], arithmetic::mul),
    spec("Relu", ANY, (1, 1), &[], function::relu),
    spec("LeakyRelu", ANY, (1, 1), &["alpha"], function::leaky_relu),
    spec("Clip", (1, 10), (1, 1), &["min", "max"], function::clip_attributes),
    spec("Clip", (11, i64::MAX), (1, 3), &[], function::clip_inputs),
    spec("Sigmoid", ANY, (1, 1), &[], function::sigmoid),
    spec("Tanh", ANY, (1, 1), &[], function::tanh),
    spec("MaxPool", ANY, (1, 1), MAX_POOL, pool::max),
    spec("AveragePool", ANY, (1, 1), AVERAGE_POOL, pool::average),
    spec("GlobalAveragePool", ANY, (1, 1), &[], reduce::global_average),
    spec("ReduceMean", ANY, (1, 2), &["axes", "keepdims", "noop_with_empty_axes"], reduce::mean),
    spec("ReduceSum", ANY, (1, 2), &["axes", "keepdims", "noop_with_empty_axes"], reduce::sum),
    spec("BatchNormalization", ANY, (5, 5), &["epsilon", "momentum", "training_mode"], norm::batch),
    spec("Flatten", ANY, (1, 1), &["axis"], reshape::flatten),
    spec("Reshape", ANY, (2, 2), &["allowzero"], reshape::reshape),
    spec("Squeeze", ANY, (1, 2), &["axes"], reshape::squeeze),
    spec("Unsqueeze", ANY, (1, 2), &["axes"], reshape::unsqueeze),
    spec("Identity", ANY, (1, 1), &[], reshape::identity),
    spec("Dropout", ANY, (1, 3), &["ratio", "seed"], reshape::dropout),
    spec("Transpose", ANY, (1, 1), &["perm"], movement::transpose),
    spec("Concat", ANY, (1, MANY), &["axis"], movement::concat),
    spec("Slice", (1, 9), (1, 1), &["axes", "starts", "ends"], movement::slice_attributes),
    spec("Slice", (10, i64::MAX), (3, 5), &[], movement::slice_inputs),
    spec("Pad", (1, 10), (1, 1), &["mode", "pads", "value"], movement::pad_attributes),
    spec("Pad", (11, i64::MAX), (2, 4), &["mode"], movement::pad_inputs),
    spec("Constant", ANY, (0, 0), CONSTANT, shape_math::constant),
    spec("ConstantOfShape", ANY, (1, 1), &["value"], shape_math::constant_of_shape),
    spec("Shape", ANY, (1, 1), &["start", "end"], shape_math::shape),
    spec("Gather", ANY, (2, 2), &["axis"], shape_math::gather),
    spec("Cast", ANY, (1, 1), &["to", "saturate"], shape_math::cast),
];

/// The declaration that a node falls under.
pub(crate) fn find(op_type: &str, domain: &str, opset: i64) -> Option<&'static Spec> {
    let standard = domain.is_empty() || domain == "ai.onnx";
    let fits = |spec: &&Spec| spec.name == op_type && spec.opsets.0 <= opset && opset <= spec.opsets.1;
    REGISTRY.iter().find(fits).filter(|_| standard)
}
